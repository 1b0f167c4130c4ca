/*
 * The lines of the admin shell: one by one, from a runbook, from a person.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "base/text.h"
#include "ceremony/terminal.h"
#include "cli/admin_edit.h"
#include "cli/admin_history.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PROMPT "admin:"

/* ---- one line ---------------------------------------------------------------------------------
 */

/* The line as it can be shown, without the blanks around it. */
static char *shown_line(const char *line, char *out, size_t size)
{
	size_t len;

	line += strspn(line, " \t\r\n");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		len--;
	return text_printable_into(out, size, (struct bytes){(const uint8_t *)line, len});
}

/* The answers of a session that somebody recorded. */
static bool is_answer(const struct admin_line *words)
{
	static const char *const answers[] = {"y", "n", "yes", "no"};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (words->n == 1 && strcasecmp(words->words[0], answers[i]) == 0)
			return true;
	return false;
}

/* How many commands begin with these words. */
static size_t count_beginning(const struct admin_line *words)
{
	const struct admin_command *command;
	size_t n = 0;

	for (size_t i = 0; (command = admin_command_at(i)) != NULL; i++)
		n += admin_begins(words, words->n, command->name) ? 1 : 0;
	return n;
}

static int unknown(const char *line, const struct admin_line *words)
{
	struct error err;
	char shown[256];

	shown_line(line, shown, sizeof(shown));
	if (is_answer(words)) {
		error_set(&err, ST_USAGE, _("'%s' is an answer, and nothing was asked"), shown);
		error_hint(&err, "%s",
		    _("questions are asked at the terminal; take such lines out of the runbook, "
		      "and give ctlsign admin --yes if nobody is to be asked"));
	} else if (count_beginning(words) > 1) {
		error_set(&err, ST_USAGE, _("'%s' is only the beginning of a command"), shown);
		error_hint(&err, _("see how it goes on: help %s"), shown);
	} else {
		error_set(&err, ST_USAGE, _("unknown command '%s'"), shown);
		error_hint(&err, _("did you mean: %s?"), admin_nearest(words)->name);
	}
	return cli_fail(&err);
}

static int run_words(struct admin *admin, const char *line, struct admin_line *words, bool *known)
{
	size_t n;
	const struct admin_command *command;
	struct admin_call call;
	struct error err;

	if (words->n == 0)
		return CLI_DONE;
	/* "utils ctl ?" asks how it goes on, as "? utils ctl" does. */
	if (words->n > 1 && strcmp(words->words[words->n - 1], "?") == 0) {
		*known = true;
		call = (struct admin_call){words->words, words->n - 1, line};
		return admin_help(admin, &call);
	}
	command = admin_find(words, &n);
	if (command == NULL || words->n - n > command->max)
		return unknown(line, words);
	*known = true;
	if (words->n - n < command->min) {
		error_set(&err, ST_USAGE, _("'%s' needs more: %s %s"), command->name, command->name,
		    command->arguments);
		return cli_fail(&err);
	}
	call = (struct admin_call){
	    words->words + n, words->n - n, words->n > n ? line + words->starts[n] : ""};
	return command->run(admin, &call);
}

int admin_run_line(struct admin *admin, const char *line, bool *known)
{
	struct admin_line words;
	struct error err;
	int rc;

	*known = false;
	if (admin_line_split(line, &words, &err) != ST_OK)
		return cli_fail(&err);
	rc = run_words(admin, line, &words, known);
	fflush(stdout);
	return rc;
}

/* ---- a runbook --------------------------------------------------------------------------------
 */

/* The next line of stdin; what is too long for it, or has a NUL, is refused later on. */
static bool read_line(char line[ADMIN_LINE_MAX + 1])
{
	size_t n = 0;
	int c;

	while ((c = getchar()) != EOF && c != '\n')
		if (n < ADMIN_LINE_MAX)
			line[n++] = c != '\0' ? (char)c : '\x7f';
	line[n] = '\0';
	return c != EOF || n > 0;
}

int admin_run_book(struct admin *admin)
{
	char line[ADMIN_LINE_MAX + 1], shown[256];
	struct error err;
	unsigned long number = 0;
	int rc = CLI_DONE;

	while (rc == CLI_DONE && !admin->ended && terminal_interrupted() == 0 && read_line(line)) {
		bool known;

		number++;
		shown_line(line, shown, sizeof(shown));
		if (shown[0] != '\0')
			fprintf(stderr, PROMPT "%s\n", shown);
		rc = admin_run_line(admin, line, &known);
	}
	if (rc != CLI_DONE) {
		fprintf(stderr,
		    _("ctlsign: the runbook stops at line %lu, which failed with exit code %d: "
		      "%s\n"),
		    number, rc, shown);
	} else if (ferror(stdin)) {
		error_errno(&err, ST_IO, errno, "%s", _("cannot read the runbook"));
		error_where(&err, "%s", _("standard input"));
		rc = cli_fail(&err);
	}
	return rc;
}

/* ---- a person ---------------------------------------------------------------------------------
 */

static enum status start(struct admin_edit **edit, struct admin_history *history)
{
	struct error err;
	char line[1024];

	if (admin_history_load(history, &err) != ST_OK)
		cli_warn(error_line(&err, line, sizeof(line)));
	*edit = admin_edit_open(PROMPT);
	if (*edit == NULL)
		return error_no_memory(&err);
	for (size_t i = 0; i < history->n; i++)
		admin_edit_remember(*edit, history->lines[i]);
	return ST_OK;
}

/* Only what named a command goes to the disk: a PIN that was typed at the wrong moment does not. */
static void keep(
    struct admin_edit *edit, struct admin_history *history, const char *line, bool known)
{
	struct error err;
	char text[1024];

	admin_edit_remember(edit, line);
	if (known && admin_history_add(history, line, &err) != ST_OK)
		cli_warn(error_line(&err, text, sizeof(text)));
}

int admin_run_shell(struct admin *admin)
{
	struct admin_history history = {.lines = NULL};
	struct admin_edit *edit = NULL;
	struct error err;
	const char *line;
	int number = 0;

	if (start(&edit, &history) != ST_OK) {
		admin_history_free(&history);
		error_no_memory(&err);
		return cli_fail(&err);
	}
	/* A signal that ended a question ends the shell, but Ctrl-C only the command. */
	while (!admin->ended && terminal_interrupted() == 0 &&
	       (line = admin_edit_line(edit, &number)) != NULL) {
		bool known;

		admin_run_line(admin, line, &known);
		terminal_interrupted_clear();
		if (line[strspn(line, " \t")] != '\0')
			keep(edit, &history, line, known);
	}
	admin_edit_close(edit);
	admin_history_free(&history);
	if (number != 0) {
		fflush(NULL);
		raise(number);
	}
	return CLI_DONE;
}
