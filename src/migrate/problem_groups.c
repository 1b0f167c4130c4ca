/*
 * From the fleet to groups of phones that a planner can tell apart.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/problem_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Bits of an RSA key that every phone can check. */
#define KEY_OF_ALL 2048

/* What a list is to the planner. */
struct held_list {
	migrate_set held;
	unsigned digest;
	unsigned key_bits;
};

struct grouping {
	struct problem_making *making;
	struct held_list *lists; /* of the fleet's lists, by index */
	size_t *last_counted;	 /* of each group: the fleet's group that it counted last, + 1 */
	size_t cap;
};

/* What a group of phones holds at least: as it was seen, or as the officer says. */
struct seen {
	enum phone_holds ctl;
	size_t list;  /* of PHONE_HOLDS_LIST */
	size_t since; /* it may have got those that were served from here on */
};

/* The officer's word counts as in fleet_ask(). */
static struct seen seen_of(const struct problem_making *m, const struct fleet_group *group)
{
	const struct fleet_lists *lists = m->cluster->lists;
	const int64_t word = m->cluster->phones_hold;
	struct seen seen = {group->ctl, group->list, group->since};
	size_t floor = 0, said = lists != NULL ? lists->n : 0;

	if (word == 0 || lists == NULL)
		return seen;
	for (size_t i = lists->n; i > 0; i--) {
		const struct fleet_list *item = &lists->list[i - 1];

		if (item->list.generation >= word || item->foreign)
			floor = i - 1;
		if (item->served && item->list.generation == word)
			said = i - 1;
	}
	if (said < lists->n && (seen.ctl != PHONE_HOLDS_LIST || seen.list < floor)) {
		seen.ctl = PHONE_HOLDS_LIST;
		seen.list = said;
	}
	if (seen.since < floor)
		seen.since = floor;
	return seen;
}

/* Calls EACH for the list that GROUP was seen with, and for those that it may have got since. */
static void each_list(const struct problem_making *m, const struct fleet_group *group,
    void (*each)(void *context, size_t list), void *context)
{
	const struct fleet_lists *lists = m->cluster->lists;
	const struct seen seen = seen_of(m, group);

	if (lists == NULL)
		return;
	if (seen.ctl == PHONE_HOLDS_LIST && seen.list < lists->n)
		each(context, seen.list);
	/* Of whom nothing is known this tells no more. */
	if (seen.ctl == PHONE_HOLDS_UNKNOWN)
		return;
	for (size_t i = seen.since; i < lists->n; i++)
		if (lists->list[i].served)
			each(context, i);
}

static void mark(void *context, size_t list)
{
	struct problem_making *m = context;

	m->may_hold[list] = true;
}

enum status problem_mark_held(struct problem_making *m, struct error *err)
{
	const struct fleet_answer *fleet = m->cluster->fleet;

	m->may_hold =
	    calloc((m->cluster->lists != NULL ? m->cluster->lists->n : 0) + 1, sizeof(bool));
	if (m->may_hold == NULL)
		return error_no_memory(err);
	for (size_t i = 0; fleet != NULL && i < fleet->n_groups; i++)
		each_list(m, &fleet->groups[i], mark, m);
	return ST_OK;
}

/*
 * A phone compares bytes: a SAST whose serial stands reversed in the list that it holds is another
 * one to it if the next list writes it otherwise.
 */
static enum status read_lists(struct grouping *g, struct error *err)
{
	const struct migrate_problem *problem = g->making->out;
	const struct fleet_lists *lists = g->making->cluster->lists;
	const size_t n = lists != NULL ? lists->n : 0;

	g->lists = calloc(n + 1, sizeof(*g->lists));
	if (g->lists == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		const struct phone_list *list = &lists->list[i].list;

		if (!g->making->may_hold[i])
			continue;
		g->lists[i] =
		    (struct held_list){.digest = list->digest, .key_bits = list->key_bits};
		for (size_t s = 0; s < problem->n_sasts; s++)
			if (phone_list_knows(list, &problem->sasts[s].anchor))
				g->lists[i].held |= PROBLEM_BIT(s);
	}
	return ST_OK;
}

static bool alike(const struct migrate_group *group, const struct fleet_group *from,
    enum phone_holds ctl, const struct held_list *held)
{
	return group->phone.family == from->family && group->phone.itl == from->itl &&
	       group->phone.ctl == ctl && group->held == held->held &&
	       group->digest == held->digest && group->key_bits == held->key_bits;
}

static enum status grow(struct grouping *g, struct error *err)
{
	struct migrate_problem *problem = g->making->out;
	const size_t cap = g->cap == 0 ? 32 : 2 * g->cap;
	struct migrate_group *groups;
	size_t *counted;

