/*
 * tl_verify_batch(): every file is reported once and in order, by any number of threads, and a bad
 * one named; also when memory runs out.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_looks.h"
#include "harness.h"

#include <dlfcn.h>
#include <pthread.h>
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
	size_t reported;
	bool disordered;
	size_t ahead; /* the most that next was ahead of report */
	int inside;   /* threads in next or report: never more than one */
	bool overlapped;
};

static struct run run;

/* A path that is too long for what memory there is; in a list of names it is "". */
#define LONG_PATH 1500000
static char long_path[LONG_PATH + 1];

/*
 * Who gets no memory: nobody, other threads for a verifier, any, anybody for a path so long.
 * Compilers believe that realloc() looks at no variable of ours.
 */
static volatile enum { NOBODY, OTHERS, ALL, LONG_PATHS } starving;
static pthread_t main_thread;

/* A sanitizer's allocator cannot be mixed with the C library's. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#ifndef SANITIZED
/* In front of the C library's own. */
void *calloc(size_t n, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "calloc");
	/* A verifier is one of several hundred bytes. */
	if (n == 1 && size > 500 &&
	    (starving == ALL ||
		(starving == OTHERS && !pthread_equal(pthread_self(), main_thread))))
		return NULL;
	return real(n, size);
}

void *realloc(void *p, size_t size)
{
	static void *(*real)(void *, size_t);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "realloc");
	/* The first of its kind: files grow into such a size. */
	return starving == LONG_PATHS && p == NULL && size > LONG_PATH ? NULL : real(p, size);
}
#endif

/* Valgrind replaces the functions above. */
static bool can_starve(void)
{
	struct buffer probe = BUFFER_INIT;
	bool failed;

	starving = LONG_PATHS;
	buffer_add(&probe, long_path, sizeof(long_path));
	starving = NOBODY;
	failed = probe.failed;
	buffer_free(&probe);
	return failed;
}

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
	if (starving == LONG_PATHS)
		memset(long_path, 'z', LONG_PATH);
	if (run.given - run.reported > run.ahead)
		run.ahead = run.given - run.reported;
	if (run.given < run.n && run.names[run.given][0] == '\0') {
		memset(long_path, 'y', LONG_PATH);
		path = long_path;
		run.given++;
	} else if (run.given < run.n) {
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
	if (strlen(path) == LONG_PATH)
		path += strspn(path, "y");
	while (i < run.n && strcmp(run.names[i], path) != 0)
		i++;
	if (i != run.reported++)
		run.disordered = true;
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
	run.given = run.asked_after_end = run.reported = run.ahead = 0;
	run.disordered = run.overlapped = false;
	memset(run.good, 0, sizeof(run.good));
	memset(run.bad, 0, sizeof(run.bad));
	return tl_verify_batch(&batch, err);
}

/* Whether each of the files from FIRST to before END was reported once, as good. */
static bool all_good(size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (run.good[i] != 1 || run.bad[i] != 0)
			return false;
	return true;
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
	CU_ASSERT_EQUAL(run.asked_after_end, 1);
}

static void test_all_good(void)
{
	static const unsigned threads[] = {0, 1, 2, 8, 100000};
	struct error err;

	memset(&run, 0, sizeof(run));
	save_good(200);
	for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
		CU_ASSERT_EQUAL(verify(threads[t], NULL, &err), ST_OK);
		CU_ASSERT_EQUAL(err.status, ST_OK);
		CU_ASSERT_EQUAL(run.asked_after_end, 1);
		CU_ASSERT_FALSE(run.overlapped);
		CU_ASSERT_FALSE(run.disordered);
		CU_ASSERT_TRUE(all_good(0, run.n));
	}
}

/* A list as large as can be, with a wrong signature: it takes its time. */
static void save_slow(void)
{
	static uint8_t filler[65000];
	struct looks looks;

	looks_clean(&looks);
	looks_make(&looks);
	while (looks.file.len + 70000 <= TL_MAX_FILE) {
		size_t begin = fixture_record_begin(&looks.file);

		fixture_element(&looks.file, TL_R_CERTIFICATE_HASH, filler, sizeof(filler));
		fixture_record_end(&looks.file, begin);
	}
	add_path(looks_save(&looks, "slow.tlv"));
	looks_free(&looks);
}

