/*
 * Tokens that come and go while they are watched, over the module that misbehaves; and blank ones.
 * There is no Smart Card service here: test_tokens_pcsc and tests/vcard/ have that.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_softhsm.h"
#include "harness.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROMISED_MS 500

static const char *module;
static char serial_a[17], serial_b[17];

static struct tokens *tokens;
static struct token_watch *watch;
static const struct token_event *events;
static size_t n;
static struct error err;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool prepare(void)
{
	module = softhsm_mock();
	if (module == NULL)
		return false;
	setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
	if (serial_a[0] == '\0') {
		softhsm_begin();
		softhsm_new_token("watched A", serial_a);
		softhsm_new_token("watched B", serial_b);
		softhsm_end();
	}
	softhsm_control_reset();
	return true;
}

static void open_watch(unsigned timeout_ms)
{
	tokens = softhsm_open(module, timeout_ms);
	CU_ASSERT_EQUAL_FATAL(token_watch_open(tokens, &watch, &err), ST_OK);
}

static bool start(void)
{
	if (!prepare())
		return false;
	open_watch(0);
	return true;
}

static void stop(void)
{
	token_watch_close(watch);
	tokens_close(tokens);
	CU_ASSERT(!tokens_wedged());
}

/* A wait of at most MS; how long it took. */
static long wait_ms(int ms)
{
	const long begin = now_ms();

	CU_ASSERT_EQUAL_FATAL(token_watch_wait(watch, ms, -1, &events, &n, &err), ST_OK);
	return now_ms() - begin;
}

static bool is_event(size_t i, bool inserted, const char *label, const char *serial)
{
	return i < n && events[i].inserted == inserted &&
	       strcmp(events[i].token->label, label) == 0 &&
	       strcmp(events[i].token->serial, serial) == 0 &&
	       strcmp(events[i].token->module, module) == 0 &&
	       strncmp(events[i].token->reader, "SoftHSM slot ID", 15) == 0;
}

static void test_quiet(void)
{
	const struct token_info *first;

	if (!start())
		return;
	first = tokens_at(tokens, 0);
	CU_ASSERT(wait_ms(0) < 100);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT(wait_ms(1000) >= 1000);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(token_watch_problem_count(watch), 0);
	/* What did not change was not replaced. */
	CU_ASSERT_PTR_EQUAL(tokens_at(tokens, 0), first);
	stop();
}

static void test_one(void)
{
	if (!start())
		return;
	softhsm_control("removed", "watched A\n");
	CU_ASSERT(wait_ms(5000) <= PROMISED_MS);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT(is_event(0, false, "watched A", serial_a));
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	softhsm_control("removed", "nobody\n");
	CU_ASSERT(wait_ms(5000) <= PROMISED_MS);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT(is_event(0, true, "watched A", serial_a));
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	/* It is the snapshot's own. */
	CU_ASSERT(
	    events[0].token == tokens_at(tokens, 0) || events[0].token == tokens_at(tokens, 1));
	CU_ASSERT(wait_ms(700) >= 700);
	CU_ASSERT_EQUAL(n, 0);
	stop();
}

static void test_exchange(void)
{
	if (!prepare())
		return;
	softhsm_control("removed", "watched B\n");
	open_watch(0);
	softhsm_control("removed", "watched A\n");
	wait_ms(5000);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT(is_event(0, false, "watched A", serial_a));
	CU_ASSERT(is_event(1, true, "watched B", serial_b));
	stop();
}

static void test_all(void)
{
	if (!start())
		return;
	softhsm_control("removed", "*\n");
	wait_ms(5000);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT(!events[0].inserted && !events[1].inserted);
	CU_ASSERT_EQUAL(tokens_count(tokens), 0);
	softhsm_control_reset();
	CU_ASSERT(wait_ms(5000) <= PROMISED_MS);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT(events[0].inserted && events[1].inserted);
	stop();
}

static void test_refreshed(void)
{
	if (!start())
		return;
	softhsm_control("removed", "watched B\n");
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	CU_ASSERT(wait_ms(5000) < 200);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT(is_event(0, false, "watched B", serial_b));
	stop();
}

static void on_alarm(int number)
{
	(void)number;
}

static void test_woken(void)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 100000}};
	const struct sigaction action = {.sa_handler = on_alarm};
	struct sigaction old;
	int wake = eventfd(1, EFD_CLOEXEC);
	long begin = now_ms();

	if (!start())
		return;
	CU_ASSERT_EQUAL(token_watch_wait(watch, -1, wake, &events, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT(now_ms() - begin < 1000);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &soon, NULL);
	CU_ASSERT(wait_ms(-1) < 1000);
	CU_ASSERT_EQUAL(n, 0);
	sigaction(SIGALRM, &old, NULL);
	close(wake);
	stop();
}

