/*
 * The state survives being killed at every write, a full disk and a broken one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "fixture_vfs.h"
#include "harness.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CERTIFICATE ((struct bytes){(const uint8_t *)"\x30\x03\x02\x01\x05", 5})

static struct error err;

/* What the state says after each step, all that is in it in one line. */
static const char *const states[] = {
    "no state",
    "current 0 pending 0 mode '' trusted 0 entries 0",
    "current 0 pending 1 mode '' trusted 0 entries 1",
    "current 1 pending 0 mode '' trusted 0 entries 2",
    "current 1 pending 0 mode 'mixed' trusted 0 entries 3",
    "current 1 pending 0 mode 'mixed' trusted 1 entries 4",
    "current 1 pending 0 mode 'mixed' trusted 1 entries 5",
    "current 1 pending 2 mode 'mixed' trusted 1 entries 6",
    "current 1 pending 0 mode 'mixed' trusted 1 entries 7",
    "current 1 pending 0 mode 'mixed' trusted 0 entries 8",
};
#define N_STEPS (HARNESS_COUNT(states) - 1)

static enum status begin(struct store *store, const struct audit_entry *entry)
{
	struct generation generation = store_generation_of("a CTL");
	enum status st;

	/* Some pages. */
	for (int i = 0; i < 2000; i++)
		buffer_printf(&generation.ctl, "%08d", i);
	st = store_begin(store, &generation, entry, &err);
	generation_free(&generation);
	return st;
}

static enum status step(struct store **store, size_t i)
{
	struct audit_entry entry = store_entry("a step");

	switch (i) {
	case 0:
		return store_open(store_path(), STORE_CHANGE, "test", 0, store, &err);
	case 1:
	case 6:
		return begin(*store, &entry);
	case 2:
		return store_finish(*store, 1, &entry, &err);
	case 3:
		return store_set(*store, "mode", "mixed", &entry, &err);
	case 4:
		return store_trust_add(*store, CERTIFICATE, "a.pem", &entry, &err);
	case 5:
		return store_audit(*store, &entry, &err);
	case 7:
		return store_abandon(*store, 2, &entry, &err);
	default:
		return store_trust_remove(*store, CERTIFICATE, &entry, &err);
	}
}

/* All steps until one fails; *DONE is how many did not, at any moment. */
static enum status run_steps(volatile size_t *done)
{
	struct store *store = NULL;
	enum status st = ST_OK;

	*done = 0;
	for (size_t i = 0; st == ST_OK && i < N_STEPS; i++) {
		st = step(&store, i);
		if (st == ST_OK)
			*done = i + 1;
	}
	store_close(store);
	return st;
}

/* What stands in STORE; fails the test unless it is whole. */
static void look(struct store *store, char *out, size_t size)
{
	struct generation current = GENERATION_INIT, pending = GENERATION_INIT;
	struct store_trusted *trusted = NULL;
	struct buffer mode = BUFFER_INIT;
	size_t n_trusted = 0;
	int64_t entries = -1;
	char last[65];

	out[0] = '\0';
	/* These compare the bytes with their hash, too. */
	CU_ASSERT_EQUAL(store_current(store, &current, &err), ST_OK);
	CU_ASSERT_EQUAL(store_pending(store, &pending, &err), ST_OK);
	CU_ASSERT_EQUAL(store_setting(store, "mode", &mode, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust(store, &trusted, &n_trusted, &err), ST_OK);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &entries, last, &err), ST_OK);
	if (current.number != 0)
		CU_ASSERT_EQUAL(current.ctl.len, 5 + 2000 * 8);
	snprintf(out, size, "current %d pending %d mode '%s' trusted %zu entries %d",
	    (int)current.number, (int)pending.number, buffer_text(&mode), n_trusted, (int)entries);
	generation_free(&current);
	generation_free(&pending);
	store_trust_free(trusted, n_trusted);
	buffer_free(&mode);
}

/* After DONE steps and perhaps the next one; what a step did is never lost. */
static bool is_allowed(const char *state, size_t done)
{
	return strcmp(state, states[done]) == 0 ||
	       (done < N_STEPS && strcmp(state, states[done + 1]) == 0);
}

/* One that only looks may find nothing yet, but never something half done. */
static void check_reader(size_t done)
{
	struct store *store = NULL;
	char state[128];

	if (store_open(store_path(), STORE_READ, NULL, 0, &store, &err) != ST_OK) {
		CU_ASSERT_TRUE(done == 0);
		return;
	}
	look(store, state, sizeof(state));
	CU_ASSERT_TRUE(is_allowed(state, done));
	store_close(store);
}

