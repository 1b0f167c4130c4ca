/*
 * Roles and services of nodes, and which role may have which service.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Services that every node may have. */
#define ANYWHERE (SERVICE_CTIMANAGER | SERVICE_TVS | SERVICE_CTL_PROVIDER)

static const struct {
	const char *name;
	unsigned allowed;
	unsigned usual;
} roles[] = {
    [NODE_PUBLISHER] = {"publisher", ANYWHERE | SERVICE_CALLMANAGER | SERVICE_TFTP | SERVICE_CAPF,
	SERVICE_CALLMANAGER | SERVICE_TFTP},
    [NODE_SUBSCRIBER] = {"subscriber", ANYWHERE | SERVICE_CALLMANAGER | SERVICE_TFTP,
	SERVICE_CALLMANAGER | SERVICE_TFTP},
    [NODE_TFTP] = {"tftp", ANYWHERE | SERVICE_TFTP, SERVICE_TFTP},
    [NODE_MEDIA] = {"media", ANYWHERE, 0},
};

static const struct {
	enum node_service service;
	const char *name;
} services[] = {
    {SERVICE_CALLMANAGER, "CallManager"},
    {SERVICE_TFTP, "TFTP"},
    {SERVICE_CAPF, "CAPF"},
    {SERVICE_CTIMANAGER, "CTIManager"},
    {SERVICE_TVS, "TVS"},
    {SERVICE_CTL_PROVIDER, "CTL-Provider"},
};

const char *inventory_role_name(enum node_role role)
{
	return roles[role].name;
}

const char *inventory_service_name(enum node_service service)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (services[i].service == service)
			return services[i].name;
	return NULL;
}

bool inventory_node_tl_role(const struct inventory_node *node, unsigned *role)
{
	const bool ccm = (node->services & SERVICE_CALLMANAGER) != 0;
	const bool tftp = (node->services & SERVICE_TFTP) != 0;

	if (ccm || tftp)
		*role = ccm && tftp ? TL_ROLE_CCM_TFTP : ccm ? TL_ROLE_CCM : TL_ROLE_TFTP;
	return ccm || tftp;
}

/* The services that NODE may have; with CAPF told where it belongs. */
static enum status refuse(const struct conf_place *place, const struct inventory_node *node,
    const char *name, bool is_service, struct error *err)
{
	struct buffer allowed = BUFFER_INIT;
	char shown[80];
	const char *text;

	for (size_t i = 0; i < COUNT(services); i++)
		if ((roles[node->role].allowed & services[i].service) != 0)
			buffer_printf(
			    &allowed, "%s%s", allowed.len == 0 ? "" : ", ", services[i].name);
	text = buffer_text(&allowed);
	text_printable_into(shown, sizeof(shown), text_bytes(name));
	if (!is_service)
		error_set(err, ST_FORMAT, _("this is no service: '%s'"), shown);
	else if (strcmp(name, "CAPF") == 0)
		error_set(err, ST_FORMAT, "%s", _("only the publisher has the service CAPF"));
	else
		error_set(err, ST_FORMAT, _("a node '%s' cannot have the service '%s'"),
		    roles[node->role].name, shown);
	error_hint(err, _("take some of these: %s"), text != NULL ? text : "");
	buffer_free(&allowed);
	return conf_refuse_value(place, "services", err);
}

static unsigned service_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (strcmp(services[i].name, name) == 0)
			return services[i].service;
	return 0;
}

enum status inventory_take_services(
    const struct conf_place *place, struct inventory_node *node, struct error *err)
{
	node->services = conf_is_set(place, "services") ? 0 : roles[node->role].usual;
	for (unsigned i = 0; i < cfg_size(place->cfg, "services"); i++) {
		const char *name = cfg_getnstr(place->cfg, "services", i);
		unsigned service = service_by_name(name);

		if ((service & roles[node->role].allowed) == 0)
			return refuse(place, node, name, service != 0, err);
		node->services |= service;
	}
	return ST_OK;
}
