/*
 * The SASTs of a CTL that is taken over: tokens, the cluster's two recovery anchors, and
 * certificates of other clusters.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan_parts.h"
#include "cluster/takeover_parts.h"

#include <string.h>

/* Whether the SAST is the CallManager certificate of the server in RECORD. */
static bool is_of_server(const struct tl_record *sast, const struct tl_record *server)
{
	struct buffer cn = BUFFER_INIT;
	bool is;

	if (server->certificate.data != NULL)
		return bytes_equal(sast->certificate, server->certificate);
	/* In non-secure mode only names are left. */
	taking_common_name(sast, &cn);
	is = taking_same_host(tl_string(sast->dns), tl_string(server->dns)) ||
	     taking_same_host(buffer_bytes(&cn), tl_string(server->dns)) ||
	     (taking_has_address(sast) && bytes_equal(sast->ip, server->ip));
	buffer_free(&cn);
	return is;
}

static bool is_callmanager(const struct taking *t, const struct tl_record *sast)
{
	for (size_t i = 0; i < t->list->n_records; i++)
		if (taking_is_server(&t->list->records[i]) &&
		    is_of_server(sast, &t->list->records[i]))
			return true;
	return false;
}

/* Whether "ITLRECOVERY_<name>", the record's name or its address is that of a server. */
static bool names_a_server(const struct taking *t, const struct tl_record *sast)
{
	const size_t prefix = strlen("ITLRECOVERY_");
	struct buffer cn = BUFFER_INIT;
	struct bytes host = {NULL, 0};
	bool found = false;

	taking_common_name(sast, &cn);
	if (cn.len > prefix)
		host = (struct bytes){cn.data + prefix, cn.len - prefix};
	for (size_t i = 0; i < t->list->n_records && !found; i++) {
		const struct tl_record *r = &t->list->records[i];

		found = taking_is_server(r) &&
			(taking_same_host(host, tl_string(r->dns)) ||
			    taking_same_host(tl_string(sast->dns), tl_string(r->dns)) ||
			    (taking_has_address(sast) && bytes_equal(sast->ip, r->ip)));
	}
	buffer_free(&cn);
	return found;
}

static enum status check_sast(const struct taking *t, size_t i, struct error *err)
{
	const struct tl_record *r = &t->list->records[i];
	const enum status st = taking_need_certificate(t, i, err);

	for (size_t k = 0; k < i && st == ST_OK; k++) {
		const struct tl_record *before = &t->list->records[k];

		if (before->role != TL_ROLE_SAST ||
		    !bytes_equal(before->certificate, r->certificate))
			continue;
		error_set(
		    err, ST_LIMIT, _("record %zu is the same SAST, and a plan has it once"), k + 1);
		error_hint(
		    err, "%s", _("make the list anew with one of them, with 'ctlsign build'"));
		return taking_refuse(t, i, err);
	}
	return st;
}

/*
 * The one of all SASTs of ORIGIN that is the cluster's own: the signer, else one that names a
 * server, else the first.  The others belong to other clusters.
 */
static size_t keep_one(struct taking *t, enum origin origin)
{
	const struct tl_record *signer = tl_signer_record(t->list);
	char *origins = t->out->origins;
	size_t kept = NO_RECORD;
	unsigned best = 0;

	for (size_t i = 0; i < t->list->n_records; i++) {
		const struct tl_record *r = &t->list->records[i];
		unsigned how = 1;

		if (origins[i] != (char)origin)
			continue;
		if (r == signer)
			how = 3;
		else if (names_a_server(t, r))
			how = 2;
		if (how > best) {
			best = how;
			kept = i;
		}
	}
	for (size_t i = 0; i < t->list->n_records; i++)
		if (origins[i] == (char)origin && i != kept)
			origins[i] = ORIGIN_TRUST;
	return kept;
}

enum status taking_find_sasts(struct taking *t, struct error *err)
{
	const struct tl_record *signer = tl_signer_record(t->list);
	char *origins = t->out->origins;
	enum status st = ST_OK;

	if (signer == NULL)
		return error_set(
		    err, ST_NOT_VERIFIED, "%s", _("no SAST of the list is its signer"));
	for (size_t i = 0; i < t->list->n_records && st == ST_OK; i++) {
		const struct tl_record *r = &t->list->records[i];

		if (r->role != TL_ROLE_SAST)
			continue;
		st = check_sast(t, i, err);
		if (st != ST_OK)
			break;
		if (plan_is_itlrecovery(r))
			origins[i] = ORIGIN_ITLRECOVERY;
		else
			origins[i] = is_callmanager(t, r) ? ORIGIN_CALLMANAGER : ORIGIN_TOKEN;
	}
	if (st != ST_OK)
		return st;
	t->callmanager = keep_one(t, ORIGIN_CALLMANAGER);
	t->itlrecovery = keep_one(t, ORIGIN_ITLRECOVERY);
	t->itlrecovery_signs =
	    t->itlrecovery != NO_RECORD && signer == &t->list->records[t->itlrecovery];
	t->out->signing = t->itlrecovery_signs || (t->callmanager != NO_RECORD &&
						      signer == &t->list->records[t->callmanager])
			      ? SIGNING_TOKENLESS
			      : SIGNING_TOKENS;
	/* A list that no token signs has none. */
	for (size_t i = 0; i < t->list->n_records; i++)
		if (t->out->signing == SIGNING_TOKENLESS && origins[i] == ORIGIN_TOKEN)
			origins[i] = ORIGIN_TRUST;
	return ST_OK;
}
