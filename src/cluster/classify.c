/*
 * What the records of a list stand for, told from the list and the inventory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan_parts.h"

#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

/* ITLRecovery's certificate has this and the publisher's name as its common name. */
static const char itlrecovery[] = "ITLRECOVERY_";

static bool is_server(const struct tl_record *record)
{
	return record->has_role &&
	       (record->role == TL_ROLE_CCM || record->role == TL_ROLE_CCM_TFTP ||
		   record->role == TL_ROLE_TFTP);
}

/*
 * The common name in a stored subject, up to what ends it in CUCM's style or RFC 4514's; empty if
 * there is none.  It stands first in CUCM's lists, anywhere in others.
 */
static struct bytes common_name(const struct tl_record *record)
{
	const struct bytes subject = tl_string(record->subject);
	struct bytes cn = {NULL, 0};

	for (size_t at = 0; at + 3 <= subject.len && cn.data == NULL; at++) {
		const char *text = (const char *)subject.data + at;

		if (strncasecmp(text, "CN=", 3) == 0 &&
		    (at == 0 || text[-1] == ';' || text[-1] == ',' || text[-1] == '+'))
			cn = (struct bytes){subject.data + at + 3, subject.len - at - 3};
	}
	for (size_t i = 0; i < cn.len; i++)
		if (cn.data[i] == ';' || cn.data[i] == ',' || cn.data[i] == '+')
			cn.len = i;
	return cn;
}

/* The certificate's, which cannot be changed without its key; empty if there is none. */
static struct bytes certified_name(const X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	const ASN1_STRING *cn;

	if (at < 0)
		return (struct bytes){NULL, 0};
	cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	return (struct bytes){ASN1_STRING_get0_data(cn), (size_t)ASN1_STRING_length(cn)};
}

bool plan_is_itlrecovery(const struct tl_record *record)
{
	const struct bytes cn =
	    record->x509 != NULL ? certified_name(record->x509) : common_name(record);
	const size_t len = sizeof(itlrecovery) - 1;

	return cn.len >= len && strncasecmp((const char *)cn.data, itlrecovery, len) == 0;
}

/* Whether RECORD has the certificate that the inventory names, if that is loaded. */
static bool has(const struct tl_record *record, const struct inventory_certificate *named)
{
	return named->x509 != NULL && record->x509 != NULL &&
	       X509_cmp(named->x509, record->x509) == 0;
}

/* Without certificates a server has only its name and address. */
static bool is_callmanager_of(const struct tl_record *sast, const struct tl_record *server)
{
	if (server->certificate.data != NULL)
		return bytes_equal(sast->certificate, server->certificate);
	return tl_string(server->dns).len > 0 &&
	       (bytes_equal(tl_string(sast->dns), tl_string(server->dns)) ||
		   bytes_equal(common_name(sast), tl_string(server->dns)));
}

static enum origin classify_sast(
    const struct trustlist *list, const struct inventory *inventory, const struct tl_record *sast)
{
	if (inventory != NULL && has(sast, &inventory->itlrecovery))
		return ORIGIN_ITLRECOVERY;
	if (inventory != NULL && has(sast, &inventory_publisher(inventory)->certificate))
		return ORIGIN_CALLMANAGER;
	if (plan_is_itlrecovery(sast))
		return ORIGIN_ITLRECOVERY;
	for (size_t i = 0; i < list->n_records; i++)
		if (is_server(&list->records[i]) && is_callmanager_of(sast, &list->records[i]))
			return ORIGIN_CALLMANAGER;
	return ORIGIN_TOKEN;
}

/* Whether RECORD has this name, or this address as text for its name. */
static bool is_at(
    const struct tl_record *record, const char *dns, const struct inventory_address *address)
{
	struct tl_entry entry = {.dns = dns, .ip_len = address->len};

	memcpy(entry.ip, address->bytes, address->len);
	return plan_same_name(&entry, record);
}

static bool is_among(
    const struct tl_record *record, const struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (servers[i].role == record->role &&
		    (is_at(record, servers[i].dns, &servers[i].address) ||
			is_at(record, servers[i].dns, &servers[i].next_address)))
			return true;
	return false;
}

/* By the inventory's names; one that it does not have is taken for a node that it once had. */
static enum origin classify_server(
    const struct inventory *inventory, const struct tl_record *record)
{
	if (inventory == NULL)
		return ORIGIN_NODE;
	for (size_t i = 0; i < inventory->n_nodes; i++)
		if (is_at(record, inventory->nodes[i].dns, &inventory->nodes[i].address) ||
		    is_at(record, inventory->nodes[i].dns, &inventory->nodes[i].next_address))
			return ORIGIN_NODE;
	if (is_among(record, inventory->alternate_tftp, inventory->n_alternate_tftp))
		return ORIGIN_ALTERNATE_TFTP;
	if (is_among(record, inventory->firewalls, inventory->n_firewalls))
		return ORIGIN_FIREWALL;
	if (is_among(record, inventory->entries, inventory->n_entries))
		return ORIGIN_ENTRY;
	return ORIGIN_NODE;
}

static enum origin classify(
    const struct trustlist *list, const struct inventory *inventory, const struct tl_record *record)
{
	if (!record->has_role || tl_role_name(record->role) == NULL)
		return ORIGIN_KEPT;
	if (record->role == TL_ROLE_SAST)
		return classify_sast(list, inventory, record);
	if (record->role == TL_ROLE_CAPF)
		return ORIGIN_CAPF;
	return is_server(record) ? classify_server(inventory, record) : ORIGIN_ENTRY;
}

/*
 * A cluster has one ITLRecovery and one CallManager SAST: the inventory's, else the first.  Others
 * are of other clusters.
 */
static void keep_one(const struct trustlist *list, const struct inventory_certificate *named,
    enum origin origin, char *origins)
{
	size_t kept = list->n_records;

	for (size_t i = 0; i < list->n_records; i++)
		if (origins[i] == (char)origin &&
		    (kept == list->n_records || (named != NULL && has(&list->records[i], named) &&
						    !has(&list->records[kept], named))))
			kept = i;
	for (size_t i = 0; i < list->n_records; i++)
		if (origins[i] == (char)origin && i != kept)
			origins[i] = ORIGIN_TRUST;
}

void cluster_classify(
    const struct trustlist *list, const struct inventory *inventory, char *origins)
{
	const struct inventory_node *publisher =
	    inventory != NULL ? inventory_publisher(inventory) : NULL;

	for (size_t i = 0; i < list->n_records; i++)
		origins[i] = (char)classify(list, inventory, &list->records[i]);
	origins[list->n_records] = '\0';
	keep_one(
	    list, inventory != NULL ? &inventory->itlrecovery : NULL, ORIGIN_ITLRECOVERY, origins);
	keep_one(
	    list, publisher != NULL ? &publisher->certificate : NULL, ORIGIN_CALLMANAGER, origins);
}
