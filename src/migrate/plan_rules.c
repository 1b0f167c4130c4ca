/*
 * The planner's rules: which list may stand, and which may follow which.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

#include <string.h>

bool plan_lists_anchors(const struct release_rules *rules, enum cluster_signing signing)
{
	return signing == SIGNING_TOKENLESS || rules->tokens_list_anchors;
}

bool plan_lists_itlrecovery(const struct release_rules *rules, enum cluster_signing signing)
{
	return signing == SIGNING_TOKENLESS ? rules->tokenless_itlrecovery
					    : rules->tokens_list_anchors;
}

void plan_list_complete(struct migrate_list *list)
{
	list->sasts =
	    list->tokens | list->trust | plan_bit(list->callmanager) | plan_bit(list->itlrecovery);
}

/*
 * An anchor is the certificate of a service: today's or the coming one.  No server has an earlier
 * one any more, so none of those can be listed as such.
 */
static void make_choice(struct plan_choice *choice, int today, int wanted)
{
	if (today >= 0)
		choice->at[choice->n++] = today;
	if (wanted >= 0 && wanted != today)
		choice->at[choice->n++] = wanted;
}

void plan_search_init(struct plan_search *search, const struct migrate_problem *problem)
{
	const struct migrate_goal *goal = &problem->goal;

	memset(search, 0, sizeof(*search));
	search->problem = problem;
	search->nothing = (struct migrate_list){
	    .signing = SIGNING_TOKENS, .callmanager = -1, .itlrecovery = -1, .signer = -1};
	search->start = problem->has_current ? &problem->current : &search->nothing;

	for (size_t i = 0; i < problem->n_sasts; i++) {
		const struct migrate_sast *sast = &problem->sasts[i];
		const migrate_set bit = (migrate_set)1 << i;

		search->all |= bit;
		if (sast->has_key)
			search->keyed |= bit;
		if (sast->kind == MIGRATE_TOKEN)
			search->tokens |= bit;
		if (sast->kind != MIGRATE_FOREIGN)
			search->here |= bit;
	}

	/* What may stay in the trust store helps at times, and changes nothing. */
	search->goal = search->nothing;
	search->goal.signing = goal->signing;
	if (goal->signing == SIGNING_TOKENS)
		search->goal.tokens = goal->tokens;
	if (plan_lists_anchors(problem->rules, goal->signing))
		search->goal.callmanager = goal->callmanager;
	if (plan_lists_itlrecovery(problem->rules, goal->signing))
		search->goal.itlrecovery = goal->itlrecovery;
	search->goal.trust = goal->trust | (goal->keep_trust ? search->start->trust : 0);
	plan_list_complete(&search->goal);
	search->goal_signers = goal->signers & search->keyed;

	make_choice(&search->callmanagers, search->start->callmanager, goal->callmanager);
	make_choice(&search->itlrecoveries, search->start->itlrecovery, goal->itlrecovery);
}

bool plan_tokens_suffice(const struct plan_search *search, const struct migrate_list *list)
{
	const unsigned n = plan_count(list->tokens);
	const struct migrate_list *start = search->start;

	if (n >= 2 || (n == 1 && (list->sasts & search->here & ~list->tokens) != 0))
		return true;
	/* Who has got by with one so far may go on with one. */
	return n == 1 && search->problem->has_current && start->signing == SIGNING_TOKENS &&
	       plan_count(start->tokens) <= n;
}

bool plan_list_allowed(const struct plan_search *search, const struct migrate_list *list)
{
	const struct release_rules *rules = search->problem->rules;

	if ((list->callmanager >= 0) != plan_lists_anchors(rules, list->signing) ||
	    (list->itlrecovery >= 0) != plan_lists_itlrecovery(rules, list->signing))
		return false;
	if (list->signing == SIGNING_TOKENLESS)
		return rules->tokenless && list->tokens == 0;
	if (list->tokens == 0)
		return false;
	return search->without_token_rule || plan_tokens_suffice(search, list);
}

static bool signer_is_allowed(const struct plan_search *search, const struct migrate_list *before,
    const struct migrate_list *list)
{
	migrate_set may = list->tokens | plan_bit(list->callmanager) | plan_bit(list->itlrecovery);

	/* Today's signer can still sign a list in which it stands through the trust store. */
	if (before->signing == SIGNING_TOKENLESS)
		may |= plan_bit(before->callmanager) | plan_bit(before->itlrecovery);
	return plan_has(may & list->sasts & search->keyed, list->signer);
}

static bool anchors_are_kept(const struct migrate_list *before, const struct migrate_list *list)
{
	if (before->callmanager < 0 || before->itlrecovery < 0)
		return true;
	if (list->callmanager >= 0 && list->callmanager != before->callmanager &&
	    list->itlrecovery >= 0 && list->itlrecovery != before->itlrecovery)
		return false;
	return plan_has(list->sasts, before->callmanager) ||
	       plan_has(list->sasts, before->itlrecovery);
}

/*
 * The trust store is filled on the servers before the CTL is signed, so what LIST has there vouches
 * for LIST already; its other SASTs do not.
 */
static bool is_accepted(const struct plan_search *search, const struct migrate_list *before,
    const struct migrate_list *list)
{
	const int signer = list->signer;
	bool knows, vouched;

	if (before == search->start) {
		vouched = plan_has(search->problem->certificates | list->trust, signer);
		return plan_has(search->first[vouched], signer);
	}
	knows = plan_has(before->sasts, signer);
	vouched = knows || plan_has(list->trust, signer);
	return plan_has(search->later[search->class_of[before->signer]][knows][vouched], signer);
}

bool plan_step_allowed(const struct plan_search *search, const struct migrate_list *before,
    const struct migrate_list *list)
{
	return plan_list_allowed(search, list) && signer_is_allowed(search, before, list) &&
	       (search->without_anchor_rule || anchors_are_kept(before, list)) &&
	       is_accepted(search, before, list);
}

bool plan_is_goal(const struct plan_search *search, const struct migrate_list *list)
{
	const struct migrate_list *goal = &search->goal;

	return list->signing == goal->signing && list->tokens == goal->tokens &&
	       list->callmanager == goal->callmanager && list->itlrecovery == goal->itlrecovery &&
	       (search->problem->goal.trust & ~list->trust) == 0 &&
	       (list->trust & ~goal->trust) == 0 &&
	       (list->sasts & ~(list->tokens | list->trust | plan_bit(list->callmanager) |
				  plan_bit(list->itlrecovery))) == 0 &&
	       plan_has(search->problem->goal.signers, list->signer);
}
