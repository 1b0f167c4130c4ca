/*
 * A cluster for the tests of the planner, and what they say of a plan.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_MIGRATE_SCENE_H
#define CTLSIGN_TESTS_FIXTURE_MIGRATE_SCENE_H

#include "fixture_migrate.h"

/* One test works on one problem at a time. */
extern struct migrate_problem problem;
extern struct migrate_plan plan; /* of the last make() */
/* Two tokens, two more; today's anchors, the coming ones; another cluster's. */
extern migrate_set a, b, c, d, cm, itl, new_cm, new_itl, foreign;

/* A problem of these SASTs; all but `foreign` have a key. */
void begin(const char *release);

/* From now on SAST has no key. */
void lose(migrate_set sast);

/* Adds 100 phones with Security By Default and 20 without that hold HELD. */
void both_kinds_hold(migrate_set held);

/* Plans. */
void make(void);

/* A plan of N steps was found. */
void expect_steps(size_t n);

/* What step INDEX is.  An anchor of 0: none. */
void expect_step(size_t index, migrate_set tokens, migrate_set callmanager, migrate_set itlrecovery,
    migrate_set trust, migrate_set signer);

/* None was found, and the reason has WHY in it. */
void expect_none(const char *why);

#endif
