/*
 * The word that is typed before something on a token is destroyed: of tokens without a serial
 * number, of the longest label, and of a token that has neither.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/confirm_serial.h"

#include "harness.h"

#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* 32 bytes, each as an escape. */
#define LONGEST (4 * 32)

/* What a process at a terminal of its own gets when TYPED, with Enter, comes there. */
static enum status asked(const char *label, const char *serial, const char *typed)
{
	const struct token_info token = {.label = label, .serial = serial, .reader = "slot"};
	char line[512], screen[4096];
	int status = 0, terminal = -1;
	pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
	bool answered = false;
	size_t len = 0;
	ssize_t n;

	CU_ASSERT_TRUE_FATAL(pid >= 0);
	if (pid == 0) {
		struct error err;

		_exit((int)confirm_serial_ask(&token, "", &err));
	}
	snprintf(line, sizeof(line), "%s\n", typed);
	/* Until it ends.  What is typed before the question does not count. */
	while (len + 1 < sizeof(screen) &&
	       (n = read(terminal, screen + len, sizeof(screen) - len - 1)) > 0) {
		len += (size_t)n;
		screen[len] = '\0';
		if (!answered && strstr(screen, "anything else to stop: ") != NULL) {
			CU_ASSERT_EQUAL(write(terminal, line, strlen(line)), (ssize_t)strlen(line));
			answered = true;
		}
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	close(terminal);
	CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
	return (enum status)WEXITSTATUS(status);
}

static void the_word(void)
{
	CU_ASSERT_EQUAL(asked("A", "12ab", "12ab"), ST_OK);
	CU_ASSERT_EQUAL(asked("A", "12ab", "A"), ST_CANCELLED);
	CU_ASSERT_EQUAL(asked("A", "12ab", ""), ST_CANCELLED);
	CU_ASSERT_EQUAL(asked("A", "", "A"), ST_OK);
	CU_ASSERT_EQUAL(asked("A", "", ""), ST_CANCELLED);
}

static void the_longest_label(void)
{
	char label[LONGEST + 1];

	for (int i = 0; i < LONGEST; i += 4)
		memcpy(label + i, "\\x01", 4);
	label[LONGEST] = '\0';
	CU_ASSERT_EQUAL(asked(label, "", label), ST_OK);
	CU_ASSERT_EQUAL(asked(label, "", label + 1), ST_CANCELLED);
}

static void no_word_at_all(void)
{
	const struct token_info token = {.label = "", .serial = "", .reader = "slot"};
	struct error err;

	CU_ASSERT_EQUAL(asked("", "", ""), ST_NO_TOKEN);
	CU_ASSERT_EQUAL(confirm_serial_given(&token, "--erase", "", &err), ST_NO_TOKEN);
	CU_ASSERT_EQUAL(confirm_serial_possible(&token, &err), ST_NO_TOKEN);
	CU_ASSERT_STRING_EQUAL(err.where, "slot 0 (slot)");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the word is the serial number, or the label where there is none", the_word},
	    {"the longest label can be typed", the_longest_label},
	    {"a token with neither is not confirmed by Enter", no_word_at_all},
	};

	return harness_main("confirm_serial", tests, HARNESS_COUNT(tests));
}
