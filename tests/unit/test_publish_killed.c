/*
 * Runs over directories that are killed anywhere: before or behind any call, and at any moment.
 * Every target holds the old file or the new one, whole, and the next run ends it either way.
 * CTLSIGN_TEST_INTERRUPTIONS: how many (50); CTLSIGN_TEST_SEED: the same ones again.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_publish.h"
#include "fixture_store.h"
#include "harness.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_TARGETS  4
#define MOST_CALLS 28 /* of a run over that many */
#define NO_CALL	   -1

/* Long enough that half a file could be seen. */
#define CTL_SIZE 20000

static char old_ctl[CTL_SIZE + 1], new_ctl[CTL_SIZE + 1];

/* ---- targets that kill ----------------------------------------------------------------------- */

struct killer {
	struct target base;
	struct target *inner;
};

static atomic_int calls;
static int kill_at = NO_CALL;
static bool kill_behind;

static struct target *inner_of(struct target *target)
{
	return ((struct killer *)target)->inner;
}

static int before(void)
{
	const int call = atomic_fetch_add(&calls, 1);

	if (call == kill_at && !kill_behind)
		kill(getpid(), SIGKILL);
	return call;
}

static enum status behind(int call, enum status st)
{
	if (call == kill_at)
		kill(getpid(), SIGKILL);
	return st;
}

static enum status get(
    struct target *target, const char *name, struct buffer *out, bool *there, struct error *err)
{
	const int call = before();

	return behind(call, inner_of(target)->ops->get(inner_of(target), name, out, there, err));
}

static enum status stage(
    struct target *target, const char *name, struct bytes data, struct error *err)
{
	const int call = before();

	return behind(call, inner_of(target)->ops->stage(inner_of(target), name, data, err));
}

static enum status commit(struct target *target, const char *name, struct error *err)
{
	const int call = before();

	return behind(call, inner_of(target)->ops->commit(inner_of(target), name, err));
}

static enum status unstage(struct target *target, const char *name, struct error *err)
{
	const int call = before();

	return behind(call, inner_of(target)->ops->unstage(inner_of(target), name, err));
}

static enum status put_back(
    struct target *target, const char *name, const struct bytes *old, struct error *err)
{
	const int call = before();

	return behind(call, inner_of(target)->ops->put_back(inner_of(target), name, old, err));
}

static void free_killer(struct target *target)
{
	target_free(inner_of(target));
	free(target);
}

static const struct target_ops killer_ops = {
    .get = get,
    .stage = stage,
    .commit = commit,
    .unstage = unstage,
    .put_back = put_back,
    .free = free_killer,
};

static enum status killer_new(const struct inventory_target *place,
    const struct target_access *access, struct target_links **links, struct target **out,
    struct error *err)
{
	struct killer *killer = calloc(1, sizeof(*killer));
	enum status st = target_directory_new(place, access, &killer->inner, err);

	(void)links;
	*out = NULL;
	if (st != ST_OK) {
		free(killer);
		return st;
	}
	killer->base.ops = &killer_ops;
	killer->base.place = place;
	killer->base.access = access;
	killer->base.link = strdup(place->text);
	*out = &killer->base;
	return ST_OK;
}

/* ---- a cluster of directories ---------------------------------------------------------------- */

static const char *directory(unsigned i)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/target%u", harness_directory(), i);
	return path;
}

static const char *file_of(unsigned i)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", directory(i), PUBLISH_CTL);
	return path;
}

static void begin(void)
{
	struct error err;

	fixture_publish_begin();
	for (unsigned i = 0; i < N_TARGETS; i++) {
		char name[32];
		struct inventory_targets *deliver = &fixture_publish_inventory()->nodes[0].deliver;

		snprintf(name, sizeof(name), "sub%u", i);
		if (i > 0)
			deliver = &fixture_cluster_node(fixture_publish_inventory(),
			    NODE_SUBSCRIBER, name, "10.1.3.1", SERVICE_TFTP)
				       ->deliver;
		CU_ASSERT_TRUE(mkdir(directory(i), 0700) == 0 || errno == EEXIST);
		fixture_publish_target(deliver, directory(i));
		CU_ASSERT_EQUAL(
		    file_write_durably(file_of(i),
			(struct bytes){(const uint8_t *)old_ctl, CTL_SIZE}, true, 0644, &err),
		    ST_OK);
	}
	fixture_publish_current(old_ctl, 0, false);
	fixture_publish_pending(new_ctl, 1);
}

/* 'o', 'n', or '?' for anything else. */
static char content(const char *path)
{
	struct buffer file = BUFFER_INIT;
	struct error err;
	char what = '?';

	if (file_read(path, CTL_SIZE * 2, &file, NULL, &err) == ST_OK && file.len == CTL_SIZE) {
		if (memcmp(file.data, old_ctl, CTL_SIZE) == 0)
			what = 'o';
		else if (memcmp(file.data, new_ctl, CTL_SIZE) == 0)
			what = 'n';
	}
	buffer_free(&file);
	return what;
}

