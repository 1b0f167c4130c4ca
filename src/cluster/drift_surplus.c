/*
 * Drift by records that the CTL has too many: of servers that are gone, old addresses, CAPF.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include "base/text.h"

static enum drift_kind_of_server kind_of_record(enum origin origin, const struct tl_record *record)
{
	switch (origin) {
	case ORIGIN_ALTERNATE_TFTP:
		return KIND_TFTP;
	case ORIGIN_FIREWALL:
		return KIND_FIREWALL;
	case ORIGIN_NODE:
		return record->role == TL_ROLE_TFTP ? KIND_TFTP : KIND_SERVER;
	default:
		return KIND_ENTRY;
	}
}

/*
 * The planned entry of the server that the record names, one of the same role first.  Other entries
 * may have a server's name.
 */
static size_t entry_of_name(
    const struct drift_work *work, enum origin origin_of_record, const struct tl_record *record)
{
	const struct cluster_plan *plan = work->request->plan;
	size_t found = DRIFT_NONE;

	for (size_t i = 0; i < plan->n && tl_string(record->dns).len > 0; i++) {
		enum origin origin = drift_origin_of_entry(work, i);

		if (drift_is_sast(origin) || origin == ORIGIN_CAPF ||
		    (origin == ORIGIN_ENTRY) != (origin_of_record == ORIGIN_ENTRY) ||
		    plan->origins[i].next_address)
			continue;
		/* Renamed together with its other record: that one's name is the old one, too. */
		if (!drift_same_name(work, &plan->entries[i], record, true) &&
		    (work->record_of[i] == DRIFT_NONE ||
			!bytes_equal(
			    work->request->current->records[work->record_of[i]].dns, record->dns)))
			continue;
		if (plan->entries[i].role == record->role)
			return i;
		if (found == DRIFT_NONE)
			found = i;
	}
	return found;
}

/* A server that stays has a record that has to go: of an address or role that it no longer has. */
static void tell_of_server(struct drift_work *work, size_t entry, const struct tl_record *record)
{
	const struct tl_entry *planned = &work->request->plan->entries[entry];
	enum drift_kind_of_server kind = drift_kind_of_entry(work, entry);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX];
	char now[DRIFT_ADDRESS_MAX], then[DRIFT_ADDRESS_MAX];
	enum drift_code code = drift_same_address(planned, record) && planned->role != record->role
				   ? CODE_SERVER_ROLE
			       : drift_same_address(planned, record) ? CODE_SERVER_REMOVED
								     : CODE_SERVER_READDRESSED;
	enum drift_code told = kind == KIND_ENTRY ? CODE_ENTRY_CHANGED : drift_code_for(code, kind);

	drift_entry_name(name, work, entry);
	if (drift_told(work, told, name))
		return;
	drift_title(title, kind, name);
	if (code == CODE_SERVER_ROLE)
		drift_add(work, told, name, drift_todo_update(work),
		    _("%s is %s, and the CTL lists it as %s, too"), title,
		    drift_role(now, planned->role), drift_role(then, record->role));
	else if (code == CODE_SERVER_REMOVED)
		drift_add(work, told, name, drift_todo_update(work),
		    _("%s stands twice in the CTL, with the same address"), title);
	else
		drift_add(work, told, name, drift_todo_update(work),
		    _("%s is at %s, and the CTL still lists %s: the old address can go"), title,
		    drift_address(now, planned->ip, planned->ip_len),
		    drift_address(then, record->ip.data, record->ip.len));
}

/* A node that is still there, and runs nothing that phones ask the CTL for. */
static bool tell_of_idle_node(struct drift_work *work, const struct tl_record *record)
{
	const struct inventory *inventory = work->request->inventory;
	char name[DRIFT_NAME_MAX], role[DRIFT_ADDRESS_MAX];
	unsigned unused;

	for (size_t i = 0; i < inventory->n_nodes; i++) {
		const struct inventory_node *node = &inventory->nodes[i];

		const struct tl_entry entry = {.dns = node->dns};

		if (inventory_node_tl_role(node, &unused) ||
		    !drift_same_name(work, &entry, record, true))
			continue;
		text_printable_into(name, sizeof(name), text_bytes(node->name));
		if (!drift_told(work, CODE_SERVER_ROLE, name))
			drift_add(work, CODE_SERVER_ROLE, name, drift_todo_update(work),
			    _("server %s runs neither CallManager nor TFTP now, in the CTL it is "
			      "%s"),
			    name, drift_role(role, record->role));
		return true;
	}
	return false;
}

