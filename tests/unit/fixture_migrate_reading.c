/*
 * A second reading of what phones accept and of what a plan may be.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate_brute.h"

#include <limits.h>
#include <string.h>

/* Every phone checks keys of this size. */
#define SMALL_KEY 2048

static bool in(migrate_set set, int sast)
{
	return sast >= 0 && (set >> sast & 1) != 0;
}

static unsigned count(migrate_set set)
{
	return (unsigned)__builtin_popcount(set);
}

/* ---- phones ---------------------------------------------------------------------------------- */

bool brute_install(const struct migrate_problem *problem, struct brute_phone *phone,
    const struct migrate_list *list, migrate_set vouched)
{
	const unsigned bits = problem->sasts[list->signer].key_bits;

	if (!phone->digests[problem->digest] || bits > phone->largest_key)
		return false;
	if (phone->has_ctl && !in(phone->knows, list->signer) &&
	    !(phone->asks && problem->tvs && in(vouched, list->signer)))
		return false;
	phone->has_ctl = true;
	phone->knows = list->sasts;
	return true;
}

/* YES, NO or both, as far as an answer is known. */
static bool may_be(enum phone_answer answer, bool value)
{
	return answer == PHONE_MAYBE || (answer == PHONE_YES) == value;
}

static enum phone_answer digest_answer(
    const struct migrate_problem *problem, const struct migrate_group *group)
{
	const struct phone_family *family = group->phone.family;

	if (problem->digest == TL_SHA1 ||
	    (group->phone.ctl == PHONE_HOLDS_LIST && group->digest == problem->digest))
		return PHONE_YES;
	return family != NULL ? family->digests[problem->digest] : PHONE_MAYBE;
}

/* The largest key for sure, and the largest that may be. */
static void key_range(const struct migrate_group *group, unsigned *sure, unsigned *most)
{
	const unsigned named = group->phone.family != NULL ? group->phone.family->largest_key : 0;

	*sure = named != 0 ? named : SMALL_KEY;
	*most = named != 0 ? named : UINT_MAX;
	if (group->phone.ctl != PHONE_HOLDS_LIST)
		return;
	if (*sure < group->key_bits)
		*sure = group->key_bits;
	if (*most < *sure)
		*most = *sure;
}

size_t brute_worlds(const struct migrate_problem *problem, const struct migrate_group *group,
    struct brute_phone *out)
{
	const struct phone *phone = &group->phone;
	const enum phone_answer sbd =
	    phone->family != NULL ? phone->family->security_by_default : PHONE_MAYBE;
	const enum phone_answer digest = digest_answer(problem, group);
	const migrate_set all = ((migrate_set)1 << problem->n_sasts) - 1;
	unsigned sure, most;
	size_t n = 0;

	key_range(group, &sure, &most);
	/* It has none, one that knows nobody, one that knows all, or the one that is known. */
	for (int holds = 0; holds < 4; holds++) {
		if (holds == 0 && phone->ctl != PHONE_HOLDS_NONE &&
		    phone->ctl != PHONE_HOLDS_UNKNOWN)
			continue;
		if ((holds == 1 || holds == 2) && phone->ctl != PHONE_HOLDS_OTHER &&
		    phone->ctl != PHONE_HOLDS_UNKNOWN)
			continue;
		if (holds == 3 && phone->ctl != PHONE_HOLDS_LIST)
			continue;
		for (int bits = 0; bits < 16; bits++) {
			struct brute_phone *world = &out[n];

			if (!may_be(sbd, bits & 1) || !may_be(phone->itl, bits >> 1 & 1) ||
			    !may_be(digest, bits >> 2 & 1) || ((bits & 8) != 0 && sure == most))
				continue;
			memset(world, 0, sizeof(*world));
			world->has_ctl = holds != 0;
			world->knows = holds == 2 ? all : holds == 3 ? group->held : 0;
			world->digests[problem->digest] = (bits >> 2 & 1) != 0;
			world->largest_key = (bits & 8) != 0 ? most : sure;
			world->asks = (bits & 3) == 3;
			n++;
		}
	}
	return n;
}

static migrate_set bit_of(int sast)
{
	return sast < 0 ? 0 : (migrate_set)1 << sast;
}

struct brute_loss brute_first_loss(const struct migrate_problem *problem, int signer, bool vouched)
{
	const struct migrate_list list = {.signer = signer};
	struct brute_phone worlds[BRUTE_WORLDS_MAX];
	struct brute_loss loss = {0};

