/*
 * ctlsign status
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/status.h"
#include "cli/cluster_options.h"
#include "cli/pin_options.h"
#include "cli/status_refresh.h"
#include "cli/token_target.h"

#include <stdio.h>

enum { OPTION_JSON = 1, OPTION_EXPIRY_DAYS, OPTION_REFRESH };

/* As in ctlsign.conf. */
#define MAX_EXPIRY_DAYS 3650

struct request {
	const char *config;
	const char *expiry_days;
	unsigned long days;
	bool json;
	bool refresh;
	const char *for_refresh; /* an option that is for --refresh only; NULL: none */
	struct status_refresh how;
};

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
	if (st == ST_OK) {
		/* What is known of the CTL is shown though the inventory be in disorder. */
		st = cluster_status(&cluster, time(NULL), &drift, &err);
		report.drift = st == ST_OK ? &drift : NULL;
		rc = request->json ? cli_print_json(status_json(&report)) : status_print(&report);
	}
	if (st != ST_OK)
		rc = cli_fail(&err);
	if (rc == CLI_DONE && (drift.n_updates > 0 || cluster.pending.number > 0))
		rc = CLI_UPDATE_DUE;
	drift_free(&drift);
	cluster_close(&cluster);
	return rc;
}

/* The certificates first: what has drifted shows then. */
static int refresh(struct request *request)
{
	struct error err;
	int rc;

	request->how.config = request->config;
	if (status_refresh(&request->how, &err) != ST_OK)
		return cli_fail(&err);
	rc = examine(request);
	return rc == CLI_DONE && request->how.n_failed > 0 ? CLI_FAILED : rc;
}

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_REFRESH:
		return request->refresh = true;
	case CLI_OPTION_MODULE:
	case CLI_OPTION_TIMEOUT:
		request->for_refresh = option == CLI_OPTION_MODULE ? "--module" : "--timeout";
		return cli_modules_option(&cli_status, &request->how.modules, option, optarg);
	case CLI_OPTION_PIN_FILE:
	case CLI_OPTION_PIN_FD:
		request->for_refresh = option == CLI_OPTION_PIN_FILE ? "--pin-file" : "--pin-fd";
		return cli_pin_option(&cli_status, &request->how.pins, option, optarg);
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
	    {"expiry-days", required_argument, NULL, OPTION_EXPIRY_DAYS},
	    {"refresh", no_argument, NULL, OPTION_REFRESH}, CLI_OPTION_PIN_ROWS,
	    CLI_OPTION_MODULE_ROWS, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL, .how = {.pins = CEREMONY_PINS_INIT}};
	int option;

	while ((option = cli_getopt(&cli_status, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_status, _("unexpected argument '%s'"), argv[optind]);
	if (!request.refresh && request.for_refresh != NULL)
		return cli_usage_error(
		    &cli_status, _("%s is for --refresh only"), request.for_refresh);
	return request.refresh ? refresh(&request) : examine(&request);
}

const struct cli_command cli_status = {
    .name = "status",
    .summary = N_("tell whether the CTL is what the cluster calls for"),
    .usage =
	N_("Usage: ctlsign status [--refresh] [--expiry-days N] [--json] [--config FILE]\n"
	   "\n"
	   "Shows the cluster's mode and its current CTL with its SASTs, compares that with\n"
	   "the inventory and its certificates, and lists every reason for an update by\n"
	   "name, and what somebody should know. Without --refresh it changes nothing and\n"
	   "needs no token.\n"
	   "Exit code 0: no update is due; 6: an update is due, or one that is signed is not\n"
	   "published yet.\n"
	   "\n"
	   "  --expiry-days N  warn of certificates that end within N days (default:\n"
	   "                   expiry-days of ctlsign.conf, 30)\n"
	   "  --refresh        first ask the nodes' CTL Providers for their certificates, and\n"
	   "                   replace the files of those that changed; the old ones are kept\n"
	   "                   as FILE.before (exit code 1 if a node cannot be asked and no\n"
	   "                   update is due)\n"
	   "  --pin-file FILE  with --refresh: read the PIN or passphrase of the key that CTL\n"
	   "                   Providers know from FILE (mode 600)\n"
	   "  --pin-fd N       read it from the open descriptor N\n"
	   "  --module PATH    use this PKCS#11 module for it (repeat for several)\n"
	   "  --timeout SECONDS\n"
	   "                   how long a node, or a module, may take to answer (default:\n"
	   "                   timeout in ctlsign.conf, 30)\n"
	   "  --json           print one JSON object\n"
	   "  --config FILE    the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
	   "\n"
	   "Example: mail from a timer\n"
	   "  ctlsign status > report || mail -s 'CTL' admins < report\n"),
    .run = run,
};