/* Collects the events of MS milliseconds by their kinds, and the problems. */
static void count_events(int ms, unsigned *removed, unsigned *inserted, unsigned *problems)
{
	const long end = now_ms() + ms;

	*removed = *inserted = *problems = 0;
	while (now_ms() < end) {
		wait_ms((int)(end - now_ms()));
		for (size_t i = 0; i < n; i++)
			++*(events[i].inserted ? inserted : removed);
		*problems += (unsigned)token_watch_problem_count(watch);
		if (token_watch_problem_count(watch) > 0)
			err = *token_watch_problem_at(watch, 0);
	}
}

static void test_failing(void)
{
	unsigned removed, inserted, problems;

	if (!start())
		return;
	softhsm_control("fail", "C_GetSlotList 0x5\n");
	count_events(2500, &removed, &inserted, &problems);
	CU_ASSERT_EQUAL(problems, 1);
	CU_ASSERT_EQUAL(err.status, ST_TOKEN);
	CU_ASSERT_STRING_EQUAL(err.where, module);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "C_GetSlotList"));
	CU_ASSERT_EQUAL(removed, 2);
	CU_ASSERT_EQUAL(inserted, 0);
	softhsm_control_reset();
	CU_ASSERT(wait_ms(5000) <= PROMISED_MS);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT(events[0].inserted && events[1].inserted);
	CU_ASSERT_EQUAL(token_watch_problem_count(watch), 0);
	/* Once more is told once more. */
	count_events(1500, &removed, &inserted, &problems);
	softhsm_control("fail", "C_GetSlotList 0x5\n");
	count_events(2500, &removed, &inserted, &problems);
	CU_ASSERT_EQUAL(problems, 1);
	CU_ASSERT_EQUAL(removed, 2);
	stop();
}

static void test_broken_slot(void)
{
	unsigned removed, inserted, problems;

	if (!start())
		return;
	/* Both tokens, once and then no more. */
	softhsm_control("fail", "C_GetTokenInfo 0x30 2\n");
	count_events(2000, &removed, &inserted, &problems);
	CU_ASSERT_EQUAL(removed + inserted + problems, 0);
	softhsm_control_reset();
	softhsm_control("fail", "C_GetTokenInfo 0x30\n");
	count_events(2500, &removed, &inserted, &problems);
	CU_ASSERT_EQUAL(problems, 2);
	CU_ASSERT_EQUAL(removed, 2);
	CU_ASSERT_EQUAL(inserted, 0);
	stop();
}

/* CUnit is not there in a child. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition);                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void hang(void)
{
	const struct tokens_options options = {
	    .modules = &module, .n_modules = 1, .timeout_ms = 300};
	unsigned removed, inserted, problems;

	HOLDS(tokens_open(&options, &tokens, &err) == ST_OK);
	HOLDS(token_watch_open(tokens, &watch, &err) == ST_OK);
	softhsm_control("hang", "C_GetTokenInfo\n");
	count_events(3000, &removed, &inserted, &problems);
	HOLDS(problems == 1);
	HOLDS(err.status == ST_TOKEN_TIMEOUT);
	HOLDS(strcmp(err.where, module) == 0);
	HOLDS(strstr(err.what, "C_GetTokenInfo") != NULL);
	HOLDS(removed == 2 && inserted == 0);
	HOLDS(tokens_wedged());
	token_watch_close(watch);
	tokens_close(tokens);
	_exit(0);
}

/* Somebody types while a module is slow, or wants to end while one hangs. */
static void wake(void)
{
	const struct tokens_options options = {
	    .modules = &module, .n_modules = 1, .timeout_ms = 20000};
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t count;
	long begin;

	HOLDS(tokens_open(&options, &tokens, &err) == ST_OK);
	HOLDS(token_watch_open(tokens, &watch, &err) == ST_OK);
	/* The wait ends, the module goes on, and nothing is told but what is true. */
	softhsm_control("delay", "C_GetSlotList 1200\n");
	wait_ms(0);
	softhsm_control("removed", "watched A\n");
	HOLDS(eventfd_write(fd, 1) == 0);
	usleep(400000);
	begin = now_ms();
	HOLDS(token_watch_wait(watch, 5000, fd, &events, &n, &err) == ST_OK);
	HOLDS(n == 0 && token_watch_problem_count(watch) == 0);
	HOLDS(now_ms() - begin < 400);
	HOLDS(tokens_count(tokens) == 2);
	HOLDS(!tokens_wedged());
	HOLDS(eventfd_read(fd, &count) == 0);
	softhsm_control("delay", "");
	HOLDS(token_watch_wait(watch, 5000, fd, &events, &n, &err) == ST_OK);
	HOLDS(is_event(0, false, "watched A", serial_a) && n == 1);
	HOLDS(tokens_count(tokens) == 1);
	/* One that hangs keeps nobody who wants to end. */
	softhsm_control("hang", "C_GetSlotList\n");
	HOLDS(eventfd_write(fd, 1) == 0);
	usleep(400000);
	begin = now_ms();
	HOLDS(token_watch_wait(watch, -1, fd, &events, &n, &err) == ST_OK);
	HOLDS(n == 0 && token_watch_problem_count(watch) == 0);
	HOLDS(now_ms() - begin < 400);
	HOLDS(token_watch_wait(watch, -1, fd, &events, &n, &err) == ST_OK);
	HOLDS(now_ms() - begin < 800);
	token_watch_close(watch);
	tokens_close(tokens);
	HOLDS(now_ms() - begin < 2500);
	HOLDS(tokens_wedged());
	_exit(0);
}

