/*
 * The servers in a CTL that is taken over: which records are one server, which is the publisher,
 * and whether a cluster can have them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/takeover_parts.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool taking_is_server(const struct tl_record *record)
{
	return record->has_role &&
	       (record->role == TL_ROLE_CCM || record->role == TL_ROLE_CCM_TFTP ||
		   record->role == TL_ROLE_TFTP);
}

bool taking_has_address(const struct tl_record *record)
{
	static const uint8_t none[16];

	return (record->ip.len == 4 || record->ip.len == 16) &&
	       memcmp(record->ip.data, none, record->ip.len) != 0;
}

bool taking_same_host(struct bytes a, struct bytes b)
{
	const size_t common = a.len < b.len ? a.len : b.len;
	const struct bytes longer = a.len > b.len ? a : b;

	if (common == 0 || strncasecmp((const char *)a.data, (const char *)b.data, common) != 0)
		return false;
	if (a.len == b.len)
		return true;
	/* "10" is no first part of "10.1.2.3". */
	return longer.data[common] == '.' &&
	       (longer.len == common + 1 || !isdigit(longer.data[common + 1]));
}

/* Same role, name and certificate: the same server, if the addresses differ. */
static bool same_server(const struct tl_record *a, const struct tl_record *b)
{
	return a->role == b->role && bytes_equal(tl_string(a->dns), tl_string(b->dns)) &&
	       bytes_equal(a->certificate, b->certificate);
}

/* What an inventory can say of any server. */
static enum status check_record(const struct taking *t, size_t i, struct error *err)
{
	const struct tl_record *r = &t->list->records[i];
	const struct bytes dns = tl_string(r->dns);

	if (!taking_has_address(r)) {
		error_set(err, ST_LIMIT, "%s",
		    _("it has no IP address, which a server of an inventory needs"));
		return taking_refuse(t, i, err);
	}
	if (dns.len > 0 && !taking_is_host_name(dns)) {
		error_set(err, ST_LIMIT, "%s",
		    _("its name is no host name, so an inventory cannot have it"));
		return taking_refuse(t, i, err);
	}
	if (r->certificate.data != NULL)
		return taking_need_certificate(t, i, err);
	if (taking_is_server(r))
		return ST_OK;
	error_set(err, ST_LIMIT, "%s", _("it has no certificate, which its role needs"));
	return taking_refuse(t, i, err);
}

/* An inventory has each name and each address once. */
static enum status check_others(const struct taking *t, size_t i, struct error *err)
{
	const struct tl_record *r = &t->list->records[i];
	const struct bytes dns = tl_string(r->dns);

	for (size_t k = 0; k < i; k++) {
		const struct tl_record *before = &t->list->records[k];
		const struct bytes other = tl_string(before->dns);

		if (before->role == TL_ROLE_SAST || before->role == TL_ROLE_CAPF)
			continue;
		if (dns.len == other.len && dns.len > 0 && !same_server(before, r) &&
		    strncasecmp((const char *)dns.data, (const char *)other.data, dns.len) == 0)
			error_set(err, ST_LIMIT,
			    _("record %zu has the same name, and an inventory has it once"), k + 1);
		else if (bytes_equal(before->ip, r->ip))
			error_set(err, ST_LIMIT,
			    _("record %zu has the same address, and an inventory has it once"),
			    k + 1);
		else
			continue;
		error_hint(
		    err, "%s", _("make the list anew with one of them, with 'ctlsign build'"));
		return taking_refuse(t, i, err);
	}
	return ST_OK;
}

/* Record I becomes a server, or the second address of one. */
static enum status add_server(struct taking *t, size_t i, struct error *err)
{
	const struct tl_record *r = &t->list->records[i];
	enum status st = check_record(t, i, err);

