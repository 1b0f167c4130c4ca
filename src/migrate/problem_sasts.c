/*
 * The SASTs of a problem: of the current CTL, of ctlsign.conf, of the wish, of Phone-SAST-trust,
 * and of the lists that phones may hold; and whose key is there.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/problem_parts.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct addition {
	enum migrate_kind kind;
	X509 *certificate;		/* borrowed; NULL: the record has none */
	const struct tl_record *record; /* that it stands in; NULL: it would be written */
	bool only_held;			/* phones may hold it, and nothing else is known of it */
};

/* ---- one SAST ----------------------------------------------------------------------------------
 */

static bool same_anchor(const struct phone_anchor *a, const struct phone_anchor *b)
{
	return a->issuer.len > 0 && bytes_equal(a->issuer, b->issuer) &&
	       bytes_equal(a->serial, b->serial) && bytes_equal(a->key, b->key);
}

int problem_find(const struct migrate_problem *problem, const X509 *certificate,
    const struct phone_anchor *anchor)
{
	for (size_t i = 0; i < problem->n_sasts; i++) {
		const struct migrate_sast *sast = &problem->sasts[i];

		if (certificate != NULL && sast->certificate != NULL) {
			if (X509_cmp(sast->certificate, certificate) == 0)
				return (int)i;
		} else if (anchor != NULL && same_anchor(&sast->anchor, anchor)) {
			return (int)i;
		}
	}
	return -1;
}

static bool same_subject(const X509 *a, const X509 *b)
{
	return a != NULL && b != NULL &&
	       X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0;
}

/*
 * An earlier certificate of CallManager or ITLRecovery is one of this cluster, although it stands
 * in Phone-SAST-trust: a renewed certificate keeps its subject.
 */
static enum migrate_kind own_kind(const struct problem_making *m, const X509 *certificate)
{
	const struct inventory *inventory = m->cluster->inventory;

	if (same_subject(certificate, inventory_publisher(inventory)->certificate.x509) ||
	    same_subject(certificate, m->wish->callmanager))
		return MIGRATE_CALLMANAGER;
	if (same_subject(certificate, inventory->itlrecovery.x509) ||
	    same_subject(certificate, m->wish->itlrecovery))
		return MIGRATE_ITLRECOVERY;
	return MIGRATE_FOREIGN;
}

static void rename_sast(struct migrate_sast *sast, struct bytes subject)
{
	problem_name(sast->kind, sast->certificate, subject, sast->anchor.serial, sast->name,
	    sizeof(sast->name));
}

static enum status make_anchor(struct problem_making *m, const struct addition *what,
    struct buffer *bytes, struct phone_anchor *out, struct error *err)
{
	const struct tl_record *record = what->record;

	if (record == NULL)
		return problem_make_anchor(what->certificate, m->names, bytes, out, err);
	return problem_copy_anchor(&(struct phone_anchor){.issuer = record->issuer,
				       .serial = record->serial,
				       .key = record->public_key,
				       .certificate = record->certificate},
	    bytes, out, err);
}

/* More is known now of a SAST that is there already. */
static void learn(struct migrate_sast *sast, const struct addition *what, enum migrate_kind kind)
{
	if (sast->certificate == NULL && what->certificate != NULL) {
		X509_up_ref(what->certificate);
		sast->certificate = what->certificate;
	}
	if (sast->kind == MIGRATE_FOREIGN && kind != MIGRATE_FOREIGN && !what->only_held) {
		sast->kind = kind;
		rename_sast(sast, (struct bytes){NULL, 0});
	}
}

/* *INDEX (may be NULL) gets its place. */
static enum status add(
    struct problem_making *m, const struct addition *what, int *index, struct error *err)
{
	struct migrate_problem *problem = m->out;
	enum migrate_kind kind = what->kind;
	struct buffer bytes = BUFFER_INIT;
	struct phone_anchor anchor = {.issuer = {NULL, 0}};
	struct migrate_sast *sast;
	enum status st = make_anchor(m, what, &bytes, &anchor, err);
	int found;

	if (st != ST_OK)
		goto out;
	if (kind == MIGRATE_FOREIGN && what->certificate != NULL)
		kind = own_kind(m, what->certificate);
	found = problem_find(problem, what->certificate, &anchor);
	if (found < 0 && problem->n_sasts == MIGRATE_SASTS_MAX) {
		/* One that cannot sign, and that no CTL to come lists, changes no plan. */
		if (!what->only_held)
			st = error_set(err, ST_LIMIT,
			    _("there are more than %d SASTs in the CTL, ctlsign.conf and "
			      "Phone-SAST-trust: that is more than a plan can tell apart"),
			    MIGRATE_SASTS_MAX);
		goto out;
	}
	if (found < 0) {
		found = (int)problem->n_sasts++;
		sast = &problem->sasts[found];
		m->owned->bytes[found] = bytes;
		bytes = (struct buffer)BUFFER_INIT;
		*sast = (struct migrate_sast){
		    .kind = kind, .certificate = what->certificate, .anchor = anchor};
		if (sast->certificate != NULL)
			X509_up_ref(sast->certificate);
		sast->key_bits = problem_key_bits(anchor.key);
		rename_sast(
		    sast, what->record != NULL ? what->record->subject : (struct bytes){NULL, 0});
	} else {
		learn(&problem->sasts[found], what, kind);
	}
	if (index != NULL)
		*index = found;
out:
	buffer_free(&bytes);
	return st;
}

