/*
 * Drift of servers, firewalls and other entries: added, renamed, re-addressed, with other services,
 * about to move.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

enum drift_code drift_code_for(enum drift_code code, enum drift_kind_of_server kind)
{
	unsigned groups = kind == KIND_FIREWALL ? 2 : kind == KIND_TFTP ? 1 : 0;

	return (enum drift_code)((unsigned)code + groups * (CODE_TFTP_ADDED - CODE_SERVER_ADDED));
}

enum drift_kind_of_server drift_kind_of_entry(const struct drift_work *work, size_t entry)
{
	const struct drift_request *request = work->request;
	unsigned role = request->plan->entries[entry].role;
	size_t record = work->record_of[entry];

	switch (drift_origin_of_entry(work, entry)) {
	case ORIGIN_NODE:
		/* One that has been more than a TFTP server is told of as a server. */
		if (record != DRIFT_NONE && request->current->records[record].role != role)
			return KIND_SERVER;
		return role == TL_ROLE_TFTP ? KIND_TFTP : KIND_SERVER;
	case ORIGIN_ALTERNATE_TFTP:
		return KIND_TFTP;
	case ORIGIN_FIREWALL:
		return KIND_FIREWALL;
	case ORIGIN_ENTRY:
		return KIND_ENTRY;
	default:
		if (!inventory_node_tl_role(inventory_publisher(request->inventory), &role))
			return KIND_SERVER;
		return role == TL_ROLE_TFTP ? KIND_TFTP : KIND_SERVER;
	}
}

/* The server that an entry stands for: CAPF and the publisher's SASTs for the publisher. */
static void name_of_server(char out[DRIFT_NAME_MAX], const struct drift_work *work, size_t entry)
{
	if (drift_is_sast(drift_origin_of_entry(work, entry)))
		text_printable_into(out, DRIFT_NAME_MAX,
		    text_bytes(inventory_publisher(work->request->inventory)->name));
	else
		drift_entry_name(out, work, entry);
}

static void tell_renamed(struct drift_work *work, size_t entry, const struct tl_record *record)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	enum drift_code code =
	    kind == KIND_ENTRY ? CODE_ENTRY_CHANGED : drift_code_for(CODE_SERVER_RENAMED, kind);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX], then[DRIFT_NAME_MAX];
	char now[DRIFT_NAME_MAX];

	name_of_server(name, work, entry);
	if (drift_told(work, code, name))
		return;
	text_printable_into(then, sizeof(then), tl_string(record->dns));
	text_printable_into(now, sizeof(now), text_bytes(planned->dns != NULL ? planned->dns : ""));
	drift_add(work, code, name, drift_todo_update(work),
	    _("%s is called %s now, in the CTL it is '%s'"), drift_title(title, kind, name), now,
	    then);
}

static void tell_readdressed(struct drift_work *work, size_t entry, const struct tl_record *record)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	enum drift_code code =
	    kind == KIND_ENTRY ? CODE_ENTRY_CHANGED : drift_code_for(CODE_SERVER_READDRESSED, kind);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX], then[DRIFT_ADDRESS_MAX];
	char now[DRIFT_ADDRESS_MAX];

	name_of_server(name, work, entry);
	if (drift_told(work, code, name))
		return;
	drift_add(work, code, name, drift_todo_update(work),
	    _("%s has the address %s now, in the CTL it has %s"), drift_title(title, kind, name),
	    drift_address(now, planned->ip, planned->ip_len),
	    drift_address(then, record->ip.data, record->ip.len));
}

static void tell_next_address(struct drift_work *work, size_t entry)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX], next[DRIFT_ADDRESS_MAX];

	name_of_server(name, work, entry);
	if (drift_told(work, CODE_NEXT_ADDRESS, name))
		return;
	drift_add(work, CODE_NEXT_ADDRESS, name,
	    drift_todo_or(work,
		_("ctlsign update, and wait until the phones have that CTL, before the server "
		  "moves")),
	    _("%s is about to move to %s, which the CTL does not list yet"),
	    drift_title(title, kind, name), drift_address(next, planned->ip, planned->ip_len));
}

static void tell_moving(struct drift_work *work, size_t entry)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	size_t first = drift_first_entry(work, entry);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX];
	char from[DRIFT_ADDRESS_MAX], to[DRIFT_ADDRESS_MAX];

	name_of_server(name, work, entry);
	if (first == DRIFT_NONE || drift_told(work, CODE_MOVING, name))
		return;
	drift_address(from, work->request->plan->entries[first].ip,
	    work->request->plan->entries[first].ip_len);
	drift_add(work, CODE_MOVING, name,
	    _("once it has moved, make its next-address its address in ctlsign.conf, then: "
	      "ctlsign update"),
	    _("%s is about to move from %s to %s; the CTL lists both addresses"),
	    drift_title(title, kind, name), from, drift_address(to, planned->ip, planned->ip_len));
}

