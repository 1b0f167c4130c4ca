/*
 * What stands twice in an inventory, and addresses that are missing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include <string.h>
#include <strings.h>

/* A node or another server, as far as they are alike. */
struct host {
	const char *name;
	const char *dns;
	const struct inventory_address *address;
	const struct inventory_address *next_address;
	bool has_entry;
	const struct conf_section *section;
};

struct hosts {
	struct host list[INVENTORY_MAX_SECTIONS];
	size_t n;
};

static void add_servers(
    const struct conf *conf, const struct inventory_server *servers, size_t n, struct hosts *hosts)
{
	for (size_t i = 0; i < n; i++)
		hosts->list[hosts->n++] =
		    (struct host){servers[i].name, servers[i].dns, &servers[i].address,
			&servers[i].next_address, true, conf_titled(conf, servers[i].name)};
}

static void collect(const struct conf *conf, const struct inventory *inventory, struct hosts *hosts)
{
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		const struct inventory_node *node = &inventory->nodes[i];
		unsigned role;
		bool has_entry =
		    inventory_node_tl_role(node, &role) || (node->services & SERVICE_CAPF) != 0;

		/* The publisher's address stands with ITLRecovery and CallManager, too. */
		has_entry = has_entry || node->role == NODE_PUBLISHER;
		hosts->list[hosts->n++] = (struct host){node->name, node->dns, &node->address,
		    &node->next_address, has_entry, conf_titled(conf, node->name)};
	}
	add_servers(conf, inventory->alternate_tftp, inventory->n_alternate_tftp, hosts);
	add_servers(conf, inventory->firewalls, inventory->n_firewalls, hosts);
	add_servers(conf, inventory->entries, inventory->n_entries, hosts);
}

static enum status check_host(const struct conf *conf, const struct host *host, struct error *err)
{
	if (host->has_entry && host->address->len == 0) {
		error_set(err, ST_FORMAT, _("'%s' has no address"), host->name);
		error_hint(
		    err, "%s", _("write address = \"192.0.2.10\" with its own in its section"));
		return conf_refuse(conf, host->section->line, err);
	}
	if (host->next_address->len != 0 && host->address->len == 0) {
		error_set(err, ST_FORMAT, _("'%s' has a next-address but no address"), host->name);
		error_hint(err, "%s", _("write its present address with address = \"...\""));
		return conf_refuse(conf, conf_line(host->section, "next-address"), err);
	}
	if (!inventory_address_equal(host->address, host->next_address))
		return ST_OK;
	error_set(
	    err, ST_FORMAT, _("the next-address of '%s' is the address that it has"), host->name);
	error_hint(err, "%s", _("write the new one, or take next-address away once it has moved"));
	return conf_refuse(conf, conf_line(host->section, "next-address"), err);
}

/* The setting of A that has an address of B; NULL if there is none. */
static const char *shared_address(const struct host *a, const struct host *b)
{
	if (inventory_address_equal(a->address, b->address) ||
	    inventory_address_equal(a->address, b->next_address))
		return "address";
	if (inventory_address_equal(a->next_address, b->address) ||
	    inventory_address_equal(a->next_address, b->next_address))
		return "next-address";
	return NULL;
}

/* Told at the one that stands later in the file. */
static enum status check_pair(
    const struct conf *conf, const struct host *a, const struct host *b, struct error *err)
{
	const struct host *later = a->section > b->section ? a : b;
	const struct host *earlier = later == a ? b : a;
	const char *setting;

	if (strcasecmp(a->dns, b->dns) == 0) {
		error_set(err, ST_FORMAT, _("'%s' and '%s' have the same DNS name '%s'"),
		    earlier->name, later->name, later->dns);
		error_hint(err, "%s", _("give each its own with dns = \"...\""));
		return conf_refuse(conf, conf_line(later->section, "dns"), err);
	}
	setting = shared_address(later, earlier);
	if (setting == NULL)
		return ST_OK;
	error_set(
	    err, ST_FORMAT, _("'%s' and '%s' have the same address"), earlier->name, later->name);
	error_hint(err, _("give each its own; the other one stands in the section of line %u"),
	    earlier->section->line);
	return conf_refuse(conf, conf_line(later->section, setting), err);
}

enum status inventory_check(
    const struct conf *conf, const struct inventory *inventory, struct error *err)
{
	struct hosts hosts = {.n = 0};
	enum status st = ST_OK;

	collect(conf, inventory, &hosts);
	for (size_t i = 0; st == ST_OK && i < hosts.n; i++)
		st = check_host(conf, &hosts.list[i], err);
	for (size_t i = 0; st == ST_OK && i < hosts.n; i++)
		for (size_t j = i + 1; st == ST_OK && j < hosts.n; j++)
			st = check_pair(conf, &hosts.list[i], &hosts.list[j], err);
	return st;
}