static size_t files_in(const char *path)
{
	struct dirent *entry;
	DIR *list = opendir(path);
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	while ((entry = readdir(list)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 ? 1 : 0;
	closedir(list);
	return n;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static enum status go(bool forward)
{
	const struct publish_means means = {.target = killer_new};
	struct publish_result result = {0};
	struct error err;
	enum status st;

	atomic_store(&calls, 0);
	st = forward ? publish_run_by(fixture_publish_request(), &means, &result, &err)
		     : publish_back_by(fixture_publish_request(), &means, &result, &err);
	if (st != ST_OK)
		printf("# %s: %s\n", err.where, err.what);
	publish_result_free(&result);
	return st;
}

/* A run in a process of its own; killed at call AT, or (NO_CALL) within MOST_US.  Whether it was.
 */
static bool killed(bool forward, int at, bool behind_it, unsigned most_us)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	fixture_publish_close();
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child == 0) {
		kill_at = at;
		kill_behind = behind_it;
		fixture_publish_reopen();
		if (go(forward) == ST_OK)
			_exit(0);
		fflush(stdout);
		_exit(1);
	}
	if (at == NO_CALL) {
		usleep((unsigned)random() % most_us);
		kill(child, SIGKILL);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	fixture_publish_reopen();
	CU_ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static void is_whole(void)
{
	struct error err;
	char last[65];
	int64_t n;

	for (unsigned i = 0; i < N_TARGETS; i++)
		CU_ASSERT_NOT_EQUAL(content(file_of(i)), '?');
	CU_ASSERT_EQUAL(store_audit_verify(fixture_publish_store(), NULL, &n, last, &err), ST_OK);
}

static void is_one(char wanted)
{
	for (unsigned i = 0; i < N_TARGETS; i++) {
		CU_ASSERT_EQUAL(content(file_of(i)), wanted);
		CU_ASSERT_EQUAL(files_in(directory(i)), 1);
	}
	CU_ASSERT_EQUAL(content(fixture_publish_inventory()->ctl_file), wanted);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_NONE);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM generation WHERE state = 0"), "0");
}

static unsigned number_from(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* How long a whole run takes here, in microseconds. */
static unsigned measure(void)
{
	struct timespec began, ended;

	begin();
	clock_gettime(CLOCK_MONOTONIC, &began);
	CU_ASSERT_EQUAL(go(true), ST_OK);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	is_one('n');
	fixture_publish_end();
	return (unsigned)((ended.tv_sec - began.tv_sec) * 1000000 +
			  (ended.tv_nsec - began.tv_nsec) / 1000) +
	       20000;
}

static void interrupt_once(unsigned i, unsigned most_us)
{
	const bool forward = i % 2 == 0;
	bool first = true, was;

	begin();
	/* One run that is killed, or up to three one after the other, in any direction. */
	for (long more = 1 + random() % 3; more > 0; more--) {
		const int at = random() % 3 > 0 ? (int)(random() % MOST_CALLS) : NO_CALL;

		was = killed(first || random() % 2 == 0, at, random() % 2 == 0, most_us);
		first = false;
		is_whole();
		/* It may have been killed when all was done. */
		if (!was || fixture_publish_phase(NULL) == DELIVERY_NONE)
			break;
	}
	/* One that was quicker than its end has brought it to an end. */
	if (fixture_publish_phase(NULL) != DELIVERY_NONE) {
		CU_ASSERT_EQUAL(go(forward), ST_OK);
		is_one(forward ? 'n' : 'o');
	} else {
		is_one(content(file_of(0)));
	}
	is_whole();
	fixture_publish_end();
}

static void test_random(void)
{
	const unsigned times = number_from("CTLSIGN_TEST_INTERRUPTIONS", 50);
	const unsigned seed = number_from("CTLSIGN_TEST_SEED", (unsigned)time(NULL));
	const unsigned most_us = measure();

	printf("# CTLSIGN_TEST_SEED=%u\n", seed);
	srandom(seed);
	for (unsigned i = 0; i < times; i++) {
		const unsigned failures = CU_get_number_of_failures();

		interrupt_once(i, most_us);
		if (CU_get_number_of_failures() > failures) {
			printf("# interruption %u of %u\n", i, times);
			break;
		}
	}
}

static void test_every_call(void)
{
	unsigned met = 0;

	for (int at = 0; at < MOST_CALLS; at++) {
		const bool forward = at % 2 == 0;

		begin();
		if (killed(true, at, at % 3 == 0, 0))
			met++;
		is_whole();
		if (fixture_publish_phase(NULL) != DELIVERY_NONE) {
			CU_ASSERT_EQUAL(go(forward), ST_OK);
			is_one(forward ? 'n' : 'o');
		}
		fixture_publish_end();
	}
	/* Look, stage, commit, look again. */
	CU_ASSERT_EQUAL(met, N_TARGETS * 4);
}

static const struct harness_test tests[] = {
    {"a run that is killed at each of its calls is ended by the next", test_every_call},
    {"runs that are killed at random, also those that go on or back", test_random},
};

int main(void)
{
	for (size_t i = 0; i < CTL_SIZE; i++) {
		old_ctl[i] = (char)('a' + i % 23);
		new_ctl[i] = (char)('A' + i % 25);
	}
	return harness_main("publish_killed", tests, HARNESS_COUNT(tests));
}
