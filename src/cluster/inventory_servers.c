/*
 * The nodes and other servers of ctlsign.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What phones know a server by when `dns` is not set: its name, in the domain. */
static enum status default_dns(
    const struct conf_place *place, const char *domain, char **out, struct error *err)
{
	const char *name = place->section->title;
	struct inventory_address address;

	if (domain == NULL || strchr(name, '.') != NULL || inventory_address_parse(name, &address))
		*out = strdup(name);
	else if (asprintf(out, "%s.%s", name, domain) < 0)
		*out = NULL;
	if (*out == NULL)
		return error_no_memory(err);
	if (strlen(*out) <= CONF_MAX_NAME)
		return ST_OK;
	error_set(err, ST_FORMAT, _("the name '%s' with the domain is longer than %d bytes"), name,
	    CONF_MAX_NAME);
	error_hint(err, "%s", _("set a shorter one with dns = \"...\""));
	return conf_refuse(place->conf, place->section->line, err);
}

static enum status take_dns(
    const struct conf_place *place, const char *domain, char **out, struct error *err)
{
	enum status st = place_dns(place, "dns", out, err);

	return st == ST_OK && *out == NULL ? default_dns(place, domain, out, err) : st;
}

static enum status take_node(const struct conf_place *place, const struct inventory *inventory,
    enum node_role role, struct inventory_node *out, struct error *err)
{
	enum status st = take_dns(place, inventory->domain, &out->dns, err);

	out->role = role;
	out->line = place->section->line;
	out->name = strdup(place->section->title);
	if (out->name == NULL)
		st = st != ST_OK ? st : error_no_memory(err);
	if (st == ST_OK)
		st = place_address(place, "address", &out->address, err);
	if (st == ST_OK)
		st = place_address(place, "next-address", &out->next_address, err);
	if (st == ST_OK)
		st = inventory_take_services(place, out, err);
	if (st == ST_OK)
		st = place_certificate(place, "certificate", &out->certificate, err);
	if (st == ST_OK)
		st = place_certificate(place, "capf-certificate", &out->capf, err);
	if (st == ST_OK)
		st = place_targets(place, inventory, &out->deliver, err);
	if (st == ST_OK)
		st = place_urls(place, &out->verify, err);
	if (st != ST_OK || out->capf.path == NULL || role == NODE_PUBLISHER)
		return st;
	error_set(err, ST_FORMAT, "%s", _("only the publisher has a CAPF certificate"));
	error_hint(err, "%s", _("write it in the section of the publisher"));
	return conf_refuse_value(place, "capf-certificate", err);
}

/* The roles that an `entry` may have: CAPF and SASTs have their own places. */
static bool is_entry_role(unsigned role)
{
	return tl_role_name(role) != NULL && role != TL_ROLE_SAST && role != TL_ROLE_CAPF;
}

static void hint_at_roles(struct error *err)
{
	struct buffer names = BUFFER_INIT;
	const char *text;

	for (unsigned role = 0; role <= TL_ROLE_UNKNOWN; role++)
		if (is_entry_role(role))
			buffer_printf(
			    &names, "%s%s", names.len == 0 ? "" : ", ", tl_role_name(role));
	text = buffer_text(&names);
	if (text != NULL)
		error_hint(err, _("take one of these: %s"), text);
	buffer_free(&names);
}

static enum status take_role(const struct conf_place *place, unsigned *out, struct error *err)
{
	const char *value = conf_value(place, "role");
	char shown[80];

	if (value == NULL) {
		error_set(err, ST_FORMAT, _("the entry '%s' has no role"), place->section->title);
		hint_at_roles(err);
		return conf_refuse_value(place, "role", err);
	}
	for (*out = 0; *out <= TL_ROLE_UNKNOWN; (*out)++)
		if (is_entry_role(*out) && strcmp(tl_role_name(*out), value) == 0)
			return ST_OK;
	error_set(err, ST_FORMAT, _("this is no role of an entry: '%s'"),
	    text_printable_into(shown, sizeof(shown), text_bytes(value)));
	hint_at_roles(err);
	return conf_refuse_value(place, "role", err);
}

