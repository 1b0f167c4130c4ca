/*
 * What all phones of a fleet would do with a new CTL.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

#include <stdlib.h>
#include <string.h>

/* ---- counting ------------------------------------------------------------------------------- */

struct counting {
	const struct fleet_question *question;
	struct fleet_answer *out;
	struct fleet_owned *owned;
	uint64_t *counts; /* of the groups, by their index */
	size_t cap;
	struct fleet_key last; /* neighbours are often alike */
	size_t last_at;
};

static enum status count_phone(void *context, const struct store_phone_row *row, struct error *err)
{
	struct counting *c = context;
	const struct fleet_key key = fleet_key_of(c->owned, c->question, row);
	size_t at = c->last_at;

	if (at == SIZE_MAX || memcmp(&key, &c->last, sizeof(key)) != 0)
		at = fleet_find(c->owned, &key);
	if (at == SIZE_MAX) {
		at = c->owned->n;
		if (!fleet_add(c->owned, &key))
			return error_no_memory(err);
		if (at >= c->cap) {
			uint64_t *more = realloc(c->counts, c->owned->cap * sizeof(*more));

			if (more == NULL)
				return error_no_memory(err);
			c->counts = more;
			c->cap = c->owned->cap;
		}
		c->counts[at] = 0;
	}
	c->last = key;
	c->last_at = at;
	c->counts[at]++;
	if (c->out->n == 0 || row->seen < c->out->oldest)
		c->out->oldest = row->seen;
	if (c->out->n == 0 || row->seen > c->out->newest)
		c->out->newest = row->seen;
	c->out->n++;
	return ST_OK;
}

/* ---- groups --------------------------------------------------------------------------------- */

int fleet_compare_groups(const void *a, const void *b)
{
	static const int order[N_PHONE_OUTCOMES] = {[PHONE_REJECTED] = -2, [PHONE_UNKNOWN] = -1};
	const struct fleet_group *x = a, *y = b;
	const int outcome = order[x->verdict.outcome] - order[y->verdict.outcome];

	if (outcome != 0)
		return outcome;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	if (x->list != y->list)
		return x->list > y->list ? -1 : 1;
	return x->family == y->family ? 0 : x->family == &phone_family_with_sbd ? -1 : 1;
}

/* A group and its key, which are put in order together. */
struct pair {
	struct fleet_group group; /* first: compared as such */
	struct fleet_key key;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	const int groups = fleet_compare_groups(&x->group, &y->group);
	const int models = groups != 0 ? groups : strcmp(x->group.model, y->group.model);

	if (models != 0)
		return models;
	if (x->key.ctl != y->key.ctl)
		return x->key.ctl < y->key.ctl ? -1 : 1;
	if (x->key.since != y->key.since)
		return x->key.since < y->key.since ? -1 : 1;
	return x->key.itl < y->key.itl ? -1 : x->key.itl > y->key.itl;
}

static void describe(const struct fleet_owned *owned, const struct fleet_key *key, uint64_t n,
    struct fleet_group *group)
{
	const struct store_phone_words *words = &owned->words;
	const bool has_model = key->model < words->n_models && words->models[key->model] != NULL;
	const size_t other = key->ctl - owned->n_lists;

	*group = (struct fleet_group){.model = has_model ? words->models[key->model] : "",
	    .family = has_model ? owned->families[key->model] : NULL,
	    .list = owned->n_lists,
	    .checksum = "",
	    .since = key->since,
	    .itl = (enum phone_answer)key->itl,
	    .n = n,
	    .judged = owned->n_lists};
	if (key->ctl < owned->n_lists) {
		group->ctl = PHONE_HOLDS_LIST;
		group->list = key->ctl;
	} else if (other < 2) {
		group->ctl = other == 0 ? PHONE_HOLDS_UNKNOWN : PHONE_HOLDS_NONE;
	} else {
		group->ctl = PHONE_HOLDS_OTHER;
		group->checksum = words->checksums[other - 2];
	}
}

static void take_pairs(struct counting *c, const struct pair *pairs)
{
	const size_t newest = fleet_newest(c->question->lists);

	for (size_t i = 0; i < c->owned->n; i++) {
		const struct fleet_group *group = &pairs[i].group;

		c->out->groups[i] = *group;
		c->owned->keys[i] = pairs[i].key;
		c->out->by_outcome[group->verdict.outcome] += group->n;
		if (newest < c->owned->n_lists &&
		    (group->ctl != PHONE_HOLDS_LIST || group->list != newest))
			c->out->behind += group->n;
	}
	c->out->n_groups = c->owned->n;
	fleet_rehash(c->owned);
}

static enum status judge_groups(struct counting *c, struct error *err)
{
	struct pair *pairs = calloc(c->owned->n + 1, sizeof(*pairs));
	enum status st = ST_OK;

	c->out->groups = calloc(c->owned->n + 1, sizeof(*c->out->groups));
	if (pairs == NULL || c->out->groups == NULL)
		st = error_no_memory(err);
	for (size_t i = 0; st == ST_OK && i < c->owned->n; i++) {
		pairs[i].key = c->owned->keys[i];
		describe(c->owned, &pairs[i].key, c->counts[i], &pairs[i].group);
		st = fleet_verdict(&c->owned->verdicts, &pairs[i].group, err);
	}
	if (st == ST_OK) {
		qsort(pairs, c->owned->n, sizeof(*pairs), compare_pairs);
		take_pairs(c, pairs);
	}
	free(pairs);
	return st;
}

static enum status ask_phones(
    const struct fleet_question *question, struct fleet_answer *out, struct error *err)
{
	struct counting c = {.question = question, .out = out, .last_at = SIZE_MAX};
	enum status st;

	c.owned = calloc(1, sizeof(*c.owned));
	if (c.owned == NULL)
		return error_no_memory(err);
	out->owned = c.owned;
	st = fleet_owned_open(c.owned, question, err);
	if (st == ST_OK)
		st = store_phones_each(question->store, count_phone, &c, err);
	if (st == ST_OK)
		st = judge_groups(&c, err);
	free(c.counts);
	return st;
}

enum status fleet_ask(
    const struct fleet_question *question, struct fleet_answer *out, struct error *err)
{
	uint64_t n = 0;
	enum status st = ST_OK;

	*out = (struct fleet_answer){0};
	if (question->store != NULL)
		st = store_phones_n(question->store, &n, err);
	if (st != ST_OK)
		return st;
	out->has_fleet = n > 0;
	return n > 0 ? ask_phones(question, out, err) : fleet_classes(question, out, err);
}

void fleet_answer_free(struct fleet_answer *answer)
{
	if (answer->owned != NULL)
		fleet_owned_free(answer->owned);
	free(answer->owned);
	free(answer->groups);
	*answer = (struct fleet_answer){0};
}
