/*
 * A list, what tl_lint() finds in it, and the questions that tests ask of that.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_LINT_H
#define CTLSIGN_TESTS_FIXTURE_LINT_H

#include "fixture_looks.h"

/* How soon is soon, in tests that do not say otherwise. */
#define LINT_DAYS 30u

/* The list of the running test and what was found in it. */
extern struct looks looks;
extern struct tl_findings findings;

/* Makes the list, then fills findings; at LOOKS_NOW or at another time. */
void lint_now(void);
void lint_at(time_t now, unsigned days);

/* Frees both. */
void lint_done(void);

/*
 * Whether there are N findings, all with this code and severity, the first with this record.  If
 * not, all findings are printed.
 */
bool lint_only(size_t n, const char *code, enum tl_severity severity, size_t record);

/* The first finding with CODE, or NULL, and then all are printed. */
const struct tl_finding *lint_find(const char *code);

void lint_print(void);

#endif
