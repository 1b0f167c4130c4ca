/*
 * Reads a migration's journal back, as input from outside: somebody may have written it anew.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_values.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any step is ever counted or any plan made anew. */
#define REPLANNED_MAX  10000
#define LIST_OF(array) array, sizeof(array) / sizeof((array)[0])

/* ---- lists -------------------------------------------------------------------------------------
 */

static enum status set(struct reading *r, const json_t *json, migrate_set *out)
{
	int64_t index = 0, last = -1;
	enum status st = value_array_of(r, json, r->out->n_sasts);

	*out = 0;
	for (size_t i = 0; st == ST_OK && i < json_array_size(json); i++) {
		st = value_number(r, json_array_get(json, i), (int64_t)r->out->n_sasts - 1, &index);
		if (st == ST_OK && index <= last)
			st = value_bad(r, _("the SASTs of a set do not ascend"));
		last = index;
		if (st == ST_OK)
			*out |= PROBLEM_BIT(index);
	}
	return st;
}

static enum status one_of(struct reading *r, const json_t *json, migrate_set sasts, int *out)
{
	int64_t index = -1;
	enum status st = ST_OK;

	*out = -1;
	if (json_is_null(json))
		return ST_OK;
	st = value_number(r, json, MIGRATE_SASTS_MAX - 1, &index);
	if (st == ST_OK && (sasts & PROBLEM_BIT(index)) == 0)
		st = value_bad(r, _("a SAST of a list is not among its SASTs"));
	*out = (int)index;
	return st;
}

static enum status list(struct reading *r, const json_t *json, struct migrate_list *out)
{
	static const char *const names[] = {
	    "signing", "sasts", "tokens", "callmanager", "itlrecovery", "trust", "signer"};
	size_t signing = 0;
	enum status st = value_members(r, json, LIST_OF(names));

	*out = journal_no_list();
	if (st == ST_OK)
		st = value_word(
		    r, json_object_get(json, "signing"), LIST_OF(journal_signings), &signing);
	out->signing = (enum cluster_signing)signing;
	if (st == ST_OK)
		st = set(r, json_object_get(json, "sasts"), &out->sasts);
	if (st == ST_OK)
		st = set(r, json_object_get(json, "tokens"), &out->tokens);
	if (st == ST_OK)
		st = set(r, json_object_get(json, "trust"), &out->trust);
	if (st == ST_OK && ((out->tokens | out->trust) & ~out->sasts) != 0)
		st = value_bad(r, _("a SAST of a list is not among its SASTs"));
	if (st == ST_OK && out->signing == SIGNING_TOKENLESS && out->tokens != 0)
		st = value_bad(r, _("a tokenless list has tokens"));
	if (st == ST_OK)
		st = one_of(r, json_object_get(json, "callmanager"), out->sasts, &out->callmanager);
	if (st == ST_OK)
		st = one_of(r, json_object_get(json, "itlrecovery"), out->sasts, &out->itlrecovery);
	if (st == ST_OK)
		st = one_of(r, json_object_get(json, "signer"), out->sasts, &out->signer);
	return st;
}

/* ---- the parts ---------------------------------------------------------------------------------
 */

static enum status certificates(struct reading *r, const json_t *json, X509 **out, size_t *n)
{
	enum status st = value_array_of(r, json, MIGRATE_CERTIFICATES_MAX);

	for (size_t i = 0; st == ST_OK && i < json_array_size(json); i++) {
		st = value_certificate(r, json_array_get(json, i), &out[i]);
		*n += out[i] != NULL;
		for (size_t j = 0; st == ST_OK && j < i; j++)
			if (X509_cmp(out[i], out[j]) == 0)
				st = value_bad(r, _("a certificate stands there twice"));
	}
	return st;
}

static enum status wish(struct reading *r, const json_t *json)
{
	static const char *const names[] = {
	    "end", "signer", "tokens", "without", "lost", "callmanager", "itlrecovery", "foreign"};
	struct migrate_wish *out = &r->out->wish;
	const json_t *end = json_object_get(json, "end");
	const json_t *signer = json_object_get(json, "signer");
	size_t which = 0;
	enum status st;

