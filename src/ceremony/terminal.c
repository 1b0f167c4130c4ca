/*
 * Asking at /dev/tty.
 *
 * A question may be asked on another thread than the one that signals reach, so the handler writes
 * to a pipe, and the reader waits for the terminal and the pipe together.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define TTY "/dev/tty"

/* Signals that would end or stop the program with the echo still off. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

#define N_CAUGHT (sizeof(caught) / sizeof(caught[0]))

/* One question at a time: terminal_open() fails while another one is open. */
static int signal_pipe[2] = {-1, -1};

struct terminal {
	int fd;
	bool silent; /* echo is off */
	struct termios saved;
	struct sigaction old[N_CAUGHT];
};

static void on_signal(int number)
{
	const int saved_errno = errno;
	const uint8_t byte = (uint8_t)number;

	/* The pipe does not block; when it is full the reader has enough to wake up for. */
	if (write(signal_pipe[1], &byte, 1) < 0)
		(void)0;
	errno = saved_errno;
}

static enum status no_terminal(struct error *err)
{
	error_set(err, ST_PIN_NEEDED, "%s", _("there is no terminal to ask at"));
	error_hint(err, "%s", _("run it at a terminal, or give --pin-file FILE or --pin-fd N"));
	return ST_PIN_NEEDED;
}

static enum status cancelled(struct error *err)
{
	return error_set(err, ST_CANCELLED, "%s", _("cancelled; nothing was changed"));
}

bool terminal_available(void)
{
	int fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void set_echo(struct terminal *t, bool on)
{
	struct termios silent = t->saved;

	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	tcsetattr(t->fd, TCSAFLUSH, on ? &t->saved : &silent);
}

static enum status terminal_open(struct terminal *t, bool silent, struct error *err)
{
	struct sigaction action;

	memset(t, 0, sizeof(*t));
	t->fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t->fd < 0)
		return no_terminal(err);
	if (signal_pipe[0] >= 0 || tcgetattr(t->fd, &t->saved) != 0 ||
	    pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
		close(t->fd);
		return no_terminal(err);
	}
	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	for (size_t i = 0; i < N_CAUGHT; i++)
		sigaction(caught[i], &action, &t->old[i]);
	t->silent = silent;
	if (silent)
		set_echo(t, false);
	return ST_OK;
}

static void terminal_close(struct terminal *t)
{
	if (t->silent)
		set_echo(t, true);
	for (size_t i = 0; i < N_CAUGHT; i++)
		sigaction(caught[i], &t->old[i], NULL);
	close(t->fd);
	close(signal_pipe[0]);
	close(signal_pipe[1]);
	signal_pipe[0] = signal_pipe[1] = -1;
}

static void put(int fd, const char *text)
{
	size_t len = strlen(text), done = 0;

	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

/* Whether the terminal is ours now, and not the shell's; a terminal that is gone is nobody's. */
static bool in_foreground(const struct terminal *t)
{
	const pid_t group = tcgetpgrp(t->fd);

	return group < 0 || group == getpgrp();
}

static bool signal_waits(void)
{
	struct pollfd wait = {.fd = signal_pipe[0], .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

/*
 * Stops the program as Ctrl-Z would, with the terminal as it was; comes back after `fg`.  After
 * `bg` it stops again: nobody can be asked, and the terminal's settings are the shell's business.
 */
static void stop_and_resume(struct terminal *t, const char *prompt)
{
	if (t->silent && in_foreground(t))
		set_echo(t, true);
	do
		raise(SIGSTOP);
	while (!in_foreground(t) && !signal_waits());
	if (!in_foreground(t))
		return;
	if (t->silent)
		set_echo(t, false);
	put(t->fd, prompt);
}

/*
 * Reads a line into LINE (SIZE bytes with the NUL).  What does not fit is read and makes the line
 * too long, which is told apart from a cancelled one.
 */
static enum status read_line(
    struct terminal *t, const char *prompt, char *line, size_t size, size_t *len, struct error *err)
{
	bool too_long = false;

	*len = 0;
	put(t->fd, prompt);
	for (;;) {
		struct pollfd wait[2] = {
		    {.fd = t->fd, .events = POLLIN}, {.fd = signal_pipe[0], .events = POLLIN}};
		uint8_t number;
		char c = '\0';
		ssize_t n;

		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return cancelled(err);
		if (read(signal_pipe[0], &number, 1) == 1) {
			if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
				return cancelled(err);
			*len = 0;
			stop_and_resume(t, prompt);
			continue;
		}
		if ((wait[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0)
			continue;
		n = read(t->fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return cancelled(err);
		if (c == '\n')
			break;
		if (*len + 1 >= size)
			too_long = true;
		else
			line[(*len)++] = c;
	}
	line[*len] = '\0';
	if (too_long)
		return error_set(err, ST_LIMIT, _("the answer is longer than %zu bytes"), size - 1);
	return ST_OK;
}

enum status terminal_say(const char *text, struct error *err)
{
	int fd = open(TTY, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return no_terminal(err);
	put(fd, text);
	put(fd, "\n");
	close(fd);
	return ST_OK;
}

enum status terminal_ask_secret(const char *prompt, struct secret *answer, struct error *err)
{
	struct terminal t;
	enum status st = secret_alloc(answer, err);

	if (st == ST_OK)
		st = terminal_open(&t, true, err);
	if (st != ST_OK) {
		secret_wipe(answer);
		return st;
	}
	st = read_line(&t, prompt, answer->text, SECRET_MAX + 1, &answer->len, err);
	put(t.fd, "\n");
	terminal_close(&t);
	if (st == ST_OK && answer->len == 0)
		st = cancelled(err);
	if (st != ST_OK)
		secret_wipe(answer);
	return st;
}

enum status terminal_confirm(const char *prompt, const char *word, struct error *err)
{
	struct terminal t;
	char answer[128];
	size_t len;
	enum status st = terminal_open(&t, false, err);

	if (st != ST_OK)
		return st;
	st = read_line(&t, prompt, answer, sizeof(answer), &len, err);
	terminal_close(&t);
	if (st == ST_OK && strcmp(answer, word) != 0)
		st = cancelled(err);
	return st;
}
