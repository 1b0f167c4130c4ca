/*
 * Two runs at once: one waits, and is told who has the lock.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "base/file.h"
#include "base/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct error err;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *lock_path(void)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s.lock", store_path());
	return path;
}

static enum status try(unsigned wait_ms)
{
	struct store *store = NULL;
	enum status st;

	error_clear(&err);
	st = store_open(store_path(), STORE_CHANGE, "second", wait_ms, &store, &err);
	store_close(store);
	return st;
}

/* Another process that has the state open until it is ended or HOLD_MS are over. */
static pid_t holder(unsigned hold_ms, const char *command)
{
	struct store *store = NULL;
	int ready[2];
	char c = 0;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (store_open(store_path(), STORE_CHANGE, command, 0, &store, &err) != ST_OK)
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		usleep(hold_ms * 1000);
		store_close(store);
		_exit(0);
	}
	close(ready[1]);
	CU_ASSERT_EQUAL_FATAL(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void ended(pid_t pid)
{
	int status = 0;

	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
}

static void the_holder_is_named(void)
{
	pid_t pid = holder(20000, "update --add-token \x1b[2J");
	char start[128];
	long before = now_ms();

	CU_ASSERT_EQUAL(try(0), ST_BUSY);
	CU_ASSERT_TRUE(now_ms() - before < 2000);
	snprintf(start, sizeof(start), "process %ld has the state locked since 20", (long)pid);
	CU_ASSERT_EQUAL(strncmp(err.what, start, strlen(start)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, ": ctlsign update --add-token \\x1B[2J"));
	CU_ASSERT_STRING_EQUAL(err.where, lock_path());
	CU_ASSERT_STRING_NOT_EQUAL(err.hint, "");
	before = now_ms();
	CU_ASSERT_EQUAL(try(300), ST_BUSY);
	CU_ASSERT_TRUE(now_ms() - before >= 300);
	/* Its death frees the lock, and leaves nothing to clean up. */
	kill(pid, SIGKILL);
	ended(pid);
	CU_ASSERT_EQUAL(try(0), ST_OK);
	store_remove();
}

static void a_waiting_run_gets_it(void)
{
	pid_t pid = holder(300, "update");
	long before = now_ms();

	CU_ASSERT_EQUAL(try(20000), ST_OK);
	CU_ASSERT_TRUE(now_ms() - before < 15000);
	ended(pid);
	store_remove();
}

static void the_same_process_is_kept_out(void)
{
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(try(0), ST_BUSY);
	/* What was opened and closed in between takes nothing from the first. */
	store_close(store_opened(STORE_READ));
	CU_ASSERT_EQUAL(try(0), ST_BUSY);
	store_close(store);
	CU_ASSERT_EQUAL(try(0), ST_OK);
	store_remove();
}

/* One that was forked off, and still runs, does not hold it. */
static void a_child_does_not_hold_it(void)
{
	struct store *store = store_opened(STORE_CHANGE);
	pid_t pid = fork();

	if (pid == 0) {
		sleep(20);
		_exit(0);
	}
	store_close(store);
	CU_ASSERT_EQUAL(try(0), ST_OK);
	kill(pid, SIGKILL);
	ended(pid);
	store_remove();
}

static void a_lock_file_with_anything_in_it(void)
{
	static const char *const contents[] = {"", "\n", "x", "12", "12 34", "-1 5 x", "0 0 \n",
	    "99999999999999999999 99999999999999999999 x", "12 \xff\xfe"};
	struct store *store = store_opened(STORE_CHANGE);
	struct buffer big = BUFFER_INIT;
	FILE *file;

	for (int i = 0; i < 2000; i++)
		buffer_printf(&big, "1 2 \x1b ");
	for (size_t i = 0; i <= HARNESS_COUNT(contents); i++) {
		file = fopen(lock_path(), "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fputs(i < HARNESS_COUNT(contents) ? contents[i] : buffer_text(&big), file);
		fclose(file);
		CU_ASSERT_EQUAL(try(0), ST_BUSY);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "the state locked"));
		CU_ASSERT_PTR_NULL(strchr(err.what, '\x1b'));
	}
	buffer_free(&big);
	store_close(store);
	CU_ASSERT_EQUAL(try(0), ST_OK);
	store_remove();
}

static void on_alarm(int number)
{
	(void)number;
}

static void a_signal_ends_the_wait(void)
{
	const struct itimerval in_a_moment = {{0, 0}, {0, 200000}};
	struct sigaction action, old;
	pid_t pid = holder(20000, "update");
	long before;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_alarm;
	CU_ASSERT_EQUAL(sigaction(SIGALRM, &action, &old), 0);
	before = now_ms();
	CU_ASSERT_EQUAL(setitimer(ITIMER_REAL, &in_a_moment, NULL), 0);
	CU_ASSERT_EQUAL(try(15000), ST_FAILED);
	CU_ASSERT_TRUE(now_ms() - before < 10000);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "interrupted"));
	sigaction(SIGALRM, &old, NULL);
	kill(pid, SIGKILL);
	ended(pid);
	store_remove();
}

/* Both runs make the file, and append; nothing is lost. */
static void many_at_once(void)
{
	struct audit_entry entry = store_entry("one of many");
	struct store *store = NULL;
	pid_t pids[6];
	char last[65];
	int64_t n = 0;
	int status;

	for (int i = 0; i < 6; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		for (int k = 0; k < 4; k++) {
			if (store_open(store_path(), STORE_CHANGE, "many", 60000, &store, &err) !=
				ST_OK ||
			    store_audit(store, &entry, &err) != ST_OK)
				_exit(1);
			store_close(store);
		}
		_exit(0);
	}
	for (int i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(waitpid(pids[i], &status, 0), pids[i]);
		CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	store = store_opened(STORE_READ);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 24);
	store_close(store);
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"who has the lock is named", the_holder_is_named},
	    {"a waiting run gets it", a_waiting_run_gets_it},
	    {"the same process is kept out", the_same_process_is_kept_out},
	    {"a child process does not hold it", a_child_does_not_hold_it},
	    {"a lock file with anything in it", a_lock_file_with_anything_in_it},
	    {"a signal ends the wait", a_signal_ends_the_wait},
	    {"many at once", many_at_once},
	};

	return harness_main("store lock", tests, HARNESS_COUNT(tests));
}
