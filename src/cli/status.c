/*
 * ctlsign status
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/status.h"
#include "cli/cluster_options.h"
#include "cli/token_target.h"

#include <stdio.h>

enum { OPTION_JSON = 1, OPTION_EXPIRY_DAYS };

/* As in ctlsign.conf. */
#define MAX_EXPIRY_DAYS 3650

struct request {
	const char *config;
	const char *expiry_days;
	unsigned long days;
	bool json;
};

/* A run that was killed, or one that is at work now; only a changing command can tell. */
static enum status look_for_pending(
    const struct cluster *cluster, int64_t *number, struct error *err)
{
	struct generation pending = GENERATION_INIT;
	enum status st = ST_OK;
	char text[256];

	*number = 0;
	if (cluster->store != NULL)
		st = store_pending(cluster->store, &pending, err);
	if (st == ST_OK && pending.number > 0) {
		*number = pending.number;
		snprintf(text, sizeof(text),
		    _("generation %lld is being made, or the run that made it was killed; the next "
		      "command that changes something puts that in order"),
		    (long long)pending.number);
		cli_warn(text);
	}
	generation_free(&pending);
	return st;
}

static int examine(const struct request *request)
{
	struct cluster cluster = {.store = NULL};
	struct drift drift = {.items = NULL};
	struct status_report report = {.cluster = &cluster, .drift = &drift};
	struct error err;
	enum status st = cli_cluster_read(request->config, &cluster, &err);
	int rc = CLI_DONE;

	if (st == ST_OK && request->expiry_days != NULL)
		cluster.inventory.expiry_days = (unsigned)request->days;
	if (st == ST_OK)
		st = look_for_pending(&cluster, &report.pending, &err);
	if (st == ST_OK) {
		/* What is known of the CTL is shown though the inventory be in disorder. */
		st = cluster_status(&cluster, time(NULL), &drift, &err);
		report.drift = st == ST_OK ? &drift : NULL;
		rc = request->json ? cli_print_json(status_json(&report)) : status_print(&report);
	}
	if (st != ST_OK)
		rc = cli_fail(&err);
	if (rc == CLI_DONE && drift.n_updates > 0)
		rc = CLI_UPDATE_DUE;
	drift_free(&drift);
	cluster_close(&cluster);
	return rc;
}

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_JSON:
		return request->json = true;
	case CLI_OPTION_CONFIG:
		return cli_take_once(&cli_status, "--config", &request->config, optarg);
	default:
		if (!cli_take_once(&cli_status, "--expiry-days", &request->expiry_days, optarg))
			return false;
		if (cli_parse_number(optarg, 0, MAX_EXPIRY_DAYS, &request->days))
			return true;
		cli_usage_error(&cli_status, _("--expiry-days takes 0 to %d, not '%s'"),
		    MAX_EXPIRY_DAYS, optarg);
		return false;
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"expiry-days", required_argument, NULL, OPTION_EXPIRY_DAYS}, CLI_OPTION_CONFIG_ROW,
	    CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL};
	int option;

	while ((option = cli_getopt(&cli_status, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_status, _("unexpected argument '%s'"), argv[optind]);
	return examine(&request);
}

const struct cli_command cli_status = {
    .name = "status",
    .summary = N_("tell whether the CTL is what the cluster calls for"),
    .usage = N_("Usage: ctlsign status [--expiry-days N] [--json] [--config FILE]\n"
		"\n"
		"Shows the cluster's mode and its current CTL with its SASTs, compares that with\n"
		"the inventory and its certificates, and lists every reason for an update by\n"
		"name, and what somebody should know. Changes nothing, needs no token.\n"
		"Exit code 0: no update is due; 6: an update is due.\n"
		"\n"
		"  --expiry-days N  warn of certificates that end within N days (default:\n"
		"                   expiry-days of ctlsign.conf, 30)\n"
		"  --json           print one JSON object\n"
		"  --config FILE    the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example: mail from a timer\n"
		"  ctlsign status > report || mail -s 'CTL' admins < report\n"),
    .run = run,
};