/* A file that takes long holds the others' results back, but no more than there is room for. */
static void test_order(void)
{
	struct error err;

	memset(&run, 0, sizeof(run));
	save_slow();
	save_good(100);
	for (unsigned threads = 2; threads <= 8; threads += 3) {
		CU_ASSERT_EQUAL(verify(threads, NULL, &err), ST_NOT_VERIFIED);
		CU_ASSERT_FALSE(run.disordered);
		CU_ASSERT_EQUAL(run.reported, 101);
		CU_ASSERT_EQUAL(run.bad[0], 1);
		CU_ASSERT_TRUE(all_good(1, run.n));
		CU_ASSERT_TRUE(run.ahead < 4 * threads);
	}
}

/* A thread that gets no memory leaves its files to the others. */
static void test_starved_threads(void)
{
	struct error err;

	if (!can_starve()) {
		harness_skip("another allocator stands in front of this one");
		return;
	}
	memset(&run, 0, sizeof(run));
	save_good(50);
	starving = OTHERS;
	CU_ASSERT_EQUAL(verify(4, NULL, &err), ST_OK);
	starving = NOBODY;
	CU_ASSERT_TRUE(all_good(0, run.n));
	/* Without any that works there is nothing to report but that. */
	starving = ALL;
	CU_ASSERT_EQUAL(verify(4, NULL, &err), ST_NO_MEMORY);
	starving = NOBODY;
	CU_ASSERT_EQUAL(err.status, ST_NO_MEMORY);
	CU_ASSERT_EQUAL(run.given, 0);
	CU_ASSERT_EQUAL(run.reported, 0);
}

/* A path that cannot be copied is reported all the same, as next gave it, and in its turn. */
static void test_path_too_long(void)
{
	struct error err;

	if (!can_starve()) {
		harness_skip("another allocator stands in front of this one");
		return;
	}
	memset(&run, 0, sizeof(run));
	save_slow();
	add_path("");
	save_good(50);
	for (unsigned threads = 1; threads <= 4; threads++) {
		starving = LONG_PATHS;
		CU_ASSERT_EQUAL(verify(threads, NULL, &err), ST_NOT_VERIFIED);
		starving = NOBODY;
		CU_ASSERT_FALSE(run.disordered);
		CU_ASSERT_FALSE(run.overlapped);
		CU_ASSERT_EQUAL(run.bad[1], 1);
		CU_ASSERT_EQUAL(run.errors[1].status, ST_NO_MEMORY);
		CU_ASSERT_EQUAL(strncmp(run.errors[1].where, "yyyy", 4), 0);
		CU_ASSERT_TRUE(all_good(2, run.n));
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

	memset(&run, 0, sizeof(run));
	save_good(50);
	save_bad("flipped.tlv", 1000, false);
	save_bad("cut.tlv", 1000, true);
	snprintf(missing, sizeof(missing), "%s/missing.tlv", harness_directory());
	add_path(missing);
	add_path(harness_directory());
	for (unsigned threads = 1; threads <= 4; threads += 3) {
		CU_ASSERT_NOT_EQUAL(verify(threads, NULL, &err), ST_OK);
		CU_ASSERT_FALSE(run.overlapped);
		CU_ASSERT_FALSE(run.disordered);
		CU_ASSERT_TRUE(all_good(0, 50));
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

/* The first failure, in the order of the files, is what the batch returns. */
static void test_first_failure(void)
{
	struct error err;

	memset(&run, 0, sizeof(run));
	save_slow();
	save_bad("cut.tlv", 1000, true);
	save_bad("flipped.tlv", 1000, false);
	for (unsigned threads = 1; threads <= 3; threads++) {
		CU_ASSERT_EQUAL(verify(threads, NULL, &err), ST_NOT_VERIFIED);
		CU_ASSERT_EQUAL(err.status, ST_NOT_VERIFIED);
		CU_ASSERT_STRING_EQUAL(err.where, run.errors[0].where);
		CU_ASSERT_STRING_EQUAL(err.what, run.errors[0].what);
	}
	/* Nobody has to want the error. */
	run.given = run.reported = 0;
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
	    {"files are reported in order, and next does not run away", test_order},
	    {"threads without memory leave the work to others", test_starved_threads},
	    {"a path without memory for it is reported", test_path_too_long},
	    {"bad files are reported with their path", test_bad_ones},
	    {"the first failure is returned", test_first_failure},
	    {"the signer must be trusted by the old list", test_old},
	};

	main_thread = pthread_self();
	return harness_main("trustlist_batch", tests, HARNESS_COUNT(tests));
}