	if (st == ST_OK)
		st = check_others(t, i, err);
	if (st != ST_OK)
		return st;
	for (size_t s = 0; s < t->n_servers; s++) {
		struct taken_server *server = &t->servers[s];
		const struct tl_record *first = &t->list->records[server->record];

		if (!same_server(first, r))
			continue;
		if (server->next != NO_RECORD) {
			error_set(err, ST_LIMIT, "%s",
			    _("the server stands there with more than two addresses"));
			return taking_refuse(t, i, err);
		}
		server->next = i;
		return ST_OK;
	}
	t->servers[t->n_servers++] =
	    (struct taken_server){.kind = taking_is_server(r) ? TAKEN_SUBSCRIBER : TAKEN_ENTRY,
		.record = i,
		.next = NO_RECORD};
	return ST_OK;
}

static enum status add_capf(struct taking *t, size_t i, struct error *err)
{
	const enum status st = check_record(t, i, err);

	if (st != ST_OK)
		return st;
	t->out->origins[i] = ORIGIN_CAPF;
	if (t->capf != NO_RECORD) {
		error_set(err, ST_LIMIT, _("there is a CAPF already (record %zu)"), t->capf + 1);
		error_hint(
		    err, "%s", _("make the list anew with one of them, with 'ctlsign build'"));
		return taking_refuse(t, i, err);
	}
	t->capf = i;
	return ST_OK;
}

static enum status look_at(struct taking *t, size_t i, struct error *err)
{
	const struct tl_record *r = &t->list->records[i];

	if (!r->has_role || tl_role_name(r->role) == NULL) {
		error_set(err, ST_LIMIT, "%s",
		    r->has_role ? _("no inventory knows its role") : _("it has no role"));
		return taking_refuse(t, i, err);
	}
	if (r->role == TL_ROLE_SAST)
		return ST_OK;
	return r->role == TL_ROLE_CAPF ? add_capf(t, i, err) : add_server(t, i, err);
}

/* Servers have certificates in mixed mode, all of them, and none in non-secure mode. */
static enum status find_mode(struct taking *t, struct error *err)
{
	size_t with = 0, without = 0, bare = 0;

	for (size_t i = 0; i < t->list->n_records; i++) {
		const struct tl_record *r = &t->list->records[i];

		if (!taking_is_server(r))
			continue;
		if (r->certificate.data != NULL)
			with++;
		else if (without++ == 0)
			bare = i;
	}
	if (with + without == 0) {
		error_set(err, ST_LIMIT, "%s", _("the list names no server of a cluster"));
		error_hint(err, "%s",
		    _("write an inventory with 'ctlsign init', and the first list with "
		      "'ctlsign set-cluster mixed-mode'"));
		return ST_LIMIT;
	}
	if (with > 0 && without > 0) {
		error_set(err, ST_LIMIT, "%s",
		    _("it has no certificate, although other servers in the list have one"));
		return taking_refuse(t, bare, err);
	}
	t->out->mode = with > 0 ? MODE_MIXED : MODE_NON_SECURE;
	return ST_OK;
}

enum status taking_find_servers(struct taking *t, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < t->list->n_records && st == ST_OK; i++)
		st = look_at(t, i, err);
	return st == ST_OK ? find_mode(t, err) : st;
}

/* How well RECORD names SERVER: by its name, by its address only, not at all. */
static unsigned names(const struct taking *t, size_t record, const struct taken_server *server)
{
	const struct tl_record *by = &t->list->records[record];
	const struct tl_record *r = &t->list->records[server->record];
	struct buffer cn = BUFFER_INIT;
	unsigned how = 0;

	taking_common_name(by, &cn);
	if (bytes_equal(tl_string(by->dns), tl_string(r->dns)) && tl_string(r->dns).len > 0)
		how = 3;
	else if (taking_same_host(tl_string(by->dns), tl_string(r->dns)) ||
		 taking_same_host(buffer_bytes(&cn), tl_string(r->dns)))
		how = 2;
	else if (taking_has_address(by) && bytes_equal(by->ip, r->ip))
		how = 1;
	buffer_free(&cn);
	return how;
}

