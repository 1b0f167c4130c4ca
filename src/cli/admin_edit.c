/*
 * Editing a line, by libedit.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin_edit.h"

#include "base/bytes.h"
#include "cli/admin.h"
#include "cli/admin_history.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define KEY_CTRL_C '\003'
#define KEY_TAB	   '\t'

#define N_CAUGHT 5

static const int caught[N_CAUGHT] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

struct admin_edit {
	EditLine *el;
	History *history;
	FILE *out;
	const char *prompt;
	char line[ADMIN_LINE_MAX + 1];
	bool cleared; /* Ctrl-C */
	struct sigaction old[N_CAUGHT];
	sigset_t old_mask;
};

/* The handler's note. */
static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	signalled = number;
}

/* ---- signals ----------------------------------------------------------------------------------
 */

/* They only come while a key is waited for, so that none is missed.  What is ignored stays so. */
static void catch_signals(struct admin_edit *edit)
{
	struct sigaction action;
	sigset_t block;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < N_CAUGHT; i++)
		sigaddset(&block, caught[i]);
	sigprocmask(SIG_BLOCK, &block, &edit->old_mask);
	for (size_t i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &edit->old[i]);
		if (edit->old[i].sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
	}
}

static void release_signals(struct admin_edit *edit)
{
	for (size_t i = 0; i < N_CAUGHT; i++)
		sigaction(caught[i], &edit->old[i], NULL);
	sigprocmask(SIG_SETMASK, &edit->old_mask, NULL);
}

/* Ctrl-Z: stops as if nothing were being edited; back after `fg`. */
static void stop(struct admin_edit *edit)
{
	el_set(edit->el, EL_PREP_TERM, 0);
	release_signals(edit);
	raise(SIGTSTP);
	catch_signals(edit);
	el_set(edit->el, EL_PREP_TERM, 1);
	el_set(edit->el, EL_REFRESH);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

/* Waits for a byte of stdin; 1, 0 at its end, -1 after a signal or an error. */
static int read_byte(struct admin_edit *edit, char *byte)
{
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};

	for (;;) {
		int n = ppoll(&wait, 1, NULL, &edit->old_mask);

		if (n > 0)
			return (int)read(STDIN_FILENO, byte, 1);
		if (n < 0 && errno != EINTR)
			return -1;
		if (signalled == SIGTSTP) {
			signalled = 0;
			stop(edit);
		} else if (signalled != 0) {
			return -1;
		}
	}
}

static void complete(struct admin_edit *edit)
{
	const LineInfo *info = el_line(edit->el);
	struct buffer before = BUFFER_INIT, insert = BUFFER_INIT, choices = BUFFER_INIT;

	buffer_add(&before, info->buffer, (size_t)(info->cursor - info->buffer));
	if (buffer_text(&before) != NULL)
		admin_complete(buffer_text(&before), &insert, &choices);
	if (insert.len > 0 && buffer_text(&insert) != NULL)
		el_insertstr(edit->el, buffer_text(&insert));
	else if (choices.len > 0 && buffer_text(&choices) != NULL)
		fprintf(edit->out, "\n%s\n", buffer_text(&choices));
	el_set(edit->el, EL_REFRESH);
	buffer_free(&before);
	buffer_free(&insert);
	buffer_free(&choices);
}

/*
 * A character in the locale's encoding; what is none in it is passed over.  Tab and Ctrl-C are
 * served here, as libedit never gives back the memory of functions that are added to it.
 */
static int read_key(EditLine *el, wchar_t *out)
{
	struct admin_edit *edit = NULL;
	mbstate_t state;
	char byte;
	int n;

	el_get(el, EL_CLIENTDATA, &edit);
	memset(&state, 0, sizeof(state));
	while ((n = read_byte(edit, &byte)) == 1) {
		size_t got;

		if (byte == KEY_CTRL_C) {
			edit->cleared = true;
			fputs("^C", edit->out);
			return -1;
		}
		if (byte == KEY_TAB) {
			complete(edit);
			continue;
		}
		got = mbrtowc(out, &byte, 1, &state);
		if (got <= 1)
			return 1;
		if (got == (size_t)-1)
			memset(&state, 0, sizeof(state));
	}
	return n;
}

static char *prompt_of(EditLine *el)
{
	struct admin_edit *edit = NULL;

	el_get(el, EL_CLIENTDATA, &edit);
	return (char *)(uintptr_t)edit->prompt;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void set_up(struct admin_edit *edit)
{
	EditLine *el = edit->el;
	HistEvent event;

	el_set(el, EL_CLIENTDATA, edit);
	el_set(el, EL_PROMPT, prompt_of);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_GETCFN, read_key);
	/* While a line is edited Ctrl-C is a key and no signal. */
	el_set(el, EL_SETTY, "-d", "intr=", NULL);
	history(edit->history, &event, H_SETSIZE, ADMIN_HISTORY_MAX);
	history(edit->history, &event, H_SETUNIQUE, 1);
	el_set(el, EL_HIST, history, edit->history);
}

struct admin_edit *admin_edit_open(const char *prompt)
{
	struct admin_edit *edit = calloc(1, sizeof(*edit));

	if (edit == NULL)
		return NULL;
	edit->prompt = prompt;
	/* stdout is for results. */
	edit->out = fopen("/dev/tty", "we");
	if (edit->out == NULL)
		edit->out = stderr;
	edit->history = history_init();
	if (edit->history != NULL)
		edit->el = el_init("ctlsign", stdin, edit->out, stderr);
	if (edit->el == NULL) {
		admin_edit_close(edit);
		return NULL;
	}
	set_up(edit);
	return edit;
}

void admin_edit_close(struct admin_edit *edit)
{
	if (edit == NULL)
		return;
	if (edit->el != NULL)
		el_end(edit->el);
	if (edit->history != NULL)
		history_end(edit->history);
	if (edit->out != stderr)
		fclose(edit->out);
	free(edit);
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* The line that was typed, or NULL. */
static const char *take_line(struct admin_edit *edit, const char *typed, int n)
{
	size_t len = typed != NULL && n > 0 ? (size_t)n : 0;

	if (len == 0)
		return NULL;
	if (typed[len - 1] == '\n')
		len--;
	/* One that is too long stays so, and is refused. */
	if (len > ADMIN_LINE_MAX)
		len = ADMIN_LINE_MAX;
	memcpy(edit->line, typed, len);
	edit->line[len] = '\0';
	return edit->line;
}

const char *admin_edit_line(struct admin_edit *edit, int *number)
{
	const char *line;
	int n;

	*number = 0;
	fflush(stdout);
	do {
		edit->cleared = false;
		signalled = 0;
		catch_signals(edit);
		el_resize(edit->el);
		line = el_gets(edit->el, &n);
		line = take_line(edit, line, n);
		release_signals(edit);
		if (signalled == SIGINT)
			edit->cleared = true;
		if (edit->cleared)
			fputc('\n', edit->out);
	} while (edit->cleared);
	if (line == NULL) {
		*number = signalled;
		fputc('\n', edit->out);
		fflush(edit->out);
	}
	return line;
}

void admin_edit_remember(struct admin_edit *edit, const char *line)
{
	HistEvent event;

	history(edit->history, &event, H_ENTER, line);
}