	for (size_t i = 0; i < problem->n_groups; i++) {
		const size_t n = brute_worlds(problem, &problem->groups[i], worlds);
		bool safe = true;

		for (size_t w = 0; w < n; w++)
			if (!brute_install(
				problem, &worlds[w], &list, vouched ? bit_of(signer) : 0))
				safe = false;
		if (safe)
			continue;
		loss.phones += problem->groups[i].n;
		loss.groups++;
	}
	return loss;
}

bool brute_all_follow(
    const struct migrate_problem *problem, int last, int signer, bool knows, bool vouched)
{
	struct migrate_list list = {.signer = signer};
	struct brute_phone worlds[BRUTE_WORLDS_MAX];

	for (size_t i = 0; i < problem->n_groups; i++) {
		struct migrate_group group = problem->groups[i];
		size_t n;

		group.phone.ctl = PHONE_HOLDS_LIST;
		group.held = knows ? bit_of(signer) : 0;
		group.digest = problem->digest;
		group.key_bits = problem->sasts[last].key_bits;
		n = brute_worlds(problem, &group, worlds);
		for (size_t w = 0; w < n; w++)
			if (!brute_install(
				problem, &worlds[w], &list, vouched ? bit_of(signer) : 0))
				return false;
	}
	return true;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool tokens_are_enough(
    const struct migrate_problem *problem, const struct migrate_list *list)
{
	const unsigned n = count(list->tokens);

	if (n != 1)
		return n > 1;
	for (int i = 0; i < (int)problem->n_sasts; i++)
		if (in(list->sasts & ~list->tokens, i) && problem->sasts[i].kind != MIGRATE_FOREIGN)
			return true;
	return problem->has_current && problem->current.signing == SIGNING_TOKENS &&
	       count(problem->current.tokens) <= 1;
}

bool brute_has_shape(const struct migrate_problem *problem, const struct migrate_list *list)
{
	const struct release_rules *rules = problem->rules;

	if (list->signing == SIGNING_TOKENLESS)
		return rules->tokenless && list->tokens == 0 && list->callmanager >= 0 &&
		       (list->itlrecovery >= 0) == rules->tokenless_itlrecovery;
	return (list->callmanager >= 0) == rules->tokens_list_anchors &&
	       (list->itlrecovery >= 0) == rules->tokens_list_anchors &&
	       tokens_are_enough(problem, list);
}

bool brute_may_follow(const struct migrate_problem *problem, const struct migrate_list *before,
    const struct migrate_list *list)
{
	const int signer = list->signer;
	bool may_sign =
	    in(list->tokens, signer) || signer == list->callmanager || signer == list->itlrecovery;

	if (before != NULL && before->signing == SIGNING_TOKENLESS &&
	    (signer == before->callmanager || signer == before->itlrecovery))
		may_sign = true;
	if (!may_sign || !in(list->sasts, signer) || !problem->sasts[signer].has_key ||
	    !brute_has_shape(problem, list))
		return false;
	if (before == NULL || before->callmanager < 0 || before->itlrecovery < 0)
		return true;
	if (list->callmanager >= 0 && list->itlrecovery >= 0 &&
	    list->callmanager != before->callmanager && list->itlrecovery != before->itlrecovery)
		return false;
	return in(list->sasts, before->callmanager) || in(list->sasts, before->itlrecovery);
}

migrate_set brute_kept_trust(const struct migrate_problem *problem)
{
	return problem->has_current && problem->goal.keep_trust ? problem->current.trust : 0;
}

bool brute_is_goal(const struct migrate_problem *problem, const struct migrate_list *list)
{
	const struct migrate_goal *goal = &problem->goal;
	const bool tokens = goal->signing == SIGNING_TOKENS;
	const bool anchors = !tokens || problem->rules->tokens_list_anchors;
	const bool itlrecovery =
	    tokens ? problem->rules->tokens_list_anchors : problem->rules->tokenless_itlrecovery;
	const migrate_set asked = goal->trust;

	return list->signing == goal->signing && list->tokens == (tokens ? goal->tokens : 0) &&
	       list->callmanager == (anchors ? goal->callmanager : -1) &&
	       list->itlrecovery == (itlrecovery ? goal->itlrecovery : -1) &&
	       (list->trust & asked) == asked &&
	       (list->trust & ~(asked | brute_kept_trust(problem))) == 0 &&
	       list->sasts == (list->tokens | list->trust | bit_of(list->callmanager) |
				  bit_of(list->itlrecovery)) &&
	       in(goal->signers, list->signer);
}

unsigned brute_extra(const struct migrate_problem *problem, const struct migrate_list *list)
{
	return count(list->trust & ~(problem->goal.trust | brute_kept_trust(problem)));
}
