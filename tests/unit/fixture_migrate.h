/*
 * Problems for the planner, made by hand: SASTs without certificates, groups of phones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_MIGRATE_H
#define CTLSIGN_TESTS_FIXTURE_MIGRATE_H

#include "migrate/plan.h"

#define FIXTURE_GROUPS_MAX 2048

/* Families of the problems, with what they can do in their names. */
extern const struct phone_family fixture_modern;  /* everything */
extern const struct phone_family fixture_plain;	  /* no Security By Default */
extern const struct phone_family fixture_old;	  /* nor SHA-512 */
extern const struct phone_family fixture_small;	  /* asks TVS; keys up to 2048 bits */
extern const struct phone_family fixture_unnamed; /* nothing is known of it */

/*
 * Empty: RELEASE's rules ("12.5(1)"), SHA-256, TVS runs, no current CTL, no groups.  Only one
 * problem at a time has groups: they lie in one array.
 */
void fixture_problem(struct migrate_problem *problem, const char *release);

/* Adds a SAST with a key of 2048 bits; its bit. */
migrate_set fixture_sast(struct migrate_problem *problem, enum migrate_kind kind, bool has_key);

/* The index of a bit. */
int fixture_index(migrate_set bit);

/* The current CTL; its certificates are those that stand in records.  An anchor of 0: none. */
void fixture_current(struct migrate_problem *problem, migrate_set tokens, migrate_set callmanager,
    migrate_set itlrecovery, migrate_set trust, migrate_set signer);

/* The goal: tokenless when TOKENS is 0. */
void fixture_goal(struct migrate_problem *problem, migrate_set tokens, migrate_set callmanager,
    migrate_set itlrecovery, migrate_set signers);

/*
 * Adds N phones of FAMILY (NULL: in no table) that hold a list of HELD (0: no CTL), SHA-256, signed
 * by a key of 2048 bits.
 */
struct migrate_group *fixture_group(struct migrate_problem *problem,
    const struct phone_family *family, enum phone_answer itl, migrate_set held, uint64_t n);

/* A list in words, for test output: "tokens ab cm c itl d trust - by a". */
void fixture_print(const struct migrate_list *list);

#endif
