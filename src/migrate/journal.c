/*
 * A migration's journal: made from a plan, made anew from another, and what phones see of a step.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_parts.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct migrate_list journal_no_list(void)
{
	return (struct migrate_list){.callmanager = -1, .itlrecovery = -1, .signer = -1};
}

const char *journal_name(const struct journal *journal, int index)
{
	return index >= 0 && (size_t)index < journal->n_sasts ? journal->sasts[index].name : "?";
}

size_t journal_next(const struct journal *journal)
{
	size_t next = journal->n_before;

	while (next < journal->n_steps && journal->steps[next].generation != 0)
		next++;
	return next;
}

const struct migrate_list *journal_before(const struct journal *journal, size_t index)
{
	if (index == journal->n_before)
		return &journal->now;
	return index > 0 && index <= journal->n_steps ? &journal->steps[index - 1].list
						      : &journal->from;
}

static void free_sasts(struct journal_sast *sasts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		X509_free(sasts[i].certificate);
		buffer_free(&sasts[i].bytes);
	}
	free(sasts);
}

void journal_free(struct journal *journal)
{
	free_sasts(journal->sasts, journal->n_sasts);
	migrate_wish_free(&journal->wish);
	*journal = (struct journal){.number = 0};
}

/* ---- SASTs of a plan become SASTs of the journal -----------------------------------------------
 */

/* A table that is being filled: only what is used gets into it. */
struct table {
	struct journal_sast *sasts; /* MIGRATE_SASTS_MAX */
	size_t n;
};

struct source {
	enum migrate_kind kind;
	X509 *certificate;
	const char *name;
	const struct phone_anchor *anchor;
};

static struct source of_problem(const struct migrate_problem *problem, size_t index)
{
	const struct migrate_sast *sast = &problem->sasts[index];

	return (struct source){sast->kind, sast->certificate, sast->name, &sast->anchor};
}

static struct source of_journal(const struct journal *journal, size_t index)
{
	const struct journal_sast *sast = &journal->sasts[index];

	return (struct source){sast->kind, sast->certificate, sast->name, &sast->anchor};
}

static bool is_source(const struct journal_sast *sast, const struct source *source)
{
	if (sast->certificate != NULL && source->certificate != NULL)
		return X509_cmp(sast->certificate, source->certificate) == 0;
	return sast->certificate == source->certificate &&
	       bytes_equal(sast->anchor.serial, source->anchor->serial) &&
	       bytes_equal(sast->anchor.issuer, source->anchor->issuer) &&
	       bytes_equal(sast->anchor.key, source->anchor->key);
}

static enum status put(
    struct table *table, const struct source *source, int *index, struct error *err)
{
	struct journal_sast *sast;
	enum status st;

	for (size_t i = 0; i < table->n; i++) {
		if (!is_source(&table->sasts[i], source))
			continue;
		*index = (int)i;
		return ST_OK;
	}
	if (table->n == MIGRATE_SASTS_MAX) {
		error_set(err, ST_LIMIT,
		    _("the migration speaks of more than %d SASTs, its earlier steps included"),
		    MIGRATE_SASTS_MAX);
		error_hint(err, "%s",
		    _("end it with ctlsign migrate abort, and begin a new one from here"));
		return ST_LIMIT;
	}
	sast = &table->sasts[table->n];
	st = problem_copy_anchor(source->anchor, &sast->bytes, &sast->anchor, err);
	if (st != ST_OK)
		return st;
	sast->kind = source->kind;
	sast->certificate = source->certificate;
	if (sast->certificate != NULL)
		X509_up_ref(sast->certificate);
	text_cut_into(sast->name, sizeof(sast->name), source->name);
	*index = (int)table->n++;
	return ST_OK;
}

/* Either is NULL. */
struct origin_of {
	const struct migrate_problem *problem;
	const struct journal *journal;
};

