/*
 * How many steps it takes at least.
 *
 * A list that puts every SAST into Phone-SAST-trust helps at least as much as any other: it vouches
 * for its own signer and knows every later one.  So the length of the shortest chain is found among
 * these lists alone, and they differ only in their anchors, the kind of signing and who signs.
 * Which certificates are really needed is another question: plan_chain.c.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

#include <string.h>

/* Behind the two that a choice can have: the role is not listed. */
#define NOT_LISTED 2

static int anchor_at(const struct plan_choice *choice, size_t index)
{
	return index == NOT_LISTED ? -1 : choice->at[index];
}

/* The indexes that a role may have: those of CHOICE where it is listed, else the last. */
static void range_of(const struct plan_choice *choice, bool listed, size_t *from, size_t *to)
{
	*from = listed ? 0 : NOT_LISTED;
	*to = listed ? choice->n : NOT_LISTED + 1;
}

static struct migrate_list fullest(
    const struct plan_search *search, int signing, size_t callmanager, size_t itlrecovery)
{
	struct migrate_list list = {
	    .signing = (enum cluster_signing)signing,
	    .tokens = signing == SIGNING_TOKENS ? search->tokens : 0,
	    .callmanager = anchor_at(&search->callmanagers, callmanager),
	    .itlrecovery = anchor_at(&search->itlrecoveries, itlrecovery),
	    .trust = search->all,
	    .sasts = search->all,
	    .signer = -1,
	};

	return list;
}

static bool goal_is_next(const struct plan_search *search, const struct migrate_list *before)
{
	struct migrate_list goal = search->goal;

	for (migrate_set left = search->goal_signers; left != 0; left &= left - 1) {
		goal.signer = plan_lowest(left);
		if (plan_step_allowed(search, before, &goal))
			return true;
	}
	return false;
}

/* Whether one of the fullest lists may follow from which it takes LEFT more steps. */
static bool detour_is_next(
    const struct plan_search *search, const struct migrate_list *before, unsigned left)
{
	const struct release_rules *rules = search->problem->rules;

	for (int signing = SIGNING_TOKENS; signing <= SIGNING_TOKENLESS; signing++) {
		size_t c, c_end, i, i_from, i_end;

		range_of(&search->callmanagers,
		    plan_lists_anchors(rules, (enum cluster_signing)signing), &c, &c_end);
		range_of(&search->itlrecoveries,
		    plan_lists_itlrecovery(rules, (enum cluster_signing)signing), &i_from, &i_end);
		for (; c < c_end; c++) {
			for (i = i_from; i < i_end; i++) {
				struct migrate_list list = fullest(search, signing, c, i);
				const unsigned char *reach = search->reach[signing][c][i];

				for (migrate_set s = search->keyed; s != 0; s &= s - 1) {
					list.signer = plan_lowest(s);
					if (reach[search->class_of[list.signer]] == left &&
					    plan_step_allowed(search, before, &list))
						return true;
				}
			}
		}
	}
	return false;
}

/* Whether some list takes N steps. */
static bool prepare_list(
    struct plan_search *search, int signing, size_t callmanager, size_t itlrecovery, unsigned n)
{
	unsigned char *reach = search->reach[signing][callmanager][itlrecovery];
	struct migrate_list list = fullest(search, signing, callmanager, itlrecovery);
	bool some = false;

	for (migrate_set s = search->keyed; s != 0; s &= s - 1) {
		const int signer = plan_lowest(s);
		const size_t class = search->class_of[signer];

		if (reach[class] != 0)
			continue;
		list.signer = signer;
		if (n == 1 ? goal_is_next(search, &list) : detour_is_next(search, &list, n - 1)) {
			reach[class] = (unsigned char)n;
			some = true;
		}
	}
	return some;
}

static bool prepare_all(struct plan_search *search, unsigned n)
{
	const struct release_rules *rules = search->problem->rules;
	bool some = false;

	for (int signing = SIGNING_TOKENS; signing <= SIGNING_TOKENLESS; signing++) {
		size_t c, c_end, i_from, i_end;

		range_of(&search->callmanagers,
		    plan_lists_anchors(rules, (enum cluster_signing)signing), &c, &c_end);
		range_of(&search->itlrecoveries,
		    plan_lists_itlrecovery(rules, (enum cluster_signing)signing), &i_from, &i_end);
		for (; c < c_end; c++)
			for (size_t i = i_from; i < i_end; i++)
				some = prepare_list(search, signing, c, i, n) || some;
	}
	return some;
}

void plan_reach_prepare(struct plan_search *search)
{
	unsigned n = 1;

	memset(search->reach, 0, sizeof(search->reach));
	while (n < PLAN_REACH_MAX && prepare_all(search, n))
		n++;
}

unsigned plan_reach(
    const struct plan_search *search, const struct migrate_list *list, unsigned limit)
{
	if (limit >= 1 && goal_is_next(search, list))
		return 1;
	for (unsigned n = 2; n <= limit; n++)
		if (detour_is_next(search, list, n - 1))
			return n;
	return 0;
}
