/*
 * Plans that follow the list in use: what is unchanged keeps its place and its bytes, so that from
 * one list to the next only that changes which has to.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan_parts.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY ((size_t)-1)

/*
 * What an entry and the record that it replaces may have in common, by weight: of several pairs the
 * one that has more in common is the right one.
 */
enum {
	COMMON_ADDRESS = 1,
	COMMON_NAME = 2,
	COMMON_SUBJECT = 4,
	COMMON_CERTIFICATE = 8,
	COMMON_MOST = 15,
};

struct following {
	struct cluster_plan *plan;
	const struct trustlist *current;
	struct bytes *ders; /* of the entries' certificates; NULL data: none */
	size_t *record_of;  /* of each entry, from 0, or NOBODY */
	size_t *entry_of;   /* of each record, likewise */
};

/* ---- what entry and record have in common -------------------------------------------------- */

static bool is_address_text(struct bytes text, const struct tl_entry *entry)
{
	char buffer[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	if (text.len == 0 || text.len >= sizeof(buffer) || entry->ip_len == 0)
		return false;
	memcpy(buffer, text.data, text.len);
	buffer[text.len] = '\0';
	return inet_pton(entry->ip_len == 4 ? AF_INET : AF_INET6, buffer, ip) == 1 &&
	       memcmp(ip, entry->ip, entry->ip_len) == 0;
}

bool plan_same_name(const struct tl_entry *entry, const struct tl_record *record)
{
	const struct bytes stored = tl_string(record->dns);
	const struct bytes name = {
	    (const uint8_t *)entry->dns, entry->dns != NULL ? strlen(entry->dns) : 0};

	return bytes_equal(stored, name) || is_address_text(stored, entry);
}

static bool is_none(struct bytes ip)
{
	for (size_t i = 0; i < ip.len; i++)
		if (ip.data[i] != 0)
			return false;
	return true;
}

bool plan_same_address(const struct tl_entry *entry, const struct tl_record *record)
{
	const struct bytes ip = {entry->ip, entry->ip_len};

	return bytes_equal(ip, record->ip) || (is_none(ip) && is_none(record->ip));
}

/* No certificate in either is the same, too: then the record must have nothing of one. */
static bool same_certificate(const struct following *f, size_t entry, const struct tl_record *r)
{
	if (f->ders[entry].data == NULL)
		return r->certificate.data == NULL && r->public_key.data == NULL &&
		       r->subject.data == NULL;
	return bytes_equal(f->ders[entry], r->certificate);
}

static bool same_subject(const struct tl_entry *entry, const struct tl_record *record)
{
	return entry->certificate != NULL && record->x509 != NULL &&
	       X509_NAME_cmp(X509_get_subject_name(entry->certificate),
		   X509_get_subject_name(record->x509)) == 0;
}

static bool same_role(const struct tl_entry *entry, const struct tl_record *record)
{
	return record->has_role && record->role == entry->role;
}

/*
 * Whether RECORD is the entry, unchanged.  Of tokens and other clusters' certificates nobody says
 * where they are, and a record of an own SAST may leave it out.  A server without a name in the
 * list has one in the inventory all the same: its address and certificate tell which it is.
 */
static bool is_unchanged(const struct following *f, size_t i, const struct tl_record *record)
{
	const struct tl_entry *entry = &f->plan->entries[i];
	const enum origin origin = f->plan->origins[i].origin;

	if (!same_role(entry, record) || !same_certificate(f, i, record))
		return false;
	if (origin == ORIGIN_TOKEN || origin == ORIGIN_TRUST)
		return true;
	if (entry->role == TL_ROLE_SAST && tl_string(record->dns).len == 0 && is_none(record->ip))
		return true;
	if (tl_string(record->dns).len == 0 && !is_none(record->ip))
		return plan_same_address(entry, record);
	return plan_same_name(entry, record) && plan_same_address(entry, record);
}

/*
 * How much the changed entry and a record have in common; 0: it is another one.  A server is known
 * by its name; SASTs may have none, or the same.
 */
static unsigned in_common(const struct following *f, size_t i, const struct tl_record *record)
{
	const struct tl_entry *entry = &f->plan->entries[i];
	const bool named = entry->dns != NULL && entry->dns[0] != '\0';
	unsigned common = 0;

	if (!same_role(entry, record))
		return 0;
	if (named && plan_same_name(entry, record))
		common |= COMMON_NAME;
	else if (entry->role != TL_ROLE_SAST)
		return 0;
	if (same_certificate(f, i, record))
		common |= COMMON_CERTIFICATE;
	if (same_subject(entry, record))
		common |= COMMON_SUBJECT;
	if (common != 0 && plan_same_address(entry, record))
		common |= COMMON_ADDRESS;
	return common;
}

/* ---- pairs --------------------------------------------------------------------------------- */

static void pair(struct following *f, size_t entry, size_t record)
{
	f->record_of[entry] = record;
	f->entry_of[record] = entry;
}

/* The first free record for each entry that is in the list as it is. */
static void find_unchanged(struct following *f)
{
	const struct trustlist *current = f->current;

	for (size_t i = 0; i < f->plan->n; i++) {
		for (size_t r = 0; r < current->n_records; r++) {
			const struct tl_record *record = &current->records[r];

			if (f->entry_of[r] != NOBODY || !is_unchanged(f, i, record))
				continue;
			pair(f, i, r);
			f->plan->origins[i].record = r + 1;
			f->plan->entries[i].stored =
			    (struct bytes){current->file.data + record->offset, record->length};
			break;
		}
	}
}

static void find_replaced(struct following *f)
{
	for (unsigned common = COMMON_MOST; common > 0; common--)
		for (size_t i = 0; i < f->plan->n; i++)
			for (size_t r = 0; r < f->current->n_records; r++)
				if (f->record_of[i] == NOBODY && f->entry_of[r] == NOBODY &&
				    in_common(f, i, &f->current->records[r]) == common)
					pair(f, i, r);
}

/*
 * The Windows client calls a server by its address: one that changes otherwise keeps that name, for
 * a changed name would be another change.  The stored name ends with its NUL.
 */
static void keep_names(struct following *f)
{
	for (size_t i = 0; i < f->plan->n; i++) {
		struct tl_entry *entry = &f->plan->entries[i];
		struct bytes dns;

		if (f->record_of[i] == NOBODY || entry->stored.data != NULL)
			continue;
		dns = f->current->records[f->record_of[i]].dns;
		if (dns.len > 0 && dns.data[dns.len - 1] == '\0' &&
		    is_address_text(tl_string(dns), entry))
			entry->dns = (const char *)dns.data;
	}
}

/* ---- order --------------------------------------------------------------------------------- */

static enum status put_in_order(struct following *f, struct error *err)
{
	struct cluster_plan *plan = f->plan;
	struct tl_entry *entries = calloc(plan->n + 1, sizeof(*entries));
	struct plan_origin *origins = calloc(plan->n + 1, sizeof(*origins));
	size_t *order = calloc(plan->n + 1, sizeof(*order)), n = 0;

	if (entries == NULL || origins == NULL || order == NULL) {
		free(order);
		free(entries);
		free(origins);
		return error_no_memory(err);
	}
	for (size_t r = 0; r < f->current->n_records; r++)
		if (f->entry_of[r] != NOBODY)
			order[n++] = f->entry_of[r];
	for (size_t i = 0; i < plan->n; i++)
		if (f->record_of[i] == NOBODY)
			order[n++] = i;
	for (size_t k = 0; k < n; k++) {
		entries[k] = plan->entries[order[k]];
		origins[k] = plan->origins[order[k]];
	}
	free(order);
	free(plan->entries);
	free(plan->origins);
	plan->entries = entries;
	plan->origins = origins;
	return ST_OK;
}

static enum status encode(struct following *f, struct error *err)
{
	for (size_t i = 0; i < f->plan->n; i++) {
		X509 *certificate = f->plan->entries[i].certificate;
		unsigned char *der = NULL;
		int len;

		if (certificate == NULL)
			continue;
		len = i2d_X509(certificate, &der);
		if (len <= 0)
			return error_openssl(
			    err, ST_CRYPTO, "%s", _("a certificate cannot be encoded"));
		f->ders[i] = (struct bytes){der, (size_t)len};
	}
	return ST_OK;
}

static size_t *nobody(size_t n)
{
	size_t *list = calloc(n + 1, sizeof(*list));

	for (size_t i = 0; list != NULL && i < n; i++)
		list[i] = NOBODY;
	return list;
}

enum status plan_follow(
    struct cluster_plan *plan, const struct trustlist *current, struct error *err)
{
	struct following f = {
	    .plan = plan,
	    .current = current,
	    .ders = calloc(plan->n + 1, sizeof(*f.ders)),
	    .record_of = nobody(plan->n),
	    .entry_of = nobody(current->n_records),
	};
	enum status st;

	if (f.ders == NULL || f.record_of == NULL || f.entry_of == NULL)
		st = error_no_memory(err);
	else
		st = encode(&f, err);
	if (st == ST_OK) {
		find_unchanged(&f);
		find_replaced(&f);
		keep_names(&f);
		st = put_in_order(&f, err);
	}
	for (size_t i = 0; f.ders != NULL && i < plan->n; i++)
		OPENSSL_free((unsigned char *)f.ders[i].data);
	free(f.ders);
	free(f.record_of);
	free(f.entry_of);
	return st;
}
