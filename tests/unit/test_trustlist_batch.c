/*
 * tl_verify_batch(): every file is reported once, by any number of threads, and a bad one named.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_looks.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 512

struct run {
	char names[FILES_MAX][160];
	size_t n;
	size_t given;
	size_t asked_after_end;
	char current[160]; /* overwritten by the next path, as the contract allows */
	unsigned good[FILES_MAX];
	unsigned bad[FILES_MAX];
	struct error errors[FILES_MAX];
	int inside; /* threads in next or report: never more than one */
	bool overlapped;
};

static struct run run;

static void enter(void)
{
	if (__atomic_add_fetch(&run.inside, 1, __ATOMIC_SEQ_CST) != 1)
		run.overlapped = true;
}

static void leave(void)
{
	__atomic_sub_fetch(&run.inside, 1, __ATOMIC_SEQ_CST);
}

static const char *next(void *context)
{
	const char *path = NULL;

	CU_ASSERT_PTR_EQUAL(context, &run);
	enter();
	if (run.given < run.n) {
		memset(run.current, 'x', sizeof(run.current) - 1);
		snprintf(run.current, sizeof(run.current), "%s", run.names[run.given++]);
		path = run.current;
	} else {
		run.asked_after_end++;
	}
	leave();
	return path;
}

static void report(void *context, const char *path, const struct error *err)
{
	size_t i = 0;

	(void)context;
	enter();
	while (i < run.n && strcmp(run.names[i], path) != 0)
		i++;
	if (i == run.n) {
		printf("# reported: %s\n", path);
		run.overlapped = true;
	} else if (err == NULL) {
		run.good[i]++;
	} else {
		run.bad[i]++;
		run.errors[i] = *err;
	}
	leave();
}

static void add_path(const char *path)
{
	snprintf(run.names[run.n++], sizeof(run.names[0]), "%s", path);
}

static enum status verify(unsigned threads, const struct trustlist *old, struct error *err)
{
	const struct tl_batch batch = {
	    .next = next,
	    .report = report,
	    .context = &run,
	    .old = old,
	    .threads = threads,
	};

	error_clear(err);
	return tl_verify_batch(&batch, err);
}

/* Saves N clean lists that differ in their timestamp. */
static void save_good(size_t n)
{
	struct looks looks;
	char name[32];

	looks_clean(&looks);
	for (size_t i = 0; i < n; i++) {
		looks.timestamp = (uint32_t)(LOOKS_TIMESTAMP + i);
		looks_make(&looks);
		snprintf(name, sizeof(name), "good-%zu.tlv", i);
		add_path(looks_save(&looks, name));
	}
	looks_free(&looks);
}

