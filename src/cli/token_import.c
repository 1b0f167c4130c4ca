/*
 * ctlsign token import
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/token_target.h"

#include "base/text.h"
#include "ceremony/import.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

enum { OPTION_ID = 1, OPTION_LABEL, OPTION_REPLACE };

struct arguments {
	struct cli_target target;
	struct buffer id;
	const char *label;
	const char *replace;
	const char *token;
	const char *file;
};

/* It can be stored; whether the clock or the file is wrong is the person's to see. */
static void warn_of_dates(const X509 *x509, const char *file)
{
	const time_t now = time(NULL);
	struct buffer date = BUFFER_INIT;
	char line[512], shown[256];
	time_t from, to;
	const char *text;

	if (!tl_certificate_validity(x509, &from, &to) || (now >= from && now <= to))
		return;
	text_time_local(&date, now < from ? from : to);
	text = buffer_text(&date);
	text_printable_into(shown, sizeof(shown), text_bytes(file));
	snprintf(line, sizeof(line),
	    now < from ? _("%s: the certificate is not valid before %s")
		       : _("%s: the certificate expired on %s"),
	    shown, text != NULL ? text : "");
	cli_warn(line);
	buffer_free(&date);
}

static enum status work(struct arguments *a, struct error *err)
{
	struct import import = {.pins = &a->target.pins, .label = a->label, .replace = a->replace};
	char done[512];
	enum status st = certificate_read(a->file, &import.certificate, err);

	if (st != ST_OK)
		return st;
	warn_of_dates(import.certificate, a->file);
	st = cli_target_open(&a->target, a->token, err);
	if (st == ST_OK) {
		snprintf(done, sizeof(done),
		    _("the certificate is stored on token '%s' (serial %s)"),
		    a->target.token->label, a->target.token->serial);
		import.tokens = a->target.tokens;
		import.token = a->target.token;
		import.id = buffer_bytes(&a->id);
		st = import_run(&import, err);
	}
	if (st == ST_OK)
		cli_say_done(done);
	cli_target_close(&a->target);
	X509_free(import.certificate);
	return st;
}

static bool take_option(struct arguments *a, int option)
{
	switch (option) {
	case OPTION_ID:
		return cli_take_id(&cli_token_import, &a->id, optarg);
	case OPTION_LABEL:
		return cli_take_label(&cli_token_import, &a->label, optarg);
	case OPTION_REPLACE:
		return cli_take_once(&cli_token_import, "--replace", &a->replace, optarg);
	default:
		return cli_target_option(&cli_token_import, &a->target, option, optarg);
	}
}

static int run_import(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {{"id", required_argument, NULL, OPTION_ID},
	    {"label", required_argument, NULL, OPTION_LABEL},
	    {"replace", required_argument, NULL, OPTION_REPLACE}, CLI_OPTION_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct error err;
	int option;

	while ((option = cli_getopt(&cli_token_import, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(a, option))
			return CLI_USAGE;
	}
	if (argc - optind < 2)
		return cli_usage_error(&cli_token_import, "%s",
		    optind == argc ? _("TOKEN is missing") : _("CERTFILE is missing"));
	if (argc - optind > 2)
		return cli_usage_error(
		    &cli_token_import, _("unexpected argument '%s'"), argv[optind + 2]);
	a->token = argv[optind];
	a->file = argv[optind + 1];
	return work(a, &err) == ST_OK ? CLI_DONE : cli_fail(&err);
}

static int run(int argc, char **argv)
{
	struct arguments a = {.target = CLI_TARGET_INIT, .id = BUFFER_INIT};
	int rc = run_import(&a, argc, argv);

	buffer_free(&a.id);
	return rc;
}

const struct cli_command cli_token_import = {
    .name = "token import",
    .summary = N_("store a certificate that a CA made for a token's key"),
    .usage = N_("Usage: ctlsign token import TOKEN CERTFILE [--id HEX] [--label TEXT]\n"
		"                            [--replace SERIAL] [PIN OPTION]...\n"
		"                            [--module PATH]... [--timeout SECONDS]\n"
		"\n"
		"Stores the certificate in CERTFILE (PEM or DER) on the token, with the private\n"
		"key that it fits; without such a key nothing is stored. A certificate that the\n"
		"token has already is an error.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI\n"
		"  --id HEX           make sure that the key has this id\n"
		"  --label TEXT       the label of the certificate (default: its CN)\n"
		"  --replace SERIAL   replace all certificates, but not the key, that stand under\n"
		"                     the same id of the token with this serial number\n"
		"  --pin-file FILE    read the PIN from FILE (mode 600)\n"
		"  --pin-fd N         read it from the open descriptor N\n"
		"  --module PATH      use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token import SAST-1 SAST-1-from-ca.pem\n"),
    .run = run,
};