	snprintf(r->where, sizeof(r->where), "wish");
	st = value_members(r, json, LIST_OF(names));
	if (st == ST_OK &&
	    (!json_is_string(end) || !migrate_end_parse(json_string_value(end), &out->end)))
		st = value_bad(r, _("a word is not known"));
	if (st == ST_OK && !json_is_null(signer)) {
		st = value_word(r, signer, LIST_OF(journal_signers), &which);
		out->has_signer = true;
		out->signer = (enum tokenless_signer)which;
	}
	if (st == ST_OK)
		st = certificates(r, json_object_get(json, "tokens"), out->tokens, &out->n_tokens);
	if (st == ST_OK)
		st = certificates(
		    r, json_object_get(json, "without"), out->without, &out->n_without);
	if (st == ST_OK)
		st = certificates(r, json_object_get(json, "lost"), out->lost, &out->n_lost);
	if (st == ST_OK)
		st = certificates(
		    r, json_object_get(json, "foreign"), out->foreign, &out->n_foreign);
	if (st == ST_OK)
		st = value_maybe_certificate(
		    r, json_object_get(json, "callmanager"), &out->callmanager);
	if (st == ST_OK)
		st = value_maybe_certificate(
		    r, json_object_get(json, "itlrecovery"), &out->itlrecovery);
	return st;
}

/* The parts of an anchor; its certificate is the SAST's. */
static enum status anchor(struct reading *r, const json_t *json, struct journal_sast *sast)
{
	static const char *const names[] = {"issuer", "serial", "key"};
	struct buffer parts[3] = {BUFFER_INIT, BUFFER_INIT, BUFFER_INIT};
	unsigned char *der = NULL;
	struct phone_anchor read;
	enum status st = ST_OK;
	int len = 0;

	for (size_t i = 0; i < 3 && st == ST_OK; i++) {
		st = value_base64(r, json_object_get(json, names[i]), &parts[i]);
		/* Elements of a record, whose lengths have 16 bits. */
		if (st == ST_OK && parts[i].len > UINT16_MAX)
			st = value_bad(r, _("a text is missing or too long"));
	}
	if (st == ST_OK && sast->certificate != NULL) {
		const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(sast->certificate);

		len = i2d_X509(sast->certificate, &der);
		if (len <= 0 || key == NULL ||
		    !bytes_equal(buffer_bytes(&parts[2]), (struct bytes){ASN1_STRING_get0_data(key),
							      (size_t)ASN1_STRING_length(key)}))
			st = value_bad(r, _("a key is not that of its certificate"));
	}
	if (st == ST_OK) {
		read = (struct phone_anchor){buffer_bytes(&parts[0]), buffer_bytes(&parts[1]),
		    buffer_bytes(&parts[2]), {der, (size_t)len}};
		st = problem_copy_anchor(&read, &sast->bytes, &sast->anchor, r->err);
	}
	OPENSSL_free(der);
	for (size_t i = 0; i < 3; i++)
		buffer_free(&parts[i]);
	return st;
}

static enum status sast(struct reading *r, const json_t *json, struct journal_sast *out)
{
	static const char *const names[] = {
	    "kind", "name", "certificate", "issuer", "serial", "key"};
	size_t kind = 0;
	enum status st = value_members(r, json, LIST_OF(names));

	if (st == ST_OK)
		st = value_word(r, json_object_get(json, "kind"), LIST_OF(journal_kinds), &kind);
	out->kind = (enum migrate_kind)kind;
	if (st == ST_OK)
		st = value_line(r, json_object_get(json, "name"), out->name, sizeof(out->name));
	if (st == ST_OK)
		st = value_maybe_certificate(
		    r, json_object_get(json, "certificate"), &out->certificate);
	return st == ST_OK ? anchor(r, json, out) : st;
}

static enum status sasts(struct reading *r, const json_t *json)
{
	struct journal *out = r->out;
	enum status st;

	snprintf(r->where, sizeof(r->where), "sasts");
	st = value_array_of(r, json, MIGRATE_SASTS_MAX);
	if (st != ST_OK)
		return st;
	out->sasts = calloc(json_array_size(json) + 1, sizeof(*out->sasts));
	if (out->sasts == NULL)
		return error_no_memory(r->err);
	for (size_t i = 0; st == ST_OK && i < json_array_size(json); i++) {
		snprintf(r->where, sizeof(r->where), "sasts[%zu]", i);
		out->n_sasts++;
		st = sast(r, json_array_get(json, i), &out->sasts[i]);
		for (size_t j = 0; st == ST_OK && j < i; j++)
			if (out->sasts[i].certificate != NULL &&
			    out->sasts[j].certificate != NULL &&
			    X509_cmp(out->sasts[i].certificate, out->sasts[j].certificate) == 0)
				st = value_bad(r, _("a certificate stands there twice"));
	}
	return st;
}

/* A step lists certificates only, and one of them signs. */
static enum status check_step(struct reading *r, const struct migrate_list *step)
{
	if (step->signer < 0)
		return value_bad(r, _("a step has no signer"));
	for (size_t i = 0; i < r->out->n_sasts; i++)
		if ((step->sasts & PROBLEM_BIT(i)) != 0 && r->out->sasts[i].certificate == NULL)
			return value_bad(r, _("a step lists a SAST without its certificate"));
	return ST_OK;
}

