/* Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC */
#include "harness.h"

#include <CUnit/TestRun.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned number;
static const char *skip_reason;
static char directory[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_directory(void)
{
	if (directory[0] != '\0')
		nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *harness_directory(void)
{
	if (directory[0] == '\0') {
		snprintf(directory, sizeof(directory), "/tmp/ctlsign-test.XXXXXX");
		if (mkdtemp(directory) == NULL) {
			perror("mkdtemp");
			exit(99);
		}
		atexit(remove_directory);
	}
	return directory;
}

void harness_skip(const char *reason)
{
	skip_reason = reason;
}

static void test_done(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	(void)suite;
	number++;
	if (failure != NULL) {
		printf("not ok %u - %s\n", number, test->pName);
		for (CU_pFailureRecord f = failure; f != NULL && f->pTest == test; f = f->pNext)
			printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
	} else if (skip_reason != NULL) {
		printf("ok %u - %s # SKIP %s\n", number, test->pName, skip_reason);
	} else {
		printf("ok %u - %s\n", number, test->pName);
	}
	skip_reason = NULL;
	fflush(stdout);
}

int harness_main(const char *name, const struct harness_test *tests, size_t n)
{
	CU_pSuite suite;
	unsigned failed;

	/* What is remembered from run to run belongs to nobody here. */
	setenv("XDG_STATE_HOME", harness_directory(), 1);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 99;
	suite = CU_add_suite(name, NULL, NULL);
	if (suite == NULL)
		return 99;
	for (size_t i = 0; i < n; i++) {
		if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL) {
			fprintf(stderr, "cannot add test '%s'\n", tests[i].name);
			return 99;
		}
	}
	printf("1..%zu\n", n);
	CU_set_test_complete_handler(test_done);
	CU_run_all_tests();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failed == 0 ? 0 : 1;
}
