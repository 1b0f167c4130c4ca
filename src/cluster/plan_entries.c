/*
 * The entries that a cluster calls for, by the rules of its release, in the order of a first list.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan_parts.h"

#include <openssl/x509.h>
#include <string.h>

struct planning {
	const struct plan_request *request;
	const struct inventory *inventory;
	struct cluster_plan *out;
	struct error *err;
};

size_t plan_entries_max(const struct plan_request *request)
{
	const struct inventory *inventory = request->inventory;
	const size_t servers = inventory->n_nodes + inventory->n_alternate_tftp +
			       inventory->n_firewalls + inventory->n_entries;

	/* CallManager, ITLRecovery and CAPF once; a server twice when it is about to move. */
	return request->n_tokens + request->n_trust + 3 + 2 * servers;
}

/* ---- what is missing ----------------------------------------------------------------------- */

/* Adds the place in ctlsign.conf, of LINE if there is one, to the error that is set. */
static enum status refuse_at(const struct planning *p, unsigned line)
{
	if (line > 0)
		error_where(p->err, _("%s: line %u"), p->inventory->path, line);
	else
		error_where(p->err, "%s", p->inventory->path);
	return ST_FAILED;
}

/* A server's entry without its certificate, of the section KIND called NAME at LINE. */
static enum status no_certificate(
    const struct planning *p, const char *kind, const char *name, unsigned line)
{
	if (p->request->mode == MODE_MIXED)
		error_set(p->err, ST_FAILED,
		    _("%s '%s' names no certificate, and mixed mode needs one"), kind, name);
	else
		error_set(p->err, ST_FAILED,
		    _("%s '%s' names no certificate, and its role needs one in every mode"), kind,
		    name);
	error_hint(p->err, "%s", _("enter certificate = \"FILE\" there"));
	return refuse_at(p, line);
}

static enum status no_callmanager(const struct planning *p, const struct inventory_node *publisher)
{
	error_set(p->err, ST_FAILED,
	    _("publisher '%s' names no certificate, and release %s lists CallManager's as a SAST"),
	    publisher->name, p->inventory->release.text);
	error_hint(p->err, "%s", _("enter certificate = \"FILE\" there"));
	return refuse_at(p, publisher->line);
}

static enum status no_itlrecovery(const struct planning *p)
{
	error_set(p->err, ST_FAILED,
	    _("ITLRecovery's certificate is not named, and release %s lists it as a SAST"),
	    p->inventory->release.text);
	error_hint(p->err, "%s", _("enter itlrecovery { certificate = \"FILE\" }"));
	return refuse_at(p, p->inventory->itlrecovery.line);
}

static enum status no_capf(const struct planning *p, const struct inventory_node *publisher)
{
	error_set(p->err, ST_FAILED,
	    _("CAPF runs on publisher '%s', and its certificate is not named"), publisher->name);
	error_hint(p->err, "%s",
	    _("enter capf-certificate = \"FILE\" there, or take CAPF out of services"));
	return refuse_at(p, publisher->line);
}

/* ---- entries ------------------------------------------------------------------------------- */

static void set_address(struct tl_entry *entry, const struct inventory_address *address)
{
	memcpy(entry->ip, address->bytes, address->len);
	entry->ip_len = address->len;
}

static void add(struct planning *p, const struct tl_entry *entry, const struct plan_origin *origin)
{
	p->out->entries[p->out->n] = *entry;
	p->out->origins[p->out->n] = *origin;
	p->out->n++;
}

/* NODE is where the SAST lives; NULL for tokens and other clusters' certificates. */
static void add_sast(struct planning *p, enum origin kind, X509 *certificate,
    const struct inventory_node *node, unsigned line)
{
	struct tl_entry entry = {.role = TL_ROLE_SAST, .certificate = certificate};

	/* SASTs come first, so all that is there is one. */
	for (size_t i = 0; i < p->out->n; i++)
		if (X509_cmp(p->out->entries[i].certificate, certificate) == 0)
			return;
	if (node != NULL) {
		entry.dns = node->dns;
		set_address(&entry, &node->address);
	}
	add(p, &entry, &(struct plan_origin){.origin = kind, .line = line});
}

/* CallManager and ITLRecovery, as far as the release's row has them. */
static enum status add_anchors(struct planning *p)
{
	const struct release_rules *rules = release_rules(&p->inventory->release);
	const struct inventory_node *publisher = inventory_publisher(p->inventory);
	const struct inventory_certificate *itlrecovery = &p->inventory->itlrecovery;
	const bool tokenless = p->request->signing == SIGNING_TOKENLESS;