	if (problem->n_groups < g->cap)
		return ST_OK;
	groups = reallocarray(problem->groups, cap, sizeof(*groups));
	if (groups != NULL)
		problem->groups = groups;
	counted = reallocarray(g->last_counted, cap, sizeof(*counted));
	if (counted != NULL)
		g->last_counted = counted;
	if (groups == NULL || counted == NULL)
		return error_no_memory(err);
	g->cap = cap;
	return ST_OK;
}

/* The fleet's group number NUMBER, that holds LIST (of PHONE_HOLDS_LIST). */
static enum status add(
    struct grouping *g, size_t number, enum phone_holds ctl, size_t list, struct error *err)
{
	const struct migrate_cluster *cluster = g->making->cluster;
	const struct held_list nothing = {.held = 0};
	const struct held_list *held = ctl == PHONE_HOLDS_LIST ? &g->lists[list] : &nothing;
	const struct fleet_group *from = &cluster->fleet->groups[number];
	struct migrate_problem *problem = g->making->out;
	struct fleet_group as = *from;
	struct buffer text = BUFFER_INIT;
	struct migrate_group *group;
	enum status st;

	for (size_t i = 0; i < problem->n_groups; i++) {
		if (!alike(&problem->groups[i], from, ctl, held))
			continue;
		if (g->last_counted[i] != number + 1)
			problem->groups[i].n += from->n;
		g->last_counted[i] = number + 1;
		return ST_OK;
	}
	st = grow(g, err);
	if (st != ST_OK)
		return st;
	as.ctl = ctl;
	as.list = list;
	fleet_group_text(&as, cluster->lists, &text);
	group = &problem->groups[problem->n_groups];
	*group =
	    (struct migrate_group){.phone = {.family = from->family, .ctl = ctl, .itl = from->itl},
		.held = held->held,
		.digest = held->digest,
		.key_bits = held->key_bits,
		.n = from->n};
	text_cut_into(
	    group->text, sizeof(group->text), buffer_text(&text) != NULL ? buffer_text(&text) : "");
	g->last_counted[problem->n_groups++] = number + 1;
	buffer_free(&text);
	return ST_OK;
}

struct adding {
	struct grouping *grouping;
	size_t number;
	size_t last; /* list that was added last; many lists in a row are the same to a planner */
	enum status st;
	struct error *err;
};

static void add_list(void *context, size_t list)
{
	struct adding *a = context;
	const struct held_list *lists = a->grouping->lists;

	if (a->st != ST_OK ||
	    (a->last != SIZE_MAX && memcmp(&lists[a->last], &lists[list], sizeof(*lists)) == 0))
		return;
	a->last = list;
	a->st = add(a->grouping, a->number, PHONE_HOLDS_LIST, list, a->err);
}

/* Whether no key that may sign is larger than the one that signed what servers have now. */
static bool keys_are_no_larger(const struct migrate_problem *problem)
{
	const int signer = problem->current.signer;
	const unsigned today = signer >= 0 ? problem->sasts[signer].key_bits : 0;

	for (size_t i = 0; i < problem->n_sasts; i++)
		if (problem->sasts[i].has_key && problem->sasts[i].key_bits > today &&
		    problem->sasts[i].key_bits > KEY_OF_ALL)
			return false;
	return true;
}

/*
 * A phone that holds no CTL, and of which nobody knows whether it knows the digest, meets the same
 * today: the list that servers have is no other to it than those to come.
 */
static bool is_left_out(const struct problem_making *m, const struct fleet_group *group)
{
	const unsigned digest = m->cluster->digest;
	const struct phone_family *family = group->family;

	return seen_of(m, group).ctl == PHONE_HOLDS_NONE && digest == m->cluster->list->digest &&
	       digest > TL_SHA1 && digest <= TL_SHA512 &&
	       (family == NULL || family->digests[digest] == PHONE_MAYBE) &&
	       keys_are_no_larger(m->out);
}

enum status problem_make_groups(struct problem_making *m, struct error *err)
{
	const struct fleet_answer *fleet = m->cluster->fleet;
	struct grouping g = {.making = m};
	enum status st = read_lists(&g, err);

	for (size_t i = 0; st == ST_OK && fleet != NULL && i < fleet->n_groups; i++) {
		struct adding adding = {
		    .grouping = &g, .number = i, .last = SIZE_MAX, .st = ST_OK, .err = err};

		if (is_left_out(m, &fleet->groups[i]))
			m->out->n_left_out += fleet->groups[i].n;
		else if (seen_of(m, &fleet->groups[i]).ctl != PHONE_HOLDS_LIST)
			st = add(&g, i, fleet->groups[i].ctl, 0, err);
		adding.st = st;
		each_list(m, &fleet->groups[i], add_list, &adding);
		st = adding.st;
	}
	free(g.lists);
	free(g.last_counted);
	return st;
}
