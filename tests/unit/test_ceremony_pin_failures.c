/*
 * The count of wrong PINs that is kept from run to run.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/bytes.h"
#include "base/file.h"
#include "ceremony/pin_failures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

static const struct pin_request token = {.purpose = PIN_LOGIN,
    .label = "SAST-1",
    .serial = "4a21",
    .reader = "Reader",
    .manufacturer = "Maker"};

/* Every test has a folder of its own. */
static const char *fresh(const char *name)
{
	static char home[256], path[320];

	snprintf(home, sizeof(home), "%s/%s", harness_directory(), name);
	setenv("XDG_STATE_HOME", home, 1);
	snprintf(path, sizeof(path), "%s/ctlsign/pin-failures.json", home);
	return path;
}

static void note(enum pin_outcome outcome)
{
	CU_ASSERT_EQUAL(pin_failures_note(&token, outcome, &err), ST_OK);
}

static unsigned count(void)
{
	return pin_failures_count(&token);
}

/* One PIN, from the sending to what came of it. */
static void send(enum pin_outcome outcome)
{
	const unsigned before = count();

	note(PIN_SENT);
	CU_ASSERT_EQUAL(count(), before + 1);
	note(outcome);
}

static void what_is_sent_is_counted_until_it_is_right(void)
{
	const char *path = fresh("sent");

	note(PIN_SENT);
	/* Here a process may be killed. */
	CU_ASSERT_EQUAL(count(), 1);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	note(PIN_REFUSED);
	CU_ASSERT_EQUAL(count(), 1);
	send(PIN_UNUSED);
	CU_ASSERT_EQUAL(count(), 1);
	send(PIN_UNCERTAIN);
	CU_ASSERT_EQUAL(count(), 2);
	send(PIN_ACCEPTED);
	CU_ASSERT_EQUAL(count(), 0);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	send(PIN_UNUSED);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	/* Another run's right PIN in between does not make a wrong one right. */
	note(PIN_SENT);
	note(PIN_ACCEPTED);
	note(PIN_REFUSED);
	CU_ASSERT_EQUAL(count(), 1);
}

static void wrong_ones_are_counted_until_a_right_one(void)
{
	const char *path = fresh("count");
	struct stat st;

	CU_ASSERT_EQUAL(pin_failures_count(&token), 0);
	/* Nothing to note, so nothing is made. */
	note(PIN_ACCEPTED);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	send(PIN_REFUSED);
	CU_ASSERT_EQUAL(pin_failures_count(&token), 1);
	send(PIN_UNCERTAIN);
	CU_ASSERT_EQUAL(pin_failures_count(&token), 2);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	note(PIN_ACCEPTED);
	CU_ASSERT_EQUAL(pin_failures_count(&token), 0);
}

static void tokens_are_told_apart(void)
{
	struct pin_request other = token;

	fresh("apart");
	note(PIN_REFUSED);
	other.serial = "4a22";
	CU_ASSERT_EQUAL(pin_failures_count(&other), 0);
	other = token;
	other.manufacturer = "Another";
	CU_ASSERT_EQUAL(pin_failures_count(&other), 0);
	other = token;
	other.label = "SAST-2";
	CU_ASSERT_EQUAL(pin_failures_count(&other), 0);
	other = token;
	other.reader = "Another reader";
	CU_ASSERT_EQUAL(pin_failures_count(&other), 1);
	/* The PIN for one signature is the user's PIN. */
	other.purpose = PIN_CONTEXT;
	CU_ASSERT_EQUAL(pin_failures_count(&other), 1);
}

static void the_so_pin_has_its_own_count_and_clears_both(void)
{
	struct pin_request so = token;

	fresh("so");
	so.purpose = PIN_SO;
	send(PIN_REFUSED);
	send(PIN_REFUSED);
	CU_ASSERT_EQUAL(pin_failures_count(&so), 0);
	CU_ASSERT_EQUAL(pin_failures_note(&so, PIN_REFUSED, &err), ST_OK);
	CU_ASSERT_EQUAL(pin_failures_count(&so), 1);
	CU_ASSERT_EQUAL(pin_failures_count(&token), 2);
	CU_ASSERT_EQUAL(pin_failures_note(&so, PIN_ACCEPTED, &err), ST_OK);
	CU_ASSERT_EQUAL(pin_failures_count(&so), 0);
	CU_ASSERT_EQUAL(pin_failures_count(&token), 0);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void a_damaged_file_counts_nothing_and_is_replaced(void)
{
	static const char *const bad[] = {"", "{", "[]", "{\"tokens\":3}",
	    "{\"tokens\":[1,null,[]]}",
	    "{\"tokens\":[{\"label\":\"SAST-1\",\"serial\":\"4a21\",\"manufacturer\":\"Maker\","
	    "\"pin\":\"user\",\"failures\":-7}]}",
	    "{\"tokens\":[{\"label\":\"SAST-1\",\"serial\":\"4a21\",\"manufacturer\":\"Maker\","
	    "\"pin\":\"user\",\"failures\":\"9\"}]}"};
	const char *path = fresh("damaged");

	note(PIN_REFUSED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(path, bad[i]);
		CU_ASSERT_EQUAL(pin_failures_count(&token), 0);
		note(PIN_REFUSED);
		CU_ASSERT_EQUAL(pin_failures_count(&token), 1);
	}
	put(path, "{\"tokens\":[{\"label\":\"SAST-1\",\"serial\":\"4a21\",\"manufacturer\":"
		  "\"Maker\",\"pin\":\"user\",\"failures\":99999999999}]}");
	CU_ASSERT_EQUAL(pin_failures_count(&token), 1000);
}

static void without_a_home_a_failure_is_told(void)
{
	const char *home = getenv("HOME");
	char *kept = home == NULL ? NULL : strdup(home);

	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
	CU_ASSERT_EQUAL(pin_failures_count(&token), 0);
	CU_ASSERT_EQUAL(pin_failures_note(&token, PIN_ACCEPTED, &err), ST_OK);
	CU_ASSERT_EQUAL(pin_failures_note(&token, PIN_REFUSED, &err), ST_IO);
	if (kept != NULL)
		setenv("HOME", kept, 1);
	free(kept);
}

static void runs_at_the_same_time_lose_no_count(void)
{
	enum { RUNS = 8, EACH = 5 };
	pid_t pids[RUNS];
	int status;

	fresh("together");
	for (int i = 0; i < RUNS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int k = 0; k < EACH; k++)
				if (pin_failures_note(&token, PIN_SENT, NULL) != ST_OK ||
				    pin_failures_note(&token, PIN_REFUSED, NULL) != ST_OK)
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < RUNS; i++) {
		CU_ASSERT_EQUAL(waitpid(pids[i], &status, 0), pids[i]);
		CU_ASSERT_EQUAL(status, 0);
	}
	CU_ASSERT_EQUAL(pin_failures_count(&token), RUNS * EACH);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what is sent is counted until it is known to be right",
		what_is_sent_is_counted_until_it_is_right},
	    {"wrong PINs are counted until a right one", wrong_ones_are_counted_until_a_right_one},
	    {"tokens are told apart, wherever they are plugged in", tokens_are_told_apart},
	    {"the SO PIN has its own count, and clears both",
		the_so_pin_has_its_own_count_and_clears_both},
	    {"a damaged file counts nothing and is replaced",
		a_damaged_file_counts_nothing_and_is_replaced},
	    {"without a home a failure is told", without_a_home_a_failure_is_told},
	    {"runs at the same time lose no count", runs_at_the_same_time_lose_no_count},
	};

	return harness_main("pin failures", tests, HARNESS_COUNT(tests));
}
