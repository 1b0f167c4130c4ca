/*
 * A migration that never was, for tests of its runbook, and looks at what was written.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_RUNBOOK_H
#define CTLSIGN_TESTS_FIXTURE_RUNBOOK_H

#include "migrate/runbook_pen.h"

extern struct journal journal;
extern struct journal_position position;
extern struct generation generations[4];
extern struct runbook_generation told[4];
extern struct runbook_step steps[3];
extern struct conditions conditions;
extern struct runbook runbook;
extern struct buffer out; /* what was written */

/* Generation 3 is in use; two steps, of which none is done.  Empties OUT. */
void runbook_fixture_make(void);

/* Makes generations[INDEX], and what is told of it. */
void make_generation(size_t index, int64_t number, enum generation_state state);

/* Whether TEXT stands in OUT, or does not, and how often; what is not so is told. */
bool has(const char *text);
bool has_not(const char *text);
size_t count(const char *text);

/* Whether the N TEXTS stand in OUT, each behind the one before. */
bool in_order(const char *const *texts, size_t n);

/* Whether every element of the HTML or SVG in OUT is closed in its order. */
bool is_balanced(void);

#endif
