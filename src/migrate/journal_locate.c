/*
 * Where a migration stands, told by the generations that were made since its plan.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_parts.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

/* What of a generation its step is known by. */
struct shape {
	enum cluster_signing signing;
	migrate_set sasts;
	bool others; /* it lists SASTs that the journal does not know */
	int signer;  /* -1: none of the journal's */
};

struct walk {
	struct journal *journal;
	struct store *store;
	struct journal_position *out;
	int mode; /* of the cluster when the plan was made */
	size_t next;
	int64_t previous;		  /* the generation before the one that is looked at */
	int64_t noted[MIGRATE_STEPS_MAX]; /* generation of each step, as the journal had it */
};

/* ---- generations and steps ---------------------------------------------------------------------
 */

/* The SAST of RECORD; -1: the journal does not know it. */
static int find(const struct journal *journal, const struct tl_record *record)
{
	const bool has = record->x509 != NULL;

	for (size_t i = 0; i < journal->n_sasts; i++) {
		const struct journal_sast *sast = &journal->sasts[i];

		if (has ? sast->certificate != NULL &&
			      X509_cmp(sast->certificate, record->x509) == 0
			: sast->certificate == NULL &&
			      bytes_equal(sast->anchor.serial, record->serial) &&
			      bytes_equal(sast->anchor.issuer, record->issuer))
			return (int)i;
	}
	return -1;
}

static enum status look_at(const struct journal *journal, const struct generation *generation,
    struct shape *out, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	const struct tl_record *signer;
	char place[64];
	enum status st = tl_read(&list, buffer_bytes(&generation->ctl), err);

	*out =
	    (struct shape){.signing = generation->signing == SIGNING_TOKENLESS ? SIGNING_TOKENLESS
									       : SIGNING_TOKENS,
		.signer = -1};
	if (st == ST_OK)
		st = tl_decode_certificates(&list, NULL, 0, err);
	for (size_t i = 0; st == ST_OK && i < list.n_records; i++) {
		const struct tl_record *record = &list.records[i];
		int index;

		if (!record->has_role || record->role != TL_ROLE_SAST)
			continue;
		index = find(journal, record);
		if (index >= 0)
			out->sasts |= PROBLEM_BIT(index);
		else
			out->others = true;
	}
	signer = st == ST_OK ? tl_signer_record(&list) : NULL;
	if (signer != NULL)
		out->signer = find(journal, signer);
	if (st != ST_OK && st != ST_NO_MEMORY) {
		snprintf(place, sizeof(place), _("generation %lld"), (long long)generation->number);
		error_where_prefix(err, place);
	}
	tl_free(&list);
	return st;
}

static bool same_sasts(const struct shape *shape, const struct migrate_list *list)
{
	return !shape->others && shape->signing == list->signing && shape->sasts == list->sasts;
}

/*
 * Of a step that a token signs any other of its tokens may have signed, if phones knew it: the next
 * step only needs what the list trusts.
 */
static bool signer_fits(const struct shape *shape, const struct migrate_list *list)
{
	return shape->signer == list->signer || (journal_token_signs(list, list->signer) &&
						    journal_token_signs(list, shape->signer));
}

static bool fits(const struct walk *w, const struct shape *shape)
{
	const struct migrate_list *list;

	if (w->next >= w->journal->n_steps)
		return false;
	list = &w->journal->steps[w->next].list;
	return same_sasts(shape, list) && signer_fits(shape, list);
}

/* ---- what came between -------------------------------------------------------------------------
 */

static void changed(struct walk *w, const char *text)
{
	w->out->place = JOURNAL_CHANGED;
	text_one_line_into(w->out->why, sizeof(w->out->why), text);
}

static void changed_by(
    struct walk *w, const struct generation *generation, const struct shape *shape)
{
	const struct migrate_list *last = journal_before(w->journal, w->next);
	const char *reason = generation->reason, *who = generation->who;
	char text[sizeof(w->out->why)];

	if (generation->mode != w->mode)
		snprintf(text, sizeof(text),
		    _("generation %lld (ctlsign %s, by %s) is no step of the plan: it changed the "
		      "cluster's mode"),
		    (long long)generation->number, reason, who);
	else if (shape->signing != last->signing)
		snprintf(text, sizeof(text),
		    _("generation %lld (ctlsign %s, by %s) is no step of the plan: it changed the "
		      "kind of signing"),
		    (long long)generation->number, reason, who);
	else
		snprintf(text, sizeof(text),
		    _("generation %lld (ctlsign %s, by %s) is no step of the plan: it lists other "
		      "SASTs"),
		    (long long)generation->number, reason, who);
	changed(w, text);
}

/* A generation that is on every server.  After one that is no step nothing more is looked at. */
static enum status step_over(struct walk *w, const struct generation *generation, struct error *err)
{
	struct journal_step *step;
	struct shape shape;
	enum status st = look_at(w->journal, generation, &shape, err);

	if (st != ST_OK)
		return st;
	if (generation->mode == w->mode && fits(w, &shape)) {
		step = &w->journal->steps[w->next];
		step->generation = generation->number;
		step->made = generation->made;
		step->before = w->previous;
		step->list.signer = shape.signer;
		if (step->who[0] == '\0')
			text_one_line_into(step->who, sizeof(step->who), generation->who);
		w->out->generation = generation->number;
		w->next++;
		return ST_OK;
	}
	/* An update for a new server changes nothing for phones that wait for a step. */
	if (generation->mode == w->mode && same_sasts(&shape, journal_before(w->journal, w->next)))
		return ST_OK;
	changed_by(w, generation, &shape);
	return ST_OK;
}

