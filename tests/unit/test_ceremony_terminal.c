/*
 * Questions at a terminal: the echo, the signals that end and stop programs, the background, and
 * the word that is asked for again.
 * Each is asked by the main thread and by a worker that blocks all signals.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_terminal.h"
#include "harness.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define ASKED(times) CU_ASSERT_TRUE_FATAL(terminal_see(TERMINAL_PROMPT, times, 10000))

/* The asking process has ended with this, and the terminal is as it was. */
static void assert_told(enum status status, const char *answer, int interrupted)
{
	CU_ASSERT_TRUE_FATAL(terminal_ended());
	CU_ASSERT_EQUAL(terminal_told->status, status);
	CU_ASSERT_STRING_EQUAL(terminal_told->answer, answer);
	CU_ASSERT_EQUAL(terminal_told->interrupted, interrupted);
	CU_ASSERT_TRUE(terminal_told->dispositions_back);
	CU_ASSERT_TRUE(terminal_echo());
}

/* RUN, by both threads. */
static void both_ways(void (*run)(void))
{
	for (int i = 0; i < 2; i++) {
		terminal_setup = (struct terminal_setup){.on_worker = i == 1, .refused_errnum = -1};
		run();
		terminal_finish();
	}
}

/* ---- tests --------------------------------------------------------------------------------- */

static void answers_silently(void)
{
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	CU_ASSERT_FALSE(terminal_echo());
	terminal_type("12345\n");
	assert_told(ST_OK, "12345", 0);
	CU_ASSERT_FALSE(terminal_shows("12345", 1));
}

static void is_interrupted(const char *keys, int number)
{
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	terminal_type("123");
	if (keys != NULL)
		terminal_type(keys);
	else
		kill(terminal_asker, number);
	assert_told(ST_CANCELLED, "", number);
	/* Nothing more is asked. */
	CU_ASSERT_EQUAL(terminal_told->again, ST_CANCELLED);
	CU_ASSERT_FALSE(terminal_see(TERMINAL_ASKED_AGAIN, 1, 50));
}

static void by_ctrl_c(void)
{
	is_interrupted("\003", SIGINT);
}

static void by_ctrl_backslash(void)
{
	is_interrupted("\034", SIGQUIT);
}

static void by_sigterm(void)
{
	is_interrupted(NULL, SIGTERM);
}

static void by_sighup(void)
{
	is_interrupted(NULL, SIGHUP);
}

static void leaves_ignored_signals_alone(void)
{
	terminal_setup.ignored_signal = SIGINT;
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	kill(terminal_asker, SIGINT);
	CU_ASSERT_FALSE(terminal_see(TERMINAL_PROMPT, 2, 100));
	terminal_type("12345\n");
	assert_told(ST_OK, "12345", 0);
}

/*
 * Ctrl-S holds the newline back that follows the answer, so that the signal comes behind it: the
 * terminal takes the answer, and the question is not over.
 */
static void keeps_a_late_signal(void)
{
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	terminal_type("12345\023\n");
	terminal_see("never shown", 1, 200);
	CU_ASSERT_FALSE(terminal_told->done);
	kill(terminal_asker, SIGTERM);
	terminal_see("never shown", 1, 50);
	terminal_type("\021");
	assert_told(ST_CANCELLED, "", SIGTERM);
}

/* Nobody could continue it: the kernel does not stop it, and neither does it itself. */
static void goes_on_when_nobody_could_continue_it(void)
{
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	terminal_type("wrong");
	terminal_type("\032");
	ASKED(2);
	CU_ASSERT_FALSE(terminal_echo());
	terminal_type("12345\n");
	assert_told(ST_OK, "12345", 0);
}

static void stops_and_goes_on(void)
{
	int status;

	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_FOREGROUND));
	ASKED(1);
	terminal_type("wrong");
	terminal_type("\032");
	status = terminal_order('w');
	CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status));
	CU_ASSERT_EQUAL(WSTOPSIG(status), SIGTSTP);
	CU_ASSERT_TRUE(terminal_echo());
	terminal_order('f');
	ASKED(2);
	CU_ASSERT_FALSE(terminal_echo());
	terminal_type("12345\n");
	assert_told(ST_OK, "12345", 0);
}

