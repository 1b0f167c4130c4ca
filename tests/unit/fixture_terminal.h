/*
 * A pseudo-terminal with a process at it that asks something, and a small shell that started it:
 * what a person does and sees is played by the test.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_TERMINAL_H
#define CTLSIGN_TESTS_FIXTURE_TERMINAL_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

#define TERMINAL_PROMPT	     "the PIN, please: "
#define TERMINAL_ASKED_AGAIN "once more: "

/* How the asking process is made. */
enum terminal_scene {
	TERMINAL_ALONE,	     /* the leader of the session: nothing can stop it for good */
	TERMINAL_FOREGROUND, /* a job of the leader's, as a shell starts one */
	TERMINAL_BACKGROUND,
	TERMINAL_ABANDONED, /* in the background, and its shell has gone */
};

/* What it asks for. */
enum terminal_question {
	TERMINAL_SECRET,
	TERMINAL_LINE, /* with echo */
	TERMINAL_WORD, /* "yes", by terminal_confirm_again() */
};

/* To be set before terminal_start(). */
struct terminal_setup {
	enum terminal_question question;
	bool on_worker;	    /* asks on a thread that blocks all signals */
	int ignored_signal; /* 0: none */
	bool line_editor;   /* the shell reads keys itself until a job is in the foreground */
	int refused_errnum; /* what switching the echo answers (0: does nothing), -1: as usual */
};
extern struct terminal_setup terminal_setup;

/* What the asking process tells at its end; in shared memory. */
struct terminal_told {
	enum status status;
	char answer[64];
	int interrupted;	/* terminal_interrupted() */
	bool dispositions_back; /* of all signals */
	enum status again;	/* of a second question, asked when the first was interrupted */
	volatile bool done;
};
extern struct terminal_told *terminal_told;

/* The asking process, for kill(). */
extern pid_t terminal_asker;

/* Starts a session with the asking process; false when there is no pseudo-terminal. */
bool terminal_start(enum terminal_scene scene);

/* Ends all of it. */
void terminal_finish(void);

/*
 * An order to the shell: 'f' continues the job in the foreground, 'b' in the background, 'w' waits
 * until it stops or ends, and takes the terminal.  Returns what waitpid() said, -1 on an error.
 */
int terminal_order(char what);

/* Whether the screen has shown TEXT so often, now or within so many milliseconds. */
bool terminal_shows(const char *text, unsigned times);
bool terminal_see(const char *text, unsigned times, int milliseconds);

/* Whether the asking process comes to its end, within seconds. */
bool terminal_ended(void);

/* Types it, Enter and control characters included. */
bool terminal_type(const char *text);

/* Whether the terminal makes lines, and ends them at Enter, as it does without a line editor. */
bool terminal_makes_lines(void);

/* The terminal's setting, and changing it as a shell might. */
bool terminal_echo(void);
void terminal_set_echo(bool on);

#endif
