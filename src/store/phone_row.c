/*
 * A row of the table of phones, and reading many of them by name.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/phone_row.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool phone_is_printable(const char *text, size_t len)
{
	bool same = true, ascii = true;
	char *line;

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7F)
			return false;
		ascii = ascii && c < 0x80;
	}
	if (ascii)
		return true;
	line = store_line(text);
	same = line != NULL && strcmp(line, text) == 0;
	free(line);
	return same;
}

bool phone_is_name(const char *name, size_t len)
{
	return len > 0 && len <= PHONE_TEXT_MAX && phone_is_printable(name, len);
}

static enum status read_name(struct statement *s, const char **name, struct error *err)
{
	struct bytes text = {NULL, 0};
	enum status st = column_bytes(s, 0, SQLITE_TEXT, PHONE_TEXT_MAX, &text, err);

	*name = (const char *)text.data;
	if (st == ST_OK && !phone_is_name(*name, text.len))
		st = ST_FORMAT;
	return st;
}

static enum status read_numbers(struct statement *s, struct store_phone_row *out, struct error *err)
{
	int64_t model = 0, ctl = 0, itl = 0, seen = 0;
	enum status st = column_number(s, 1, 1, PHONE_MODELS_MAX, &model, err);

	if (st == ST_OK)
		st = column_number(s, 2, 0, PHONE_CHECKSUMS_MAX, &ctl, err);
	if (st == ST_OK)
		st = column_number(s, 3, 0, PHONE_CHECKSUMS_MAX, &itl, err);
	if (st == ST_OK)
		st = column_number(s, 4, 0, TIME_MOST, &seen, err);
	out->model = (uint32_t)model;
	out->ctl = (uint32_t)ctl;
	out->itl = (uint32_t)itl;
	out->seen = (time_t)seen;
	return st;
}

enum status phone_row_read(
    struct statement *s, const char *before, struct store_phone_row *out, struct error *err)
{
	enum status st = read_name(s, &out->name, err);

	if (st == ST_OK && before[0] != '\0' && strcmp(out->name, before) <= 0)
		st = ST_FORMAT;
	if (st == ST_FORMAT && before[0] == '\0')
		return store_damaged(
		    s->store, err, "%s", _("the first phone has a name that cannot be there"));
	if (st == ST_FORMAT)
		return store_damaged(s->store, err,
		    _("the phone after \"%s\" has a name that cannot be there"), before);
	if (st == ST_OK)
		st = read_numbers(s, out, err);
	if (st == ST_FORMAT)
		st = store_damaged(
		    s->store, err, _("phone \"%s\" has a value that cannot be there"), out->name);
	return st;
}

enum status phone_row_check(struct store *store, const struct phone_row *row,
    const struct phone_pool *models, const struct phone_pool *checksums, struct error *err)
{
	if (phone_pool_text(models, row->model) == NULL)
		return store_damaged(store, err, _("the model of phone \"%s\" is gone"), row->name);
	if ((row->ctl != 0 && phone_pool_text(checksums, row->ctl) == NULL) ||
	    (row->itl != 0 && phone_pool_text(checksums, row->itl) == NULL))
		return store_damaged(
		    store, err, _("a checksum of phone \"%s\" is gone"), row->name);
	return ST_OK;
}

/* ---- reading ahead --------------------------------------------------------------------------- */

enum status phone_ahead_open(struct phone_ahead *ahead, struct store *store,
    const struct phone_pool *models, const struct phone_pool *checksums, struct error *err)
{
	ahead->models = models;
	ahead->checksums = checksums;
	ahead->n = ahead->next = 0;
	ahead->end = false;
	return statement_open(&ahead->s, store,
	    "SELECT " PHONE_COLUMNS " FROM phone WHERE name > ? ORDER BY name", err);
}

void phone_ahead_close(struct phone_ahead *ahead)
{
	statement_close(&ahead->s);
}

static enum status take_row(struct phone_ahead *ahead, const char *before, struct error *err)
{
	struct phone_row *row = &ahead->rows[ahead->n];
	struct store_phone_row read;
	enum status st = phone_row_read(&ahead->s, before, &read, err);

	if (st != ST_OK)
		return st;
	memcpy(row->name, read.name, strlen(read.name) + 1);
	row->model = read.model;
	row->ctl = read.ctl;
	row->itl = read.itl;
	row->seen = (int64_t)read.seen;
	st = phone_row_check(ahead->s.store, row, ahead->models, ahead->checksums, err);
	if (st == ST_OK)
		ahead->n++;
	return st;
}

static enum status read_more(struct phone_ahead *ahead, struct error *err)
{
	char before[PHONE_TEXT_MAX + 1] = "";
	bool row = true;
	enum status st = ST_OK;

	if (ahead->n > 0)
		memcpy(before, ahead->rows[ahead->n - 1].name, sizeof(before));
	ahead->n = ahead->next = 0;
	statement_text(&ahead->s, text_bytes(before));
	while (st == ST_OK && ahead->n < PHONE_AHEAD) {
		st = statement_step(&ahead->s, &row, err);
		ahead->end = st == ST_OK && !row;
		if (st != ST_OK || !row)
			break;
		st = take_row(ahead, ahead->n > 0 ? ahead->rows[ahead->n - 1].name : before, err);
	}
	/* Nothing is left reading. */
	statement_again(&ahead->s);
	return st;
}

enum status phone_ahead_peek(
    struct phone_ahead *ahead, const struct phone_row **row, struct error *err)
{
	enum status st = ST_OK;

	if (ahead->next == ahead->n && !ahead->end)
		st = read_more(ahead, err);
	*row = st == ST_OK && ahead->next < ahead->n ? &ahead->rows[ahead->next] : NULL;
	return st;
}

void phone_ahead_next(struct phone_ahead *ahead)
{
	ahead->next++;
}
