/*
 * ctlsign migrate rotate
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_options.h"
#include "cli/migrate.h"

static int run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"callmanager", required_argument, NULL, MIGRATE_OPTION_CALLMANAGER},
	    {"itlrecovery", required_argument, NULL, MIGRATE_OPTION_ITLRECOVERY},
	    {"new-token", required_argument, NULL, MIGRATE_OPTION_NEW_TOKEN},
	    {"remove-token", required_argument, NULL, MIGRATE_OPTION_REMOVE_TOKEN},
	    {"lost-token", required_argument, NULL, MIGRATE_OPTION_LOST_TOKEN},
	    {"lost-key", required_argument, NULL, MIGRATE_OPTION_LOST_KEY}, CLI_OPTION_MODULE_ROWS,
	    MIGRATE_PLAN_ROWS};
	struct migrate_request request = {.command = &cli_migrate_rotate, .end = MIGRATE_ROTATE};
	int rc = CLI_USAGE;

	if (!migrate_take_options(&request, options, argc, argv, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(
		    &cli_migrate_rotate, _("unexpected argument '%s'"), argv[optind]);
	return migrate_begin(&request);
}

const struct cli_command cli_migrate_rotate = {
    .name = "migrate rotate",
    .summary = N_("plan and begin the way to new tokens, or new certificates"),
    .usage = N_("Usage: ctlsign migrate rotate [--callmanager CERT] [--itlrecovery CERT]\n"
		"                              [--new-token CERT]... [--remove-token SERIAL]...\n"
		"                              [--lost-token SERIAL]... [--lost-key NAME]...\n"
		"                              [OPTION]...\n"
		"\n"
		"Finds the shortest chain of CTLs to other keys of the same kind of signing, in\n"
		"which every phone accepts every step; shows it, asks, and begins it. Without an\n"
		"option that names a key: to what ctlsign.conf has now. Nothing is signed:\n"
		"ctlsign migrate next does that, step by step.\n"
		"Exit code 4: there is no such chain. Whom to visit first is shown then.\n"
		"\n"
		"  --callmanager CERT    CallManager's new certificate\n"
		"  --itlrecovery CERT    ITLRecovery's new certificate\n"
		"  --new-token CERT      a token that joins: its certificate, or its pkcs11: URI\n"
		"                        (repeat for several)\n"
		"  --remove-token SERIAL a token that leaves (first digits of the serial number\n"
		"                        of its certificate will do; repeat for several)\n"
		"  --lost-token SERIAL   a token that leaves, and that nobody has any more\n"
		"  --lost-key NAME       callmanager or itlrecovery: nobody has this key any more\n"
		"                        (repeat for both)\n"
		"  --module PATH         use this PKCS#11 module (repeat for several)\n"
		"  --timeout SECONDS     how long a module may take to answer (default 20)\n"),
    .shared_usage = migrate_plan_usage,
    .example = N_("\n"
		  "Example: a token was lost, another takes its place\n"
		  "  ctlsign migrate rotate --lost-token 4a219f --new-token SAST-3.pem\n"),
    .run = run,
};