/* ---- where they come from ----------------------------------------------------------------------
 */

static enum migrate_kind kind_of(char origin)
{
	switch (origin) {
	case ORIGIN_TOKEN:
		return MIGRATE_TOKEN;
	case ORIGIN_CALLMANAGER:
		return MIGRATE_CALLMANAGER;
	case ORIGIN_ITLRECOVERY:
		return MIGRATE_ITLRECOVERY;
	default:
		return MIGRATE_FOREIGN;
	}
}

static bool is_trusted(const struct problem_making *m, const X509 *certificate)
{
	for (size_t i = 0; certificate != NULL && i < m->cluster->n_trust; i++)
		if (X509_cmp(m->cluster->trust[i], certificate) == 0)
			return true;
	return false;
}

static void place(struct problem_making *m, const struct tl_record *record, char origin, int index)
{
	struct migrate_list *current = &m->out->current;

	current->sasts |= PROBLEM_BIT(index);
	if (origin == ORIGIN_TOKEN && current->signing == SIGNING_TOKENS)
		current->tokens |= PROBLEM_BIT(index);
	else if (origin == ORIGIN_CALLMANAGER && current->callmanager < 0)
		current->callmanager = index;
	else if (origin == ORIGIN_ITLRECOVERY && current->itlrecovery < 0)
		current->itlrecovery = index;
	if (origin == ORIGIN_TRUST || is_trusted(m, record->x509))
		current->trust |= PROBLEM_BIT(index);
	if (record == tl_signer_record(m->cluster->list))
		current->signer = index;
}

static enum status add_current(struct problem_making *m, struct error *err)
{
	const struct trustlist *list = m->cluster->list;
	const struct generation *current = m->cluster->current;
	char *origins = malloc(list->n_records + 1);
	enum status st = ST_OK;
	int index = -1;

	if (origins == NULL)
		return error_no_memory(err);
	if (strlen(current->origins) == list->n_records)
		memcpy(origins, current->origins, list->n_records + 1);
	else
		cluster_classify(list, m->cluster->inventory, origins);
	m->out->current = (struct migrate_list){
	    .signing = current->signing == SIGNING_TOKENLESS ? SIGNING_TOKENLESS : SIGNING_TOKENS,
	    .callmanager = -1,
	    .itlrecovery = -1,
	    .signer = -1};
	for (size_t i = 0; i < list->n_records && st == ST_OK; i++) {
		const struct tl_record *record = &list->records[i];

		if (!record->has_role || record->role != TL_ROLE_SAST)
			continue;
		st = add(m,
		    &(struct addition){
			.kind = kind_of(origins[i]), .certificate = record->x509, .record = record},
		    &index, err);
		if (st == ST_OK)
			place(m, record, origins[i], index);
	}
	free(origins);
	return st;
}

/* TVS looks at every record's certificate, a server's, too. */
static void find_certificates(struct problem_making *m)
{
	const struct trustlist *list = m->cluster->list;

	for (size_t i = 0; i < m->out->n_sasts; i++)
		for (size_t r = 0; r < list->n_records; r++)
			if (m->out->sasts[i].certificate != NULL && list->records[r].x509 != NULL &&
			    X509_cmp(m->out->sasts[i].certificate, list->records[r].x509) == 0)
				m->out->certificates |= PROBLEM_BIT(i);
}

static enum status add_certificates(struct problem_making *m, enum migrate_kind kind,
    X509 *const *certificates, size_t n, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < n && st == ST_OK; i++)
		st = add(
		    m, &(struct addition){.kind = kind, .certificate = certificates[i]}, NULL, err);
	return st;
}

/* The inventory's certificate, then the one to come, which *INDEX gets. */
static enum status add_anchor(struct problem_making *m, enum migrate_kind kind, X509 *present,
    X509 *coming, int *index, struct error *err)
{
	enum status st = ST_OK;

	*index = -1;
	if (present != NULL)
		st = add(m, &(struct addition){.kind = kind, .certificate = present}, index, err);
	if (st == ST_OK && coming != NULL)
		st = add(m, &(struct addition){.kind = kind, .certificate = coming}, index, err);
	return st;
}