static void waits_for_the_foreground(void)
{
	int status;

	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_BACKGROUND));
	for (int i = 0; i < 2; i++) {
		status = terminal_order('w');
		CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status));
		CU_ASSERT_EQUAL(WSTOPSIG(status), SIGTTOU);
		CU_ASSERT_TRUE(terminal_echo());
		CU_ASSERT_FALSE(terminal_see(TERMINAL_PROMPT, 1, 50));
		if (i == 0)
			terminal_order('b');
	}
	terminal_order('f');
	ASKED(1);
	CU_ASSERT_FALSE(terminal_echo());
	terminal_type("12345\n");
	assert_told(ST_OK, "12345", 0);
}

/* What it finds in the background is the line editor's: it must not come back with that. */
static void forgets_what_it_saw_in_the_background(void)
{
	int status;

	terminal_setup.line_editor = true;
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_BACKGROUND));
	status = terminal_order('w');
	CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status));
	CU_ASSERT_FALSE(terminal_makes_lines());
	terminal_order('f');
	ASKED(1);
	CU_ASSERT_TRUE(terminal_makes_lines());
	terminal_type("12345\r");
	assert_told(ST_OK, "12345", 0);
	CU_ASSERT_TRUE(terminal_makes_lines());
}

static void gives_up_in_the_background(void)
{
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ABANDONED));
	assert_told(ST_PIN_NEEDED, "", 0);
	CU_ASSERT_FALSE(terminal_shows(TERMINAL_PROMPT, 1));
}

static void respects_an_ignored_sigttou(void)
{
	terminal_setup.ignored_signal = SIGTTOU;
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_BACKGROUND));
	assert_told(ST_PIN_NEEDED, "", 0);
	CU_ASSERT_FALSE(terminal_shows(TERMINAL_PROMPT, 1));
}

/* SIGSTOP cannot be caught, and a shell sets the terminal as it likes meanwhile. */
static void is_silent_again_after_sigstop(void)
{
	int status;

	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_FOREGROUND));
	ASKED(1);
	kill(terminal_asker, SIGSTOP);
	status = terminal_order('w');
	CU_ASSERT_TRUE_FATAL(WIFSTOPPED(status));
	terminal_set_echo(true);
	terminal_order('f');
	ASKED(2);
	CU_ASSERT_FALSE(terminal_echo());
	terminal_type("12345\n");
	assert_told(ST_OK, "12345", 0);
}

static void does_not_ask_with_echo(void)
{
	terminal_setup.refused_errnum = EPERM;
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	assert_told(ST_FAILED, "", 0);
	CU_ASSERT_FALSE(terminal_shows(TERMINAL_PROMPT, 1));
}

static void does_not_ask_when_nothing_changed(void)
{
	terminal_setup.refused_errnum = 0;
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	assert_told(ST_FAILED, "", 0);
	CU_ASSERT_FALSE(terminal_shows(TERMINAL_PROMPT, 1));
}

/* Nothing that follows sticks to the prompt; a question that is never shown leaves no line. */
static void leaves_its_line_once(void)
{
	terminal_setup.question = TERMINAL_LINE;
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	terminal_type("\003");
	CU_ASSERT_TRUE_FATAL(terminal_ended());
	CU_ASSERT_EQUAL(terminal_told->status, ST_CANCELLED);
	CU_ASSERT_EQUAL(terminal_told->again, ST_CANCELLED);
	CU_ASSERT_EQUAL(terminal_told->interrupted, SIGINT);
	CU_ASSERT_TRUE(terminal_see(TERMINAL_PROMPT "^C\r\n", 1, 1000));
	CU_ASSERT_FALSE(terminal_see("\n", 2, 50));
}

/* FIRST is answered with STATUS at once, or SECOND is when it is asked again. */
static void answers_word(const char *first, const char *second, enum status status)
{
	const char *again = "Please type \"yes\" in full to go on, or \"no\" to stop: ";

	terminal_setup = (struct terminal_setup){.question = TERMINAL_WORD, .refused_errnum = -1};
	CU_ASSERT_TRUE_FATAL(terminal_start(TERMINAL_ALONE));
	ASKED(1);
	terminal_type(first);
	if (second != NULL) {
		CU_ASSERT_TRUE_FATAL(terminal_see(again, 1, 10000));
		terminal_type(second);
	}
	assert_told(status, "", 0);
	CU_ASSERT_FALSE(terminal_shows(again, second != NULL ? 2 : 1));
	terminal_finish();
}

