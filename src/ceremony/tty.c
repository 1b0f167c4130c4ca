/*
 * The terminal while something is asked there: its settings, the signals, and waiting for input.
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
#include "ceremony/tty.h"

#include "ceremony/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * What would end or stop the program with the echo still off.  SIGCONT comes after a SIGSTOP, which
 * cannot be caught: the shell may have switched the echo on meanwhile.
 */
static const int caught[TTY_CAUGHT] = {
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};

/* The handler's notes. */
static atomic_int interrupted; /* the first signal that ends programs; stays */
static atomic_int stopped;     /* the last one that stops them, until it is served */
static atomic_bool continued;

/* Made for the first question and never closed: a handler may still be about to write. */
static int wake_fd = -1;

static atomic_flag asking = ATOMIC_FLAG_INIT;

static void on_signal(int number)
{
	const int saved_errno = errno;
	const uint64_t one = 1;
	int none = 0;

	if (number == SIGCONT)
		atomic_store(&continued, true);
	else if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
		atomic_store(&stopped, number);
	else if (!atomic_compare_exchange_strong(&interrupted, &none, number) && none == SIGINT)
		/* That one may be forgotten, the others not. */
		atomic_store(&interrupted, number);
	/* It does not block, and a count that is full wakes as well. */
	if (write(wake_fd, &one, sizeof(one)) < 0)
		(void)0;
	errno = saved_errno;
}

int terminal_interrupted(void)
{
	return atomic_load(&interrupted);
}

void terminal_interrupted_clear(void)
{
	int number = SIGINT;

	atomic_compare_exchange_strong(&interrupted, &number, 0);
}

enum status tty_missing(struct error *err)
{
	error_set(err, ST_PIN_NEEDED, "%s", _("there is no terminal to ask at"));
	error_hint(err, "%s", _("run it at a terminal"));
	return ST_PIN_NEEDED;
}

static enum status in_background(struct error *err)
{
	error_set(err, ST_PIN_NEEDED, "%s",
	    _("the command runs in the background and cannot ask at the terminal"));
	error_hint(err, "%s", _("run it in the foreground"));
	return ST_PIN_NEEDED;
}

static enum status no_silence(int errnum, struct error *err)
{
	error_errno(err, ST_FAILED, errnum, "%s", _("cannot switch off the terminal's echo"));
	error_hint(err, "%s", _("run it at another terminal"));
	return ST_FAILED;
}

enum status tty_cancelled(struct error *err)
{
	return error_set(err, ST_CANCELLED, "%s", _("cancelled; nothing was changed"));
}

void tty_put(int fd, const char *text)
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

static bool was_ignored(const struct tty *t, size_t i)
{
	return t->old[i].sa_handler == SIG_IGN;
}

/* What is ignored (nohup, a shell without job control) stays ignored. */
static void catch_signals(struct tty *t)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	for (size_t i = 0; i < TTY_CAUGHT; i++) {
		sigaction(caught[i], NULL, &t->old[i]);
		if (!was_ignored(t, i))
			sigaction(caught[i], &action, NULL);
	}
}

static void release_signals(struct tty *t)
{
	for (size_t i = 0; i < TTY_CAUGHT; i++)
		if (!was_ignored(t, i))
			sigaction(caught[i], &t->old[i], NULL);
}

/*
 * Lets the signals of job control reach this thread, a worker's blocks all.  To a thread that
 * blocks SIGTTOU the kernel allows everything, also in the background: the terminal would be
 * changed under the shell.
 */
static void unblock_stops(struct tty *t)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	pthread_sigmask(SIG_UNBLOCK, &stops, &t->old_mask);
}

/* ---- the terminal's settings --------------------------------------------------------------- */

/* One that is gone is nobody's; one whose foreground cannot be seen (a container) is left to the
 * kernel to judge. */
bool tty_in_foreground(const struct tty *t)
{
	const pid_t group = tcgetpgrp(t->fd);

	return group <= 0 || group == getpgrp();
}

/* In the background the terminal is the shell's, which has set it as it likes. */
static void restore_settings(struct tty *t)
{
	while (t->changed && tty_in_foreground(t) && tcsetattr(t->fd, TCSAFLUSH, &t->saved) != 0 &&
	       errno == EINTR)
		;
	t->changed = false;
}

/*
 * The note of a stop that is still to be made, or 0.  One for touching the terminal in the
 * background is stale in the foreground: two threads may have had the signal, and the other's note
 * has been served.
 */
static int take_stop(const struct tty *t)
{
	const int number = atomic_exchange(&stopped, 0);

	return number != SIGTSTP && tcgetpgrp(t->fd) == getpgrp() ? 0 : number;
}