static void test_nothing(void)
{
	struct error err;

	memset(&run, 0, sizeof(run));
	CU_ASSERT_EQUAL(verify(0, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(run.asked_after_end, 1);
	CU_ASSERT_EQUAL(verify(4, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(run.asked_after_end, 2);
}

static void test_all_good(void)
{
	static const unsigned threads[] = {0, 1, 2, 8, 100000};
	struct error err;

	for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
		memset(&run, 0, sizeof(run));
		save_good(200);
		CU_ASSERT_EQUAL(verify(threads[t], NULL, &err), ST_OK);
		CU_ASSERT_EQUAL(err.status, ST_OK);
		CU_ASSERT_EQUAL(run.asked_after_end, 1);
		CU_ASSERT_FALSE(run.overlapped);
		for (size_t i = 0; i < run.n; i++)
			if (run.good[i] != 1 || run.bad[i] != 0)
				CU_FAIL("a good file was not reported as good once");
	}
}

/* A file with one byte changed at OFFSET, or cut there with CUT. */
static void save_bad(const char *name, size_t offset, bool cut)
{
	struct looks looks;

	looks_clean(&looks);
	looks_make(&looks);
	if (cut)
		looks.file.len = offset;
	else
		looks.file.data[offset] ^= 1;
	add_path(looks_save(&looks, name));
	looks_free(&looks);
}

static void test_bad_ones(void)
{
	char missing[100];
	struct error err;

	for (unsigned threads = 1; threads <= 4; threads += 3) {
		memset(&run, 0, sizeof(run));
		save_good(50);
		save_bad("flipped.tlv", 1000, false);
		save_bad("cut.tlv", 1000, true);
		snprintf(missing, sizeof(missing), "%s/missing.tlv", harness_directory());
		add_path(missing);
		add_path(harness_directory());
		CU_ASSERT_NOT_EQUAL(verify(threads, NULL, &err), ST_OK);
		CU_ASSERT_FALSE(run.overlapped);
		for (size_t i = 0; i < 50; i++)
			if (run.good[i] != 1 || run.bad[i] != 0)
				CU_FAIL("a good file was not reported as good once");
		for (size_t i = 50; i < 54; i++) {
			CU_ASSERT_EQUAL(run.good[i], 0);
			CU_ASSERT_EQUAL(run.bad[i], 1);
			/* The path stands there once. */
			CU_ASSERT_EQUAL(
			    strncmp(run.errors[i].where, run.names[i], strlen(run.names[i])), 0);
			CU_ASSERT_PTR_NULL(strstr(run.errors[i].where + 1, run.names[i]));
			CU_ASSERT_NOT_EQUAL(run.errors[i].what[0], '\0');
		}
		CU_ASSERT_EQUAL(run.errors[50].status, ST_NOT_VERIFIED);
		CU_ASSERT_EQUAL(run.errors[51].status, ST_FORMAT);
		CU_ASSERT_EQUAL(run.errors[52].status, ST_IO);
		CU_ASSERT_EQUAL(run.errors[53].status, ST_IO);
	}
}

/* With one thread the order is known: the first failure is what the batch returns. */
static void test_first_failure(void)
{
	struct error err;

	memset(&run, 0, sizeof(run));
	save_good(1);
	save_bad("cut.tlv", 1000, true);
	save_bad("flipped.tlv", 1000, false);
	CU_ASSERT_EQUAL(verify(1, NULL, &err), ST_FORMAT);
	CU_ASSERT_EQUAL(err.status, ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, run.errors[1].where);
	CU_ASSERT_STRING_EQUAL(err.what, run.errors[1].what);
	/* Nobody has to want the error. */
	run.given = 0;
	CU_ASSERT_EQUAL(
	    tl_verify_batch(&(struct tl_batch){next, report, &run, NULL, 2}, NULL) != ST_OK, true);
}

static void test_old(void)
{
	struct looks old;
	struct error err;

	looks_clean(&old);
	looks_make(&old);
	memset(&run, 0, sizeof(run));
	save_good(20);
	CU_ASSERT_EQUAL(verify(3, &old.list, &err), ST_OK);
	/* The signer is none of the old list's SASTs. */
	old.n = 1;
	looks_record(
	    &old.records[0], TL_ROLE_SAST, looks_cert("X", looks_public_key(2048), 50), NULL, NULL);
	looks_make(&old);
	memset(run.good, 0, sizeof(run.good));
	run.given = 0;
	CU_ASSERT_EQUAL(verify(3, &old.list, &err), ST_NOT_VERIFIED);
	for (size_t i = 0; i < run.n; i++)
		if (run.good[i] != 0 || run.bad[i] != 1)
			CU_FAIL("a file that the old list does not trust passed");
	looks_free(&old);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"no files, and the end is asked for once", test_nothing},
	    {"good files with 0 to 100,000 threads", test_all_good},
	    {"bad files are reported with their path", test_bad_ones},
	    {"the first failure is returned", test_first_failure},
	    {"the signer must be trusted by the old list", test_old},
	};

	return harness_main("trustlist_batch", tests, HARNESS_COUNT(tests));
}
