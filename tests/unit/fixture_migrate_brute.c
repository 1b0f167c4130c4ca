/*
 * A search that tries everything.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate_brute.h"

#include <limits.h>
#include <string.h>

static bool in(migrate_set set, int sast)
{
	return sast >= 0 && (set >> sast & 1) != 0;
}

static unsigned count(migrate_set set)
{
	return (unsigned)__builtin_popcount(set);
}

static migrate_set bit_of(int sast)
{
	return sast < 0 ? 0 : (migrate_set)1 << sast;
}

/*
 * What of a list counts for the one after it: its SASTs, how it is signed, its anchors and signer.
 * Everything below is by this number.
 */
#define N_PLACES (64 * 2 * 7 * 7 * 6)
#define NEVER	 UINT_MAX

struct brute {
	const struct migrate_problem *problem;
	const struct brute_loss *loss;
	bool first[2][BRUTE_SASTS_MAX];			    /* vouched, signer */
	bool later[BRUTE_SASTS_MAX][BRUTE_SASTS_MAX][2][2]; /* last, signer, knows, vouched */
	unsigned *now, *next; /* by place: extra * 1000 + changes of the best way there */
	bool *seen;
	size_t *places, n_places; /* of `now` that are not NEVER */
	size_t *coming, n_coming;
	unsigned goal; /* cost of the best goal in `next` */
};

static size_t place_of(const struct migrate_list *list)
{
	size_t place = list->sasts;

	place = place * 2 + list->signing;
	place = place * 7 + (size_t)(list->callmanager + 1);
	place = place * 7 + (size_t)(list->itlrecovery + 1);
	return place * 6 + (size_t)list->signer;
}

static struct migrate_list list_at(size_t place)
{
	struct migrate_list list = {0};

	list.signer = (int)(place % 6);
	list.itlrecovery = (int)(place / 6 % 7) - 1;
	list.callmanager = (int)(place / 42 % 7) - 1;
	list.signing = place / 294 % 2 ? SIGNING_TOKENLESS : SIGNING_TOKENS;
	list.sasts = (migrate_set)(place / 588);
	return list;
}

static bool is_accepted(const struct brute *brute, const struct migrate_list *before, bool first,
    const struct migrate_list *list)
{
	const int signer = list->signer;
	bool knows;

	if (first)
		return brute->first[in(brute->problem->certificates | list->trust, signer)][signer];
	knows = in(before->sasts, signer);
	return brute->later[before->signer][signer][knows][knows || in(list->trust, signer)];
}

/* LIST with every signer. */
static void try_list(struct brute *brute, const struct migrate_list *before, bool first,
    unsigned cost, struct migrate_list *list)
{
	const struct migrate_problem *problem = brute->problem;

	list->sasts =
	    list->tokens | list->trust | bit_of(list->callmanager) | bit_of(list->itlrecovery);
	cost += 1000 * brute_extra(problem, list) +
		count(list->sasts ^ (before != NULL ? before->sasts : 0));
	for (list->signer = 0; list->signer < (int)problem->n_sasts; list->signer++) {
		size_t place;

		if (!is_accepted(brute, before, first, list) ||
		    !brute_may_follow(problem, before, list))
			continue;
		if (cost < brute->goal && brute_is_goal(problem, list))
			brute->goal = cost;
		place = place_of(list);
		if (brute->next[place] == NEVER && !brute->seen[place])
			brute->coming[brute->n_coming++] = place;
		if (!brute->seen[place] && cost < brute->next[place])
			brute->next[place] = cost;
	}
}

/* Every list of these anchors: all tokens, all that can be trusted. */
static void try_sets(struct brute *brute, const struct migrate_list *before, bool first,
    unsigned cost, struct migrate_list *list)
{
	const struct migrate_problem *problem = brute->problem;
	const migrate_set all = ((migrate_set)1 << problem->n_sasts) - 1;
	migrate_set tokens = 0;

	for (size_t i = 0; i < problem->n_sasts; i++)
		if (problem->sasts[i].kind == MIGRATE_TOKEN)
			tokens |= (migrate_set)1 << i;
	for (migrate_set t = 0; t <= all; t++) {
		if ((t & ~tokens) != 0 || (t != 0 && list->signing == SIGNING_TOKENLESS))
			continue;
		list->tokens = t;
		/* Most shapes are ruled out whatever is trusted. */
		list->sasts = all;
		if (!brute_has_shape(problem, list))
			continue;
		for (list->trust = 0; list->trust <= all; list->trust++)
			try_list(brute, before, first, cost, list);
	}
}

/* Every list: both kinds of signing, today's and the wanted certificate of each role, or none. */
static void try_all(
    struct brute *brute, const struct migrate_list *before, bool first, unsigned cost)
{
	const struct migrate_problem *problem = brute->problem;
	const int cms[] = {-1, problem->goal.callmanager,
	    problem->has_current ? problem->current.callmanager : -1};
	const int itls[] = {-1, problem->goal.itlrecovery,
	    problem->has_current ? problem->current.itlrecovery : -1};

