/*
 * A second reading of what phones accept and of what a plan may be, and a search that tries
 * everything.  It shares no code with the planner or the phone model.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_MIGRATE_BRUTE_H
#define CTLSIGN_TESTS_FIXTURE_MIGRATE_BRUTE_H

#include "migrate/plan.h"

#define BRUTE_SASTS_MAX 6

/* One phone, of which everything is known. */
struct brute_phone {
	bool has_ctl;
	migrate_set knows;    /* SASTs of its CTL */
	bool digests[4];      /* by enum tl_digest */
	unsigned largest_key; /* bits */
	bool asks;	      /* it has Security By Default and an ITL */
};

/* Whether PHONE installs LIST; TVS vouches for what is in VOUCHED.  If so, it holds it then. */
bool brute_install(const struct migrate_problem *problem, struct brute_phone *phone,
    const struct migrate_list *list, migrate_set vouched);

/* Fills in one phone of each kind that GROUP may consist of; how many there are. */
#define BRUTE_WORLDS_MAX 96
size_t brute_worlds(const struct migrate_problem *problem, const struct migrate_group *group,
    struct brute_phone *out);

/* How many phones and groups may not take a first step signed by SIGNER. */
struct brute_loss {
	uint64_t phones;
	size_t groups;
};
struct brute_loss brute_first_loss(const struct migrate_problem *problem, int signer, bool vouched);

/* Whether LIST may follow BEFORE (NULL: nothing was there), phones left aside. */
bool brute_may_follow(const struct migrate_problem *problem, const struct migrate_list *before,
    const struct migrate_list *list);

/* Whether the release's rules and its number of tokens allow LIST. */
bool brute_has_shape(const struct migrate_problem *problem, const struct migrate_list *list);

/*
 * Whether all phones that hold a list signed by LAST take one that SIGNER signed.  That they hold
 * it proves what they can do; what an older list had proved counts no more.
 */
bool brute_all_follow(
    const struct migrate_problem *problem, int last, int signer, bool knows, bool vouched);

/* What of Phone-SAST-trust may stay in the wanted list. */
migrate_set brute_kept_trust(const struct migrate_problem *problem);

/* Whether LIST is what is wanted. */
bool brute_is_goal(const struct migrate_problem *problem, const struct migrate_list *list);

/* Certificates that stand in Phone-SAST-trust without the goal's asking for or allowing it. */
unsigned brute_extra(const struct migrate_problem *problem, const struct migrate_list *list);

struct brute_answer {
	bool found;
	unsigned n_steps;
	unsigned extra, changes; /* of the best chain of this length */
};

/* Tries everything.  First steps may lose as much as LOSS; later ones nothing. */
struct brute_answer brute_search(
    const struct migrate_problem *problem, const struct brute_loss *loss);

#endif
