/*
 * Which planned entry is which record of the current list, however much of it has changed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

/* What entry and record must have in common. */
enum common {
	SAME_NAME = 1u << 0,
	SAME_HOST = 1u << 1, /* the name, or all of it but the cluster's domain */
	SAME_ADDRESS = 1u << 2,
	SAME_CERTIFICATE = 1u << 3,
	SAME_ROLE = 1u << 4,
	SAME_ORIGIN = 1u << 5,
};

/*
 * From the surest to the least: who has the same name is the same server, whatever else changes;
 * then who stands at the same address; then who has the same certificate.
 */
static const unsigned passes[] = {
    SAME_NAME | SAME_ADDRESS | SAME_CERTIFICATE | SAME_ROLE,
    SAME_NAME | SAME_ADDRESS | SAME_ROLE | SAME_ORIGIN,
    SAME_HOST | SAME_ADDRESS | SAME_ORIGIN,
    SAME_HOST | SAME_CERTIFICATE | SAME_ORIGIN,
    SAME_ADDRESS | SAME_CERTIFICATE | SAME_ORIGIN,
    SAME_HOST | SAME_ORIGIN,
    SAME_ADDRESS | SAME_ORIGIN,
    SAME_CERTIFICATE | SAME_ORIGIN,
};

bool drift_is_sast(enum origin origin)
{
	return origin == ORIGIN_TOKEN || origin == ORIGIN_CALLMANAGER ||
	       origin == ORIGIN_ITLRECOVERY || origin == ORIGIN_TRUST;
}

static enum origin origin_by_role(unsigned role)
{
	switch (role) {
	case TL_ROLE_SAST:
		return ORIGIN_TOKEN;
	case TL_ROLE_CAPF:
		return ORIGIN_CAPF;
	case TL_ROLE_CCM:
	case TL_ROLE_CCM_TFTP:
	case TL_ROLE_TFTP:
		return ORIGIN_NODE;
	default:
		return ORIGIN_ENTRY;
	}
}

enum origin drift_origin_of_record(const struct drift_work *work, size_t record)
{
	const struct tl_record *r = &work->request->current->records[record];
	char origin = work->request->origins[record];

	/* What the state file says of a SAST that is none must not lead astray. */
	if (origin == ORIGIN_KEPT ||
	    drift_is_sast((enum origin)origin) != (r->has_role && r->role == TL_ROLE_SAST))
		return origin_by_role(r->has_role ? r->role : TL_ROLE_UNKNOWN);
	return (enum origin)origin;
}

enum origin drift_origin_of_entry(const struct drift_work *work, size_t entry)
{
	enum origin origin = work->request->plan->origins[entry].origin;

	return origin == ORIGIN_KEPT ? origin_by_role(work->request->plan->entries[entry].role)
				     : origin;
}

size_t drift_first_entry(const struct drift_work *work, size_t entry)
{
	const struct cluster_plan *plan = work->request->plan;
	const struct plan_origin *next = &plan->origins[entry];

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_origin *first = &plan->origins[i];

		if (!first->next_address && first->origin == next->origin && first->name != NULL &&
		    next->name != NULL && strcmp(first->name, next->name) == 0)
			return i;
	}
	return DRIFT_NONE;
}

/* DNS without the cluster's domain DOMAIN at its end. */
static struct bytes host_of(struct bytes dns, const char *domain)
{
	size_t len = domain != NULL ? strlen(domain) : 0;

	if (len > 0 && dns.len > len + 1 && dns.data[dns.len - len - 1] == '.' &&
	    strncasecmp((const char *)dns.data + dns.len - len, domain, len) == 0)
		dns.len -= len + 1;
	return dns;
}

static bool is_set(const uint8_t *ip, size_t len)
{
	static const uint8_t none[16];

	return len > 0 && len <= sizeof(none) && memcmp(ip, none, len) != 0;
}

