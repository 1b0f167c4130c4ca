/*
 * ctlsign nodes
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/nodes.h"
#include "cli/cluster_options.h"
#include "cli/pin_options.h"
#include "cli/publish_run.h"
#include "cli/token_target.h"

#include <unistd.h>

enum { OPTION_JSON = 1 };

struct request {
	const char *config;
	struct ceremony_pins pins;
	struct cli_modules modules;
	bool json;
};

/* What the nodes hold, as an exit code. */
static int verdict(const struct node_copies *copies)
{
	struct error err;

	if (copies->n == 0) {
		error_set(&err, ST_FAILED, "%s",
		    _("no node could be asked: ctlsign.conf names no place where their files are"));
		error_hint(&err, "%s", _("set `deliver' or `verify' of the nodes"));
		return cli_fail(&err);
	}
	if (copies->n_odd > 0)
		return CLI_NOT_VERIFIED;
	return copies->n_failed > 0 ? CLI_FAILED : CLI_DONE;
}

static int print(
    const struct request *request, const struct cluster *cluster, const struct node_copies *copies)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (request->json)
		return cli_print_json(nodes_json(copies, cluster->phase));
	nodes_put(&out, copies, cluster->phase, cli_width(STDOUT_FILENO));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int examine(struct request *request)
{
	const struct cli_publish how = {.act = "nodes",
	    .pins = &request->pins,
	    .modules = &request->modules,
	    .timeout_ms = request->modules.timeout_ms};
	struct node_copies copies = {.list = NULL};
	struct cluster cluster = {.store = NULL};
	struct error err;
	enum status st = cli_cluster_read(request->config, &cluster, &err);
	int rc;

	if (st == ST_OK)
		st = cli_publish_nodes(&cluster, &how, &copies, &err);
	rc = st == ST_OK ? print(request, &cluster, &copies) : cli_fail(&err);
	if (st == ST_OK && rc == CLI_DONE)
		rc = verdict(&copies);
	node_copies_free(&copies);
	cluster_close(&cluster);
	return rc;
}

static bool take_option(struct request *request, int option)
{
	if (option == OPTION_JSON)
		return request->json = true;
	if (option == CLI_OPTION_CONFIG)
		return cli_take_once(&cli_nodes, "--config", &request->config, optarg);
	if (cli_is_pin_option(option))
		return cli_pin_option(&cli_nodes, &request->pins, option, optarg);
	return cli_modules_option(&cli_nodes, &request->modules, option, optarg);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_PIN_ROWS, CLI_OPTION_MODULE_ROWS, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.pins = CEREMONY_PINS_INIT};
	int option;

	while ((option = cli_getopt(&cli_nodes, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_nodes, _("unexpected argument '%s'"), argv[optind]);
	return examine(&request);
}

const struct cli_command cli_nodes = {
    .name = "nodes",
    .summary = N_("ask every node which CTL it holds"),
    .usage = N_("Usage: ctlsign nodes [OPTION]...\n"
		"\n"
		"Reads the CTL from every target of ctlsign.conf, and from the servers that\n"
		"phones ask, and shows its checksums, generation and date side by side.\n"
		"Checksums are shortened where the terminal is too narrow.\n"
		"Exit code 0: all hold the current generation; 3: some hold another one, or\n"
		"none; 1: some could not be asked, and the others are in order.\n"
		"\n"
		"  --json           print one JSON object\n"
		"  --config FILE    the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"  --pin-file FILE  read the PIN or passphrase of the key that CTL Providers\n"
		"                   know from FILE (mode 600)\n"
		"  --pin-fd N       read it from the open descriptor N\n"
		"  --module PATH    use this PKCS#11 module for it (repeat for several)\n"
		"  --timeout SECONDS\n"
		"                   how long a node, or a module, may take to answer (default:\n"
		"                   timeout in ctlsign.conf, 30)\n"
		"\n"
		"Example:\n"
		"  ctlsign nodes\n"),
    .run = run,
};
