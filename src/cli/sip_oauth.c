/*
 * ctlsign sip-oauth
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "cli/cluster_options.h"
#include "cli/sip_oauth.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 1, OPTION_DRY_RUN, OPTION_YES };

enum action { STATUS, ENABLE, DISABLE };

struct request {
	const char *config;
	enum action action;
	bool dry_run;
	bool yes;
	bool json;
};

enum status sip_oauth_enabled(const struct cluster *cluster, bool *enabled, struct error *err)
{
	struct buffer value = BUFFER_INIT;
	enum status st = ST_OK;

	if (cluster->store != NULL)
		st = store_setting(cluster->store, SIP_OAUTH_SETTING, &value, err);
	if (st == ST_OK)
		st = buffer_status(&value, err);
	*enabled = bytes_equal(buffer_bytes(&value), text_bytes(SIP_OAUTH_ENABLED));
	buffer_free(&value);
	return st;
}

static int print_status(const struct request *request, const struct cluster *cluster, bool enabled)
{
	const unsigned *ports = cluster->inventory.ports;
	struct buffer out = BUFFER_INIT;
	int rc;

	if (request->json)
		return cli_print_json(json_pack("{s:b, s:i, s:i}", "enabled", (int)enabled, "port",
		    (int)ports[PORT_SIP_OAUTH], "mra_port", (int)ports[PORT_SIP_OAUTH_MRA]));
	if (enabled)
		buffer_printf(&out,
		    _("SIP OAuth mode is enabled: CallManager listens on TCP %u, and on %u for\n"
		      "Mobile and Remote Access.\n"),
		    ports[PORT_SIP_OAUTH], ports[PORT_SIP_OAUTH_MRA]);
	else
		buffer_printf(&out, "%s\n", _("SIP OAuth mode is disabled."));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int print_same(bool enabled)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, "%s\n",
	    enabled ? _("SIP OAuth mode is enabled already; nothing was changed.")
		    : _("SIP OAuth mode is disabled already; nothing was changed."));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* What is to be done on the servers: the state file alone changes nothing there. */
static void put_todo(const struct cluster *cluster, bool enable, struct buffer *out)
{
	const struct inventory_node *publisher = inventory_publisher(&cluster->inventory);
	const unsigned *ports = cluster->inventory.ports;
	char name[256];

	text_printable_into(name, sizeof(name), text_bytes(publisher->name));
	if (enable)
		buffer_printf(out,
		    _("Set it on the publisher (%s), and nowhere else: utils sipOAuth-mode enable\n"
		      "Two ports open then: TCP %u, and %u for Mobile and Remote Access.\n"),
		    name, ports[PORT_SIP_OAUTH], ports[PORT_SIP_OAUTH_MRA]);
	else
		buffer_printf(out,
		    _("Set it on the publisher (%s), and nowhere else: utils sipOAuth-mode "
		      "disable\n"
		      "Two ports close then: TCP %u, and %u for Mobile and Remote Access.\n"),
		    name, ports[PORT_SIP_OAUTH], ports[PORT_SIP_OAUTH_MRA]);
	buffer_printf(out, "%s\n", _("Restart CallManager on all nodes that run it:"));
	for (size_t i = 0; i < cluster->inventory.n_nodes; i++) {
		const struct inventory_node *node = &cluster->inventory.nodes[i];

		if ((node->services & SERVICE_CALLMANAGER) == 0)
			continue;
		text_printable_into(name, sizeof(name), text_bytes(node->name));
		buffer_printf(out, "  %s\n", name);
	}
}