/* Cisco's Windows client wrote the address there. */
static bool is_address_of(const struct tl_entry *entry, struct bytes dns)
{
	char text[DRIFT_ADDRESS_MAX];

	if (!is_set(entry->ip, entry->ip_len))
		return false;
	drift_address(text, entry->ip, entry->ip_len);
	return dns.len == strlen(text) && memcmp(dns.data, text, dns.len) == 0;
}

bool drift_same_name(const struct drift_work *work, const struct tl_entry *entry,
    const struct tl_record *record, bool same_host)
{
	struct bytes now = {
	    (const uint8_t *)entry->dns, entry->dns != NULL ? strlen(entry->dns) : 0};
	struct bytes then = tl_string(record->dns);

	if (bytes_equal(now, then) || is_address_of(entry, then))
		return true;
	/* A list may leave out the name: the address stands for it, as in plan_follow(). */
	if (then.len == 0 && is_set(entry->ip, entry->ip_len))
		return drift_same_address(entry, record);
	return same_host && work->domain_changed &&
	       bytes_equal(host_of(now, work->request->inventory->domain),
		   host_of(then, work->request->domain));
}

bool drift_same_address(const struct tl_entry *entry, const struct tl_record *record)
{
	if (!is_set(entry->ip, entry->ip_len))
		return !is_set(record->ip.data, record->ip.len);
	return entry->ip_len == record->ip.len &&
	       memcmp(entry->ip, record->ip.data, entry->ip_len) == 0;
}

bool drift_same_certificate(
    const struct drift_work *work, size_t entry, const struct tl_record *record)
{
	X509 *certificate = work->request->plan->entries[entry].certificate;

	if (certificate == NULL)
		return false;
	if (record->certificate.data != NULL)
		return bytes_equal(record->certificate, work->ders[entry]);
	/* A whole record without element 9 names its certificate by the serial. */
	return record->serial.len > 0 &&
	       bytes_equal(record->serial, tl_certificate_serial(certificate));
}

/* Cluster-wide certificates stand at many servers and tell none of them apart. */
static bool of_one_server(const struct drift_work *work, size_t entry)
{
	const struct cluster_plan *plan = work->request->plan;
	const struct trustlist *list = work->request->current;
	const char *dns = plan->entries[entry].dns != NULL ? plan->entries[entry].dns : "";
	const struct tl_record *first = NULL;

	for (size_t i = 0; i < plan->n; i++)
		if (!drift_is_sast(drift_origin_of_entry(work, i)) &&
		    bytes_equal(work->ders[i], work->ders[entry]) &&
		    strcmp(plan->entries[i].dns != NULL ? plan->entries[i].dns : "", dns) != 0)
			return false;
	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[i];

		if (drift_is_sast(drift_origin_of_record(work, i)) ||
		    !drift_same_certificate(work, entry, record))
			continue;
		if (first != NULL && !bytes_equal(first->dns, record->dns))
			return false;
		first = record;
	}
	return true;
}

/*
 * A server's second entry, for the address that it moves to, is known by the first: that address
 * alone may have been another server's.
 */
static bool beside_its_first(const struct drift_work *work, size_t entry, size_t record)
{
	const struct cluster_plan *plan = work->request->plan;
	const struct tl_record *records = work->request->current->records;
	size_t first = drift_first_entry(work, entry);

	return !plan->origins[entry].next_address ||
	       (first != DRIFT_NONE && work->record_of[first] != DRIFT_NONE &&
		   bytes_equal(records[work->record_of[first]].dns, records[record].dns));
}

