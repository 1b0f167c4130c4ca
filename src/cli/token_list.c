/*
 * ctlsign token list
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/token_text.h"

#include "base/text.h"

#include <stdio.h>

enum { OPTION_JSON = 1, OPTION_URI };

static json_t *list_json(const struct tokens *tokens)
{
	json_t *list = json_array(), *problems = json_array();

	for (size_t i = 0; i < tokens_count(tokens); i++)
		json_array_append_new(list, cli_token_json(tokens_at(tokens, i)));
	for (size_t i = 0; i < tokens_problem_count(tokens); i++) {
		const struct error *problem = tokens_problem_at(tokens, i);

		json_array_append_new(problems,
		    json_pack("{s:s, s:s, s:s, s:s}", "status", status_name(problem->status),
			"where", problem->where, "what", problem->what, "hint", problem->hint));
	}
	return json_pack("{s:o, s:o}", "tokens", list, "problems", problems);
}

static int print_uris(const struct tokens *tokens)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	for (size_t i = 0; i < tokens_count(tokens); i++) {
		token_uri(tokens_at(tokens, i), NULL, &out);
		buffer_add(&out, "\n", 1);
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int print_table(const struct tokens *tokens)
{
	struct text_table *table = text_table_new(4);
	struct buffer out = BUFFER_INIT;
	int rc;

	text_table_row(table, (const char *[]){_("LABEL"), _("SERIAL"), _("PIN"), _("READER")});
	for (size_t i = 0; i < tokens_count(tokens); i++) {
		const struct token_info *t = tokens_at(tokens, i);

		text_table_row(table,
		    (const char *[]){t->label, t->serial, cli_token_pin_state(t), t->reader});
	}
	text_table_print(table, &out);
	text_table_free(table);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"uri", no_argument, NULL, OPTION_URI}, CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct cli_modules modules = {.n = 0};
	bool json = false, uri = false;
	struct tokens *tokens;
	struct error err;
	int option, rc;

	while ((option = cli_getopt(&cli_token_list, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			json = true;
		else if (option == OPTION_URI)
			uri = true;
		else if (!cli_modules_option(&cli_token_list, &modules, option, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_token_list, _("unexpected argument '%s'"), argv[optind]);
	if (json && uri)
		return cli_usage_error(
		    &cli_token_list, "%s", _("--json and --uri exclude each other"));
	if (cli_modules_open(&modules, &tokens, &err) != ST_OK)
		return cli_fail(&err);
	if (json)
		rc = cli_print_json(list_json(tokens));
	else if (tokens_count(tokens) == 0)
		rc = (fputs(_("ctlsign: no token found; insert one, or name its module with "
			      "--module PATH\n"),
			  stderr),
		    CLI_DONE);
	else
		rc = uri ? print_uris(tokens) : print_table(tokens);
	tokens_close(tokens);
	return rc;
}

const struct cli_command cli_token_list = {
    .name = "token list",
    .summary = N_("list the tokens that are inserted"),
    .usage = N_("Usage: ctlsign token list [--module PATH]... [--json | --uri]\n"
		"                          [--timeout SECONDS]\n"
		"\n"
		"Lists the tokens in all slots. No PIN is needed.\n"
		"\n"
		"  --module PATH      use this PKCS#11 module (repeat for several); without it,\n"
		"                     those that p11-kit registers\n"
		"  --uri              print one pkcs11: URI a line, ready to paste\n"
		"  --json             print one JSON object\n"
		"  --timeout SECONDS  how long a module may take to answer (default 20)\n"
		"\n"
		"Example:\n"
		"  ctlsign token list --module /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so\n"),
    .run = run,
};
