/*
 * ctlsign rollback
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"

#include <limits.h>
#include <stdio.h>

static const struct option options[] = {CLI_CHANGE_ROWS};

static int run(int argc, char **argv)
{
	struct cli_change change = CLI_CHANGE_INIT;
	unsigned long number;
	char command[64];
	int rc;

	change.command = &cli_rollback;
	if (!cli_change_read(&change, argc, argv, options, &rc))
		return rc;
	if (argc - optind != 1)
		return cli_usage_error(&cli_rollback, "%s", _("which GENERATION? one is needed"));
	if (!cli_parse_number(argv[optind], 1, LONG_MAX, &number))
		return cli_usage_error(&cli_rollback,
		    _("a GENERATION is a number from ctlsign history, not '%s'"), argv[optind]);
	change.request.kind = CHANGE_ROLLBACK;
	change.request.generation = (int64_t)number;
	snprintf(command, sizeof(command), "rollback %lu", number);
	change.request.command = command;
	return cli_change_run(&change);
}

const struct cli_command cli_rollback = {
    .name = "rollback",
    .summary = N_("sign the content of an earlier generation anew"),
    .usage = N_("Usage: ctlsign rollback GENERATION [OPTION]...\n"
		"\n"
		"Makes a new generation with the entries of an earlier one, signed today: phones\n"
		"do not go back in time. The signer has to be a SAST of both lists.\n"
		"\n"),
    .shared_usage = cli_change_usage,
    .example = N_("\n"
		  "Example: back to what generation 3 listed\n"
		  "  ctlsign rollback 3\n"),
    .run = run,
};
