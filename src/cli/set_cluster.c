/*
 * ctlsign set-cluster mixed-mode, ctlsign set-cluster non-secure-mode
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"

static const struct option options[] = {{"tokens", no_argument, NULL, CLI_CHANGE_TOKENS},
    {"tokenless", no_argument, NULL, CLI_CHANGE_TOKENLESS}, CLI_CHANGE_ROWS};

static int set_cluster(
    const struct cli_command *command, enum change_kind kind, int argc, char **argv)
{
	struct cli_change change = CLI_CHANGE_INIT;
	int rc;

	change.command = command;
	if (!cli_change_read(&change, argc, argv, options, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(command, _("unexpected argument '%s'"), argv[optind]);
	change.request.kind = kind;
	change.request.command = command->name;
	if (change.request.signing == CHANGE_SIGNING_TOKENS)
		change.request.command = kind == CHANGE_MIXED_MODE
					     ? "set-cluster mixed-mode --tokens"
					     : "set-cluster non-secure-mode --tokens";
	else if (change.request.signing == CHANGE_SIGNING_TOKENLESS)
		change.request.command = kind == CHANGE_MIXED_MODE
					     ? "set-cluster mixed-mode --tokenless"
					     : "set-cluster non-secure-mode --tokenless";
	return cli_change_run(&change);
}

static int run_mixed(int argc, char **argv)
{
	return set_cluster(&cli_set_cluster_mixed_mode, CHANGE_MIXED_MODE, argc, argv);
}

static int run_non_secure(int argc, char **argv)
{
	return set_cluster(&cli_set_cluster_non_secure_mode, CHANGE_NON_SECURE_MODE, argc, argv);
}

const struct cli_command cli_set_cluster_mixed_mode = {
    .name = "set-cluster mixed-mode",
    .summary = N_("build and sign the cluster's CTL: mixed mode"),
    .usage = N_("Usage: ctlsign set-cluster mixed-mode [--tokens | --tokenless] [OPTION]...\n"
		"\n"
		"Builds the CTL that the cluster of ctlsign.conf calls for, shows what changes,\n"
		"signs it once you say yes, and writes it. The cluster is in mixed mode then.\n"
		"On any failure CTL and state are left as they were.\n"
		"\n"
		"  --tokens              tokens sign; a first CTL asks for two of them\n"
		"  --tokenless           CallManager or ITLRecovery signs, as ctlsign.conf says\n"
		"                        (neither: as the CTL in use is signed)\n"),
    .shared_usage = cli_change_usage,
    .example = N_("\n"
		  "Example: the first CTL, with two tokens\n"
		  "  ctlsign set-cluster mixed-mode --tokens\n"),
    .run = run_mixed,
};

const struct cli_command cli_set_cluster_non_secure_mode = {
    .name = "set-cluster non-secure-mode",
    .summary = N_("take the servers' certificates out of the CTL: non-secure mode"),
    .usage = N_("Usage: ctlsign set-cluster non-secure-mode [--tokens | --tokenless] [OPTION]...\n"
		"\n"
		"Takes the servers' certificates out of the CTL and signs it again. Phones go\n"
		"back to the default only when the CTL is deleted on phones and servers.\n"
		"\n"
		"  --tokens              a token of the CTL signs\n"
		"  --tokenless           CallManager or ITLRecovery signs: the way out when all\n"
		"                        tokens are lost, from release 10.0(1) on\n"
		"                        (neither: as the CTL in use is signed)\n"),
    .shared_usage = cli_change_usage,
    .example = N_("\n"
		  "Example: look first\n"
		  "  ctlsign set-cluster non-secure-mode --dry-run\n"),
    .run = run_non_secure,
};
