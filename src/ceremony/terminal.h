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

/* Whether there is a terminal to ask at. */
bool terminal_available(void);

/* Shows LINE (with a newline added).  ST_PIN_NEEDED where there is no terminal. */
enum status terminal_say(const char *line, struct error *err);

/*
 * Shows PROMPT and reads a line without echo into ANSWER.  ST_CANCELLED on an empty line, end of
 * file, or a signal that ends programs; ST_PIN_NEEDED where there is no terminal.
 */
enum status terminal_ask_secret(const char *prompt, struct secret *answer, struct error *err);

/* Shows PROMPT and reads a line with echo; only the exact WORD is ST_OK, else ST_CANCELLED. */
enum status terminal_confirm(const char *prompt, const char *word, struct error *err);

#endif