static void in_child(void (*test)(void))
{
	int state = -1;
	pid_t child;

	if (!prepare())
		return;
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child == 0)
		test();
	CU_ASSERT_EQUAL(waitpid(child, &state, 0), child);
	CU_ASSERT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void test_hanging(void)
{
	in_child(hang);
}

static void test_woken_hanging(void)
{
	in_child(wake);
}

static void test_blank(void)
{
	const struct token_info *blank;

	if (!prepare())
		return;
	softhsm_control("show-empty", "");
	open_watch(0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	CU_ASSERT(tokens_at(tokens, 0)->initialised && tokens_at(tokens, 1)->initialised);
	CU_ASSERT_EQUAL_FATAL(tokens_blank_count(tokens), 1);
	blank = tokens_blank_at(tokens, 0);
	CU_ASSERT(!blank->initialised);
	CU_ASSERT_STRING_EQUAL(blank->label, "");
	CU_ASSERT_STRING_EQUAL(blank->module, module);
	CU_ASSERT_EQUAL(strncmp(blank->reader, "SoftHSM slot ID", 15), 0);
	stop();
}

static void test_emptied(void)
{
	char line[64];

	if (!start())
		return;
	CU_ASSERT_EQUAL(tokens_blank_count(tokens), 0);
	snprintf(line, sizeof(line), "clear 0x400 %s\n", serial_a);
	softhsm_control("flags", line);
	CU_ASSERT(wait_ms(5000) <= PROMISED_MS);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT(is_event(0, false, "watched A", serial_a));
	CU_ASSERT(events[1].inserted && !events[1].token->initialised);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	CU_ASSERT_EQUAL_FATAL(tokens_blank_count(tokens), 1);
	CU_ASSERT_STRING_EQUAL(tokens_blank_at(tokens, 0)->serial, serial_a);
	stop();
}

static void test_renamed(void)
{
	char line[64];

	if (!start())
		return;
	snprintf(line, sizeof(line), "%s renamed\n", serial_a);
	softhsm_control("labels", line);
	CU_ASSERT(wait_ms(5000) <= PROMISED_MS);
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT(is_event(0, false, "watched A", serial_a));
	CU_ASSERT(is_event(1, true, "renamed", serial_a));
	stop();
}

/* Flags that change are no event, but the snapshot has them. */
static void test_flags(void)
{
	char line[64];

	if (!start())
		return;
	snprintf(line, sizeof(line), "set 0x40000 %s\n", serial_a);
	softhsm_control("flags", line);
	CU_ASSERT(wait_ms(700) >= 700);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(tokens_at(tokens, 0)->pin_locked + tokens_at(tokens, 1)->pin_locked, 1);
	stop();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"nothing is told while nothing happens", test_quiet},
	    {"a removal and an insertion are told within half a second", test_one},
	    {"removals are told before insertions", test_exchange},
	    {"all tokens may go, and come back", test_all},
	    {"a change that a refresh saw first is told at once", test_refreshed},
	    {"a descriptor or a signal ends the wait", test_woken},
	    {"a module that fails is told once, and comes back", test_failing},
	    {"a slot that fails once is nothing, for good it is told", test_broken_slot},
	    {"a module that hangs is told once and left behind", test_hanging},
	    {"a wait is woken although a module hangs", test_woken_hanging},
	    {"blank tokens have a list of their own", test_blank},
	    {"a token that was emptied counts as removed and is blank", test_emptied},
	    {"a token with a new label is another token", test_renamed},
	    {"changed flags are no event but are in the snapshot", test_flags},
	};

	return harness_main("tokens watch", tests, HARNESS_COUNT(tests));
}