static migrate_set map_set(migrate_set set, const int *map)
{
	migrate_set mapped = 0;

	for (size_t i = 0; i < MIGRATE_SASTS_MAX; i++)
		if ((set & PROBLEM_BIT(i)) != 0)
			mapped |= PROBLEM_BIT(map[i]);
	return mapped;
}

static int map_index(int index, const int *map)
{
	return index >= 0 && index < MIGRATE_SASTS_MAX ? map[index] : -1;
}

/* FROM, whose sets are of the one of OF, with sets of TABLE. */
static enum status map_list(struct table *table, const struct origin_of *of,
    const struct migrate_list *from, struct migrate_list *out, struct error *err)
{
	int map[MIGRATE_SASTS_MAX];
	enum status st = ST_OK;

	for (size_t i = 0; i < MIGRATE_SASTS_MAX && st == ST_OK; i++) {
		struct source source;

		map[i] = -1;
		if ((from->sasts & PROBLEM_BIT(i)) == 0)
			continue;
		source =
		    of->problem != NULL ? of_problem(of->problem, i) : of_journal(of->journal, i);
		st = put(table, &source, &map[i], err);
	}
	if (st != ST_OK)
		return st;
	*out = (struct migrate_list){
	    .signing = from->signing,
	    .sasts = map_set(from->sasts, map),
	    .tokens = map_set(from->tokens & from->sasts, map),
	    .trust = map_set(from->trust & from->sasts, map),
	    .callmanager = map_index(from->callmanager, map),
	    .itlrecovery = map_index(from->itlrecovery, map),
	    .signer = map_index(from->signer, map),
	};
	return ST_OK;
}

/* A SAST without a certificate cannot be written anew. */
static enum status check_step(
    const struct table *table, const struct migrate_list *list, struct error *err)
{
	for (size_t i = 0; i < table->n; i++) {
		if ((list->sasts & PROBLEM_BIT(i)) == 0 || table->sasts[i].certificate != NULL)
			continue;
		error_set(err, ST_FAILED,
		    _("the current CTL has no certificate in its record of %s, so the next one "
		      "cannot list it"),
		    table->sasts[i].name);
		error_hint(err, "%s", _("name its certificate as that of a new token"));
		return ST_FAILED;
	}
	return ST_OK;
}

/* Puts the steps of PLAN behind those that are in OUT. */
static enum status add_steps(struct table *table, const struct migrate_problem *problem,
    const struct migrate_plan *plan, struct journal *out, struct error *err)
{
	const struct origin_of of = {.problem = problem};
	enum status st = ST_OK;

	if (out->n_steps + plan->n_steps > MIGRATE_STEPS_MAX) {
		error_set(err, ST_LIMIT, _("the migration would have more than %d steps"),
		    MIGRATE_STEPS_MAX);
		error_hint(err, "%s",
		    _("end it with ctlsign migrate abort, and begin a new one from here"));
		return ST_LIMIT;
	}
	for (size_t i = 0; i < plan->n_steps && st == ST_OK; i++) {
		struct journal_step *step = &out->steps[out->n_steps];

		*step = (struct journal_step){.generation = 0};
		st = map_list(table, &of, &plan->steps[i], &step->list, err);
		if (st == ST_OK)
			st = check_step(table, &step->list, err);
		out->n_steps++;
	}
	return st;
}

/* ---- a new one, and a new plan -----------------------------------------------------------------
 */

static void copy_all(X509 **to, X509 *const *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[i] = from[i];
		X509_up_ref(to[i]);
	}
}

static void copy_wish(struct migrate_wish *to, const struct migrate_wish *from)
{
	*to = *from;
	copy_all(to->tokens, from->tokens, from->n_tokens);
	copy_all(to->without, from->without, from->n_without);
	copy_all(to->lost, from->lost, from->n_lost);
	copy_all(to->foreign, from->foreign, from->n_foreign);
	if (to->callmanager != NULL)
		X509_up_ref(to->callmanager);
	if (to->itlrecovery != NULL)
		X509_up_ref(to->itlrecovery);
}

