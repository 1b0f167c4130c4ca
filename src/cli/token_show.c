/*
 * ctlsign token show
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "ceremony/certificate_text.h"
#include "cli/token_text.h"

#include "base/text.h"

enum { OPTION_JSON = 1 };

struct found {
	const struct token_info *token;
	const struct token_certificate *certificates;
	size_t n;
};

static json_t *found_json(const struct found *found)
{
	json_t *json = cli_token_json(found->token), *list = json_array();

	for (size_t i = 0; i < found->n; i++)
		json_array_append_new(
		    list, cli_token_certificate_json(found->token, &found->certificates[i]));
	json_object_set_new(json, "certificates", list);
	return json;
}

/* "  Name      value" */
static void row(struct text_table *table, const char *name, const char *value)
{
	text_table_row(table, (const char *[]){name, value});
}

static void print_token(const struct token_info *t, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	struct buffer uri = BUFFER_INIT;
	const char *text;

	token_uri(t, NULL, &uri);
	text = buffer_text(&uri);
	row(table, _("Label"), t->label);
	row(table, _("Serial"), t->serial);
	row(table, _("Manufacturer"), t->manufacturer);
	row(table, _("Model"), t->model);
	row(table, _("Reader"), t->reader);
	row(table, _("Module"), t->module);
	row(table, _("PIN"), cli_token_pin_state(t));
	row(table, _("URI"), text != NULL ? text : "");
	text_table_print(table, out);
	text_table_free(table);
	buffer_free(&uri);
}

static void print_certificate(const struct found *found, size_t index, struct buffer *out)
{
	const struct token_certificate *certificate = &found->certificates[index];
	struct text_table *table = text_table_new(2);
	struct buffer id = BUFFER_INIT, uri = BUFFER_INIT;
	const char *text;

	buffer_printf(out, _("\nCertificate %zu of %zu\n"), index + 1, found->n);
	text_hex(&id, certificate->id, '\0', true);
	text = buffer_text(&id);
	row(table, _("  Id"), text != NULL ? text : "");
	row(table, _("  Label"), certificate->label);
	certificate_rows(certificate->x509, table);
	row(table, _("  Key object"),
	    certificate->has_key ? _("a key with this id is on the token")
				 : _("not seen without the PIN"));
	token_uri(found->token, certificate, &uri);
	text = buffer_text(&uri);
	row(table, _("  URI"), text != NULL ? text : "");
	text_table_print(table, out);
	text_table_free(table);
	buffer_free(&id);
	buffer_free(&uri);
}

static int print_text(const struct found *found)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	print_token(found->token, &out);
	if (found->n == 0)
		buffer_printf(&out, "\n%s\n", _("No certificate on this token."));
	for (size_t i = 0; i < found->n; i++)
		print_certificate(found, i, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static enum status find(
    struct tokens *tokens, const char *name, struct found *found, struct error *err)
{
	struct token_selector *selector;
	enum status st = token_selector_parse(name, &selector, err);

	if (st != ST_OK)
		return st;
	st = tokens_find(tokens, selector, &found->token, err);
	token_selector_free(selector);
	if (st == ST_OK)
		st =
		    tokens_certificates(tokens, found->token, &found->certificates, &found->n, err);
	return st;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct cli_modules modules = {.n = 0};
	struct found found = {.n = 0};
	struct tokens *tokens;
	struct error err;
	bool json = false;
	int option, rc;

	while ((option = cli_getopt(&cli_token_show, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (!cli_modules_option(&cli_token_show, &modules, option, optarg))
			return CLI_USAGE;
	}
	if (optind != argc - 1)
		return cli_usage_error(&cli_token_show, "%s",
		    optind == argc ? _("TOKEN is missing") : _("one token at a time"));
	if (cli_modules_open(&modules, &tokens, &err) != ST_OK)
		return cli_fail(&err);
	if (find(tokens, argv[optind], &found, &err) != ST_OK)
		rc = cli_fail(&err);
	else
		rc = json ? cli_print_json(found_json(&found)) : print_text(&found);
	tokens_close(tokens);
	return rc;
}

const struct cli_command cli_token_show = {
    .name = "token show",
    .summary = N_("show a token and the certificates on it"),
    .usage = N_("Usage: ctlsign token show TOKEN [--module PATH]... [--json] [--timeout SECONDS]\n"
		"\n"
		"Shows one token and its certificates. No PIN is needed.\n"
		"\n"
		"  TOKEN              the token's label, its serial number, or a pkcs11: URI\n"
		"  --module PATH      use this PKCS#11 module (repeat for several); without it,\n"
		"                     those that p11-kit registers\n"
		"  --json             print one JSON object\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token show SAST-1\n"),
    .run = run,
};
