/*
 * ctlsign migrate join-cluster
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_options.h"
#include "cli/migrate.h"

static int run(int argc, char **argv)
{
	static const struct option options[] = {MIGRATE_PLAN_ROWS};
	struct migrate_request request = {
	    .command = &cli_migrate_join_cluster, .end = MIGRATE_JOIN_CLUSTER};
	int rc = CLI_USAGE;

	if (!migrate_take_options(&request, options, argc, argv, &rc))
		return rc;
	if (optind == argc)
		return cli_usage_error(&cli_migrate_join_cluster, "%s", _("CERT is missing"));
	for (; optind < argc; optind++) {
		if (request.foreign.n == MIGRATE_NAMES_MAX)
			return cli_usage_error(&cli_migrate_join_cluster,
			    _("more than %d certificates are named"), MIGRATE_NAMES_MAX);
		request.foreign.list[request.foreign.n++] = argv[optind];
	}
	return migrate_begin(&request);
}

const struct cli_command cli_migrate_join_cluster = {
    .name = "migrate join-cluster",
    .summary = N_("plan and begin to trust the cluster that phones move to"),
    .usage = N_("Usage: ctlsign migrate join-cluster CERT... [OPTION]...\n"
		"\n"
		"Finds the shortest chain of CTLs after which another cluster's certificates are\n"
		"SASTs, too, so that phones can be moved there, and in which every phone accepts\n"
		"every step; shows it, asks, and begins it. Nothing is signed: ctlsign migrate\n"
		"next does that, step by step.\n"
		"Exit code 4: there is no such chain. Whom to visit first is shown then.\n"
		"\n"
		"  CERT                  the other cluster's ITLRecovery and CallManager, a file\n"
		"                        each, PEM or DER\n"),
    .shared_usage = migrate_plan_usage,
    .example = N_("\n"
		  "Example: phones move to cluster 2\n"
		  "  ctlsign migrate join-cluster ITLRecovery-2.pem CallManager-2.pem\n"),
    .run = run,
};
