/*
 * ctlsign token provision
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/progress.h"
#include "cli/token_target.h"
#include "cli/token_text.h"

#include "ceremony/distinguished_name.h"
#include "ceremony/issue.h"
#include "ceremony/provision.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define DAYS_DEFAULT 3650

enum {
	OPTION_SUBJECT = 1,
	OPTION_KEY,
	OPTION_DAYS,
	OPTION_ID,
	OPTION_LABEL,
	OPTION_CSR,
	OPTION_REPLACE,
	OPTION_JSON,
};

struct arguments {
	struct cli_target target;
	struct provision provision;
	struct progress progress;
	struct buffer id;
	const char *subject;
	const char *key;
	const char *days;
	bool json;
};

/* ---- options -------------------------------------------------------------------------------- */

static bool parse_key(struct arguments *a)
{
	static const struct cli_command *const command = &cli_token_provision;
	unsigned long bits;

	a->provision.bits = 2048;
	if (a->key == NULL)
		return true;
	if (strncmp(a->key, "rsa:", 4) != 0 || !cli_parse_number(a->key + 4, 1, 65536, &bits)) {
		cli_usage_error(command, _("--key takes rsa:2048 or rsa:4096, not '%s'"), a->key);
		return false;
	}
	a->provision.bits = (unsigned)bits;
	if (bits == 2048 || bits == 4096)
		return true;
	if (bits < 2048)
		cli_usage_error(
		    command, _("an RSA key of %lu bits is too weak; take rsa:2048"), bits);
	else
		cli_usage_error(command,
		    _("trust lists cannot carry the signature of an RSA key of %lu bits; take "
		      "rsa:2048"),
		    bits);
	return false;
}

static bool parse_days(struct arguments *a)
{
	unsigned long days = DAYS_DEFAULT;

	if (a->days != NULL && !cli_parse_number(a->days, 1, ISSUE_DAYS_MAX, &days)) {
		cli_usage_error(&cli_token_provision, _("--days takes 1 to %d, not '%s'"),
		    ISSUE_DAYS_MAX, a->days);
		return false;
	}
	a->provision.days = (unsigned)days;
	return true;
}

/* What the options say together. */
static bool check_options(struct arguments *a)
{
	static const struct cli_command *const command = &cli_token_provision;

	if (!parse_key(a) || !parse_days(a))
		return false;
	if (a->subject == NULL)
		cli_usage_error(command, "%s", _("--subject DN is missing"));
	else if (a->provision.csr != NULL && a->provision.csr[0] == '\0')
		cli_usage_error(command, "%s", _("--csr takes the name of a file"));
	else if (a->provision.csr != NULL && a->days != NULL)
		cli_usage_error(
		    command, "%s", _("--csr and --days exclude each other: the CA says how long"));
	else if (a->provision.csr != NULL && a->json)
		cli_usage_error(command, "%s", _("--csr and --json exclude each other"));
	else
		return true;
	return false;
}

static bool take_option(struct arguments *a, int option)
{
	static const struct cli_command *const command = &cli_token_provision;

	switch (option) {
	case OPTION_SUBJECT:
		return cli_take_once(command, "--subject", &a->subject, optarg);
	case OPTION_KEY:
		return cli_take_once(command, "--key", &a->key, optarg);
	case OPTION_DAYS:
		return cli_take_once(command, "--days", &a->days, optarg);
	case OPTION_ID:
		return cli_take_id(command, &a->id, optarg);
	case OPTION_LABEL:
		return cli_take_label(command, &a->provision.label, optarg);
	case OPTION_CSR:
		return cli_take_once(command, "--csr", &a->provision.csr, optarg);
	case OPTION_REPLACE:
		return cli_take_once(command, "--replace", &a->provision.replace, optarg);
	case OPTION_JSON:
		return a->json = true;
	default:
		return cli_target_option(command, &a->target, option, optarg);
	}
}

/* ---- the result ----------------------------------------------------------------------------- */

static void busy(void *context, bool begins)
{
	struct progress *progress = context;

	if (begins)
		progress_begin(progress, _("The token makes its key, which can take minutes"));
	else
		progress_end(progress);
}

/* The certificate as the token shows it now, to everybody and without a PIN. */
static enum status read_back(struct arguments *a, const X509 *made,
    const struct token_certificate **found, struct error *err)
{
	const struct token_certificate *list;
	enum status st = cli_target_again(&a->target, err);
	size_t n = 0;

	*found = NULL;
	if (st == ST_OK)
		st = tokens_certificates(a->target.tokens, a->target.token, &list, &n, err);
	for (size_t i = 0; st == ST_OK && i < n && *found == NULL; i++)
		if (X509_cmp(list[i].x509, made) == 0)
			*found = &list[i];
	if (st == ST_OK && *found == NULL) {
		st = error_set(err, ST_TOKEN, "%s",
		    _("the certificate was stored, and the token does not show it"));
		error_where(err, _("token '%s' (serial %s)"), a->target.token->label,
		    a->target.token->serial);
		error_hint(err, "%s", _("look at the token with: ctlsign token show"));
	}
	return st;
}