	for (int way = 0; way < 18; way++) {
		struct migrate_list list = {
		    .callmanager = cms[way / 2 % 3], .itlrecovery = itls[way / 6]};

		list.signing = way % 2 ? SIGNING_TOKENLESS : SIGNING_TOKENS;
		/* The same as another way. */
		if ((way / 2 % 3 == 2 && (cms[2] == cms[1] || cms[2] == -1)) ||
		    (way / 6 == 2 && (itls[2] == itls[1] || itls[2] == -1)))
			continue;
		try_sets(brute, before, first, cost, &list);
	}
}

/* Every list that is wanted.  False: no list can be. */
static bool try_goals(
    struct brute *brute, const struct migrate_list *before, bool first, unsigned cost)
{
	const struct migrate_problem *problem = brute->problem;
	const struct migrate_goal *goal = &problem->goal;
	const bool tokens = goal->signing == SIGNING_TOKENS;
	struct migrate_list list = {
	    .signing = goal->signing,
	    .tokens = tokens ? goal->tokens : 0,
	    .callmanager = -1,
	    .itlrecovery = -1,
	};
	bool some = false;

	if (!tokens || problem->rules->tokens_list_anchors)
		list.callmanager = goal->callmanager;
	if (tokens ? problem->rules->tokens_list_anchors : problem->rules->tokenless_itlrecovery)
		list.itlrecovery = goal->itlrecovery;
	for (migrate_set kept = brute_kept_trust(problem), trust = kept;;
	     trust = (trust - 1) & kept) {
		list.trust = goal->trust | trust;
		list.sasts =
		    list.tokens | list.trust | bit_of(list.callmanager) | bit_of(list.itlrecovery);
		if (brute_has_shape(problem, &list))
			for (int i = 0; i < (int)problem->n_sasts; i++)
				some = some || (in(list.sasts & goal->signers, i) &&
						   problem->sasts[i].has_key);
		if (before != NULL || first)
			try_list(brute, before, first, cost, &list);
		if (trust == 0)
			return some;
	}
}

static void ask_phones(struct brute *brute)
{
	const struct migrate_problem *problem = brute->problem;
	const int n = (int)problem->n_sasts;

	for (int i = 0; i < 2 * n; i++) {
		const struct brute_loss loss = brute_first_loss(problem, i / 2, i % 2);
		const struct brute_loss *most = brute->loss;

		brute->first[i % 2][i / 2] =
		    loss.phones < most->phones ||
		    (loss.phones == most->phones && loss.groups <= most->groups);
	}
	for (int last = 0; last < n; last++)
		for (int signer = 0; signer < n; signer++)
			for (int i = 0; i < 4; i++)
				brute->later[last][signer][i / 2][i % 2] =
				    brute_all_follow(problem, last, signer, i / 2, i % 2);
}

/*
 * One more step for all chains.  Lists that were reached in fewer steps are not looked at again.
 * The wanted lists come first: when one is reached, that is all.
 */
static void take_step(struct brute *brute)
{
	size_t *places = brute->places;
	unsigned *costs = brute->now;

	for (size_t i = 0; i < brute->n_places; i++) {
		const struct migrate_list list = list_at(places[i]);

		try_goals(brute, &list, false, costs[places[i]]);
	}
	if (brute->goal != NEVER)
		return;
	for (size_t i = 0; i < brute->n_places; i++) {
		const struct migrate_list list = list_at(places[i]);

		try_all(brute, &list, false, costs[places[i]]);
		costs[places[i]] = NEVER;
	}
}

static void look_on(struct brute *brute)
{
	size_t *places = brute->places;
	unsigned *costs = brute->now;

	brute->places = brute->coming;
	brute->n_places = brute->n_coming;
	brute->now = brute->next;
	brute->coming = places;
	brute->n_coming = 0;
	brute->next = costs;
	for (size_t i = 0; i < brute->n_places; i++)
		brute->seen[brute->places[i]] = true;
}

struct brute_answer brute_search(
    const struct migrate_problem *problem, const struct brute_loss *loss)
{
	static unsigned costs[2][N_PLACES];
	static size_t places[2][N_PLACES];
	static bool seen[N_PLACES];
	const struct migrate_list *start = problem->has_current ? &problem->current : NULL;
	struct brute brute = {
	    .problem = problem,
	    .loss = loss,
	    .now = costs[0],
	    .next = costs[1],
	    .places = places[0],
	    .coming = places[1],
	    .seen = seen,
	    .goal = NEVER,
	};
	struct brute_answer answer = {.found = start != NULL && brute_is_goal(problem, start)};

	if (answer.found)
		return answer;
	memset(costs, 0xff, sizeof(costs));
	memset(seen, 0, sizeof(seen));
	ask_phones(&brute);
	if (!try_goals(&brute, start, true, 0))
		return answer;
	if (brute.goal == NEVER)
		try_all(&brute, start, true, 0);
	for (unsigned n = 1; n <= MIGRATE_STEPS_MAX; n++) {
		if (n > 1)
			take_step(&brute);
		if (brute.goal != NEVER) {
			answer.found = true;
			answer.n_steps = n;
			answer.extra = brute.goal / 1000;
			answer.changes = brute.goal % 1000;
			break;
		}
		look_on(&brute);
	}
	return answer;
}
