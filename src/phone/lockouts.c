/*
 * The list of phones that would be locked out, as a file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/lockouts.h"

#include "base/file.h"
#include "base/text.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

struct writer {
	const struct fleet_question *question;
	struct buffer out;
};

/* A spreadsheet takes what begins so for a formula, unless an apostrophe says that it is text. */
static bool is_formula(const char *text)
{
	return text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
}

static void put_cell(struct buffer *out, const char *text, char end)
{
	struct buffer cell = BUFFER_INIT;
	char *quoted = NULL;
	size_t room;

	buffer_printf(&cell, "%s%s", is_formula(text) ? "'" : "", text);
	room = csv_write(NULL, 0, cell.data, cell.len);
	quoted = malloc(room + 1);
	if (quoted == NULL || cell.failed)
		out->failed = true;
	else
		buffer_add(out, quoted, csv_write(quoted, room, cell.data, cell.len));
	free(quoted);
	buffer_free(&cell);
	buffer_add_u8(out, (unsigned char)end);
}

static enum status put(void *context, const struct fleet_phone *phone, struct error *err)
{
	struct writer *w = context;
	const struct fleet_group *group = phone->group;
	struct buffer seen = BUFFER_INIT;
	const char *holds = "";

	if (group->verdict.outcome != PHONE_REJECTED)
		return ST_OK;
	if (group->ctl == PHONE_HOLDS_LIST && group->list < w->question->lists->n)
		holds = w->question->lists->list[group->list].name;
	text_time_utc(&seen, phone->seen);
	put_cell(&w->out, phone->name, ',');
	put_cell(&w->out, group->model, ',');
	put_cell(&w->out, phone->ctl, ',');
	put_cell(&w->out, holds, ',');
	put_cell(&w->out, buffer_text(&seen) != NULL ? buffer_text(&seen) : "", ',');
	put_cell(&w->out, phone_why_text(group->verdict.why), '\n');
	buffer_free(&seen);
	return buffer_status(&w->out, err);
}

enum status phone_lockouts_write(const struct fleet_question *question,
    const struct fleet_answer *answer, const char *path, struct error *err)
{
	struct writer w = {.question = question, .out = BUFFER_INIT};
	enum status st;

	buffer_printf(&w.out, "Device Name,Model,CTL,Holds,Seen,Why\n");
	st = fleet_each(question, answer, put, &w, err);
	if (st == ST_OK)
		st = file_write_durably(path, buffer_bytes(&w.out), true, 0644, err);
	buffer_free(&w.out);
	return st;
}
