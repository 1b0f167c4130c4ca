/*
 * ctlsign token export
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_target.h"

#include "base/file.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_ID = 1, OPTION_DER, OPTION_FORCE };

struct export
{
	struct cli_modules modules;
	struct buffer id;
	const char *output;
	bool der;
	bool force;
};

/* ";id=%01" into the URI TEXT, in front of its query. */
static void put_id(struct buffer *out, const char *text, struct bytes id)
{
	const char *query = strchrnul(text, '?');

	buffer_add(out, text, (size_t)(query - text));
	/* A URI may have no attribute at all. */
	if (out->len > 0 && out->data[out->len - 1] != ':')
		buffer_add_u8(out, ';');
	buffer_printf(out, "id=");
	for (size_t i = 0; i < id.len; i++)
		buffer_printf(out, "%%%02x", id.data[i]);
	buffer_printf(out, "%s", query);
}

/* The selector that NAME and --id are together; one whose URI has an id is told to have two. */
static enum status select_object(const struct export *export, struct tokens *tokens,
    const char *name, struct token_selector **out, struct error *err)
{
	enum status st = token_selector_parse(name, out, err);
	struct buffer plain = BUFFER_INIT, uri = BUFFER_INIT;
	const struct token_info *token;
	const char *text = name;

	if (st != ST_OK || export->id.len == 0)
		return st;
	if (!token_selector_is_uri(name)) {
		st = tokens_find(tokens, *out, &token, err);
		if (st == ST_OK)
			token_uri(token, NULL, &plain);
		text = buffer_text(&plain);
	}
	token_selector_free(*out);
	*out = NULL;
	if (st == ST_OK && text != NULL)
		put_id(&uri, text, buffer_bytes(&export->id));
	if (st == ST_OK)
		st = text != NULL ? buffer_status(&uri, err) : error_no_memory(err);
	if (st == ST_OK) {
		text = buffer_text(&uri);
		st = text != NULL ? token_selector_parse(text, out, err) : error_no_memory(err);
	}
	buffer_free(&plain);
	buffer_free(&uri);
	return st;
}

static enum status encode(const X509 *x509, bool der, struct buffer *out, struct error *err)
{
	unsigned char *bytes = NULL;
	int len;

	if (!der)
		return certificate_pem(x509, out, err);
	len = i2d_X509(x509, &bytes);
	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be written"));
	buffer_add(out, bytes, (size_t)len);
	OPENSSL_free(bytes);
	return buffer_status(out, err);
}

static int put_out(const struct export *export, struct buffer *data, struct error *err)
{
	if (export->output == NULL)
		return cli_print(data);
	if (file_write_durably(export->output, buffer_bytes(data), export->force, 0644, err) ==
	    ST_OK)
		return CLI_DONE;
	if (err->status == ST_EXISTS)
		error_hint(err, "%s", _("give another name, or replace it with --force"));
	return cli_fail(err);
}

static int work(const struct export *export, const char *name)
{
	struct token_selector *selector = NULL;
	struct buffer data = BUFFER_INIT;
	struct tokens *tokens = NULL;
	X509 *x509 = NULL;
	struct error err;
	enum status st = cli_modules_open(&export->modules, &tokens, &err);
	int rc;

	if (st == ST_OK)
		st = select_object(export, tokens, name, &selector, &err);
	if (st == ST_OK) {
		st = tokens_certificate(tokens, selector, &x509, &err);
		if (st == ST_AMBIGUOUS)
			error_hint(&err, "%s", _("use one of these URIs, or give its id to --id"));
	}
	if (st == ST_OK)
		st = encode(x509, export->der, &data, &err);
	rc = st == ST_OK ? put_out(export, &data, &err) : cli_fail(&err);
	X509_free(x509);
	buffer_free(&data);
	token_selector_free(selector);
	tokens_close(tokens);
	return rc;
}

static bool take_option(struct export *export, int option)
{
	switch (option) {
	case 'o':
		return cli_take_once(&cli_token_export, "--output", &export->output, optarg);
	case OPTION_ID:
		return cli_take_id(&cli_token_export, &export->id, optarg);
	case OPTION_DER:
		return export->der = true;
	case OPTION_FORCE:
		return export->force = true;
	default:
		return cli_modules_option(&cli_token_export, &export->modules, option, optarg);
	}
}

static int run_export(struct export *export, int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
	    {"id", required_argument, NULL, OPTION_ID}, {"der", no_argument, NULL, OPTION_DER},
	    {"force", no_argument, NULL, OPTION_FORCE}, CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	const char *name;
	int option;

	while ((option = cli_getopt(&cli_token_export, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(export, option))
			return CLI_USAGE;
	}
	name = cli_only_argument(&cli_token_export, argc, argv, _("TOKEN is missing"));
	if (name == NULL)
		return CLI_USAGE;
	if (export->force && export->output == NULL)
		return cli_usage_error(
		    &cli_token_export, "%s", _("--force is of no use without -o FILE"));
	if (export->der && export->output == NULL && isatty(STDOUT_FILENO))
		return cli_usage_error(&cli_token_export, "%s",
		    _("DER is not for a terminal: give -o FILE, or leave --der out"));
	return work(export, name);
}

static int run(int argc, char **argv)
{
	struct export export = {.id = BUFFER_INIT};
	int rc = run_export(&export, argc, argv);

	buffer_free(&export.id);
	return rc;
}

const struct cli_command cli_token_export = {
    .name = "token export",
    .summary = N_("write a token's certificate to a file"),
    .usage = N_("Usage: ctlsign token export TOKEN [--id HEX] [-o FILE [--force]] [--der]\n"
		"                            [--module PATH]... [--timeout SECONDS]\n"
		"\n"
		"Writes the certificate on a token as PEM, as CUCM takes it for Phone-SAST-trust.\n"
		"No PIN is needed.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI;\n"
		"                     it may name the certificate, too\n"
		"  --id HEX           the certificate with this id, when there are several\n"
		"  -o, --output FILE  write to FILE, and not to standard output\n"
		"  --force            replace an existing FILE\n"
		"  --der              write DER\n"
		"  --module PATH      use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token export SAST-1 -o SAST-1.pem\n"),
    .run = run,
};
