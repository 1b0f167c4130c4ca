/*
 * A migration from tokens to tokenless that is under way: its journal, and real generations in a
 * real state file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_MIGRATE_UNDERWAY_H
#define CTLSIGN_TESTS_FIXTURE_MIGRATE_UNDERWAY_H

#include "migrate/journal.h"

/* Its SASTs; bit 4 is a token that is in no plan. */
enum {
	UNDERWAY_TOKEN_1,
	UNDERWAY_TOKEN_2,
	UNDERWAY_CALLMANAGER,
	UNDERWAY_ITLRECOVERY,
	UNDERWAY_N_SASTS
};
#define UNDERWAY_TOKENS	 (1u << UNDERWAY_TOKEN_1 | 1u << UNDERWAY_TOKEN_2)
#define UNDERWAY_ANCHORS (1u << UNDERWAY_CALLMANAGER | 1u << UNDERWAY_ITLRECOVERY)

/* One test works on one migration at a time. */
extern struct fixture_underway {
	struct migrate_problem problem;
	struct migrate_plan plan;
	struct store *store;
	struct journal journal;
	struct journal_position position; /* of the last underway_locate() */
} underway;

/* Generation 1 is finished, signed by token 1 of two; the plan's steps are a bridge and the last.
 */
void underway_begin(void);
void underway_end(void);

/* Asks where it stands. */
void underway_locate(void);

/* A generation with these SASTs, made by `ctlsign REASON`. */
struct generation underway_generation(
    migrate_set sasts, int signer, enum cluster_signing signing, const char *reason);

/* Begins GENERATION, which it frees; finishes it, or leaves it pending. */
void underway_put(struct generation generation, bool finish);

/* Puts the list from which the plan began, again; its first step; its second and last one. */
void underway_base(const char *reason);
void underway_bridge(bool finish);
void underway_last(bool finish);

#endif