static int print_changed(const struct request *request, const struct cluster *cluster, bool enable)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (request->dry_run)
		buffer_printf(&out, "%s\n",
		    enable ? _("SIP OAuth mode would be enabled.")
			   : _("SIP OAuth mode would be disabled."));
	else
		buffer_printf(&out, "%s\n",
		    enable ? _("SIP OAuth mode is enabled.") : _("SIP OAuth mode is disabled."));
	put_todo(cluster, enable, &out);
	if (request->dry_run)
		buffer_printf(&out, "%s\n", _("Dry run: nothing was changed."));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static enum status change(struct cluster *cluster, bool enable, struct error *err)
{
	const struct audit_entry audit = {.act = enable ? "sip-oauth enable" : "sip-oauth disable",
	    .what = enable ? "enables SIP OAuth mode" : "disables SIP OAuth mode",
	    .outcome = "done"};

	return store_set(cluster->store, SIP_OAUTH_SETTING,
	    enable ? SIP_OAUTH_ENABLED : SIP_OAUTH_DISABLED, &audit, err);
}

static int work(const struct request *request)
{
	const bool looks = request->action == STATUS || request->dry_run;
	const bool enable = request->action == ENABLE;
	struct cluster cluster = {.store = NULL};
	bool enabled = false, same;
	struct error err;
	enum status st =
	    looks ? cli_cluster_read(request->config, &cluster, &err)
		  : cli_cluster_change(request->config, cli_sip_oauth.name, &cluster, &err);
	int rc;

	if (st == ST_OK)
		st = sip_oauth_enabled(&cluster, &enabled, &err);
	same = enabled == enable;
	if (st == ST_OK && !looks && !same)
		st = change(&cluster, enable, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else if (request->action == STATUS)
		rc = print_status(request, &cluster, enabled);
	else
		rc = same ? print_same(enabled) : print_changed(request, &cluster, enable);
	cluster_close(&cluster);
	return rc;
}

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case OPTION_JSON:
		return request->json = true;
	case OPTION_DRY_RUN:
		return request->dry_run = true;
	case OPTION_YES:
		return request->yes = true;
	default:
		return cli_take_once(&cli_sip_oauth, "--config", &request->config, optarg);
	}
}

static bool take_action(struct request *request, const char *word)
{
	if (strcmp(word, "status") == 0)
		request->action = STATUS;
	else if (strcmp(word, "enable") == 0)
		request->action = ENABLE;
	else if (strcmp(word, "disable") == 0)
		request->action = DISABLE;
	else
		return false;
	return true;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    {"dry-run", no_argument, NULL, OPTION_DRY_RUN}, {"yes", no_argument, NULL, OPTION_YES},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct request request = {.action = STATUS};
	int option;

	while ((option = cli_getopt(&cli_sip_oauth, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == CLI_OPTION_BAD || !take_option(&request, option))
			return CLI_USAGE;
	}
	if (optind < argc && !take_action(&request, argv[optind]))
		return cli_usage_error(&cli_sip_oauth,
		    _("'%s' is neither enable, nor disable, nor status"), argv[optind]);
	if (optind + 1 < argc)
		return cli_usage_error(
		    &cli_sip_oauth, _("unexpected argument '%s'"), argv[optind + 1]);
	if (request.action == STATUS && (request.dry_run || request.yes))
		return cli_usage_error(
		    &cli_sip_oauth, "%s", _("--dry-run and --yes go with enable and disable"));
	if (request.action != STATUS && request.json)
		return cli_usage_error(&cli_sip_oauth, "%s", _("--json goes with status"));
	return work(&request);
}

const struct cli_command cli_sip_oauth = {
    .name = "sip-oauth",
    .summary = N_("show or set the cluster's SIP OAuth mode"),
    .usage =
	N_("Usage: ctlsign sip-oauth [status] [--json] [--config FILE]\n"
	   "       ctlsign sip-oauth enable|disable [--dry-run] [--yes] [--config FILE]\n"
	   "\n"
	   "Shows the SIP OAuth mode of the cluster, or keeps a new one and tells what to do\n"
	   "on the servers: the mode is set on the publisher only, opens two ports, and\n"
	   "needs CallManager restarted on all nodes. The CTL stays as it is.\n"
	   "\n"
	   "  --json         print one JSON object\n"
	   "  --dry-run      tell what would be done, and change nothing\n"
	   "  --yes          for scripts that give it to every command: nothing is asked here\n"
	   "  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
	   "\n"
	   "Example:\n"
	   "  ctlsign sip-oauth enable\n"),
    .run = run,
};
