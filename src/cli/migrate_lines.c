/*
 * Labels with text beside them, as the `migrate` commands show everything.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Columns of a label with the blanks around it. */
#define LABEL_COLUMNS 13

/* A plan is read in mails and on paper, too. */
#define WIDTH 72

size_t migrate_width(int fd)
{
	const size_t width = cli_width(fd);

	return width > 0 && width < WIDTH ? width : WIDTH;
}

/* Appends each line of TEXT behind LABEL, or as many blanks. */
static void put_lines(struct buffer *out, const char *label, const char *text)
{
	while (*text != '\0') {
		const size_t len = strcspn(text, "\n");

		text_pad(out, label, LABEL_COLUMNS);
		buffer_add(out, text, len);
		buffer_add(out, "\n", 1);
		label = "";
		text += len + (text[len] == '\n' ? 1 : 0);
	}
}

void migrate_put_row(struct buffer *out, size_t width, const char *label, const char *text)
{
	struct buffer folded = BUFFER_INIT;
	const char *whole;

	text_fold(&folded, text, width > LABEL_COLUMNS ? width - LABEL_COLUMNS : 1);
	whole = buffer_text(&folded);
	if (whole != NULL)
		put_lines(out, label, whole);
	buffer_free(&folded);
}

/* The next line of *TEXT without the blanks before it, in LINE; false at the end. */
static bool next_line(const char **text, struct buffer *line)
{
	size_t len;

	*text += strspn(*text, " \n");
	if (**text == '\0')
		return false;
	len = strcspn(*text, "\n");
	buffer_reset(line);
	buffer_add(line, *text, len);
	*text += len;
	return buffer_text(line) != NULL;
}

void migrate_put_rows(struct buffer *out, size_t width, const char *label, struct buffer *lines)
{
	struct buffer line = BUFFER_INIT;
	const char *text = buffer_text(lines);

	while (text != NULL && next_line(&text, &line)) {
		migrate_put_row(out, width, label, buffer_text(&line));
		label = "";
	}
	buffer_free(&line);
}

json_t *migrate_lines_json(struct buffer *lines)
{
	struct buffer line = BUFFER_INIT;
	const char *text = buffer_text(lines);
	json_t *array = json_array();

	while (text != NULL && next_line(&text, &line))
		json_array_append_new(array, json_string(buffer_text(&line)));
	buffer_free(&line);
	return array;
}

void migrate_setting_due(
    const struct journal *journal, const struct inventory *inventory, char out[256])
{
	const struct migrate_wish *wish = &journal->wish;

	out[0] = '\0';
	if (wish->has_signer && wish->signer != inventory->tokenless_signer)
		snprintf(out, 256,
		    _("Enter tokenless-signer = %s in ctlsign.conf before the next update: "
		      "that is signed by whom it names."),
		    wish->signer == SIGNER_ITLRECOVERY ? "ITLRecovery" : "CallManager");
}

const char *migrate_end_word(enum migrate_end end)
{
	switch (end) {
	case MIGRATE_TOKENLESS:
		return _("tokenless signing");
	case MIGRATE_TOKENS:
		return _("signing by tokens");
	case MIGRATE_ROTATE:
		return _("other keys");
	case MIGRATE_JOIN_CLUSTER:
		break;
	}
	return _("trusting another cluster");
}
