/*
 * Holds a conversation while tokens come and go.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/scene.h"

#include "base/text.h"
#include "ceremony/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status scene_open(struct scene *scene, struct tokens *tokens, struct error *err)
{
	*scene = (struct scene){.tokens = tokens};
	return token_watch_open(tokens, &scene->watch, err);
}

void scene_close(struct scene *scene)
{
	token_watch_close(scene->watch);
	for (size_t i = 0; i < scene->n_aside; i++)
		free(scene->aside[i].identity);
	free(scene->inserted);
	*scene = (struct scene){.n_aside = 0};
}

char *scene_identity(const struct token_info *token)
{
	struct buffer text = BUFFER_INIT;
	const char *joined;
	char *copy;

	buffer_printf(&text, "%s\n%s\n%s\n%s", token->module, token->manufacturer, token->serial,
	    token->label);
	joined = buffer_text(&text);
	copy = joined == NULL ? NULL : strdup(joined);
	buffer_free(&text);
	return copy;
}

/* The index of IDENTITY among those set aside; their number when it is not. */
static size_t find_aside(const struct scene *scene, const char *identity)
{
	size_t i = 0;

	while (i < scene->n_aside && strcmp(scene->aside[i].identity, identity) != 0)
		i++;
	return i;
}

static void forget_aside(struct scene *scene, const struct token_info *token)
{
	char *identity = scene_identity(token);
	const size_t at = identity == NULL ? scene->n_aside : find_aside(scene, identity);

	if (at < scene->n_aside) {
		free(scene->aside[at].identity);
		scene->aside[at] = scene->aside[--scene->n_aside];
	}
	free(identity);
}

void scene_set_aside(struct scene *scene, const struct token_info *token, bool skipped)
{
	char *identity = scene_identity(token);

	if (identity == NULL || scene->n_aside == SCENE_MAX_ASIDE ||
	    find_aside(scene, identity) < scene->n_aside)
		free(identity);
	else
		scene->aside[scene->n_aside++] = (struct scene_aside){identity, skipped};
}

bool scene_is_aside(const struct scene *scene, const struct token_info *token)
{
	char *identity = scene_identity(token);
	const bool aside = identity != NULL && find_aside(scene, identity) < scene->n_aside;

	free(identity);
	return aside;
}

size_t scene_count_skipped(const struct scene *scene)
{
	size_t n = 0;

	for (size_t i = 0; i < tokens_count(scene->tokens); i++) {
		char *identity = scene_identity(tokens_at(scene->tokens, i));
		const size_t at = identity == NULL ? scene->n_aside : find_aside(scene, identity);

		if (at < scene->n_aside && scene->aside[at].skipped)
			n++;
		free(identity);
	}
	return n;
}

void scene_take_back_skipped(struct scene *scene)
{
	size_t kept = 0;

	for (size_t i = 0; i < scene->n_aside; i++) {
		if (scene->aside[i].skipped)
			free(scene->aside[i].identity);
		else
			scene->aside[kept++] = scene->aside[i];
	}
	scene->n_aside = kept;
}

/* A waiter of terminal_ask_line(). */
static bool wait_for_tokens(void *context, int fd)
{
	struct scene *scene = context;
	const struct token_event *events;
	size_t n = 0;

	scene->watch_status =
	    token_watch_wait(scene->watch, -1, fd, &events, &n, &scene->watch_error);
	for (size_t i = 0; scene->watch_status == ST_OK && i < n; i++) {
		if (!events[i].inserted) {
			forget_aside(scene, events[i].token);
			continue;
		}
		free(scene->inserted);
		scene->inserted = scene_identity(events[i].token);
		scene->blank = !events[i].token->initialised;
	}
	return n > 0 || scene->watch_status != ST_OK || token_watch_problem_count(scene->watch) > 0;
}

/* What came in and cannot be used, in words: whoever inserted it waits for an answer. */
static enum status tell_unusable(struct scene *scene, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < token_watch_problem_count(scene->watch); i++)
		st = scene_tell(token_watch_problem_at(scene->watch, i), err);
	if (st == ST_OK && scene->blank)
		st = scene_say(err, "%s",
		    _("The token that was inserted is blank: it has no key yet. Prepare it with "
		      "`ctlsign token init` and `ctlsign token provision`, or insert another "
		      "one."));
	return st;
}

enum status scene_ask(struct scene *scene, const char *prompt, char *line, size_t size,
    bool *changed, struct error *err)
{
	const struct terminal_waiter waiter = {.wait = wait_for_tokens, .context = scene};
	enum status st;

	free(scene->inserted);
	scene->inserted = NULL;
	scene->blank = false;
	scene->watch_status = ST_OK;
	st = terminal_ask_line(prompt, &waiter, line, size, changed, err);
	/* What is too long is no answer; it must not end the conversation. */
	if (st == ST_LIMIT) {
		snprintf(line, size, "?");
		*changed = false;
		st = ST_OK;
	}
	if (st == ST_OK && scene->watch_status != ST_OK) {
		*err = scene->watch_error;
		st = scene->watch_status;
	}
	return st == ST_OK && *changed ? tell_unusable(scene, err) : st;
}

enum status scene_say(struct error *err, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return terminal_say(line, err);
}

bool scene_typed(const char *line, const char *word)
{
	return strcmp(line, word) == 0 || (line[0] == word[0] && line[1] == '\0');
}

size_t scene_number(const char *line, size_t n)
{
	char *end;
	const unsigned long value = strtoul(line, &end, 10);

	return line[0] < '0' || line[0] > '9' || *end != '\0' || value > n ? 0 : value;
}

enum status scene_list(const struct token_info *const *list, size_t n, size_t numbered,
    const char *const *notes, struct error *err)
{
	struct text_table *table = text_table_new(notes == NULL ? 4 : 5);
	struct buffer out = BUFFER_INIT;
	const char *text;
	enum status st;

	for (size_t i = 0; i < n; i++) {
		char number[32], serial[160];

		snprintf(number, sizeof(number), i < numbered ? "  %zu" : " ", i + 1);
		/* With a note there is no room for the word at 80 columns. */
		snprintf(
		    serial, sizeof(serial), notes == NULL ? _("serial %s") : "%s", list[i]->serial);
		if (notes == NULL)
			text_table_row(table,
			    (const char *[]){number, list[i]->label, serial, list[i]->reader});
		else
			text_table_row(table, (const char *[]){number, list[i]->label, notes[i],
						  serial, list[i]->reader});
	}
	text_table_print(table, &out);
	text_table_free(table);
	if (out.len > 0 && out.data[out.len - 1] == '\n')
		out.len--;
	text = buffer_text(&out);
	st = text == NULL ? error_no_memory(err) : scene_say(err, "%s", text);
	buffer_free(&out);
	return st;
}

enum status scene_tell(const struct error *why, struct error *err)
{
	char line[2048];

	return terminal_say(error_line(why, line, sizeof(line)), err);
}
