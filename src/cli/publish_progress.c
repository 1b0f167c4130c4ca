/*
 * What a terminal shows while files are delivered.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_progress.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"
#include "cli/publish_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* More targets than this have one line together. */
#define MOST_LINES 16

#define RED   "31"
#define GREEN "32"

#define LINE_MAX_BYTES 512

static size_t height_of(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

void publish_progress_begin(struct publish_progress *progress, bool back, bool quiet)
{
	const char *term = getenv("TERM");

	*progress = (struct publish_progress){.back = back};
	progress->width = quiet ? 0 : cli_width(STDERR_FILENO);
	progress->shown =
	    progress->width > 0 && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
	progress->colour = progress->shown && cli_publish_colour(progress->width);
	progress->height = height_of(STDERR_FILENO);
}

static const char *step_word(const struct publish_progress *progress, enum publish_step step)
{
	switch (step) {
	case PUBLISH_STAGING:
		return progress->back ? _("looking") : _("staging");
	case PUBLISH_STAGED:
		return progress->back ? _("looked at") : _("staged");
	case PUBLISH_COMMITTING:
		return progress->back ? _("putting back") : _("committing");
	case PUBLISH_CHECKING:
		return _("checking");
	case PUBLISH_DONE:
		return _("done");
	case PUBLISH_FAILED:
		return _("failed");
	default:
		return _("waiting");
	}
}

static const char *step_colour(enum publish_step step)
{
	if (step == PUBLISH_FAILED)
		return RED;
	return step == PUBLISH_DONE ? GREEN : NULL;
}

/* Columns of the widest of the words, so that nothing jumps when one changes. */
static size_t step_width(const struct publish_progress *progress)
{
	size_t widest = 0;

	for (int step = PUBLISH_WAITING; step <= PUBLISH_FAILED; step++) {
		const size_t width = text_width(step_word(progress, (enum publish_step)step));

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* A line a target: "  cucm-sub1  staging     sftp://...". */
static void put_rows(const struct publish_progress *progress, const struct publish_row *rows,
    size_t n, struct buffer *out)
{
	const size_t steps = step_width(progress);
	size_t nodes = 0;

	for (size_t i = 0; i < n; i++) {
		const size_t width = text_width(rows[i].place->node);

		nodes = width > nodes ? width : nodes;
	}
	nodes = nodes > progress->width / 3 ? progress->width / 3 : nodes;
	for (size_t i = 0; i < n; i++) {
		const char *word = step_word(progress, rows[i].step);
		const char *colour = progress->colour ? step_colour(rows[i].step) : NULL;
		char node[LINE_MAX_BYTES], place[LINE_MAX_BYTES], shown[LINE_MAX_BYTES];
		const size_t used = 2 + nodes + 2 + steps + 2;

		cluster_text_shorten(node, sizeof(node), rows[i].place->node, nodes);
		text_printable_into(place, sizeof(place), text_bytes(rows[i].place->target->text));
		buffer_printf(out, "  ");
		text_pad(out, node, nodes + 2);
		if (colour != NULL)
			buffer_printf(out, "\033[%sm", colour);
		text_pad(out, word, steps);
		if (colour != NULL)
			buffer_printf(out, "\033[0m");
		/* The last column stays free: some terminals go on in the next line. */
		if (progress->width > used + 8)
			buffer_printf(out, "  %s",
			    cluster_text_shorten(
				shown, sizeof(shown), place, progress->width - used - 1));
		buffer_add(out, "\n", 1);
	}
}

/* How many of the targets that did not fail are at STEP, or behind it. */
static size_t count_from(const struct publish_row *rows, size_t n, enum publish_step step)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += rows[i].step >= step && rows[i].step != PUBLISH_FAILED ? 1 : 0;
	return count;
}

/* One line for all: "staging 12 of 28, 1 failed". */
static void put_count(const struct publish_progress *progress, const struct publish_row *rows,
    size_t n, struct buffer *out)
{
	const size_t alive = count_from(rows, n, PUBLISH_WAITING), failed = n - alive;
	const bool committing = count_from(rows, n, PUBLISH_COMMITTING) > 0;
	enum publish_step step = PUBLISH_CHECKING, over = PUBLISH_DONE;

	if (count_from(rows, n, PUBLISH_STAGED) < alive || !committing) {
		step = PUBLISH_STAGING;
		over = PUBLISH_STAGED;
	} else if (count_from(rows, n, PUBLISH_CHECKING) < alive) {
		step = PUBLISH_COMMITTING;
		over = PUBLISH_CHECKING;
	}
	/* TRANSLATORS: "staging 12 of 28" */
	buffer_printf(
	    out, _("%s %zu of %zu"), step_word(progress, step), count_from(rows, n, over), n);
	if (failed > 0)
		buffer_printf(out, ngettext(", %zu failed", ", %zu failed", failed), failed);
	buffer_add(out, "\n", 1);
}

/* The cursor to the first line, and everything below it cleared. */
static void wipe(struct publish_progress *progress, struct buffer *out)
{
	if (progress->lines > 0)
		buffer_printf(out, "\033[%zuA\r\033[J", progress->lines);
	progress->lines = 0;
}

void publish_progress_show(void *context, const struct publish_row *rows, size_t n)
{
	struct publish_progress *progress = context;
	struct buffer text = BUFFER_INIT, out = BUFFER_INIT;
	const bool many = n > MOST_LINES || n + 1 >= progress->height;

	if (!progress->shown || n == 0)
		return;
	if (many)
		put_count(progress, rows, n, &text);
	else
		put_rows(progress, rows, n, &text);
	/* A terminal at the end of a slow line is not sent the same over and over. */
	if (!bytes_equal(buffer_bytes(&text), buffer_bytes(&progress->last)) && !text.failed) {
		wipe(progress, &out);
		buffer_add(&out, text.data, text.len);
		progress->lines = many ? 1 : n;
		if (!out.failed)
			fwrite(out.data, 1, out.len, stderr);
		buffer_free(&progress->last);
		progress->last = text;
	} else {
		buffer_free(&text);
	}
	buffer_free(&out);
}

void publish_progress_end(struct publish_progress *progress)
{
	struct buffer out = BUFFER_INIT;

	wipe(progress, &out);
	if (out.len > 0 && !out.failed)
		fwrite(out.data, 1, out.len, stderr);
	buffer_free(&out);
	buffer_free(&progress->last);
}
