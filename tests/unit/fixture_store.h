/*
 * State files to test with, and ways to do to them what ctlsign never would.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_STORE_H
#define CTLSIGN_TESTS_FIXTURE_STORE_H

#include "store/store.h"

/* The state file of the running program, in its own directory; store_remove() ends it. */
const char *store_path(void);
void store_remove(void); /* with all that belongs to it */

/* Opens it; a failure fails the test. */
struct store *store_opened(enum store_access access);

/* An entry of the log: who, act and outcome are set. */
struct audit_entry store_entry(const char *what);

/* A generation whose bytes are TEXT. */
struct generation store_generation_of(const char *text);

/* Begins and finishes generations with the bytes "CTL 1" to "CTL N"; two entries each. */
void store_fill(struct store *store, int n);

/* Runs SQL on the closed file, without its triggers (which are back afterwards) and checks. */
void store_tamper(const char *sql);

/* Makes the closed file one of VERSION, without what came later. */
void store_downgrade(int version);

/* What SQL gives in its first column, as text. */
const char *store_ask(const char *sql);

#endif
