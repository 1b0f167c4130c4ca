/*
 * ctlsign migrate tokenless
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_options.h"
#include "cli/migrate.h"

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"signer", required_argument, NULL, MIGRATE_OPTION_SIGNER},
	    {"lost-token", required_argument, NULL, MIGRATE_OPTION_LOST_TOKEN}, MIGRATE_PLAN_ROWS};
	struct migrate_request request = {
	    .command = &cli_migrate_tokenless, .end = MIGRATE_TOKENLESS};
	int rc = CLI_USAGE;

	if (!migrate_take_options(&request, options, argc, argv, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(
		    &cli_migrate_tokenless, _("unexpected argument '%s'"), argv[optind]);
	return migrate_begin(&request);
}

const struct cli_command cli_migrate_tokenless = {
    .name = "migrate tokenless",
    .summary = N_("plan and begin the way from tokens to tokenless signing"),
    .usage = N_("Usage: ctlsign migrate tokenless [--signer CallManager|ITLRecovery]\n"
		"                                 [--lost-token SERIAL]... [OPTION]...\n"
		"\n"
		"Finds the shortest chain of CTLs after which CallManager or ITLRecovery signs,\n"
		"and in which every phone accepts every step; shows it, asks, and begins it.\n"
		"Nothing is signed: ctlsign migrate next does that, step by step.\n"
		"Exit code 4: there is no such chain. Whom to visit first is shown then.\n"
		"\n"
		"  --signer NAME         who signs in the end: CallManager or ITLRecovery\n"
		"                        (default: tokenless-signer of ctlsign.conf)\n"
		"  --lost-token SERIAL   the token with this serial number (of its certificate;\n"
		"                        its first digits will do) is lost (repeat for several)\n"),
    .shared_usage = migrate_plan_usage,
    .example = N_("\n"
		  "Example: which way would it be?\n"
		  "  ctlsign migrate tokenless --signer ITLRecovery --plan\n"),
    .run = run,
};
