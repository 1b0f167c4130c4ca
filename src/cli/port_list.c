/*
 * The ports of a cluster: who listens where, and what has changed since the current CTL was made.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/ports.h"

#include "cli/sip_oauth.h"

#include <stdlib.h>
#include <string.h>

/* The setting with the ports of the current generation: "ctl-provider=2444 sccp=2000 ...". */
#define PORTS_SETTING "ports"

/* When a service listens. */
enum when { ALWAYS, IN_MIXED_MODE, IN_SIP_OAUTH_MODE };

static const struct {
	const char *title;
	unsigned services; /* enum node_service: of those that listen */
	enum when when;
	bool udp;
	const char *restart;
} facts[N_PORTS] = {
    [PORT_CTL_PROVIDER] = {N_("CTL Provider"), SERVICE_CTL_PROVIDER, ALWAYS, false,
	N_("restart the CTL Provider on these nodes")},
    [PORT_SCCP] = {N_("SCCP"), SERVICE_CALLMANAGER, ALWAYS, false,
	N_("restart CallManager on these nodes, then reset the phones")},
    [PORT_SCCP_TLS] = {N_("SCCP over TLS"), SERVICE_CALLMANAGER, IN_MIXED_MODE, false,
	N_("restart CallManager on these nodes, then reset the phones")},
    [PORT_SIP_TLS] = {N_("SIP over TLS"), SERVICE_CALLMANAGER, IN_MIXED_MODE, false,
	N_("restart CallManager on these nodes, then reset the phones")},
    [PORT_TVS] = {N_("TVS"), SERVICE_TVS, ALWAYS, false,
	N_("restart TVS on these nodes, then reset the phones")},
    [PORT_SIP_OAUTH] = {N_("SIP OAuth"), SERVICE_CALLMANAGER, IN_SIP_OAUTH_MODE, false,
	N_("restart CallManager on these nodes, then reset the phones")},
    [PORT_SIP_OAUTH_MRA] = {N_("SIP OAuth over MRA"), SERVICE_CALLMANAGER, IN_SIP_OAUTH_MODE, false,
	N_("restart CallManager on these nodes, then reset the phones")},
    [PORT_TFTP] = {N_("TFTP"), SERVICE_TFTP, ALWAYS, true,
	N_("restart TFTP on these nodes, then reset the phones")},
    [PORT_TFTP_HTTP] = {N_("TFTP over HTTP"), SERVICE_TFTP, ALWAYS, false,
	N_("restart TFTP on these nodes, then reset the phones")},
    [PORT_TFTP_HTTPS] = {N_("TFTP over HTTPS"), SERVICE_TFTP, ALWAYS, false,
	N_("restart TFTP on these nodes, then reset the phones")},
    [PORT_TFTP_HTTPS2] = {N_("TFTP over HTTPS (second)"), SERVICE_TFTP, ALWAYS, false,
	N_("restart TFTP on these nodes, then reset the phones")},
};

const char *port_title(enum port port)
{
	return _(facts[port].title);
}

bool port_is_udp(enum port port)
{
	return facts[port].udp;
}

const char *port_restart(enum port port)
{
	return _(facts[port].restart);
}

static enum status add_listeners(
    const struct inventory *inventory, struct port_row *row, struct error *err)
{
	row->listeners =
	    calloc(inventory->n_nodes + inventory->n_alternate_tftp + 1, sizeof(*row->listeners));
	if (row->listeners == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		const struct inventory_node *node = &inventory->nodes[i];

		if ((node->services & facts[row->port].services) != 0)
			row->listeners[row->n++] = (struct listener){node->name, &node->address};
	}
	/* Of another cluster's server nothing more is known than that phones load files there. */
	for (size_t i = 0; row->port == PORT_TFTP && i < inventory->n_alternate_tftp; i++) {
		const struct inventory_server *server = &inventory->alternate_tftp[i];

		row->listeners[row->n++] = (struct listener){server->name, &server->address};
	}
	return ST_OK;
}

/* The number behind "NAME=" among the words of SNAPSHOT; 0: it is not there. */
static unsigned port_before(const char *snapshot, const char *name)
{
	const size_t len = strlen(name);

	while (*snapshot != '\0') {
		if (strncmp(snapshot, name, len) == 0 && snapshot[len] == '=') {
			unsigned long number = strtoul(snapshot + len + 1, NULL, 10);

			return number <= 65535 ? (unsigned)number : 0;
		}
		snapshot += strcspn(snapshot, " ");
		snapshot += strspn(snapshot, " ");
	}
	return 0;
}

static enum status take_snapshot(
    const struct cluster *cluster, struct port_list *list, struct error *err)
{
	struct buffer snapshot = BUFFER_INIT;
	enum status st = ST_OK;
	const char *text;

	if (cluster->store != NULL && cluster->current.number > 0)
		st = store_setting(cluster->store, PORTS_SETTING, &snapshot, err);
	if (st == ST_OK)
		st = buffer_status(&snapshot, err);
	text = st == ST_OK ? buffer_text(&snapshot) : NULL;
	for (enum port port = 0; text != NULL && port < N_PORTS; port++)
		list->rows[port].before = port_before(text, port_name(port));
	buffer_free(&snapshot);
	list->generation = cluster->current.number;
	return st;
}

enum status port_list_fill(const struct cluster *cluster, struct port_list *out, struct error *err)
{
	enum status st = sip_oauth_enabled(cluster, &out->sip_oauth, err);

	out->mixed = cluster_mode(cluster) == MODE_MIXED;
	for (enum port port = 0; st == ST_OK && port < N_PORTS; port++) {
		struct port_row *row = &out->rows[port];

		row->port = port;
		row->number = cluster->inventory.ports[port];
		row->open = facts[port].when == ALWAYS ||
			    (facts[port].when == IN_MIXED_MODE && out->mixed) ||
			    (facts[port].when == IN_SIP_OAUTH_MODE && out->sip_oauth);
		st = add_listeners(&cluster->inventory, row, err);
	}
	return st == ST_OK ? take_snapshot(cluster, out, err) : st;
}

void port_list_free(struct port_list *list)
{
	for (size_t i = 0; i < N_PORTS; i++)
		free(list->rows[i].listeners);
	*list = (struct port_list){.mixed = false};
}