static int print_result(const struct arguments *a, const struct token_certificate *found)
{
	struct buffer line = BUFFER_INIT;
	int rc;

	if (a->json)
		return cli_print_json(cli_token_certificate_json(a->target.token, found));
	token_uri(a->target.token, found, &line);
	buffer_add(&line, "\n", 1);
	rc = cli_print(&line);
	buffer_free(&line);
	return rc;
}

static int finish(struct arguments *a, const X509 *made)
{
	const struct token_certificate *found;
	struct error err;

	if (made == NULL) {
		cli_say_done(_("the request is written; store the certificate that the CA makes "
			       "from it with: ctlsign token import"));
		return CLI_DONE;
	}
	if (read_back(a, made, &found, &err) != ST_OK)
		return cli_fail(&err);
	return print_result(a, found);
}

static int work(struct arguments *a, const char *name)
{
	static const uint8_t first = 1;
	struct provision *p = &a->provision;
	X509_NAME *subject = NULL;
	X509 *made = NULL;
	struct error err;
	enum status st = distinguished_name_parse(a->subject, &subject, &err);
	int rc;

	if (st == ST_OK)
		st = cli_target_open(&a->target, name, &err);
	if (st == ST_OK) {
		p->tokens = a->target.tokens;
		p->token = a->target.token;
		p->pins = &a->target.pins;
		p->subject = subject;
		p->id = a->id.len > 0 ? buffer_bytes(&a->id) : (struct bytes){&first, 1};
		p->busy = busy;
		p->context = &a->progress;
		st = provision_run(p, &made, &err);
	}
	rc = st == ST_OK ? finish(a, made) : cli_fail(&err);
	X509_NAME_free(subject);
	X509_free(made);
	return rc;
}

static int run_provision(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    {"subject", required_argument, NULL, OPTION_SUBJECT},
	    {"key", required_argument, NULL, OPTION_KEY},
	    {"days", required_argument, NULL, OPTION_DAYS},
	    {"id", required_argument, NULL, OPTION_ID},
	    {"label", required_argument, NULL, OPTION_LABEL},
	    {"csr", required_argument, NULL, OPTION_CSR},
	    {"replace", required_argument, NULL, OPTION_REPLACE},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_PIN_ROWS, CLI_OPTION_MODULE_ROWS,
	    CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	const char *name;
	int option;

	while ((option = cli_getopt(&cli_token_provision, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(a, option))
			return CLI_USAGE;
	}
	name = cli_only_argument(&cli_token_provision, argc, argv, _("TOKEN is missing"));
	if (name == NULL || !check_options(a))
		return CLI_USAGE;
	return work(a, name);
}

static int run(int argc, char **argv)
{
	struct arguments a = {.target = CLI_TARGET_INIT, .id = BUFFER_INIT};
	int rc = run_provision(&a, argc, argv);

	cli_target_close(&a.target);
	buffer_free(&a.id);
	return rc;
}

const struct cli_command cli_token_provision = {
    .name = "token provision",
    .summary = N_("make a key on a token, and its certificate or a request for one"),
    .usage = N_("Usage: ctlsign token provision TOKEN --subject DN [OPTION]...\n"
		"\n"
		"Makes an RSA key on the token, which never leaves it, and a self-signed SAST\n"
		"certificate that is stored with it; prints the certificate's URI. What stands\n"
		"under the same id is never destroyed unless the token's serial number is given.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI\n"
		"  --subject DN       the subject as RFC 4514 text, with a CN\n"
		"  --key TYPE         rsa:2048 (default; what phones like) or rsa:4096\n"
		"  --days N           how long the certificate is valid (default 3650)\n"
		"  --id HEX           the id of key and certificate (default 01)\n"
		"  --label TEXT       their label (default: the CN)\n"
		"  --csr FILE         write a PKCS#10 request (PEM) to the new FILE, and make no\n"
		"                     certificate: ctlsign token import stores what the CA makes\n"
		"  --replace SERIAL   destroy what stands under the id, on the token with this\n"
		"                     serial number\n"
		"  --json             print the certificate as one JSON object\n"
		"  --pin-file FILE    read the PIN from FILE (mode 600)\n"
		"  --pin-fd N         read it from the open descriptor N\n"
		"  --module PATH      use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token provision SAST-1 --subject 'CN=SAST-1,OU=IPT,O=Lab'\n"),
    .run = run,
};