static bool fits(const struct drift_work *work, unsigned common, size_t entry, size_t record)
{
	const struct tl_entry *e = &work->request->plan->entries[entry];
	const struct tl_record *r = &work->request->current->records[record];
	bool named = (common & (SAME_NAME | SAME_HOST)) != 0;

	if ((common & SAME_ROLE) != 0 && (!r->has_role || r->role != e->role))
		return false;
	if ((common & SAME_ORIGIN) != 0 &&
	    drift_origin_of_entry(work, entry) != drift_origin_of_record(work, record))
		return false;
	if (named && (e->dns == NULL || e->dns[0] == '\0'))
		return false;
	if (named && !drift_same_name(work, e, r, (common & SAME_HOST) != 0))
		return false;
	if (!named && !beside_its_first(work, entry, record))
		return false;
	if ((common & SAME_ADDRESS) != 0 &&
	    (!drift_same_address(e, r) || (!named && !is_set(e->ip, e->ip_len))))
		return false;
	if ((common & SAME_CERTIFICATE) == 0)
		return true;
	/* In non-secure mode no certificate is planned, and what the record has does not matter. */
	if (named && e->certificate == NULL)
		return true;
	return drift_same_certificate(work, entry, r) &&
	       (common != (SAME_CERTIFICATE | SAME_ORIGIN) || of_one_server(work, entry));
}

static void pair(struct drift_work *work, size_t entry, size_t record)
{
	work->record_of[entry] = record;
	work->entry_of[record] = entry;
}

/* What the plan itself says. */
static void match_by_plan(struct drift_work *work)
{
	const struct cluster_plan *plan = work->request->plan;

	for (size_t i = 0; i < plan->n; i++) {
		size_t record = plan->origins[i].record;

		if (record > 0 && record <= work->request->current->n_records &&
		    work->entry_of[record - 1] == DRIFT_NONE)
			pair(work, i, record - 1);
	}
}

/* A SAST is its certificate; but an anchor of the cluster stays one with a new certificate. */
static void match_sasts(struct drift_work *work)
{
	const struct cluster_plan *plan = work->request->plan;
	const struct trustlist *list = work->request->current;

	for (size_t i = 0; i < plan->n; i++) {
		const struct tl_record *record;

		if (work->record_of[i] != DRIFT_NONE ||
		    !drift_is_sast(drift_origin_of_entry(work, i)))
			continue;
		record = tl_find_sast(list, plan->entries[i].certificate);
		if (record != NULL && work->entry_of[record - list->records] == DRIFT_NONE)
			pair(work, i, (size_t)(record - list->records));
	}
	for (size_t i = 0; i < plan->n; i++) {
		enum origin origin = drift_origin_of_entry(work, i);

		if (origin != ORIGIN_CALLMANAGER && origin != ORIGIN_ITLRECOVERY)
			continue;
		for (size_t j = 0; j < list->n_records && work->record_of[i] == DRIFT_NONE; j++)
			if (work->entry_of[j] == DRIFT_NONE &&
			    drift_origin_of_record(work, j) == origin)
				pair(work, i, j);
	}
}

/* There is one CAPF in a cluster, so its record is its own whatever it says. */
static void match_capf(struct drift_work *work)
{
	for (size_t i = 0; i < work->request->plan->n; i++) {
		if (drift_origin_of_entry(work, i) != ORIGIN_CAPF)
			continue;
		for (size_t j = 0;
		     j < work->request->current->n_records && work->record_of[i] == DRIFT_NONE; j++)
			if (work->entry_of[j] == DRIFT_NONE &&
			    drift_origin_of_record(work, j) == ORIGIN_CAPF)
				pair(work, i, j);
	}
}

static void run_pass(struct drift_work *work, unsigned common)
{
	const struct cluster_plan *plan = work->request->plan;

	for (size_t i = 0; i < plan->n; i++) {
		if (work->record_of[i] != DRIFT_NONE ||
		    drift_is_sast(drift_origin_of_entry(work, i)))
			continue;
		for (size_t j = 0; j < work->request->current->n_records; j++) {
			if (work->entry_of[j] != DRIFT_NONE ||
			    drift_is_sast(drift_origin_of_record(work, j)) ||
			    !fits(work, common, i, j))
				continue;
			pair(work, i, j);
			break;
		}
	}
}

void drift_match(struct drift_work *work)
{
	match_by_plan(work);
	match_sasts(work);
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
		run_pass(work, passes[i]);
	match_capf(work);
}