static enum status look_at_pending(
    struct walk *w, const struct generation *pending, struct error *err)
{
	struct shape shape;
	enum status st = look_at(w->journal, pending, &shape, err);

	if (st != ST_OK)
		return st;
	w->out->pending = pending->number;
	if (pending->mode == w->mode && fits(w, &shape)) {
		w->out->place = JOURNAL_PENDING;
		w->out->generation = pending->number;
	} else if (pending->mode != w->mode ||
		   !same_sasts(&shape, journal_before(w->journal, w->next))) {
		changed_by(w, pending, &shape);
	}
	return ST_OK;
}

/* ---- the history -------------------------------------------------------------------------------
 */

struct numbers {
	struct journal *journal;
	int64_t base;
	bool has_base;
	int mode; /* of the base */
	int64_t *after;
	size_t n, cap;
};

static enum status collect(void *context, const struct generation *generation, struct error *err)
{
	struct numbers *numbers = context;
	int64_t *more;

	for (size_t i = 0; i < numbers->journal->n_before; i++)
		if (generation->number < numbers->journal->steps[i].generation &&
		    generation->number > numbers->journal->steps[i].before)
			numbers->journal->steps[i].before = generation->number;
	if (generation->number == numbers->base) {
		numbers->has_base = true;
		numbers->mode = generation->mode;
	}
	if (generation->number <= numbers->base)
		return ST_OK;
	if (numbers->n == numbers->cap) {
		more = reallocarray(numbers->after, 2 * numbers->cap + 16, sizeof(*more));
		if (more == NULL)
			return error_no_memory(err);
		numbers->after = more;
		numbers->cap = 2 * numbers->cap + 16;
	}
	numbers->after[numbers->n++] = generation->number;
	return ST_OK;
}

static enum status walk_on(struct walk *w, const struct numbers *numbers,
    const struct generation *current, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < numbers->n && st == ST_OK && w->out->place != JOURNAL_CHANGED; i++) {
		struct generation read = GENERATION_INIT;
		const bool is_current = current != NULL && current->number == numbers->after[i];

		if (!is_current)
			st = store_generation(w->store, numbers->after[i], &read, err);
		if (st == ST_OK)
			st = step_over(w, is_current ? current : &read, err);
		w->previous = numbers->after[i];
		generation_free(&read);
	}
	return st;
}

/* Another state file, or one that was restored from before the plan. */
static void lost_base(struct walk *w)
{
	char text[sizeof(w->out->why)];

	snprintf(text, sizeof(text),
	    _("generation %lld, from which the plan began, is not in the state file: was it "
	      "restored from a backup?"),
	    (long long)w->journal->base);
	changed(w, text);
}

/* Steps of the present plan are found anew each time, whatever was noted. */
static void forget(struct walk *w)
{
	struct journal *journal = w->journal;

	for (size_t i = 0; i < journal->n_steps; i++) {
		w->noted[i] = journal->steps[i].generation;
		journal->steps[i].before = 0;
		if (i < journal->n_before)
			continue;
		journal->steps[i].generation = 0;
		journal->steps[i].made = 0;
	}
}

static unsigned digest_of(const struct generation *generation)
{
	struct trustlist list = TRUSTLIST_INIT;
	unsigned digest = 0;

	if (generation != NULL && generation->number > 0 &&
	    tl_read(&list, buffer_bytes(&generation->ctl), NULL) == ST_OK)
		digest = list.digest;
	tl_free(&list);
	return digest;
}

/* What was said before another signature, or before none, says nothing of this one. */
static void drop_words(struct walk *w)
{
	for (size_t i = w->journal->n_before; i < w->journal->n_steps; i++) {
		struct journal_step *step = &w->journal->steps[i];
		const bool pending = i == w->next && w->out->place == JOURNAL_PENDING;
		const int64_t is = pending ? w->out->pending : step->generation;

		if (is > 0 && is == w->noted[i])
			continue;
		step->said_phones_hold = 0;
		step->accepted_lockout = 0;
		if (is == 0)
			step->who[0] = '\0';
	}
}

enum status journal_locate(struct journal *journal, struct store *store,
    const struct generation *current, const struct generation *pending,
    struct journal_position *out, struct error *err)
{
	struct walk w = {.journal = journal, .store = store, .out = out, .next = journal->n_before};
	struct numbers numbers = {.journal = journal, .base = journal->base};
	enum status st;

	*out = (struct journal_position){.place = JOURNAL_READY};
	if (w.next > 0)
		out->generation = journal->steps[w.next - 1].generation;
	forget(&w);
	w.previous = journal->base;
	st = store_generations(store, collect, &numbers, err);
	w.mode = numbers.mode;
	if (st == ST_OK && !numbers.has_base)
		lost_base(&w);
	else if (st == ST_OK)
		st = walk_on(&w, &numbers, current, err);
	if (st == ST_OK && out->place == JOURNAL_READY && pending != NULL && pending->number != 0)
		st = look_at_pending(&w, pending, err);
	if (st == ST_OK && out->place == JOURNAL_READY && w.next == journal->n_steps)
		out->place = JOURNAL_FINISHED;
	if (st == ST_OK)
		out->digest = digest_of(current);
	if (st == ST_OK && w.next < journal->n_steps && current != NULL)
		journal->steps[w.next].before = current->number;
	drop_words(&w);
	out->next = w.next;
	free(numbers.after);
	return st;
}
