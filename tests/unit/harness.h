/*
 * CUnit with TAP output: every test program registers its tests here, and `make check` counts
 * them one by one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_HARNESS_H
#define CTLSIGN_TESTS_HARNESS_H

#include <CUnit/CUnit.h>
#include <stddef.h>

struct harness_test {
	const char *name; /* a sentence: what holds */
	void (*run)(void);
};

/* Runs the tests in order; prints TAP on stdout; returns the program's exit code. */
int harness_main(const char *suite, const struct harness_test *tests, size_t n);

/* Marks the running test as skipped with a reason; the test returns right after. */
void harness_skip(const char *reason);

/*
 * A directory of its own for the running program, removed at the end.  Returns a static path.
 */
const char *harness_directory(void);

#define HARNESS_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

#endif