static void test_asks_again_for_the_word(void)
{
	char too_long[202];

	answers_word("yes\n", NULL, ST_OK);
	answers_word("\n", NULL, ST_CANCELLED);
	answers_word("no\n", NULL, ST_CANCELLED);
	answers_word("N\n", NULL, ST_CANCELLED);
	answers_word("\004", NULL, ST_CANCELLED);
	answers_word("y\n", "yes\n", ST_OK);
	answers_word("y\n", "y\n", ST_CANCELLED);
	answers_word("YES\n", "no\n", ST_CANCELLED);
	memset(too_long, 'y', sizeof(too_long) - 2);
	memcpy(too_long + sizeof(too_long) - 2, "\n", 2);
	answers_word(too_long, "yes\n", ST_OK);
	answers_word(too_long, too_long, ST_CANCELLED);
}

#define BOTH_WAYS(name)                                                                            \
	static void test_##name(void)                                                              \
	{                                                                                          \
		both_ways(name);                                                                   \
	}

BOTH_WAYS(answers_silently)
BOTH_WAYS(by_ctrl_c)
BOTH_WAYS(by_ctrl_backslash)
BOTH_WAYS(by_sigterm)
BOTH_WAYS(by_sighup)
BOTH_WAYS(leaves_ignored_signals_alone)
BOTH_WAYS(keeps_a_late_signal)
BOTH_WAYS(goes_on_when_nobody_could_continue_it)
BOTH_WAYS(stops_and_goes_on)
BOTH_WAYS(waits_for_the_foreground)
BOTH_WAYS(forgets_what_it_saw_in_the_background)
BOTH_WAYS(gives_up_in_the_background)
BOTH_WAYS(respects_an_ignored_sigttou)
BOTH_WAYS(is_silent_again_after_sigstop)
BOTH_WAYS(does_not_ask_with_echo)
BOTH_WAYS(does_not_ask_when_nothing_changed)
BOTH_WAYS(leaves_its_line_once)

int main(void)
{
	static const struct harness_test tests[] = {
	    {"an answer without echo", test_answers_silently},
	    {"Ctrl-C is remembered", test_by_ctrl_c},
	    {"Ctrl-\\ is remembered", test_by_ctrl_backslash},
	    {"SIGTERM is remembered", test_by_sigterm},
	    {"SIGHUP is remembered", test_by_sighup},
	    {"ignored signals stay ignored", test_leaves_ignored_signals_alone},
	    {"a signal behind the answer is not lost", test_keeps_a_late_signal},
	    {"Ctrl-Z where nobody could continue it", test_goes_on_when_nobody_could_continue_it},
	    {"Ctrl-Z stops it with the echo on; fg asks again", test_stops_and_goes_on},
	    {"in the background it stops, and leaves the terminal alone",
		test_waits_for_the_foreground},
	    {"what the shell's line editor set is not kept",
		test_forgets_what_it_saw_in_the_background},
	    {"in an abandoned background it is refused", test_gives_up_in_the_background},
	    {"with SIGTTOU ignored, too", test_respects_an_ignored_sigttou},
	    {"the echo is off again after SIGSTOP", test_is_silent_again_after_sigstop},
	    {"no question when the echo stays on", test_does_not_ask_with_echo},
	    {"nor when switching it off changed nothing", test_does_not_ask_when_nothing_changed},
	    {"Ctrl-C leaves the prompt's line, once", test_leaves_its_line_once},
	    {"a word that is mistyped is asked for once more", test_asks_again_for_the_word},
	};

	static const int defaults[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU};

	/* A shell without job control starts its background jobs with some of them ignored. */
	for (size_t i = 0; i < HARNESS_COUNT(defaults); i++)
		signal(defaults[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	return harness_main("terminal", tests, HARNESS_COUNT(tests));
}