	if (tokenless || rules->tokens_list_anchors) {
		if (publisher->certificate.x509 == NULL)
			return no_callmanager(p, publisher);
		add_sast(p, ORIGIN_CALLMANAGER, publisher->certificate.x509, publisher,
		    publisher->certificate.line);
	}
	if (tokenless ? rules->tokenless_itlrecovery : rules->tokens_list_anchors) {
		if (itlrecovery->x509 == NULL)
			return no_itlrecovery(p);
		add_sast(p, ORIGIN_ITLRECOVERY, itlrecovery->x509, publisher, itlrecovery->line);
	}
	return ST_OK;
}

static enum status add_sasts(struct planning *p)
{
	const struct plan_request *request = p->request;
	enum status st;

	for (size_t i = 0; i < request->n_tokens; i++)
		add_sast(p, ORIGIN_TOKEN, request->tokens[i], NULL, 0);
	st = add_anchors(p);
	for (size_t i = 0; st == ST_OK && i < request->n_trust; i++)
		add_sast(p, ORIGIN_TRUST, request->trust[i], NULL, 0);
	return st;
}

/* In non-secure mode the records of servers shrink, and others stay whole. */
static bool is_whole(const struct planning *p, unsigned role)
{
	return p->request->mode == MODE_MIXED ||
	       (role != TL_ROLE_CCM && role != TL_ROLE_CCM_TFTP && role != TL_ROLE_TFTP);
}

/* ENTRY at ADDRESS, and once more at NEXT, if there is one. */
static void add_places(struct planning *p, struct tl_entry entry, struct plan_origin origin,
    const struct inventory_address *address, const struct inventory_address *next)
{
	set_address(&entry, address);
	add(p, &entry, &origin);
	if (next->len == 0)
		return;
	origin.next_address = true;
	set_address(&entry, next);
	add(p, &entry, &origin);
}

static enum status add_capf(struct planning *p, const struct inventory_node *publisher)
{
	struct tl_entry entry = {
	    .role = TL_ROLE_CAPF, .certificate = publisher->capf.x509, .dns = publisher->dns};

	if (entry.certificate == NULL)
		return no_capf(p, publisher);
	set_address(&entry, &publisher->address);
	add(p, &entry,
	    &(struct plan_origin){
		.origin = ORIGIN_CAPF, .name = publisher->name, .line = publisher->line});
	return ST_OK;
}

static enum status add_node(struct planning *p, const struct inventory_node *node)
{
	struct tl_entry entry = {.dns = node->dns};

	if (inventory_node_tl_role(node, &entry.role)) {
		if (is_whole(p, entry.role))
			entry.certificate = node->certificate.x509;
		if (is_whole(p, entry.role) && entry.certificate == NULL)
			return no_certificate(
			    p, inventory_role_name(node->role), node->name, node->line);
		add_places(p, entry,
		    (struct plan_origin){
			.origin = ORIGIN_NODE, .name = node->name, .line = node->line},
		    &node->address, &node->next_address);
	}
	return (node->services & SERVICE_CAPF) != 0 ? add_capf(p, node) : ST_OK;
}

static enum status add_servers(struct planning *p, enum origin kind, const char *section,
    const struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct inventory_server *server = &servers[i];
		const bool whole = is_whole(p, server->role);
		const struct tl_entry entry = {.role = server->role,
		    .certificate = whole ? server->certificate.x509 : NULL,
		    .dns = server->dns};

		if (whole && entry.certificate == NULL)
			return no_certificate(p, section, server->name, server->line);
		add_places(p, entry,
		    (struct plan_origin){
			.origin = kind, .name = server->name, .line = server->line},
		    &server->address, &server->next_address);
	}
	return ST_OK;
}

static enum status check_signing(const struct planning *p)
{
	if (p->request->signing != SIGNING_TOKENLESS ||
	    release_rules(&p->inventory->release)->tokenless)
		return ST_OK;
	error_set(p->err, ST_FAILED, _("release %s has no CTL without tokens"),
	    p->inventory->release.text);
	error_hint(p->err, "%s",
	    _("sign with tokens, or enter the release after an upgrade to 10.0(1) or later"));
	return refuse_at(p, 0);
}

enum status plan_entries(
    const struct plan_request *request, struct cluster_plan *out, struct error *err)
{
	const struct inventory *inventory = request->inventory;
	struct planning p = {.request = request, .inventory = inventory, .out = out, .err = err};
	enum status st = check_signing(&p);

	if (st == ST_OK)
		st = add_sasts(&p);
	for (size_t i = 0; st == ST_OK && i < inventory->n_nodes; i++)
		st = add_node(&p, &inventory->nodes[i]);
	if (st == ST_OK)
		st = add_servers(&p, ORIGIN_ALTERNATE_TFTP, "alternate-tftp",
		    inventory->alternate_tftp, inventory->n_alternate_tftp);
	if (st == ST_OK)
		st = add_servers(
		    &p, ORIGIN_FIREWALL, "firewall", inventory->firewalls, inventory->n_firewalls);
	if (st == ST_OK)
		st = add_servers(
		    &p, ORIGIN_ENTRY, "entry", inventory->entries, inventory->n_entries);
	return st;
}
