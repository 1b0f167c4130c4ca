/*
 * ctlsign ports
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/ports.h"
#include "cli/cluster_options.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPTION_JSON = 1, OPTION_CHECK };

struct request {
	const char *config;
	bool check;
	bool json;
};

static enum status ask_all(
    const struct port_list *list, struct port_checks *checks, struct error *err)
{
	enum status st;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < N_PORTS; i++)
		n += list->rows[i].n;
	checks->probes = calloc(n + 1, sizeof(*checks->probes));
	if (checks->probes == NULL)
		return error_no_memory(err);
	checks->n = n;
	for (size_t i = 0; i < N_PORTS; i++) {
		const struct port_row *row = &list->rows[i];

		for (size_t j = 0; j < row->n; j++)
			checks->probes[at++] = (struct port_probe){
			    .address = *row->listeners[j].address,
			    .port = row->number,
			    .tftp = port_is_udp(row->port),
			};
	}
	st = port_check(checks->probes, n, PORT_CHECK_MS, err);
	at = 0;
	for (size_t i = 0; i < N_PORTS; i++)
		for (size_t j = 0; j < list->rows[i].n; j++, at++)
			if (list->rows[i].open && checks->probes[at].answer != PORT_REACHABLE)
				checks->missing++;
	return st;
}

static int print(
    const struct request *request, const struct port_list *list, const struct port_checks *checks)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (request->json)
		return cli_print_json(ports_json(list, checks));
	ports_print(list, checks, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* The tables said which; this is the exit code's reason. */
static int tell_missing(const struct port_checks *checks)
{
	struct error err;

	if (checks->missing == 0)
		return CLI_DONE;
	error_set(&err, ST_FAILED,
	    ngettext("%zu of the ports that should listen cannot be reached from here",
		"%zu of the ports that should listen cannot be reached from here",
		(unsigned long)checks->missing),
	    checks->missing);
	error_hint(&err, "%s", _("look at these services, and at firewalls on the way"));
	return cli_fail(&err);
}

static int work(const struct request *request)
{
	struct cluster cluster = {.store = NULL};
	struct port_list list = {.mixed = false};
	struct port_checks checks = {.n = 0};
	struct error err;
	enum status st = cli_cluster_read(request->config, &cluster, &err);
	int rc;

	if (st == ST_OK)
		st = port_list_fill(&cluster, &list, &err);
	if (st == ST_OK && request->check)
		st = ask_all(&list, &checks, &err);
	rc = st == ST_OK ? print(request, &list, request->check ? &checks : NULL) : cli_fail(&err);
	if (rc == CLI_DONE)
		rc = tell_missing(&checks);
	free(checks.probes);
	port_list_free(&list);
	cluster_close(&cluster);
	return rc;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"check", no_argument, NULL, OPTION_CHECK},
	    {"json", no_argument, NULL, OPTION_JSON}, CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW,
	    {NULL, 0, NULL, 0}};
	struct request request = {.config = NULL};
	int option;

	while ((option = cli_getopt(&cli_ports, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD)
			return CLI_USAGE;
		if (option == OPTION_JSON)
			request.json = true;
		else if (option == OPTION_CHECK)
			request.check = true;
		else if (!cli_take_once(&cli_ports, "--config", &request.config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(&cli_ports, _("unexpected argument '%s'"), argv[optind]);
	return work(&request);
}

const struct cli_command cli_ports = {
    .name = "ports",
    .summary = N_("list the cluster's ports, and try them"),
    .usage =
	N_("Usage: ctlsign ports [--check] [--json] [--config FILE]\n"
	   "\n"
	   "Lists the ports of the cluster's services, who listens there, which are not the\n"
	   "default, and, where one was changed after the current CTL was made, what is to\n"
	   "be restarted.\n"
	   "\n"
	   "  --check        try every port of every node, for at most 3 seconds; exit code 1\n"
	   "                 if one that should listen cannot be reached\n"
	   "  --json         print a JSON array\n"
	   "  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
	   "\n"
	   "Example:\n"
	   "  ctlsign ports --check\n"),
    .run = run,
};
