/*
 * Inside the questions to a fleet: what phones may hold by now, verdicts, and groups.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_FLEET_GROUPS_H
#define CTLSIGN_PHONE_FLEET_GROUPS_H

#include "phone/fleet.h"

/* ---- which list when ------------------------------------------------------------------------ */

/*
 * Until when each list was served: a list is until every server has the next one.  UNTIL has room
 * for lists->n; it does not descend, even where clocks went backwards.
 */
#define FLEET_SERVED_NOW ((time_t)INT64_MAX)
void fleet_untils(const struct fleet_lists *lists, time_t *until);

/*
 * The first list that a phone, seen at SEEN with list HELD (n: none of them), may have got since:
 * what was served then, and all later ones.
 */
size_t fleet_since(const struct fleet_lists *lists, const time_t *until, time_t seen, size_t held);

/* ---- verdicts ------------------------------------------------------------------------------- */

/* Verdicts that were asked for already, by family and ITL.  Start from all zero. */
struct fleet_verdicts {
	const struct fleet_question *question;
	size_t said;  /* the index of phones_hold; n: nobody said so */
	size_t floor; /* the first list that counts then; 0 */
	struct fleet_verdict_row *rows;
	size_t n, cap;
};

/* ST_FAILED when the generation that phones are said to hold is none that was served. */
enum status fleet_verdicts_open(
    struct fleet_verdicts *verdicts, const struct fleet_question *question, struct error *err);
void fleet_verdicts_free(struct fleet_verdicts *verdicts);

/* Fills in GROUP's verdict and judged from the rest of it. */
enum status fleet_verdict(
    struct fleet_verdicts *verdicts, struct fleet_group *group, struct error *err);

/* ---- groups --------------------------------------------------------------------------------- */

/* What makes phones alike. */
struct fleet_key {
	uint32_t model; /* number in words */
	uint32_t ctl;	/* as below */
	uint32_t since;
	uint32_t itl;
};

/* `ctl` of a key: below n_lists the list; then nothing known, none; then other checksums. */
struct fleet_owned {
	struct store_phone_words words;
	const struct phone_family **families; /* of the models, by number */
	uint32_t *ctls;			      /* of the checksums, by number */
	time_t *until;			      /* of the lists */
	size_t n_lists;
	struct fleet_key *keys; /* of the groups, by their index */
	size_t n, cap;
	uint32_t *slots; /* index of a group + 1; 0: free */
	size_t n_slots;
	struct fleet_verdicts verdicts;
};

/* Reads the words, and what they mean. */
enum status fleet_owned_open(
    struct fleet_owned *owned, const struct fleet_question *question, struct error *err);
void fleet_owned_free(struct fleet_owned *owned);

/* The key of a phone, and the group that has it: SIZE_MAX when none has. */
struct fleet_key fleet_key_of(const struct fleet_owned *owned,
    const struct fleet_question *question, const struct store_phone_row *row);
size_t fleet_find(const struct fleet_owned *owned, const struct fleet_key *key);

/* Adds a key that is not there; its group has the index n before.  False: no memory. */
bool fleet_add(struct fleet_owned *owned, const struct fleet_key *key);

/* Finds keys again after their order was changed. */
void fleet_rehash(struct fleet_owned *owned);

/* The groups of a check without a fleet. */
enum status fleet_classes(
    const struct fleet_question *question, struct fleet_answer *out, struct error *err);

/*
 * Rejected first, then unknown, then the others; the largest first, then those with newer lists.
 * For qsort().
 */
int fleet_compare_groups(const void *a, const void *b);

#endif