/* CAPF or a SAST of a publisher that is told as added: it came with it. */
static bool is_the_new_publishers(const struct drift_work *work, size_t entry)
{
	enum origin origin = drift_origin_of_entry(work, entry);
	char name[DRIFT_NAME_MAX];

	if (!drift_is_sast(origin) && origin != ORIGIN_CAPF)
		return false;
	name_of_server(name, work, entry);
	return drift_told(
	    work, drift_code_for(CODE_SERVER_ADDED, drift_kind_of_entry(work, entry)), name);
}

void drift_place(struct drift_work *work, size_t entry)
{
	const struct drift_request *request = work->request;
	const struct plan_origin *origin = &request->plan->origins[entry];
	const struct tl_entry *planned = &request->plan->entries[entry];
	const struct tl_record *record = &request->current->records[work->record_of[entry]];
	bool same_address = drift_same_address(planned, record);

	if (origin->next_address && same_address)
		tell_moving(work, entry);
	if (origin->record != 0)
		return;
	if (is_the_new_publishers(work, entry))
		return;
	/* A SAST needs no place: tokens have none. */
	if (planned->role == TL_ROLE_SAST && tl_string(record->dns).len == 0)
		return;
	if (!drift_same_name(work, planned, record, false)) {
		if (drift_same_name(work, planned, record, true))
			work->domain_renames = true;
		else
			tell_renamed(work, entry, record);
	}
	if (same_address)
		return;
	if (origin->next_address)
		tell_next_address(work, entry);
	else
		tell_readdressed(work, entry, record);
}

static void tell_role(struct drift_work *work, size_t entry)
{
	const struct tl_record *record = &work->request->current->records[work->record_of[entry]];
	unsigned role = work->request->plan->entries[entry].role;
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	enum drift_code code =
	    kind == KIND_ENTRY ? CODE_ENTRY_CHANGED : drift_code_for(CODE_SERVER_ROLE, kind);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX];
	char then[DRIFT_ADDRESS_MAX], now[DRIFT_ADDRESS_MAX];

	if (record->has_role && record->role == role)
		return;
	drift_entry_name(name, work, entry);
	if (drift_told(work, code, name))
		return;
	drift_add(work, code, name, drift_todo_update(work), _("%s is %s now, in the CTL it is %s"),
	    drift_title(title, kind, name), drift_role(now, role),
	    drift_role(then, record->has_role ? record->role : TL_ROLE_UNKNOWN));
}

static void tell_added(struct drift_work *work, size_t entry)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	enum drift_code code =
	    kind == KIND_ENTRY ? CODE_ENTRY_ADDED : drift_code_for(CODE_SERVER_ADDED, kind);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX], address[DRIFT_ADDRESS_MAX];
	char role[DRIFT_ADDRESS_MAX], serial[DRIFT_SERIAL_MAX];

	drift_entry_name(name, work, entry);
	if (drift_told(work, code, name))
		return;
	drift_title(title, kind, name);
	drift_address(address, planned->ip, planned->ip_len);
	drift_role(role, planned->role);
	if (planned->certificate == NULL)
		drift_add(work, code, name, drift_todo_update(work),
		    _("%s (%s, %s) is not in the CTL"), title, role, address);
	else
		drift_add(work, code, name, drift_todo_update(work),
		    _("%s (%s, %s) is not in the CTL: serial %s"), title, role, address,
		    drift_serial(serial, tl_certificate_serial(planned->certificate)));
}

void drift_servers(struct drift_work *work)
{
	for (size_t i = 0; i < work->request->plan->n; i++) {
		enum origin origin = drift_origin_of_entry(work, i);
		size_t first = drift_first_entry(work, i);

		if (drift_is_sast(origin) || origin == ORIGIN_CAPF)
			continue;
		if (work->record_of[i] != DRIFT_NONE) {
			drift_place(work, i);
			if (work->request->plan->origins[i].record == 0)
				tell_role(work, i);
		} else if (!work->request->plan->origins[i].next_address) {
			tell_added(work, i);
		} else if (first == DRIFT_NONE || work->record_of[first] != DRIFT_NONE) {
			/* Else the server is new, with both of its addresses. */
			tell_next_address(work, i);
		}
	}
}