static void tell_removed(
    struct drift_work *work, enum drift_kind_of_server kind, const struct tl_record *record)
{
	enum drift_code code =
	    kind == KIND_ENTRY ? CODE_ENTRY_REMOVED : drift_code_for(CODE_SERVER_REMOVED, kind);
	char name[DRIFT_NAME_MAX], title[DRIFT_TITLE_MAX], role[DRIFT_ADDRESS_MAX];
	char address[DRIFT_ADDRESS_MAX], serial[DRIFT_SERIAL_MAX];

	drift_record_name(name, record);
	if (drift_told(work, code, name))
		return;
	drift_title(title, kind, name);
	drift_role(role, record->has_role ? record->role : TL_ROLE_UNKNOWN);
	drift_address(address, record->ip.data, record->ip.len);
	if (record->serial.len == 0)
		drift_add(work, code, name, drift_todo_update(work),
		    _("%s (%s, %s) stands in the CTL and no longer in ctlsign.conf"), title, role,
		    address);
	else
		drift_add(work, code, name, drift_todo_update(work),
		    _("%s (%s, %s) stands in the CTL and no longer in ctlsign.conf: serial %s"),
		    title, role, address, drift_serial(serial, record->serial));
}

/* Of a publisher that has moved, CAPF has a record at the old address, too. */
static void tell_capf(struct drift_work *work, const struct tl_record *record)
{
	const struct cluster_plan *plan = work->request->plan;
	const struct inventory_node *publisher = inventory_publisher(work->request->inventory);
	char name[DRIFT_NAME_MAX], dns[DRIFT_NAME_MAX], now[DRIFT_ADDRESS_MAX];
	char then[DRIFT_ADDRESS_MAX], serial[DRIFT_SERIAL_MAX];

	text_printable_into(name, sizeof(name), text_bytes(publisher->name));
	for (size_t i = 0; i < plan->n; i++) {
		if (drift_origin_of_entry(work, i) != ORIGIN_CAPF)
			continue;
		if (drift_told(work,
			drift_code_for(CODE_SERVER_READDRESSED, drift_kind_of_entry(work, i)),
			name))
			return;
		drift_add(work, CODE_CAPF_REMOVED, name, drift_todo_update(work),
		    _("the CTL has a second entry of CAPF on %s, at %s instead of %s: it can go"),
		    name, drift_address(then, record->ip.data, record->ip.len),
		    drift_address(now, plan->entries[i].ip, plan->entries[i].ip_len));
		return;
	}
	if (drift_told(work, CODE_CAPF_REMOVED, name))
		return;
	drift_add(work, CODE_CAPF_REMOVED, name, drift_todo_update(work),
	    _("CAPF runs no longer on %s, and stands in the CTL as %s: serial %s"), name,
	    drift_record_name(dns, record), drift_serial(serial, record->serial));
}

void drift_surplus(struct drift_work *work)
{
	const struct trustlist *list = work->request->current;

	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[i];
		enum origin origin = drift_origin_of_record(work, i);
		size_t entry;

		if (work->entry_of[i] != DRIFT_NONE || drift_is_sast(origin) ||
		    origin == ORIGIN_CAPF)
			continue;
		entry = entry_of_name(work, origin, record);
		if (entry != DRIFT_NONE)
			tell_of_server(work, entry, record);
		else if (!tell_of_idle_node(work, record))
			tell_removed(work, kind_of_record(origin, record), record);
	}
	for (size_t i = 0; i < list->n_records; i++)
		if (work->entry_of[i] == DRIFT_NONE &&
		    drift_origin_of_record(work, i) == ORIGIN_CAPF)
			tell_capf(work, &list->records[i]);
}
