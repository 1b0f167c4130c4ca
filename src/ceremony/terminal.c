/*
 * Asking at /dev/tty.
 *
 * A question may be asked on another thread than the one that signals reach, so the handler only
 * takes a note and wakes the reader, which waits for the terminal and for that together.
 *
 * A signal that would end the program ends the question; terminal_interrupted() keeps it for the
 * end of main().  One that would stop the program (Ctrl-Z, or asking from the background) is sent
 * again by the reader with the terminal and the dispositions as they were, so that the kernel does
 * what it would have done without the question; afterwards the question is asked again.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#define TTY "/dev/tty"

/*
 * What would end or stop the program with the echo still off.  SIGCONT comes after a SIGSTOP, which
 * cannot be caught: the shell may have switched the echo on meanwhile.
 */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};

#define N_CAUGHT (sizeof(caught) / sizeof(caught[0]))

/* The handler's notes. */
static atomic_int interrupted; /* the first signal that ends programs; stays */
static atomic_int stopped;     /* the last one that stops them, until it is served */
static atomic_bool continued;

/* Made for the first question and never closed: a handler may still be about to write. */
static int wake_fd = -1;

static atomic_flag asking = ATOMIC_FLAG_INIT;

struct terminal {
	int fd;
	bool silent;	      /* to be asked without echo */
	bool changed;	      /* the terminal has other settings than `saved` */
	struct termios saved; /* as it was in the foreground; once begin() has looked */
	struct sigaction old[N_CAUGHT];
	sigset_t old_mask;
};

static void on_signal(int number)
{
	const int saved_errno = errno;
	const uint64_t one = 1;
	int none = 0;

	if (number == SIGCONT)
		atomic_store(&continued, true);
	else if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
		atomic_store(&stopped, number);
	else
		atomic_compare_exchange_strong(&interrupted, &none, number);
	/* It does not block, and a count that is full wakes as well. */
	if (write(wake_fd, &one, sizeof(one)) < 0)
		(void)0;
	errno = saved_errno;
}

int terminal_interrupted(void)
{
	return atomic_load(&interrupted);
}

static enum status no_terminal(struct error *err)
{
	error_set(err, ST_PIN_NEEDED, "%s", _("there is no terminal to ask at"));
	error_hint(err, "%s", _("run it at a terminal, or give --pin-file FILE or --pin-fd N"));
	return ST_PIN_NEEDED;
}

static enum status in_background(struct error *err)
{
	error_set(err, ST_PIN_NEEDED, "%s",
	    _("the command runs in the background and cannot ask at the terminal"));
	error_hint(err, "%s", _("run it in the foreground, or give --pin-file FILE or --pin-fd N"));
	return ST_PIN_NEEDED;
}

static enum status no_silence(int errnum, struct error *err)
{
	error_errno(err, ST_FAILED, errnum, "%s", _("cannot switch off the terminal's echo"));
	error_hint(err, "%s", _("give --pin-file FILE or --pin-fd N"));
	return ST_FAILED;
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

static void put(int fd, const char *text)
{
	size_t len = strlen(text), done = 0;

	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);

		/* Nobody waits for the rest; in the background it may be refused for ever. */
		if (n < 0 && errno == EINTR && atomic_load(&stopped) == 0 &&
		    terminal_interrupted() == 0)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

/* ---- signals ------------------------------------------------------------------------------- */

static bool was_ignored(const struct terminal *t, size_t i)
{
	return t->old[i].sa_handler == SIG_IGN;
}

/* What is ignored (nohup, a shell without job control) stays ignored. */
static void catch_signals(struct terminal *t)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	for (size_t i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &t->old[i]);
		if (!was_ignored(t, i))
			sigaction(caught[i], &action, NULL);
	}
}

static void release_signals(struct terminal *t)
{
	for (size_t i = 0; i < N_CAUGHT; i++)
		if (!was_ignored(t, i))
			sigaction(caught[i], &t->old[i], NULL);
}

