/*
 * The lists that are worth a look as a step.
 *
 * Not all sets are: a certificate goes into Phone-SAST-trust only when something needs it there.
 * Four things can: the signer of this step has to be vouched for, or be listed at all; the signer
 * of the next one has to be known; one of the anchors of before has to stay.  What needs it is
 * tried one by one.  Tokens that leave do so as late as the chain allows, unless their key is lost.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

struct walk {
	const struct plan_search *search;
	const struct migrate_list *before;
	unsigned left;
	void (*each)(void *context, const struct migrate_list *list);
	void *context;
};

/* The SAST of SET that costs the fewest changes: it is there, or will be. */
static int cheapest(const struct walk *walk, migrate_set set)
{
	const migrate_set there = set & walk->before->sasts;
	const migrate_set coming = set & walk->search->goal.sasts;

	if (there != 0)
		return plan_lowest(there & coming ? there & coming : there);
	return plan_lowest(coming != 0 ? coming : set);
}

static void offer(const struct walk *walk, struct migrate_list *list)
{
	const struct plan_search *search = walk->search;

	plan_list_complete(list);
	if (!plan_step_allowed(search, walk->before, list))
		return;
	if (walk->left > 0 && plan_reach(search, list, walk->left) == 0)
		return;
	walk->each(walk->context, list);
}

/* Both ways to keep an anchor of before, where none is kept yet. */
static void offer_with_anchor(const struct walk *walk, const struct migrate_list *list)
{
	const struct migrate_list *before = walk->before;
	struct migrate_list copy = *list;

	plan_list_complete(&copy);
	if (before->callmanager < 0 || before->itlrecovery < 0 ||
	    plan_has(copy.sasts, before->callmanager) ||
	    plan_has(copy.sasts, before->itlrecovery)) {
		offer(walk, &copy);
		return;
	}
	copy.trust = list->trust | plan_bit(before->callmanager);
	offer(walk, &copy);
	copy.trust = list->trust | plan_bit(before->itlrecovery);
	offer(walk, &copy);
}

/* A list with too few tokens gets another one, or what else makes up for it. */
static void add_company(const struct walk *walk, struct migrate_list *list)
{
	const struct plan_search *search = walk->search;

	plan_list_complete(list);
	if (list->signing != SIGNING_TOKENS || plan_tokens_suffice(search, list))
		return;
	if ((search->tokens & ~list->tokens) != 0)
		list->tokens |= plan_bit(cheapest(walk, search->tokens & ~list->tokens));
	else if ((search->here & ~list->sasts) != 0)
		list->trust |= plan_bit(cheapest(walk, search->here & ~list->sasts));
}

/* LIST has its anchors, its signer and the tokens that it is to have for their own sake. */
static void try_sets(const struct walk *walk, const struct migrate_list *list, int next)
{
	const migrate_set wanted = walk->search->goal.trust;
	const migrate_set signer = plan_bit(list->signer);

	for (int vouch = 0; vouch < (wanted & signer ? 1 : 2); vouch++) {
		struct migrate_list copy = *list;

		copy.trust = wanted | (vouch ? signer : 0);
		if (copy.signing == SIGNING_TOKENS)
			copy.tokens |= (signer | plan_bit(next)) & walk->search->tokens;
		plan_list_complete(&copy);
		copy.trust |= (signer | plan_bit(next)) & ~copy.sasts;
		add_company(walk, &copy);
		offer_with_anchor(walk, &copy);
	}
}

static void try_tokens(const struct walk *walk, struct migrate_list *list, int next)
{
	const struct plan_search *search = walk->search;
	const migrate_set there = walk->before->sasts & search->tokens;
	/* Lost ones that are not wanted again. */
	const migrate_set dead = ~(search->keyed | search->goal.sasts);
	const migrate_set wanted = search->goal.sasts & search->tokens;
	const migrate_set tries[] = {
	    there, there & ~dead, there | wanted, (there | wanted) & ~dead};

	if (list->signing == SIGNING_TOKENLESS) {
		try_sets(walk, list, next);
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen = seen || tries[j] == tries[i];
		list->tokens = tries[i];
		if (!seen)
			try_sets(walk, list, next);
	}
}

/*
 * The list that trusts everything: dear, but when it is the only one that leads on, it has to be
 * there (plan_reach() counts on it).
 */
static void try_fullest(const struct walk *walk, const struct migrate_list *list)
{
	struct migrate_list copy = *list;

	copy.tokens = copy.signing == SIGNING_TOKENS ? walk->search->tokens : 0;
	copy.trust = walk->search->all;
	offer(walk, &copy);
}

static void try_signers(const struct walk *walk, struct migrate_list *list)
{
	const struct plan_search *search = walk->search;
	const migrate_set next = walk->left == 1 ? search->goal_signers : search->keyed;

	for (migrate_set s = search->keyed; s != 0; s &= s - 1) {
		list->signer = plan_lowest(s);
		try_fullest(walk, list);
		try_tokens(walk, list, -1);
		for (migrate_set n = next; n != 0; n &= n - 1)
			try_tokens(walk, list, plan_lowest(n));
	}
}

void plan_candidates(const struct plan_search *search, const struct migrate_list *before,
    unsigned left, void (*each)(void *context, const struct migrate_list *list), void *context)
{
	const struct walk walk = {search, before, left, each, context};
	const struct release_rules *rules = search->problem->rules;
	struct migrate_list list = search->goal;

	if (left == 0) {
		for (migrate_set s = search->goal_signers; s != 0; s &= s - 1) {
			list.signer = plan_lowest(s);
			offer(&walk, &list);
		}
		return;
	}

	for (int kind = SIGNING_TOKENS; kind <= SIGNING_TOKENLESS; kind++) {
		const enum cluster_signing signing = (enum cluster_signing)kind;
		const bool anchors = plan_lists_anchors(rules, signing);
		const bool itlrecovery = plan_lists_itlrecovery(rules, signing);

		/* A role that is not listed has one way: none. */
		for (size_t c = 0; c < (anchors ? search->callmanagers.n : 1); c++) {
			for (size_t i = 0; i < (itlrecovery ? search->itlrecoveries.n : 1); i++) {
				list = search->nothing;
				list.signing = signing;
				list.callmanager = anchors ? search->callmanagers.at[c] : -1;
				list.itlrecovery = itlrecovery ? search->itlrecoveries.at[i] : -1;
				try_signers(&walk, &list);
			}
		}
	}
}
