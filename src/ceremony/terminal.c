/*
 * Asking at /dev/tty.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/terminal.h"

#include "base/text.h"
#include "ceremony/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_available(void)
{
	int fd = open(TTY_PATH, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* As wide as the terminal says it is; 0 when it does not. */
static size_t columns_of(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/*
 * Reads a line into LINE (SIZE bytes with the NUL).  What does not fit is read and makes the line
 * too long, which is told apart from a cancelled one.  *OTHER: the waiter's event came first.
 */
static enum status read_line(struct tty *t, const char *prompt,
    const struct terminal_waiter *waiter, char *line, size_t size, size_t *len, bool *other,
    struct error *err)
{
	enum status st = tty_begin(t, prompt, err);
	bool too_long = false;

	*len = 0;
	*other = false;
	while (st == ST_OK && !*other) {
		/* A line that has begun is read to its end. */
		const enum tty_input input = tty_wait(t, *len == 0 ? waiter : NULL);
		char c = '\0';
		ssize_t n;

		if (input == TTY_CANCELLED)
			return tty_cancelled(err);
		if (input == TTY_AGAIN) {
			*len = 0;
			too_long = false;
			st = tty_begin(t, prompt, err);
		}
		*other = input == TTY_OTHER;
		if (input != TTY_READABLE)
			continue;
		n = read(t->fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return tty_cancelled(err);
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
	int fd = open(TTY_PATH, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	struct buffer folded = BUFFER_INIT;
	const char *lines;

	if (fd < 0)
		return tty_missing(err);
	text_fold(&folded, text, columns_of(fd));
	lines = buffer_text(&folded);
	tty_put(fd, lines != NULL ? lines : text);
	tty_put(fd, "\n");
	buffer_free(&folded);
	close(fd);
	return ST_OK;
}

/* One question.  A signal that came behind the answer takes it back. */
static enum status ask(const char *prompt, bool silent, const struct terminal_waiter *waiter,
    char *line, size_t size, size_t *len, bool *other, struct error *err)
{
	struct buffer folded = BUFFER_INIT;
	struct tty t;
	enum status st = tty_open(&t, silent, err);
	const char *shown;

	if (st != ST_OK)
		return st;
	text_fold(&folded, prompt, columns_of(t.fd));
	shown = buffer_text(&folded);
	st = read_line(&t, shown != NULL ? shown : prompt, waiter, line, size, len, other, err);
	buffer_free(&folded);
	/* The person's Enter was not shown, or there was none: Ctrl-C. */
	if ((t.changed || *other || (st == ST_CANCELLED && t.shown)) && tty_in_foreground(&t))
		tty_put(t.fd, "\n");
	tty_close(&t);
	return st == ST_OK && terminal_interrupted() != 0 ? tty_cancelled(err) : st;
}

enum status terminal_ask_secret(const char *prompt, struct secret *answer, struct error *err)
{
	enum status st = secret_alloc(answer, err);
	bool other;

	if (st == ST_OK)
		st = ask(
		    prompt, true, NULL, answer->text, SECRET_MAX + 1, &answer->len, &other, err);
	if (st == ST_OK && answer->len == 0)
		st = tty_cancelled(err);
	if (st != ST_OK)
		secret_wipe(answer);
	return st;
}

enum status terminal_ask_line(const char *prompt, const struct terminal_waiter *waiter, char *line,
    size_t size, bool *other, struct error *err)
{
	size_t len;

	return ask(prompt, false, waiter, line, size, &len, other, err);
}

/* A label or serial number of 32 bytes, each as an escape. */
#define WORD_SIZE (4 * 32 + 2)

enum status terminal_confirm(const char *prompt, const char *word, struct error *err)
{
	char answer[WORD_SIZE];
	bool other;
	enum status st = terminal_ask_line(prompt, NULL, answer, sizeof(answer), &other, err);

	if (st == ST_OK && strcmp(answer, word) != 0)
		st = tty_cancelled(err);
	return st;
}

/* Whether ANSWER says to stop, and is no slip of the finger. */
static bool is_refusal(const char *answer)
{
	return answer[0] == '\0' || strcasecmp(answer, "no") == 0 || strcasecmp(answer, "n") == 0;
}

enum status terminal_confirm_again(const char *prompt, const char *word, struct error *err)
{
	char answer[WORD_SIZE], again[WORD_SIZE + 128];
	bool other;
	enum status st = terminal_ask_line(prompt, NULL, answer, sizeof(answer), &other, err);

	if (st != ST_OK && st != ST_LIMIT)
		return st;
	if (st == ST_OK && strcmp(answer, word) == 0)
		return ST_OK;
	if (st == ST_OK && is_refusal(answer))
		return tty_cancelled(err);
	snprintf(again, sizeof(again),
	    _("Please type \"%s\" in full to go on, or \"no\" to stop: "), word);
	st = terminal_confirm(again, word, err);
	return st == ST_LIMIT ? tty_cancelled(err) : st;
}