static enum status add_known(struct problem_making *m, struct error *err)
{
	const struct inventory *inventory = m->cluster->inventory;
	const struct migrate_wish *wish = m->wish;
	enum status st =
	    add_anchor(m, MIGRATE_CALLMANAGER, inventory_publisher(inventory)->certificate.x509,
		wish->callmanager, &m->callmanager, err);

	if (st == ST_OK)
		st = add_anchor(m, MIGRATE_ITLRECOVERY, inventory->itlrecovery.x509,
		    wish->itlrecovery, &m->itlrecovery, err);
	if (st == ST_OK)
		st = add_certificates(m, MIGRATE_TOKEN, wish->tokens, wish->n_tokens, err);
	if (st == ST_OK)
		st = add_certificates(m, MIGRATE_FOREIGN, wish->foreign, wish->n_foreign, err);
	if (st == ST_OK)
		st = add_certificates(
		    m, MIGRATE_FOREIGN, m->cluster->trust, m->cluster->n_trust, err);
	return st;
}

/* ---- lists that phones may hold ----------------------------------------------------------------
 */

static bool knows_all(const struct problem_making *m, const struct phone_list *list)
{
	for (size_t i = 0; i < list->n_sasts; i++) {
		bool known = false;

		for (size_t s = 0; s < m->out->n_sasts && !known; s++)
			known = bytes_equal(list->sasts[i].certificate,
				    m->out->sasts[s].anchor.certificate) &&
				same_anchor(&list->sasts[i], &m->out->sasts[s].anchor);
		if (!known)
			return false;
	}
	return true;
}

static enum status add_held(
    struct problem_making *m, const struct fleet_list *held, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	char *origins = NULL;
	enum status st = tl_read(&list, buffer_bytes(&held->file), err);

	if (st == ST_OK)
		st = tl_decode_certificates(&list, NULL, 0, err);
	if (st == ST_OK && (origins = malloc(list.n_records + 1)) == NULL)
		st = error_no_memory(err);
	if (st == ST_OK)
		cluster_classify(&list, m->cluster->inventory, origins);
	for (size_t i = 0; i < list.n_records && st == ST_OK; i++)
		if (list.records[i].has_role && list.records[i].role == TL_ROLE_SAST)
			st = add(m,
			    &(struct addition){.kind = kind_of(origins[i]),
				.certificate = list.records[i].x509,
				.record = &list.records[i],
				.only_held = true},
			    NULL, err);
	if (st != ST_OK && st != ST_NO_MEMORY)
		error_where_prefix(err, held->name);
	free(origins);
	tl_free(&list);
	return st;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

static void give_key(struct problem_making *m, const X509 *certificate)
{
	const int index = certificate != NULL ? problem_find(m->out, certificate, NULL) : -1;

	if (index >= 0)
		m->out->sasts[index].has_key = true;
}

/*
 * Who can sign: tokens of today and of the wish, and the anchors whose key ctlsign.conf names, or
 * will name; never what is lost, nor a key that no list can be signed with.
 */
static void find_keys(struct problem_making *m)
{
	const struct inventory *inventory = m->cluster->inventory;
	const struct migrate_wish *wish = m->wish;
	struct migrate_problem *problem = m->out;

	for (size_t i = 0; i < problem->n_sasts; i++)
		problem->sasts[i].has_key = (problem->current.tokens & PROBLEM_BIT(i)) != 0;
	for (size_t i = 0; i < wish->n_tokens; i++)
		give_key(m, wish->tokens[i]);
	if (inventory->callmanager_key.where != NULL)
		give_key(m, inventory_publisher(inventory)->certificate.x509);
	if (inventory->itlrecovery_key.where != NULL)
		give_key(m, inventory->itlrecovery.x509);
	give_key(m, wish->callmanager);
	give_key(m, wish->itlrecovery);
	for (size_t i = 0; i < problem->n_sasts; i++) {
		struct migrate_sast *sast = &problem->sasts[i];

		if (sast->certificate == NULL || (m->lost & PROBLEM_BIT(i)) != 0 ||
		    tl_can_sign(sast->certificate, (enum tl_digest)problem->digest, NULL) != ST_OK)
			sast->has_key = false;
	}
}

enum status problem_collect(struct problem_making *m, struct error *err)
{
	const struct fleet_lists *lists = m->cluster->lists;
	enum status st = add_current(m, err);

	if (st == ST_OK)
		st = add_known(m, err);
	for (size_t i = 0; st == ST_OK && lists != NULL && i < lists->n; i++)
		if (m->may_hold[i] && !knows_all(m, &lists->list[i].list))
			st = add_held(m, &lists->list[i], err);
	if (st != ST_OK)
		return st;
	for (size_t i = 0; i < m->wish->n_lost; i++) {
		const int index = problem_find(m->out, m->wish->lost[i], NULL);

		if (index >= 0)
			m->lost |= PROBLEM_BIT(index);
	}
	find_certificates(m);
	find_keys(m);
	return ST_OK;
}
