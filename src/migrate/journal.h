/*
 * A migration that is under way: its plan, and which of its steps are done.
 *
 * Where it stands is read from the generations themselves, not only from what was noted: a run that
 * was killed between signing and noting changes nothing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_JOURNAL_H
#define CTLSIGN_MIGRATE_JOURNAL_H

#include "migrate/plan.h"
#include "migrate/problem.h"

/* A certificate that a step needs; owned. */
struct journal_sast {
	enum migrate_kind kind;
	X509 *certificate; /* NULL: its record had none; no step lists it */
	char name[128];
	struct phone_anchor anchor; /* as it stands in records, or will; of `bytes` */
	struct buffer bytes;
};

struct journal_step {
	struct migrate_list list; /* sets are of the journal's sasts */
	int64_t generation;	  /* that it became; 0: not yet */
	time_t made;
	/* That was current before it; 0: not known yet.  Not kept: journal_locate() finds it. */
	int64_t before;
	int64_t said_phones_hold; /* the officer's word that it was signed by; 0: it was seen */
	uint64_t accepted_lockout;
	char who[128];
};

/* Owned; start from all zero.  journal_free() in any case. */
struct journal {
	int64_t number; /* of the migration */
	enum migration_state state;
	time_t begun;
	char who[128];
	struct migrate_wish wish;
	int64_t base; /* the generation that was current when the plan was made */
	struct migrate_list from;
	struct migrate_list now; /* what the present plan starts from: `from`, unless made anew */
	struct journal_sast *sasts;
	size_t n_sasts;
	struct journal_step
	    steps[MIGRATE_STEPS_MAX]; /* those done before a new plan stay in front */
	size_t n_steps;
	size_t n_before;    /* steps of earlier plans: done before BASE */
	size_t n_replanned; /* how often the plan was made anew */
};
void journal_free(struct journal *journal);

/* To JSON and back; what is read is checked as any input from outside (ST_FORMAT). */
enum status journal_write(const struct journal *journal, struct buffer *json, struct error *err);
enum status journal_read(
    const struct store_migration *stored, struct journal *out, struct error *err);

/* A new one from a plan that was found. */
enum status journal_begin(const struct migrate_problem *problem, const struct migrate_plan *plan,
    const struct migrate_wish *wish, int64_t base, const char *who, struct journal *out,
    struct error *err);

/* The same migration with a new plan from here: steps that are done stay. */
enum status journal_replan(struct journal *journal, const struct migrate_problem *problem,
    const struct migrate_plan *plan, int64_t base, struct error *err);

/* Whether SIGNER (-1: nobody) is one of LIST's tokens: then another of them will do as well. */
bool journal_token_signs(const struct migrate_list *list, int signer);

enum journal_place {
	JOURNAL_READY,	  /* step `next` can be looked at */
	JOURNAL_PENDING,  /* step `next` is signed and not on every server yet */
	JOURNAL_CHANGED,  /* somebody changed the cluster: `why`; a new plan is needed */
	JOURNAL_FINISHED, /* all steps are done and current */
};

struct journal_position {
	enum journal_place place;
	size_t next;	    /* from 0; n_steps when finished */
	int64_t generation; /* of the last step that is done, or the pending one; 0: none */
	unsigned digest;    /* enum tl_digest of the current CTL; 0: there is none */
	int64_t pending;    /* what is on its way, a step or not; 0: nothing is */
	char why[384];	    /* JOURNAL_CHANGED: printable, translated */
};

/*
 * Where JOURNAL stands: compares the generations after its base with its steps (kind of signing,
 * SASTs by certificate, signer), and fills in `generation`, `made` and `before` of steps that are
 * done, and `before` of the next one.  A generation that fits no step, but lists the same SASTs as
 * the last one done (an update for a new server), is no change.  An officer's word that was noted
 * for another generation than the step's, or for none, was for another signature: it is dropped.
 * CURRENT and PENDING may be of number 0.
 */
enum status journal_locate(struct journal *journal, struct store *store,
    const struct generation *current, const struct generation *pending,
    struct journal_position *out, struct error *err);

/* ---- a step in words --------------------------------------------------------------------------
 */

/*
 * Appends what step INDEX is: "Bridge: signed by a token, it also trusts CallManager and
 * ITLRecovery"; a line without a newline, translated, printable.
 */
void journal_step_title(const struct journal *journal, size_t index, struct buffer *out);

/*
 * Appends what it changes of the list before: a line each, ended by a newline: "adds token CN=...",
 * "removes CallManager ...", "is signed by ... (so was the one before)".
 */
void journal_step_changes(const struct journal *journal, size_t index, struct buffer *out);

/* Appends the way back from it, a line each: before phones have it, after that, or that none is. */
void journal_step_back(const struct journal *journal, size_t index, struct buffer *out);

/* The list before step INDEX: the step before, or what its plan began from.  Never NULL. */
const struct migrate_list *journal_before(const struct journal *journal, size_t index);

/* ---- what has to be true before a step ------------------------------------------------------- */

enum condition_state { CONDITION_MET, CONDITION_NOT_MET, CONDITION_NOT_KNOWN };

struct condition {
	const char
	    *code; /* constant: "published", "inventory-callmanager", "inventory-itlrecovery",
		      "key-callmanager", "key-itlrecovery", "phones-accept", "phones-hold" */
	enum condition_state state;
	char text[384]; /* printable, translated: "all phones accept it: 812 by SAST" */
	char todo[384]; /* what to do when it is not met */
};

struct conditions {
	struct condition list[12];
	size_t n;
	bool ready; /* every one is met */
	/* Phones of the fleet that are not proved to accept it: the number for --accept-lockout. */
	uint64_t at_risk;
};

/*
 * The conditions of step INDEX.  ANSWER is what the model says of the step's CTL (fleet_ask() with
 * an offer of it; NULL: not asked).  An officer's word counts while it stands in the step:
 * said_phones_hold and accepted_lockout, which a run that is about to sign sets for itself.
 */
void journal_conditions(const struct journal *journal, size_t index,
    const struct journal_position *position, const struct inventory *inventory,
    const struct fleet_answer *answer, struct conditions *out);

/*
 * The CTL of a step as phones will see it: enough for fleet_ask(), but for its size.  It
 * borrows from JOURNAL; phone_list_free() in any case.
 */
enum status journal_offer(const struct journal *journal, size_t index, unsigned digest,
    struct phone_list *out, struct error *err);

#endif