/* The next run: finds an allowed state, ends what is pending, and goes on. */
static void check_next_run(size_t done, unsigned point)
{
	struct audit_entry entry = store_entry("the next run");
	struct generation pending = GENERATION_INIT, new;
	struct store *store = store_opened(STORE_CHANGE);
	char state[128];
	int64_t number;
	bool allowed;

	look(store, state, sizeof(state));
	/* Opening it finished the first step, if that was it. */
	allowed = done == 0 ? strcmp(state, states[1]) == 0 : is_allowed(state, done);
	if (!allowed)
		printf("# point %u: after %zu steps: %s\n", point, done, state);
	CU_ASSERT_TRUE(allowed);
	CU_ASSERT_EQUAL(store_pending(store, &pending, &err), ST_OK);
	number = pending.number;
	if (number != 0)
		CU_ASSERT_EQUAL(store_abandon(store, number, &entry, &err), ST_OK);
	generation_free(&pending);
	new = store_generation_of("the next CTL");
	CU_ASSERT_EQUAL(store_begin(store, &new, &entry, &err), ST_OK);
	if (number != 0)
		CU_ASSERT_EQUAL(new.number, number + 1);
	CU_ASSERT_EQUAL(store_finish(store, new.number, &entry, &err), ST_OK);
	generation_free(&new);
	store_close(store);
}

static void kill_everywhere(enum vfs_fault fault)
{
	volatile size_t *done =
	    mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	unsigned point;
	pid_t pid;

	vfs_install();
	for (point = 1; point < 2000; point++) {
		store_remove();
		vfs_arm(VFS_NONE, 0, false);
		*done = 0;
		pid = fork();
		if (pid == 0) {
			vfs_arm(fault, point, false);
			_exit(run_steps(done) == ST_OK ? 0 : 1);
		}
		CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
		if (WEXITSTATUS(status) == 0)
			break;
		CU_ASSERT_EQUAL(WEXITSTATUS(status), VFS_KILLED);
		check_reader(*done);
		check_next_run(*done, point);
	}
	printf("# killed at %u points\n", point - 1);
	CU_ASSERT_EQUAL(*done, N_STEPS);
	CU_ASSERT_TRUE(point > 60 && point < 2000);
	munmap((void *)done, sizeof(*done));
	store_remove();
}

static void killed_before_a_write(void)
{
	kill_everywhere(VFS_KILL_BEFORE);
}

static void killed_in_a_write(void)
{
	kill_everywhere(VFS_KILL_TORN);
}

static void killed_after_a_write(void)
{
	kill_everywhere(VFS_KILL_AFTER);
}

static void fail_everywhere(enum vfs_fault fault, bool forever)
{
	size_t done = 0, failures = 0;
	enum status st = ST_OK;
	unsigned point;

	vfs_install();
	for (point = 1; point < 2000; point++) {
		store_remove();
		vfs_arm(fault, point, forever);
		error_clear(&err);
		st = run_steps(&done);
		if (!vfs_fired())
			break;
		vfs_arm(VFS_NONE, 0, false);
		/* A checkpoint that fails is no error: what it would have moved stays in the log.
		 */
		if (st != ST_OK) {
			failures++;
			CU_ASSERT_EQUAL(st, ST_IO);
			CU_ASSERT_EQUAL(err.status, ST_IO);
			CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "state.db"));
			CU_ASSERT_STRING_NOT_EQUAL(err.hint, "");
			if (fault == VFS_FULL)
				CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "no space"));
		} else {
			CU_ASSERT_EQUAL(done, N_STEPS);
		}
		check_reader(done);
		check_next_run(done, point);
	}
	printf("# failed at %u points, of which %zu were told\n", point - 1, failures);
	CU_ASSERT_EQUAL(st, ST_OK);
	CU_ASSERT_EQUAL(done, N_STEPS);
	CU_ASSERT_TRUE(failures > 30 && point < 2000);
	vfs_arm(VFS_NONE, 0, false);
	store_remove();
}

static void full_once(void)
{
	fail_everywhere(VFS_FULL, false);
}

static void full_for_good(void)
{
	fail_everywhere(VFS_FULL, true);
}

static void broken_once(void)
{
	fail_everywhere(VFS_IOERR, false);
}

static void broken_for_good(void)
{
	fail_everywhere(VFS_IOERR, true);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"killed before any write: the state is one of the allowed ones",
		killed_before_a_write},
	    {"killed in the middle of any write", killed_in_a_write},
	    {"killed after any write", killed_after_a_write},
	    {"a disk that is full for one write", full_once},
	    {"a disk that is full from any write on", full_for_good},
	    {"a write, flush or deletion that fails", broken_once},
	    {"a disk that is broken from any write on", broken_for_good},
	};

	return harness_main("store faults", tests, HARNESS_COUNT(tests));
}
