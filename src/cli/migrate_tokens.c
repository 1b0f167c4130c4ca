/*
 * ctlsign migrate tokens
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_options.h"
#include "cli/migrate.h"

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"new-token", required_argument, NULL, MIGRATE_OPTION_NEW_TOKEN},
	    CLI_OPTION_MODULE_ROWS, MIGRATE_PLAN_ROWS};
	struct migrate_request request = {.command = &cli_migrate_tokens, .end = MIGRATE_TOKENS};
	int rc = CLI_USAGE;

	if (!migrate_take_options(&request, options, argc, argv, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(
		    &cli_migrate_tokens, _("unexpected argument '%s'"), argv[optind]);
	if (request.new_tokens.n == 0)
		return cli_usage_error(&cli_migrate_tokens, "%s",
		    _("--new-token is missing: which tokens are to sign?"));
	return migrate_begin(&request);
}

const struct cli_command cli_migrate_tokens = {
    .name = "migrate tokens",
    .summary = N_("plan and begin the way from tokenless signing to tokens"),
    .usage = N_("Usage: ctlsign migrate tokens --new-token CERT... [OPTION]...\n"
		"\n"
		"Finds the shortest chain of CTLs after which these tokens sign, and in which\n"
		"every phone accepts every step; shows it, asks, and begins it. Nothing is\n"
		"signed: ctlsign migrate next does that, step by step.\n"
		"Exit code 4: there is no such chain. Whom to visit first is shown then.\n"
		"\n"
		"  --new-token CERT      a token that is to be in the CTL: its certificate, as\n"
		"                        ctlsign token export writes it, or its pkcs11: URI (give\n"
		"                        two or more)\n"
		"  --module PATH         use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS     how long a module may take to answer (default 20)\n"),
    .shared_usage = migrate_plan_usage,
    .example = N_("\n"
		  "Example: two new tokens\n"
		  "  ctlsign migrate tokens --new-token SAST-1.pem --new-token SAST-2.pem\n"),
    .run = run,
};
