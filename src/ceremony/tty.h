/*
 * The terminal while something is asked there: what terminal.c stands on.
 *
 * Private to src/ceremony/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_TTY_H
#define CTLSIGN_CEREMONY_TTY_H

#include "ceremony/terminal.h"

#include <signal.h>
#include <termios.h>

#define TTY_PATH "/dev/tty"

/* The signals that are caught during a question. */
#define TTY_CAUGHT 8

struct tty {
	int fd;
	int any_fd;	      /* can be read when FD can, or when a signal was noted */
	bool silent;	      /* to be asked without echo */
	bool changed;	      /* the terminal has other settings than `saved` */
	bool shown;	      /* a prompt stands there */
	struct termios saved; /* as it was in the foreground; once tty_begin() has looked */
	struct sigaction old[TTY_CAUGHT];
	sigset_t old_mask;
};

/* Opens the terminal and catches the signals; one question at a time.  ST_PIN_NEEDED: none. */
enum status tty_open(struct tty *t, bool silent, struct error *err);

/* Puts everything back. */
void tty_close(struct tty *t);

/*
 * Waits until the terminal is in the foreground, sets it, and shows the prompt.  What was typed
 * before is dropped: it is no answer to a question that had not been asked.
 */
enum status tty_begin(struct tty *t, const char *prompt, struct error *err);

enum tty_input {
	TTY_READABLE,  /* or at its end */
	TTY_AGAIN,     /* the program was stopped and continued: begin anew */
	TTY_CANCELLED, /* a signal that ends programs; or nothing can be waited for */
	TTY_OTHER,     /* what the waiter waits for */
};

/* Waits for input; WAITER may be NULL. */
enum tty_input tty_wait(struct tty *t, const struct terminal_waiter *waiter);

/* Whether the terminal is ours now, and not the shell's. */
bool tty_in_foreground(const struct tty *t);

/* Shows TEXT, as far as the terminal takes it. */
void tty_put(int fd, const char *text);

/* Errors that more than one file has. */
enum status tty_missing(struct error *err);
enum status tty_cancelled(struct error *err);

#endif
