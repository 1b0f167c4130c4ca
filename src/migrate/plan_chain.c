/*
 * The best of the chains of the shortest length.
 *
 * The chains grow step by step, all of them at once.  Of those that end in the same list only the
 * best is kept: what follows depends on nothing else.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

#include <stdlib.h>

/*
 * So many ends of chains are kept at a time.  No problem that was ever seen comes near it; every
 * one that is kept leads to the goal, so what is dropped costs a better chain at the worst.
 */
#define ENDS_MAX 20000

/* What speaks against a chain, by weight. */
struct cost {
	unsigned extra;	   /* certificates in Phone-SAST-trust that nobody asked for */
	unsigned changes;  /* SASTs that come or go */
	unsigned vouched;  /* steps that some phones take from TVS only */
	unsigned switches; /* steps that another key signs than the one before */
	unsigned lost;	   /* SASTs that are listed and have no key */
	unsigned missing;  /* SASTs that have a key and are not listed */
};

struct end {
	struct migrate_list list;
	struct cost cost;
	size_t from; /* in the layer before */
};

struct layer {
	struct end *ends;
	size_t n, room;
};

/* Where candidates go. */
struct growth {
	const struct plan_search *search;
	const struct migrate_list *before;
	struct cost cost;
	size_t from;
	struct layer *layer;
	bool no_memory;
};

static int compare(unsigned long long a, unsigned long long b)
{
	return (a > b) - (a < b);
}

static int compare_costs(const struct cost *a, const struct cost *b)
{
	int order = compare(a->extra, b->extra);

	if (order == 0)
		order = compare(a->changes, b->changes);
	if (order == 0)
		order = compare(a->vouched, b->vouched);
	if (order == 0)
		order = compare(a->switches, b->switches);
	if (order == 0)
		order = compare(a->lost, b->lost);
	if (order == 0)
		order = compare(a->missing, b->missing);
	return order;
}

/* An order of lists, so that the same problem always has the same plan. */
static int compare_lists(const struct migrate_list *a, const struct migrate_list *b)
{
	int order = compare((unsigned)a->signer, (unsigned)b->signer);

	if (order == 0)
		order = compare(a->signing, b->signing);
	if (order == 0)
		order = compare((unsigned)a->callmanager, (unsigned)b->callmanager);
	if (order == 0)
		order = compare((unsigned)a->itlrecovery, (unsigned)b->itlrecovery);
	if (order == 0)
		order = compare(a->tokens, b->tokens);
	if (order == 0)
		order = compare(a->trust, b->trust);
	return order;
}

static int by_list(const void *a, const void *b)
{
	const struct end *left = a, *right = b;
	int order = compare_lists(&left->list, &right->list);

	if (order == 0)
		order = compare_costs(&left->cost, &right->cost);
	return order != 0 ? order : compare(left->from, right->from);
}

static int by_cost(const void *a, const void *b)
{
	const struct end *left = a, *right = b;
	const int order = compare_costs(&left->cost, &right->cost);

	return order != 0 ? order : by_list(a, b);
}

static void add_cost(const struct plan_search *search, const struct migrate_list *before,
    const struct migrate_list *list, struct cost *cost)
{
	const int signer = list->signer;
	const bool known = before == search->start ? plan_has(search->surely[0], signer)
						   : plan_has(before->sasts, signer);

	cost->extra += plan_count(list->trust & ~search->goal.trust);
	cost->changes += plan_count(list->sasts ^ before->sasts);
	cost->vouched += known ? 0 : 1;
	cost->switches += signer == before->signer ? 0 : 1;
	cost->lost += plan_count(list->sasts & ~search->keyed);
	cost->missing += plan_count(search->keyed & ~list->sasts);
}

static void add_end(void *context, const struct migrate_list *list)
{
	struct growth *growth = context;
	struct layer *layer = growth->layer;
	struct end *end;

	if (layer->n == layer->room) {
		const size_t room = layer->room == 0 ? 64 : layer->room * 2;
		struct end *bigger = realloc(layer->ends, room * sizeof(*bigger));

		if (bigger == NULL) {
			growth->no_memory = true;
			return;
		}
		layer->ends = bigger;
		layer->room = room;
	}
	end = &layer->ends[layer->n++];
	*end = (struct end){.list = *list, .cost = growth->cost, .from = growth->from};
	add_cost(growth->search, growth->before, list, &end->cost);
}

/* The best way to each list, the best lists first. */
static void keep_best(struct layer *layer)
{
	size_t n = 0;

	if (layer->n == 0)
		return;
	qsort(layer->ends, layer->n, sizeof(*layer->ends), by_list);
	for (size_t i = 0; i < layer->n; i++)
		if (n == 0 || compare_lists(&layer->ends[n - 1].list, &layer->ends[i].list) != 0)
			layer->ends[n++] = layer->ends[i];
	layer->n = n;
	qsort(layer->ends, layer->n, sizeof(*layer->ends), by_cost);
	if (layer->n > ENDS_MAX)
		layer->n = ENDS_MAX;
}

static enum status grow(const struct plan_search *search, const struct layer *before, unsigned left,
    struct layer *after, struct error *err)
{
	struct growth growth = {.search = search, .layer = after};

	for (size_t i = 0; i < before->n; i++) {
		growth.before = &before->ends[i].list;
		growth.cost = before->ends[i].cost;
		growth.from = i;
		plan_candidates(search, growth.before, left, add_end, &growth);
		/* Lists come in many ways: they shall not pile up. */
		if (after->n > 8 * ENDS_MAX)
			keep_best(after);
	}
	keep_best(after);
	return growth.no_memory ? error_no_memory(err) : ST_OK;
}

static enum status start(
    const struct plan_search *search, unsigned left, struct layer *after, struct error *err)
{
	struct growth growth = {.search = search, .before = search->start, .layer = after};

	plan_candidates(search, search->start, left, add_end, &growth);
	keep_best(after);
	return growth.no_memory ? error_no_memory(err) : ST_OK;
}

enum status plan_chain(
    const struct plan_search *search, unsigned n, struct migrate_list *steps, struct error *err)
{
	struct layer layers[MIGRATE_STEPS_MAX] = {0};
	size_t at = 0;
	enum status st;

	st = start(search, n - 1, &layers[0], err);
	for (unsigned i = 1; st == ST_OK && i < n; i++)
		st = grow(search, &layers[i - 1], n - 1 - i, &layers[i], err);
	if (st == ST_OK && layers[n - 1].n == 0)
		st = error_set(err, ST_FAILED,
		    _("the planner is at odds with itself: a chain of %u steps exists and is not "
		      "found"),
		    n);
	for (unsigned i = n; st == ST_OK && i-- > 0; at = layers[i].ends[at].from)
		steps[i] = layers[i].ends[at].list;

	for (unsigned i = 0; i < n; i++)
		free(layers[i].ends);
	return st;
}