/*
 * Lets the signals of job control reach this thread, a worker's blocks all.  To a thread that
 * blocks SIGTTOU the kernel allows everything, also in the background: the terminal would be
 * changed under the shell.
 */
static void unblock_stops(struct terminal *t)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	pthread_sigmask(SIG_UNBLOCK, &stops, &t->old_mask);
}

/* ---- the terminal's settings --------------------------------------------------------------- */

/*
 * Whether the terminal is ours now, and not the shell's.  One that is gone is nobody's; one whose
 * foreground cannot be seen from here (a container) is left to the kernel to judge.
 */
static bool in_foreground(const struct terminal *t)
{
	const pid_t group = tcgetpgrp(t->fd);

	return group <= 0 || group == getpgrp();
}

/* In the background the terminal is the shell's, which has set it as it likes. */
static void restore_settings(struct terminal *t)
{
	while (t->changed && in_foreground(t) && tcsetattr(t->fd, TCSAFLUSH, &t->saved) != 0 &&
	       errno == EINTR)
		;
	t->changed = false;
}

/*
 * The note of a stop that is still to be made, or 0.  One for touching the terminal in the
 * background is stale in the foreground: two threads may have had the signal, and the other's note
 * has been served.
 */
static int take_stop(const struct terminal *t)
{
	const int number = atomic_exchange(&stopped, 0);

	return number != SIGTSTP && tcgetpgrp(t->fd) == getpgrp() ? 0 : number;
}

/* The program as it would be without the question gets signal NUMBER; back after `fg` or `bg`. */
static void stop(struct terminal *t, int number)
{
	restore_settings(t);
	release_signals(t);
	/* To this thread: it goes on only when the program has been stopped and continued. */
	raise(number);
	catch_signals(t);
}

static bool ignores_sigttou(const struct terminal *t)
{
	for (size_t i = 0; i < N_CAUGHT; i++)
		if (caught[i] == SIGTTOU)
			return was_ignored(t, i);
	return false;
}

/*
 * Waits until the terminal is ours: in the background the program stops here, as often as it is
 * continued there.  Where it cannot stop, for nobody could continue it, the question is refused.
 */
static enum status wait_for_foreground(struct terminal *t, struct error *err)
{
	struct termios now;
	int number;

	for (;;) {
		if (terminal_interrupted() != 0)
			return cancelled(err);
		number = take_stop(t);
		if (number != 0)
			stop(t, number);
		else if (in_foreground(t))
			return ST_OK;
		else if (ignores_sigttou(t))
			return in_background(err);
		/* Sets nothing, and makes the kernel say whether it can stop us: EINTR, or EIO. */
		else if ((tcgetattr(t->fd, &now) != 0 || tcsetattr(t->fd, TCSANOW, &now) != 0) &&
			 errno != EINTR)
			return in_background(err);
	}
}

/*
 * Sets the terminal and shows the prompt.  What was typed before is dropped: it is no answer to a
 * question that had not been asked.
 */
static enum status begin(struct terminal *t, const char *prompt, struct error *err)
{
	struct termios wanted;
	enum status st;

	for (;;) {
		st = wait_for_foreground(t, err);
		if (st != ST_OK)
			return st;
		atomic_store(&continued, false);
		/* Not before: in the background it is set as the shell's line editor wants it. */
		if (!t->changed && tcgetattr(t->fd, &t->saved) != 0)
			return no_silence(errno, err);
		wanted = t->saved;
		if (t->silent)
			wanted.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		if (tcsetattr(t->fd, TCSAFLUSH, &wanted) == 0)
			break;
		if (errno != EINTR)
			return no_silence(errno, err);
	}
	t->changed = t->silent;
	/* tcsetattr() succeeds when it could change anything. */
	if (t->silent && (tcgetattr(t->fd, &wanted) != 0 || (wanted.c_lflag & ECHO) != 0))
		return no_silence(EIO, err);
	put(t->fd, prompt);
	return ST_OK;
}

