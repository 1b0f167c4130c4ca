/*
 * What the parts of the planner share: a problem as sets of bits, and what the phone model said.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_PLAN_PARTS_H
#define CTLSIGN_MIGRATE_PLAN_PARTS_H

#include "migrate/plan.h"

/* How many phones, and of how many groups, do not surely accept a first step. */
struct plan_loss {
	uint64_t phones;
	size_t groups;
};

/* A role's certificates: at most today's and the wanted one; -1 stands for "not listed". */
struct plan_choice {
	int at[2];
	size_t n;
};

struct plan_search {
	const struct migrate_problem *problem;
	const struct migrate_list *start; /* the current CTL, or `nothing` */
	struct migrate_list nothing;
	migrate_set all, keyed;
	migrate_set tokens;	  /* of kind token */
	migrate_set here;	  /* of this cluster */
	struct migrate_list goal; /* as full as it may be; its signer is one of goal_signers */
	migrate_set goal_signers;
	struct plan_choice callmanagers, itlrecoveries; /* that a list which has them may list */

	/* Signers of a first step that all groups accept, by whether TVS vouches. */
	migrate_set surely[2];
	/* The same, for the search: in the search for the smallest loss there are more of them. */
	migrate_set first[2];
	struct plan_loss loss[2][MIGRATE_SASTS_MAX];
	/*
	 * Signers of a later step that all groups accept, by what they hold: the class of the key
	 * that signed it, whether it knows the signer, whether TVS vouches.
	 */
	migrate_set later[MIGRATE_SASTS_MAX][2][2];
	unsigned char class_of[MIGRATE_SASTS_MAX];
	size_t n_classes;

	/* Steps from a list that trusts everything, or 0: plan_reach.c. */
	unsigned char reach[2][3][3][MIGRATE_SASTS_MAX];
	/* For finding out what is in the way: rules that do not count. */
	bool without_anchor_rule;
	bool without_token_rule;
};

static inline migrate_set plan_bit(int sast)
{
	return sast < 0 ? 0 : (migrate_set)1 << sast;
}

static inline bool plan_has(migrate_set set, int sast)
{
	return (set & plan_bit(sast)) != 0;
}

static inline unsigned plan_count(migrate_set set)
{
	return (unsigned)__builtin_popcount(set);
}

/* The SAST of the lowest bit; -1 for an empty set. */
static inline int plan_lowest(migrate_set set)
{
	return __builtin_ffs((int)set) - 1;
}

/* ---- plan_rules.c ---------------------------------------------------------------------------- */

/* Everything but what the model says: sets, goal, choices. */
void plan_search_init(struct plan_search *search, const struct migrate_problem *problem);

/* Sets `sasts` from the parts. */
void plan_list_complete(struct migrate_list *list);

/* Whether a list of this kind has anchors at all, and ITLRecovery among them. */
bool plan_lists_anchors(const struct release_rules *rules, enum cluster_signing signing);
bool plan_lists_itlrecovery(const struct release_rules *rules, enum cluster_signing signing);

/* Whether its tokens are enough: see migrate_plan_make(). */
bool plan_tokens_suffice(const struct plan_search *search, const struct migrate_list *list);

/* Whether the release's rules and the number of its tokens allow LIST. */
bool plan_list_allowed(const struct plan_search *search, const struct migrate_list *list);

/*
 * Whether LIST may follow BEFORE and all phones accept it.  BEFORE is the search's start (the same
 * pointer) for a first step; else phones hold it.
 */
bool plan_step_allowed(const struct plan_search *search, const struct migrate_list *before,
    const struct migrate_list *list);

/* Whether LIST, a CTL that is there, is what is wanted. */
bool plan_is_goal(const struct plan_search *search, const struct migrate_list *list);

/* ---- plan_model.c ---------------------------------------------------------------------------- */

/* Asks the model everything that the search may want to know. */
enum status plan_model_ask(struct plan_search *search, struct error *err);

/* ---- plan_reach.c ---------------------------------------------------------------------------- */

/* No chain is longer than there are lists that differ: far more than anybody would make. */
#define PLAN_REACH_MAX 200

/* Works out the table; again after `without_...` was changed. */
void plan_reach_prepare(struct plan_search *search);

/* The fewest steps from LIST to the goal; 0: it takes more than LIMIT. */
unsigned plan_reach(
    const struct plan_search *search, const struct migrate_list *list, unsigned limit);

/* ---- plan_candidates.c ----------------------------------------------------------------------- */

/*
 * Calls EACH with every list that is worth a look as the one after BEFORE when LEFT more have to
 * follow it.  All are allowed; some come twice.
 */
void plan_candidates(const struct plan_search *search, const struct migrate_list *before,
    unsigned left, void (*each)(void *context, const struct migrate_list *list), void *context);

/* ---- plan_chain.c ---------------------------------------------------------------------------- */

/* The best chain of N steps, when there is one of this length. */
enum status plan_chain(
    const struct plan_search *search, unsigned n, struct migrate_list *steps, struct error *err);

/* ---- plan_why.c ------------------------------------------------------------------------------ */

/*
 * Says in OUT why no chain is safe.  STEPS, N_STEPS: the chain with the smallest loss; 0: none
 * leads there at all.  VERDICTS: of its first step.  Changes the table of plan_reach().
 */
void plan_why(struct plan_search *search, const struct migrate_list *steps, size_t n_steps,
    const struct phone_verdict *verdicts, char *out, size_t size);

#endif