/* The program as it would be without the question gets signal NUMBER; back after `fg` or `bg`. */
static void stop(struct tty *t, int number)
{
	restore_settings(t);
	release_signals(t);
	/* To this thread: it goes on only when the program has been stopped and continued. */
	raise(number);
	catch_signals(t);
}

static bool ignores_sigttou(const struct tty *t)
{
	for (size_t i = 0; i < TTY_CAUGHT; i++)
		if (caught[i] == SIGTTOU)
			return was_ignored(t, i);
	return false;
}

/*
 * Waits until the terminal is ours: in the background the program stops here, as often as it is
 * continued there.  Where it cannot stop, for nobody could continue it, the question is refused.
 */
static enum status wait_for_foreground(struct tty *t, struct error *err)
{
	struct termios now;
	int number;

	for (;;) {
		if (terminal_interrupted() != 0)
			return tty_cancelled(err);
		number = take_stop(t);
		if (number != 0)
			stop(t, number);
		else if (tty_in_foreground(t))
			return ST_OK;
		else if (ignores_sigttou(t))
			return in_background(err);
		/* Sets nothing, and makes the kernel say whether it can stop us: EINTR, or EIO. */
		else if ((tcgetattr(t->fd, &now) != 0 || tcsetattr(t->fd, TCSANOW, &now) != 0) &&
			 errno != EINTR)
			return in_background(err);
	}
}

enum status tty_begin(struct tty *t, const char *prompt, struct error *err)
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
	tty_put(t->fd, prompt);
	t->shown = true;
	return ST_OK;
}

/* ---- opening, waiting, closing --------------------------------------------------------------- */

/* One descriptor that stands for both. */
static int watch_both(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int any_fd = epoll_create1(EPOLL_CLOEXEC);

	if (any_fd >= 0 && (epoll_ctl(any_fd, EPOLL_CTL_ADD, fd, &event) != 0 ||
			       epoll_ctl(any_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0)) {
		close(any_fd);
		any_fd = -1;
	}
	return any_fd;
}

static void close_descriptors(struct tty *t)
{
	if (t->any_fd >= 0)
		close(t->any_fd);
	if (t->fd >= 0)
		close(t->fd);
}

enum status tty_open(struct tty *t, bool silent, struct error *err)
{
	memset(t, 0, sizeof(*t));
	t->silent = silent;
	t->any_fd = -1;
	if (atomic_flag_test_and_set(&asking))
		return tty_missing(err);
	t->fd = open(TTY_PATH, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (wake_fd < 0)
		wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->fd >= 0 && wake_fd >= 0 && tcgetattr(t->fd, &t->saved) == 0)
		t->any_fd = watch_both(t->fd);
	if (t->any_fd < 0) {
		close_descriptors(t);
		atomic_flag_clear(&asking);
		return tty_missing(err);
	}
	atomic_store(&stopped, 0);
	catch_signals(t);
	unblock_stops(t);
	return ST_OK;
}

void tty_close(struct tty *t)
{
	restore_settings(t);
	release_signals(t);
	/* Ctrl-Z right behind the answer. */
	if (terminal_interrupted() == 0 && atomic_exchange(&stopped, 0) == SIGTSTP)
		raise(SIGTSTP);
	pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
	close_descriptors(t);
	atomic_flag_clear(&asking);
}

static bool can_be_read(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLIN};

	return poll(&look, 1, 0) > 0;
}

/* Waits for the terminal, a note, or the waiter's event, which OTHER tells. */
static bool wait_for_any(const struct tty *t, const struct terminal_waiter *waiter, bool *other)
{
	struct pollfd wait = {.fd = t->any_fd, .events = POLLIN};
	uint64_t count;

	*other = false;
	if (waiter != NULL)
		*other = waiter->wait(waiter->context, t->any_fd);
	else if (poll(&wait, 1, -1) < 0 && errno != EINTR)
		return false;
	/* Nothing to read there is as good. */
	if (read(wake_fd, &count, sizeof(count)) < 0)
		(void)0;
	return true;
}

enum tty_input tty_wait(struct tty *t, const struct terminal_waiter *waiter)
{
	bool other;
	int number;

	for (;;) {
		if (!wait_for_any(t, waiter, &other) || terminal_interrupted() != 0)
			return TTY_CANCELLED;
		number = take_stop(t);
		if (number != 0)
			stop(t, number);
		if (number != 0 || atomic_load(&continued))
			return TTY_AGAIN;
		if (can_be_read(t->fd))
			return TTY_READABLE;
		if (other)
			return TTY_OTHER;
	}
}
