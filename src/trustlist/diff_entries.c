/*
 * Tells which entries are new, gone, changed or moved.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/diff.h"

#include "trustlist/describe.h"
#include "trustlist/sorted.h"

#include <stdio.h>

/* A record of the old list and its partner. */
struct pair {
	struct diff *diff;
	const struct tl_record *old;
	const struct tl_record *new;
	size_t old_index;
	size_t new_index;
};

static void tell_removed(struct diff *diff)
{
	char entry[DESCRIBE_ENTRY_MAX];

	for (size_t i = 0; i < diff->old->n_records; i++)
		if (diff->to_new[i] == DIFF_NONE)
			diff_add(diff, TL_ENTRY_REMOVED, "entry", i, DIFF_NONE, _("removes %s"),
			    describe_entry(entry, &diff->old->records[i]));
}

static void tell_added(struct diff *diff)
{
	char entry[DESCRIBE_ENTRY_MAX];

	for (size_t i = 0; i < diff->new->n_records; i++)
		if (diff->to_old[i] == DIFF_NONE)
			diff_add(diff, TL_ENTRY_ADDED, "entry", DIFF_NONE, i, _("adds %s"),
			    describe_entry(entry, &diff->new->records[i]));
}

/* What a person calls the entry when its certificate is what changes. */
static void title(char out[DESCRIBE_ENTRY_MAX], const struct tl_record *record)
{
	char role[DESCRIBE_ROLE_MAX], name[DESCRIBE_NAME_MAX];
	bool has_dns = tl_string(record->dns).len > 0;

	snprintf(out, DESCRIBE_ENTRY_MAX, "%s %s", describe_role(role, record),
	    describe_name_into(name, sizeof(name), has_dns ? record->dns : record->subject));
}

static void tell_certificate(const struct pair *p)
{
	char name[DESCRIBE_ENTRY_MAX];
	char old_serial[DESCRIBE_SERIAL_MAX], new_serial[DESCRIBE_SERIAL_MAX];

	title(name, p->old);
	describe_serial(old_serial, p->old->serial);
	describe_serial(new_serial, p->new->serial);
	if (p->new->certificate.data == NULL)
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("%s loses its certificate (serial %s)"), name, old_serial);
	else if (p->old->certificate.data == NULL)
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("%s gets a certificate (serial %s)"), name, new_serial);
	else if (bytes_equal(p->old->serial, p->new->serial))
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("certificate of %s is new, with the same serial %s"), name, new_serial);
	else
		diff_add(p->diff, TL_ENTRY_CHANGED, "certificate", p->old_index, p->new_index,
		    _("certificate of %s is new: serial %s -> serial %s"), name, old_serial,
		    new_serial);
}

static void tell_name(const struct pair *p)
{
	char entry[DESCRIBE_ENTRY_MAX], old_name[DESCRIBE_NAME_MAX], new_name[DESCRIBE_NAME_MAX];

	diff_add(p->diff, TL_ENTRY_CHANGED, "dns", p->old_index, p->new_index,
	    _("DNS name of %s changes from '%s' to '%s'"), describe_entry(entry, p->new),
	    describe_name_into(old_name, sizeof(old_name), p->old->dns),
	    describe_name_into(new_name, sizeof(new_name), p->new->dns));
}

static const char *address(char out[DESCRIBE_IP_MAX], struct bytes ip)
{
	return describe_ip(out, ip) ? out : _("none");
}

static void tell_address(const struct pair *p)
{
	char entry[DESCRIBE_ENTRY_MAX], old_ip[DESCRIBE_IP_MAX], new_ip[DESCRIBE_IP_MAX];

	diff_add(p->diff, TL_ENTRY_CHANGED, "ip", p->old_index, p->new_index,
	    _("IP address of %s changes from %s to %s"), describe_entry(entry, p->new),
	    address(old_ip, p->old->ip), address(new_ip, p->new->ip));
}

static bool same_bytes(const struct pair *p)
{
	struct bytes a = {p->diff->old->file.data + p->old->offset, p->old->length};
	struct bytes b = {p->diff->new->file.data + p->new->offset, p->new->length};

	return bytes_equal(a, b);
}

static void tell_pair(const struct pair *p)
{
	bool told = false;
	char entry[DESCRIBE_ENTRY_MAX];

	if (same_bytes(p))
		return;
	if (sorted_compare_bytes(p->old->certificate, p->new->certificate) != 0) {
		tell_certificate(p);
		told = true;
	}
	if (sorted_compare_bytes(p->old->dns, p->new->dns) != 0) {
		tell_name(p);
		told = true;
	}
	if (sorted_compare_bytes(p->old->ip, p->new->ip) != 0) {
		tell_address(p);
		told = true;
	}
	if (!told)
		diff_add(p->diff, TL_ENTRY_CHANGED, "encoding", p->old_index, p->new_index,
		    _("%s is written differently, with the same certificate, name and address"),
		    describe_entry(entry, p->new));
}

static void tell_changed(struct diff *diff)
{
	for (size_t i = 0; i < diff->old->n_records; i++) {
		size_t partner = diff->to_new[i];
		struct pair p = {diff, &diff->old->records[i], NULL, i, partner};

		if (partner == DIFF_NONE)
			continue;
		p.new = &diff->new->records[partner];
		tell_pair(&p);
	}
}

/* Entries that both lists have, and of which one now stands before another that it followed. */
static void tell_order(struct diff *diff)
{
	size_t last = 0;

	for (size_t i = 0; i < diff->old->n_records; i++) {
		size_t partner = diff->to_new[i];

		if (partner == DIFF_NONE)
			continue;
		if (partner < last) {
			char entry[DESCRIBE_ENTRY_MAX];

			diff_add(diff, TL_ORDER_CHANGED, "order", i, partner,
			    _("the order of the entries changes: %s moves up"),
			    describe_entry(entry, &diff->new->records[partner]));
			return;
		}
		last = partner;
	}
}

void diff_entries(struct diff *diff)
{
	tell_removed(diff);
	tell_added(diff);
	tell_changed(diff);
	tell_order(diff);
}
