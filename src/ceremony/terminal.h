/*
 * The person at the terminal.  /dev/tty is opened for each question and closed after it; its
 * settings are put back whatever ends the question.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_TERMINAL_H
#define CTLSIGN_CEREMONY_TERMINAL_H

#include "base/error.h"
#include "base/secret.h"

#include <stdbool.h>

/*
 * The signal that ended a question (SIGINT, SIGTERM, SIGHUP, SIGQUIT), or 0.  The question was
 * ST_CANCELLED, and so is every later one: the program puts everything in order and then, at the
 * very end, dies of this signal, so that the shell that started it sees what happened.
 */
int terminal_interrupted(void);

/*
 * Forgets a SIGINT, and no other signal: for a shell, whose command was ended by Ctrl-C and has put
 * everything in order.
 */
void terminal_interrupted_clear(void);

/* Whether there is a terminal to ask at. */
bool terminal_available(void);

/* Shows TEXT (with a newline added), long lines broken at blanks.  ST_PIN_NEEDED where there is no
 * terminal. */
enum status terminal_say(const char *text, struct error *err);

/*
 * Shows PROMPT and reads a line without echo into ANSWER.  ST_CANCELLED on an empty line, end of
 * file, or a signal that ends programs; ST_PIN_NEEDED where there is no terminal, or where the
 * program runs in its background and cannot be stopped until it is in the foreground; ST_FAILED
 * when the echo cannot be switched off.  Ctrl-Z stops the program as usual, and the question is
 * asked again after `fg`.
 */
enum status terminal_ask_secret(const char *prompt, struct secret *answer, struct error *err);

/*
 * Something else that a question waits for: wait() blocks until FD can be read (false) or the event
 * has come (true).  It is called again and again until the question ends.
 */
struct terminal_waiter {
	bool (*wait)(void *context, int fd);
	void *context;
};

/*
 * Shows PROMPT and reads a line with echo into LINE (SIZE bytes with the NUL); an empty one is an
 * answer, too.  With a WAITER (may be NULL) its event ends the question with *OTHER true and an
 * empty LINE, unless a whole line has been typed before.  Else as terminal_ask_secret().
 */
enum status terminal_ask_line(const char *prompt, const struct terminal_waiter *waiter, char *line,
    size_t size, bool *other, struct error *err);

/* Shows PROMPT and reads a line with echo; only the exact WORD is ST_OK, else ST_CANCELLED. */
enum status terminal_confirm(const char *prompt, const char *word, struct error *err);

/*
 * The same where a slip of the finger should not end everything: another answer than WORD, "no",
 * "n" or an empty one is asked about once more.  PROMPT says that anything else stops.
 */
enum status terminal_confirm_again(const char *prompt, const char *word, struct error *err);

#endif
