/*
 * The planner: the shortest chain of CTLs from what phones hold to what is wanted, in which every
 * phone accepts every step.
 *
 * It works on sets: a SAST is a bit, a CTL is the set of those that it lists and who signs it. What
 * a phone accepts is asked of the phone model (phone/phone.h), never decided here.
 *
 * Source of the rules: the migration sections in the CTL client chapter of Cisco's security guide
 * for Unified Communications Manager 12.5, and document 118893.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_PLAN_H
#define CTLSIGN_MIGRATE_PLAN_H

#include "cluster/plan.h"
#include "cluster/release.h"
#include "phone/phone.h"

#include <openssl/types.h>

/* SASTs that one plan can tell apart. */
#define MIGRATE_SASTS_MAX 24
#define MIGRATE_STEPS_MAX 8

typedef uint32_t migrate_set; /* bit I: sasts[I] of the problem */

enum migrate_kind {
	MIGRATE_TOKEN,
	MIGRATE_CALLMANAGER, /* of this cluster, today's, an earlier or a coming one */
	MIGRATE_ITLRECOVERY, /* the same */
	MIGRATE_FOREIGN,     /* of another cluster, or nobody knows what */
};

struct migrate_sast {
	enum migrate_kind kind;
	X509 *certificate;	    /* owned by the problem; tests may leave it NULL */
	struct phone_anchor anchor; /* as it stands in records, or would; borrowed from below */
	unsigned key_bits;
	bool has_key;	/* it can sign: not lost, and its key is there or will be */
	char name[128]; /* printable: "token CN=SAST-1 (4A:21:9F)", "CallManager (5C:...)" */
};

/* A CTL: who it trusts, how it is signed, and by whom. */
struct migrate_list {
	enum cluster_signing signing;
	migrate_set sasts;  /* all of them, those below, too */
	migrate_set tokens; /* that stand in it as tokens; empty when it is tokenless */
	int callmanager;    /* the anchors that the release's rules list; -1: none */
	int itlrecovery;
	migrate_set trust; /* Phone-SAST-trust while it is made: listed as SASTs, too */
	int signer;	   /* -1: not known (a list of before) */
};

/* Phones that hold the same. */
struct migrate_group {
	struct phone phone; /* `list` of it is not used: `held` says what its list trusts */
	migrate_set held;   /* SASTs of the problem that the list knows, as the phone compares */
	unsigned digest;    /* of the list that it holds; 0: none */
	unsigned key_bits;  /* of its signer */
	uint64_t n;	    /* 0: a class of phones, in a check without a fleet */
	char text[160];	    /* printable: "Cisco 7940 phones that hold generation 3" */
};

struct migrate_goal {
	enum cluster_signing signing;
	migrate_set tokens;	      /* exactly these, when tokens sign */
	int callmanager, itlrecovery; /* exactly these, where the release lists them */
	migrate_set trust;	      /* other SASTs that have to be listed */
	bool keep_trust;	      /* what is in Phone-SAST-trust today may stay */
	migrate_set signers;	      /* one of these signs the last CTL */
};

struct migrate_problem {
	struct migrate_sast sasts[MIGRATE_SASTS_MAX];
	size_t n_sasts;
	const struct release_rules *rules;
	unsigned digest; /* enum tl_digest of the lists to come */
	bool tvs;	 /* some node runs TVS */
	bool has_current;
	struct migrate_list current;  /* that the servers have */
	migrate_set certificates;     /* SASTs whose certificate stands in any record of it */
	struct migrate_group *groups; /* owned */
	size_t n_groups;
	/*
	 * Phones without a CTL that stand in no group: it is not known whether they know the
	 * digest, which is that of the CTL that they would load today, so no step changes that.
	 */
	uint64_t n_left_out;
	struct migrate_goal goal;
	/* What owns what is borrowed above; freed with it. */
	void *owned;
};
void migrate_problem_free(struct migrate_problem *problem);

/* What came of the search.  Start from all zero. */
struct migrate_plan {
	struct migrate_list steps[MIGRATE_STEPS_MAX];
	size_t n_steps; /* 0 with `found`: the current CTL is the wanted one */
	bool found;
	/*
	 * When there is none: the chain that would lock out the fewest phones, if any leads there
	 * at all (n_steps > 0), and the groups that its first step would lock out (or of which that
	 * cannot be told), by index in the problem: these phones have to be visited first.
	 */
	size_t *visit; /* owned */
	size_t n_visit;
	uint64_t n_phones; /* of these groups */
	char why[512];	   /* printable, translated: why there is none; "" when found */
};
void migrate_plan_free(struct migrate_plan *plan);

/*
 * Searches.  In every plan
 *   - each group of phones has the first step accepted (phone_outcome_is_safe()), and phones that
 *     hold step I accept step I + 1: each step waits until all phones have the one before;
 *   - the signer of a step is a SAST of it, has a key, and is a token that is listed as such, or
 *     one of the list's two anchors, or (when the step before, or for the first step the current
 *     CTL, was tokenless) one of that one's anchors that stays a SAST;
 *   - the anchors that a list has are the current CTL's or the goal's: no server has another one;
 *   - CallManager and ITLRecovery never change in the same step: not both roles get another
 *     certificate, and not both of the present ones stop being SASTs;
 *   - a token-signed list has two tokens, or one and another SAST of this cluster, or one where the
 *     current CTL is token-signed and has no more; lists have what the release's rules say;
 *   - no more than MIGRATE_STEPS_MAX steps, and none shorter exists.
 * Of plans of the same length the one that lists the fewest extra certificates (in Phone-SAST-trust
 * without the goal's asking for or allowing it) and changes the fewest SASTs is taken; the same
 * problem always gives the same plan.  A plan is checked with the whole phone model before it is
 * given out.
 *
 * ST_OK whether or not there is one; ST_LIMIT for a problem that is too large.
 */
enum status migrate_plan_make(
    const struct migrate_problem *problem, struct migrate_plan *out, struct error *err);

/*
 * What the model says of one step: each group's verdict on LIST while the servers have BEFORE (and
 * its Phone-SAST-trust that of LIST); VERDICTS has room for n_groups.  For who shows a plan.
 *
 * BEFORE is `&problem->current` itself or NULL for a first step: groups hold what they hold today.
 * With any other list, all of them hold that one.
 */
void migrate_judge_step(const struct migrate_problem *problem, const struct migrate_list *before,
    const struct migrate_list *list, struct phone_verdict *verdicts);

#endif