/* The server that RECORD names best, of those that may have its certificate; -1: none. */
static size_t named_by(const struct taking *t, size_t record, bool same_certificate)
{
	size_t found = NO_RECORD;
	unsigned best = 0;

	for (size_t s = 0; s < t->n_servers; s++) {
		const struct tl_record *r = &t->list->records[t->servers[s].record];
		unsigned how;

		if (t->servers[s].kind == TAKEN_ENTRY ||
		    (same_certificate && r->certificate.data != NULL &&
			!bytes_equal(r->certificate, t->list->records[record].certificate)))
			continue;
		how = names(t, record, &t->servers[s]);
		/* Its certificate is enough when nothing else tells. */
		how += same_certificate && r->certificate.data != NULL ? 1 : 0;
		if (how > best) {
			best = how;
			found = s;
		}
	}
	return found;
}

static void find_publisher(struct taking *t)
{
	size_t found = NO_RECORD;

	if (t->callmanager != NO_RECORD)
		found = named_by(t, t->callmanager, true);
	if (found == NO_RECORD && t->capf != NO_RECORD)
		found = named_by(t, t->capf, false);
	for (size_t s = 0; s < t->n_servers && found == NO_RECORD; s++)
		if (t->servers[s].kind != TAKEN_ENTRY &&
		    t->list->records[t->servers[s].record].role != TL_ROLE_TFTP)
			found = s;
	for (size_t s = 0; s < t->n_servers && found == NO_RECORD; s++)
		if (t->servers[s].kind != TAKEN_ENTRY)
			found = s;
	t->publisher = found;
	t->servers[found].kind = TAKEN_PUBLISHER;
}

static enum status check_limits(const struct taking *t, struct error *err)
{
	size_t subscribers = 0, others = 0;

	for (size_t s = 0; s < t->n_servers; s++) {
		subscribers += t->servers[s].kind == TAKEN_SUBSCRIBER;
		others += t->servers[s].kind > TAKEN_TFTP;
	}
	if (subscribers > INVENTORY_MAX_SUBSCRIBERS)
		return error_set(err, ST_LIMIT,
		    _("the list names %zu subscribers; a cluster has %d at most"), subscribers,
		    INVENTORY_MAX_SUBSCRIBERS);
	if (others > INVENTORY_MAX_OTHERS)
		return error_set(err, ST_LIMIT,
		    _("the list names %zu servers beside the cluster's own; an inventory has %d at "
		      "most"),
		    others, INVENTORY_MAX_OTHERS);
	return ST_OK;
}

static void set_origin(const struct taking *t, const struct taken_server *server)
{
	char origin = ORIGIN_NODE;

	if (server->kind == TAKEN_ALTERNATE_TFTP)
		origin = ORIGIN_ALTERNATE_TFTP;
	else if (server->kind == TAKEN_FIREWALL)
		origin = ORIGIN_FIREWALL;
	else if (server->kind == TAKEN_ENTRY)
		origin = ORIGIN_ENTRY;
	t->out->origins[server->record] = origin;
	if (server->next != NO_RECORD)
		t->out->origins[server->next] = origin;
}

static size_t count_subscribers(const struct taking *t, unsigned role)
{
	size_t n = 0;

	for (size_t s = 0; s < t->n_servers; s++)
		n += t->servers[s].kind == TAKEN_SUBSCRIBER &&
		     t->list->records[t->servers[s].record].role == role;
	return n;
}

/* A firewall's record looks like a CallManager's: those that are too many are firewalls. */
enum status taking_sort_servers(struct taking *t, struct error *err)
{
	size_t n_tftp = 0, n_subscribers;

	find_publisher(t);
	n_subscribers = count_subscribers(t, TL_ROLE_CCM_TFTP);
	for (size_t s = 0; s < t->n_servers; s++) {
		struct taken_server *server = &t->servers[s];
		const unsigned role = t->list->records[server->record].role;

		if (server->kind == TAKEN_SUBSCRIBER && role == TL_ROLE_TFTP)
			server->kind =
			    n_tftp++ < INVENTORY_MAX_TFTP ? TAKEN_TFTP : TAKEN_ALTERNATE_TFTP;
		else if (server->kind == TAKEN_SUBSCRIBER && role == TL_ROLE_CCM &&
			 n_subscribers++ >= INVENTORY_MAX_SUBSCRIBERS)
			server->kind = TAKEN_FIREWALL;
		set_origin(t, server);
	}
	return check_limits(t, err);
}
