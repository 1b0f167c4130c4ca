/*
 * ctlsign reset-localkey
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"

static const struct option options[] = {CLI_CHANGE_ROWS};

static int run(int argc, char **argv)
{
	struct cli_change change = CLI_CHANGE_INIT;
	int rc;

	change.command = &cli_reset_localkey;
	if (!cli_change_read(&change, argc, argv, options, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(
		    &cli_reset_localkey, _("unexpected argument '%s'"), argv[optind]);
	change.request.kind = CHANGE_RESET_LOCALKEY;
	change.request.command = "reset-localkey";
	return cli_change_run(&change);
}

const struct cli_command cli_reset_localkey = {
    .name = "reset-localkey",
    .summary = N_("sign a tokenless CTL with its other SAST"),
    .usage = N_("Usage: ctlsign reset-localkey [OPTION]...\n"
		"\n"
		"For a tokenless CTL whose usual signer has a new certificate, so that phones\n"
		"reject what it signs: builds the CTL anew and signs it with the other one of\n"
		"CallManager and ITLRecovery, which the phones know.\n"
		"\n"),
    .shared_usage = cli_change_usage,
    .example = N_("\n"
		  "Example: after the CallManager certificate was regenerated\n"
		  "  ctlsign reset-localkey\n"),
    .run = run,
};