static enum status step(struct reading *r, const json_t *json, struct journal_step *out)
{
	static const char *const names[] = {
	    "list", "generation", "made", "said_phones_hold", "accepted_lockout", "who"};
	int64_t made = 0, accepted = 0;
	enum status st = value_members(r, json, LIST_OF(names));

	if (st == ST_OK)
		st = list(r, json_object_get(json, "list"), &out->list);
	if (st == ST_OK)
		st = check_step(r, &out->list);
	if (st == ST_OK)
		st = value_number(
		    r, json_object_get(json, "generation"), INT64_MAX, &out->generation);
	if (st == ST_OK)
		st = value_number(r, json_object_get(json, "made"), INT64_MAX, &made);
	if (st == ST_OK)
		st = value_number(r, json_object_get(json, "said_phones_hold"), INT64_MAX,
		    &out->said_phones_hold);
	if (st == ST_OK)
		st = value_number(
		    r, json_object_get(json, "accepted_lockout"), INT64_MAX, &accepted);
	if (st == ST_OK)
		st = value_line(r, json_object_get(json, "who"), out->who, sizeof(out->who));
	out->made = (time_t)made;
	out->accepted_lockout = (uint64_t)accepted;
	return st;
}

/* What is done stands in front, in the order in which it was. */
static enum status check_order(struct reading *r)
{
	const struct journal *out = r->out;
	const size_t next = journal_next(out);

	for (size_t i = 0; i < out->n_steps; i++) {
		if ((i < next) != (out->steps[i].generation != 0))
			return value_bad(r, _("steps are done that come after one that is not"));
		if (i > 0 && i < next && out->steps[i].generation <= out->steps[i - 1].generation)
			return value_bad(r, _("the generations of the steps do not ascend"));
	}
	return ST_OK;
}

static enum status steps(struct reading *r, const json_t *json)
{
	enum status st;

	snprintf(r->where, sizeof(r->where), "steps");
	st = value_array_of(r, json, MIGRATE_STEPS_MAX);
	for (size_t i = 0; st == ST_OK && i < json_array_size(json); i++) {
		snprintf(r->where, sizeof(r->where), "steps[%zu]", i);
		r->out->n_steps++;
		st = step(r, json_array_get(json, i), &r->out->steps[i]);
	}
	if (st == ST_OK && r->out->n_before > r->out->n_steps)
		st = value_bad(r, _("a number is out of range"));
	return st == ST_OK ? check_order(r) : st;
}

static enum status read_all(struct reading *r, const json_t *json)
{
	static const char *const names[] = {"format", "who", "wish", "base", "before", "replanned",
	    "sasts", "from", "now", "steps"};
	struct journal *out = r->out;
	int64_t format = 0, before = 0, replanned = 0;
	enum status st = value_members(r, json, LIST_OF(names));

	if (st == ST_OK)
		st = value_number(r, json_object_get(json, "format"), JOURNAL_FORMAT, &format);
	if (st == ST_OK && format != JOURNAL_FORMAT)
		st = value_bad(r, _("a number is out of range"));
	if (st == ST_OK)
		st = value_line(r, json_object_get(json, "who"), out->who, sizeof(out->who));
	if (st == ST_OK)
		st = value_number(r, json_object_get(json, "base"), INT64_MAX, &out->base);
	if (st == ST_OK)
		st = value_number(r, json_object_get(json, "before"), MIGRATE_STEPS_MAX, &before);
	if (st == ST_OK)
		st = value_number(r, json_object_get(json, "replanned"), REPLANNED_MAX, &replanned);
	out->n_before = (size_t)before;
	out->n_replanned = (size_t)replanned;
	if (st == ST_OK)
		st = wish(r, json_object_get(json, "wish"));
	if (st == ST_OK)
		st = sasts(r, json_object_get(json, "sasts"));
	snprintf(r->where, sizeof(r->where), "from");
	if (st == ST_OK)
		st = list(r, json_object_get(json, "from"), &out->from);
	snprintf(r->where, sizeof(r->where), "now");
	if (st == ST_OK)
		st = list(r, json_object_get(json, "now"), &out->now);
	return st == ST_OK ? steps(r, json_object_get(json, "steps")) : st;
}

enum status journal_read(
    const struct store_migration *stored, struct journal *out, struct error *err)
{
	struct reading r = {.out = out, .err = err};
	const size_t len = stored->journal != NULL ? strlen(stored->journal) : 0;
	json_error_t why;
	json_t *json = NULL;
	enum status st;

	*out = (struct journal){
	    .number = stored->number, .state = stored->state, .begun = stored->begun};
	if (len > 0 && len <= STORE_JOURNAL_MAX)
		json = json_loadb(stored->journal, len, JSON_REJECT_DUPLICATES, &why);
	st = json != NULL ? read_all(&r, json) : value_bad(&r, _("it is no JSON"));
	json_decref(json);
	return st;
}
