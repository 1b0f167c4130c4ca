/*
 * ctlsign update
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"

#include <stdio.h>

static const struct option options[] = {{"add-token", no_argument, NULL, CLI_CHANGE_ADD_TOKEN},
    {"remove-token", required_argument, NULL, CLI_CHANGE_REMOVE_TOKEN}, CLI_CHANGE_ROWS};

static int run(int argc, char **argv)
{
	struct cli_change change = CLI_CHANGE_INIT;
	char command[160];
	int rc;

	change.command = &cli_update;
	if (!cli_change_read(&change, argc, argv, options, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(&cli_update, _("unexpected argument '%s'"), argv[optind]);
	change.request.kind = CHANGE_UPDATE;
	snprintf(command, sizeof(command), "update%s%s%.100s",
	    change.request.add_token ? " --add-token" : "",
	    change.request.remove_token != NULL ? " --remove-token " : "",
	    change.request.remove_token != NULL ? change.request.remove_token : "");
	change.request.command = command;
	return cli_change_run(&change);
}

const struct cli_command cli_update = {
    .name = "update",
    .summary = N_("build and sign the CTL anew, as the cluster calls for it now"),
    .usage = N_("Usage: ctlsign update [--add-token] [--remove-token SERIAL] [OPTION]...\n"
		"\n"
		"Builds the CTL anew from ctlsign.conf and its certificates, shows what changes,\n"
		"signs it with a key that the phones know, and writes it. ctlsign status tells\n"
		"when it is due.\n"
		"\n"
		"  --add-token           insert one more token than signs: it joins the CTL\n"
		"  --remove-token SERIAL take out the token with this serial number (of its\n"
		"                        certificate; its first digits will do)\n"),
    .shared_usage = cli_change_usage,
    .example = N_("\n"
		  "Example: the lost token 4a219f.. is replaced by a new one\n"
		  "  ctlsign update --add-token --remove-token 4a219f\n"),
    .run = run,
};
