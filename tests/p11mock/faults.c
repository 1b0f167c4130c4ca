/*
 * What hits a call before it is carried out: the process is killed, a token vanishes, the call is
 * slow, never returns, or fails with a chosen code.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNTERS	  64
#define FUNCTION_NAME_MAX 40

/* Calls counted against one line of one control file; a line that is edited counts from zero. */
struct counter {
	char line[160];
	unsigned long calls;
};

static pthread_mutex_t counters_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct counter counters[COUNTERS];

static void sleep_ms(unsigned long ms)
{
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};

	while (nanosleep(&left, &left) != 0)
		;
}

/* How many calls LINE of FILE has seen before this one. */
static unsigned long count_call(const char *file, const char *line)
{
	char key[sizeof(counters[0].line)];
	unsigned long calls = 0;

	snprintf(key, sizeof(key), "%s:%s", file, line);
	pthread_mutex_lock(&counters_mutex);
	for (size_t i = 0; i < COUNTERS; i++) {
		if (counters[i].line[0] == '\0')
			memcpy(counters[i].line, key, sizeof(key));
		if (strcmp(counters[i].line, key) == 0) {
			calls = counters[i].calls++;
			break;
		}
	}
	pthread_mutex_unlock(&counters_mutex);
	return calls;
}

/* The counters of FILE start anew when it is gone: the next test writes the same line again. */
static void forget_calls(const char *file)
{
	size_t len = strlen(file);

	pthread_mutex_lock(&counters_mutex);
	for (size_t i = 0; i < COUNTERS; i++) {
		if (strncmp(counters[i].line, file, len) == 0 && counters[i].line[len] == ':')
			counters[i].calls = 0;
	}
	pthread_mutex_unlock(&counters_mutex);
}

/* Whether LINE begins with the word FUNCTION; *REST is then the text behind the blanks. */
static bool line_is_for(const char *line, const char *function, const char **rest)
{
	size_t len = strlen(function);

	if (strncmp(line, function, len) != 0 || (line[len] != '\0' && line[len] != ' '))
		return false;
	*rest = line + len + strspn(line + len, " ");
	return true;
}

static bool listed(const char *file, const char *function)
{
	char text[CONTROL_SIZE], *cursor = text, *line;
	const char *rest;

	if (!control_read(file, text, sizeof(text)))
		return false;
	while ((line = control_line(&cursor)) != NULL) {
		if (line_is_for(line, function, &rest))
			return true;
	}
	return false;
}

/* kill-at: "FUNCTION [AFTER]" */
static void kill_at(const char *function)
{
	char text[CONTROL_SIZE], *cursor = text, *line;
	const char *rest;

	if (!control_read("kill-at", text, sizeof(text))) {
		forget_calls("kill-at");
		return;
	}
	while ((line = control_line(&cursor)) != NULL) {
		if (line_is_for(line, function, &rest) &&
		    count_call("kill-at", line) >= strtoul(rest, NULL, 0))
			raise(SIGKILL);
	}
}

/* remove-at: "FUNCTION [LABEL]".  The line moves to `removed`: it happens once. */
static void remove_at(const char *function)
{
	char text[CONTROL_SIZE], removed[CONTROL_SIZE], kept[CONTROL_SIZE] = "";
	char *cursor = text, *line;
	const char *rest;
	size_t len = 0, used = 0;
	bool hit = false;

	if (!control_read("remove-at", text, sizeof(text)))
		return;
	mock_lock();
	if (control_read("removed", removed, sizeof(removed) - 64)) {
		len = strlen(removed);
		/* An empty `removed` has every token out already: keep it saying so. */
		len += (size_t)snprintf(removed + len, 4, "%s",
		    len == 0		       ? "*\n"
		    : removed[len - 1] != '\n' ? "\n"
					       : "");
	}
	while ((line = control_line(&cursor)) != NULL) {
		if (line_is_for(line, function, &rest)) {
			hit = true;
			len += (size_t)snprintf(removed + len, sizeof(removed) - len, "%.40s\n",
			    rest[0] != '\0' ? rest : "*");
		} else {
			used += (size_t)snprintf(kept + used, sizeof(kept) - used, "%s\n", line);
		}
	}
	if (hit) {
		control_write("removed", removed);
		if (used > 0)
			control_write("remove-at", kept);
		else
			control_remove("remove-at");
		slots_refresh();
	}
	mock_unlock();
}

/* delay: "FUNCTION MS" */
static void delay(const char *function)
{
	char text[CONTROL_SIZE], *cursor = text, *line;
	const char *rest;

	if (!control_read("delay", text, sizeof(text)))
		return;
	while ((line = control_line(&cursor)) != NULL) {
		if (line_is_for(line, function, &rest)) {
			sleep_ms(strtoul(rest, NULL, 0));
			return;
		}
	}
}

/* Whether a line "FUNCTION [AFTER]" of `hang` is for this call. */
static bool hangs(const char *function)
{
	char text[CONTROL_SIZE], *cursor = text, *line;
	const char *rest;

	if (!control_read("hang", text, sizeof(text))) {
		forget_calls("hang");
		return false;
	}
	while ((line = control_line(&cursor)) != NULL) {
		if (line_is_for(line, function, &rest))
			return count_call("hang", line) >= strtoul(rest, NULL, 0);
	}
	return false;
}

/* hang: `hanging` tells a test that the call has been reached. */
static void hang(const char *function)
{
	if (!hangs(function))
		return;
	control_write("hanging", function);
	while (listed("hang", function))
		sleep_ms(5);
	control_remove("hanging");
}

/* fail: "FUNCTION CKR [TIMES [AFTER]]"; the first line that still has something to do. */
static CK_RV fail(const char *function)
{
	char text[CONTROL_SIZE], *cursor = text, *line, *end;
	unsigned long calls, times, after;
	const char *rest;
	CK_RV rv;

	if (!control_read("fail", text, sizeof(text))) {
		forget_calls("fail");
		return CKR_OK;
	}
	while ((line = control_line(&cursor)) != NULL) {
		if (!line_is_for(line, function, &rest))
			continue;
		rv = strtoul(rest, &end, 0);
		times = *end != '\0' ? strtoul(end, &end, 0) : (unsigned long)-1;
		after = *end != '\0' ? strtoul(end, &end, 0) : 0;
		calls = count_call("fail", line);
		if (calls >= after && calls - after < times)
			return rv;
		if (calls < after)
			return CKR_OK;
	}
	return CKR_OK;
}

CK_RV fault_at(const char *function)
{
	kill_at(function);
	remove_at(function);
	delay(function);
	hang(function);
	return fail(function);
}