enum status journal_begin(const struct migrate_problem *problem, const struct migrate_plan *plan,
    const struct migrate_wish *wish, int64_t base, const char *who, struct journal *out,
    struct error *err)
{
	const struct origin_of of = {.problem = problem};
	struct table table = {.sasts = calloc(MIGRATE_SASTS_MAX, sizeof(*table.sasts))};
	enum status st;

	*out = (struct journal){.state = MIGRATION_OPEN, .begun = time(NULL), .base = base};
	if (table.sasts == NULL)
		return error_no_memory(err);
	text_one_line_into(out->who, sizeof(out->who), who);
	copy_wish(&out->wish, wish);
	st = map_list(&table, &of, &problem->current, &out->from, err);
	out->now = out->from;
	if (st == ST_OK)
		st = add_steps(&table, problem, plan, out, err);
	out->sasts = table.sasts;
	out->n_sasts = table.n;
	return st;
}

/* Fills NEXT, which has nothing of its own yet but its table. */
static enum status replan(const struct journal *old, struct table *table,
    const struct migrate_problem *problem, const struct migrate_plan *plan, struct journal *next,
    struct error *err)
{
	const struct origin_of before = {.journal = old};
	const struct origin_of of = {.problem = problem};
	const size_t n_done = journal_next(old);
	enum status st = map_list(table, &before, &old->from, &next->from, err);

	next->n_steps = 0;
	for (size_t i = 0; i < n_done && st == ST_OK; i++) {
		next->steps[i] = old->steps[i];
		st = map_list(table, &before, &old->steps[i].list, &next->steps[i].list, err);
		next->n_steps++;
	}
	next->n_before = n_done;
	if (st == ST_OK)
		st = map_list(table, &of, &problem->current, &next->now, err);
	return st == ST_OK ? add_steps(table, problem, plan, next, err) : st;
}

enum status journal_replan(struct journal *journal, const struct migrate_problem *problem,
    const struct migrate_plan *plan, int64_t base, struct error *err)
{
	struct table table = {.sasts = calloc(MIGRATE_SASTS_MAX, sizeof(*table.sasts))};
	struct journal next = *journal;
	enum status st;

	if (table.sasts == NULL)
		return error_no_memory(err);
	st = replan(journal, &table, problem, plan, &next, err);
	if (st != ST_OK) {
		free_sasts(table.sasts, table.n);
		return st;
	}
	free_sasts(journal->sasts, journal->n_sasts);
	next.sasts = table.sasts;
	next.n_sasts = table.n;
	next.base = base;
	next.n_replanned++;
	*journal = next;
	return ST_OK;
}

/* ---- a step as phones see it -------------------------------------------------------------------
 */

enum status journal_offer(const struct journal *journal, size_t index, unsigned digest,
    struct phone_list *out, struct error *err)
{
	const struct migrate_list *list = &journal->steps[index].list;

	*out = (struct phone_list){.digest = digest, .valid = true};
	out->sasts = calloc(journal->n_sasts + 1, sizeof(*out->sasts));
	out->certificates = calloc(journal->n_sasts + 1, sizeof(*out->certificates));
	if (out->sasts == NULL || out->certificates == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < journal->n_sasts; i++) {
		const struct phone_anchor *anchor = &journal->sasts[i].anchor;

		if ((list->sasts & PROBLEM_BIT(i)) == 0)
			continue;
		out->sasts[out->n_sasts++] = *anchor;
		if (anchor->certificate.len > 0)
			out->certificates[out->n_certificates++] = anchor->certificate;
	}
	if (list->signer >= 0) {
		out->signer = journal->sasts[list->signer].anchor;
		out->key_bits = problem_key_bits(out->signer.key);
	}
	return ST_OK;
}