static enum status take_server(const struct conf_place *place, const struct inventory *inventory,
    struct inventory_server *out, struct error *err)
{
	enum status st = take_dns(place, inventory->domain, &out->dns, err);

	out->line = place->section->line;
	out->name = strdup(place->section->title);
	if (out->name == NULL)
		st = st != ST_OK ? st : error_no_memory(err);
	if (st == ST_OK)
		st = place_address(place, "address", &out->address, err);
	if (st == ST_OK)
		st = place_address(place, "next-address", &out->next_address, err);
	if (st == ST_OK)
		st = place_certificate(place, "certificate", &out->certificate, err);
	if (st == ST_OK)
		st = place_targets(place, inventory, &out->deliver, err);
	if (st == ST_OK)
		st = place_urls(place, &out->verify, err);
	return st;
}

/* The sections of KIND, each taken with the role that they all have or that it names itself. */
static enum status take_servers(const struct conf *conf, const struct inventory *inventory,
    const char *kind, bool own_role, unsigned role, struct inventory_server **out, size_t *n,
    struct error *err)
{
	const unsigned size = cfg_size(conf->cfg, kind);
	enum status st = ST_OK;

	if (size == 0)
		return ST_OK;
	*out = calloc(size, sizeof(**out));
	if (*out == NULL)
		return error_no_memory(err);
	for (size_t i = 1; st == ST_OK && i < conf->n_sections; i++) {
		struct conf_place place;
		struct inventory_server *server;

		if (strcmp(conf->sections[i].kind->name, kind) != 0)
			continue;
		place = conf_at(conf, &conf->sections[i]);
		server = &(*out)[(*n)++];
		server->role = role;
		if (own_role)
			st = take_role(&place, &server->role, err);
		if (st == ST_OK)
			st = take_server(&place, inventory, server, err);
	}
	return st;
}

/* Whether KIND is a node's, and whose. */
static bool node_role(const cfg_opt_t *kind, enum node_role *out)
{
	static const enum node_role roles[] = {
	    NODE_PUBLISHER, NODE_SUBSCRIBER, NODE_TFTP, NODE_MEDIA};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		*out = roles[i];
		if (strcmp(inventory_role_name(*out), kind->name) == 0)
			return true;
	}
	return false;
}

static enum status take_nodes(const struct conf *conf, struct inventory *out, struct error *err)
{
	enum status st = ST_OK;
	size_t next = 1;

	if (conf_first(conf, "publisher") == NULL) {
		error_set(err, ST_FORMAT, "%s", _("there is no publisher"));
		error_hint(err, "%s",
		    _("write publisher NAME { address = \"192.0.2.10\" certificate = \"FILE\" }"));
		error_where(err, "%s", conf->path);
		return ST_FORMAT;
	}
	out->nodes = calloc(conf->n_sections, sizeof(*out->nodes));
	if (out->nodes == NULL)
		return error_no_memory(err);
	/* All are there from now on; the first place is the publisher's. */
	out->n_nodes = 1;
	for (size_t i = 1; st == ST_OK && i < conf->n_sections; i++) {
		struct conf_place place = conf_at(conf, &conf->sections[i]);
		enum node_role role;
		size_t at = 0;

		if (!node_role(conf->sections[i].kind, &role))
			continue;
		if (role != NODE_PUBLISHER)
			at = next++;
		if (at >= out->n_nodes)
			out->n_nodes = at + 1;
		st = take_node(&place, out, role, &out->nodes[at], err);
	}
	return st;
}

enum status inventory_take_servers(
    const struct conf *conf, struct inventory *out, struct error *err)
{
	enum status st = take_nodes(conf, out, err);

	if (st == ST_OK)
		st = take_servers(conf, out, "alternate-tftp", false, TL_ROLE_TFTP,
		    &out->alternate_tftp, &out->n_alternate_tftp, err);
	/* CUCM has no other role for a firewall, and shows it so. */
	if (st == ST_OK)
		st = take_servers(conf, out, "firewall", false, TL_ROLE_CCM, &out->firewalls,
		    &out->n_firewalls, err);
	if (st == ST_OK)
		st = take_servers(
		    conf, out, "entry", true, TL_ROLE_UNKNOWN, &out->entries, &out->n_entries, err);
	return st;
}