/* ---- questions ----------------------------------------------------------------------------- */

static enum status terminal_open(struct terminal *t, bool silent, struct error *err)
{
	memset(t, 0, sizeof(*t));
	t->silent = silent;
	if (atomic_flag_test_and_set(&asking))
		return no_terminal(err);
	t->fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (wake_fd < 0)
		wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->fd < 0 || wake_fd < 0 || tcgetattr(t->fd, &t->saved) != 0) {
		if (t->fd >= 0)
			close(t->fd);
		atomic_flag_clear(&asking);
		return no_terminal(err);
	}
	atomic_store(&stopped, 0);
	catch_signals(t);
	unblock_stops(t);
	return ST_OK;
}

static void terminal_close(struct terminal *t)
{
	restore_settings(t);
	release_signals(t);
	/* Ctrl-Z right behind the answer. */
	if (terminal_interrupted() == 0 && atomic_exchange(&stopped, 0) == SIGTSTP)
		raise(SIGTSTP);
	pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
	close(t->fd);
	atomic_flag_clear(&asking);
}

/* Waits until there is something to read, or a note. */
static bool wait_for_input(const struct terminal *t, bool *readable)
{
	struct pollfd wait[2] = {
	    {.fd = t->fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
	uint64_t count;

	*readable = false;
	if (poll(wait, 2, -1) < 0)
		return errno == EINTR;
	/* Nothing to read there is as good. */
	if (read(wake_fd, &count, sizeof(count)) < 0)
		(void)0;
	*readable = (wait[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
	return true;
}

/*
 * Reads a line into LINE (SIZE bytes with the NUL).  What does not fit is read and makes the line
 * too long, which is told apart from a cancelled one.
 */
static enum status read_line(
    struct terminal *t, const char *prompt, char *line, size_t size, size_t *len, struct error *err)
{
	bool too_long = false, readable;
	enum status st = begin(t, prompt, err);
	int number;

	*len = 0;
	while (st == ST_OK) {
		char c = '\0';
		ssize_t n;

		if (!wait_for_input(t, &readable) || terminal_interrupted() != 0)
			return cancelled(err);
		number = take_stop(t);
		if (number != 0)
			stop(t, number);
		if (number != 0 || atomic_load(&continued)) {
			*len = 0;
			too_long = false;
			st = begin(t, prompt, err);
			continue;
		}
		if (!readable)
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
	if (st == ST_OK && too_long)
		return error_set(err, ST_LIMIT, _("the answer is longer than %zu bytes"), size - 1);
	return st;
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

/* One question.  A signal that came behind the answer takes it back. */
static enum status ask(
    const char *prompt, bool silent, char *line, size_t size, size_t *len, struct error *err)
{
	struct terminal t;
	enum status st = terminal_open(&t, silent, err);

	if (st != ST_OK)
		return st;
	st = read_line(&t, prompt, line, size, len, err);
	/* The person's Enter was not shown. */
	if (t.changed && in_foreground(&t))
		put(t.fd, "\n");
	terminal_close(&t);
	return st == ST_OK && terminal_interrupted() != 0 ? cancelled(err) : st;
}

enum status terminal_ask_secret(const char *prompt, struct secret *answer, struct error *err)
{
	enum status st = secret_alloc(answer, err);

	if (st == ST_OK)
		st = ask(prompt, true, answer->text, SECRET_MAX + 1, &answer->len, err);
	if (st == ST_OK && answer->len == 0)
		st = cancelled(err);
	if (st != ST_OK)
		secret_wipe(answer);
	return st;
}

enum status terminal_confirm(const char *prompt, const char *word, struct error *err)
{
	char answer[128];
	size_t len;
	enum status st = ask(prompt, false, answer, sizeof(answer), &len, err);

	if (st == ST_OK && strcmp(answer, word) != 0)
		st = cancelled(err);
	return st;
}
