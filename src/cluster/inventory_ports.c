/*
 * The ports of a cluster.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#define PORT_MAX 65535
/* SCCP's TLS port is this much above its plain one. */
#define SCCP_TLS_ABOVE 443

static const struct {
	const char *name;
	unsigned number;
} ports[N_PORTS] = {
    [PORT_CTL_PROVIDER] = {"ctl-provider", 2444},
    [PORT_SCCP] = {"sccp", 2000},
    [PORT_SCCP_TLS] = {"sccp-tls", 2000 + SCCP_TLS_ABOVE},
    [PORT_SIP_TLS] = {"sip-tls", 5061},
    [PORT_TVS] = {"tvs", 2445},
    [PORT_SIP_OAUTH] = {"sip-oauth", 5090},
    [PORT_SIP_OAUTH_MRA] = {"sip-oauth-mra", 5091},
    [PORT_TFTP] = {"tftp", 69},
    [PORT_TFTP_HTTP] = {"tftp-http", 6970},
    [PORT_TFTP_HTTPS] = {"tftp-https", 6971},
    [PORT_TFTP_HTTPS2] = {"tftp-https2", 6972},
};

const char *port_name(enum port port)
{
	return ports[port].name;
}

unsigned port_default(enum port port)
{
	return ports[port].number;
}

static enum status take_all(const struct conf_place *place, unsigned *out, struct error *err)
{
	enum status st = ST_OK;

	for (unsigned i = 0; st == ST_OK && i < N_PORTS; i++)
		st = conf_number(place, ports[i].name, PORT_MAX, &out[i], err);
	if (st != ST_OK || conf_value(place, ports[PORT_SCCP_TLS].name) != NULL)
		return st;
	out[PORT_SCCP_TLS] = out[PORT_SCCP] + SCCP_TLS_ABOVE;
	if (out[PORT_SCCP_TLS] <= PORT_MAX)
		return ST_OK;
	error_set(err, ST_FORMAT,
	    _("behind port %u there is no room for sccp-tls, which is %d higher"), out[PORT_SCCP],
	    SCCP_TLS_ABOVE);
	error_hint(err, "%s", _("take a lower port for sccp, or set sccp-tls, too"));
	return conf_refuse_value(place, ports[PORT_SCCP].name, err);
}

/* The setting that PORT comes from; NULL for a default. */
static const char *origin(const struct conf_place *place, unsigned port)
{
	if (conf_value(place, ports[port].name) != NULL)
		return ports[port].name;
	if (port == PORT_SCCP_TLS && conf_value(place, ports[PORT_SCCP].name) != NULL)
		return ports[PORT_SCCP].name;
	return NULL;
}

static enum status check_pair(
    const struct conf_place *place, const unsigned *used, unsigned i, unsigned j, struct error *err)
{
	const char *setting = origin(place, j);

	/* All others are TCP, TFTP is UDP. */
	if (used[i] != used[j] || i == PORT_TFTP || j == PORT_TFTP)
		return ST_OK;
	if (setting == NULL)
		setting = origin(place, i);
	error_set(err, ST_FORMAT, _("port %u is used twice: for %s and for %s"), used[i],
	    ports[i].name, ports[j].name);
	error_hint(err, "%s", _("give one of them another port"));
	/* The defaults differ: one of the two is set. */
	return conf_refuse_value(place, setting != NULL ? setting : ports[i].name, err);
}

static enum status check_twice(
    const struct conf_place *place, const unsigned *used, struct error *err)
{
	enum status st = ST_OK;

	for (unsigned i = 0; i < N_PORTS; i++)
		for (unsigned j = i + 1; st == ST_OK && j < N_PORTS; j++)
			st = check_pair(place, used, i, j, err);
	return st;
}

enum status inventory_take_ports(
    const struct conf *conf, struct inventory *inventory, struct error *err)
{
	const struct conf_section *section = conf_first(conf, "ports");
	unsigned *out = inventory->ports;
	struct conf_place place;
	enum status st;

	for (unsigned i = 0; i < N_PORTS; i++)
		out[i] = ports[i].number;
	if (section == NULL)
		return ST_OK;
	place = conf_at(conf, section);
	st = take_all(&place, out, err);
	return st == ST_OK ? check_twice(&place, out, err) : st;
}
