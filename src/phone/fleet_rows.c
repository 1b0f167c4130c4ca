/*
 * The rows of a fleet's CSV file: kept small, put in order, and each device once.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool room_for_row(struct fleet_rows *rows)
{
	const size_t cap = rows->cap != 0 ? rows->cap + rows->cap / 2 : 4096;
	struct fleet_row *list;

	if (rows->n < rows->cap)
		return true;
	list = realloc(rows->list, cap * sizeof(*list));
	if (list == NULL)
		return false;
	rows->list = list;
	rows->cap = cap;
	return true;
}

static bool room_for_name(struct fleet_rows *rows, size_t len)
{
	const size_t cap = rows->names_cap != 0 ? rows->names_cap + rows->names_cap / 2 : 65536;
	char *names;

	if (rows->names_cap - rows->names_len >= len)
		return true;
	names = realloc(rows->names, cap);
	if (names == NULL)
		return false;
	rows->names = names;
	rows->names_cap = cap;
	return true;
}

/* Compares as memcmp() of the bytes would: the first is the highest. */
static uint64_t key_of(const char *name, size_t len)
{
	uint64_t key = 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < len ? (unsigned char)name[i] : 0);
	return key;
}

static int compare_names(const char *names, const struct fleet_row *a, const struct fleet_row *b)
{
	for (size_t i = 0; i < 2; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	/* The last byte of the key is 0 when the whole name stands in it. */
	return (a->key[1] & 0xff) == 0 ? 0 : strcmp(names + a->name, names + b->name);
}

enum status fleet_rows_add(struct fleet_rows *rows, const char *name, const char *model,
    const char *ctl, const char *itl, uint64_t line, struct error *err)
{
	const size_t len = strlen(name);
	struct fleet_row *row;
	enum status st;

	if (rows->n >= FLEET_PHONES_MAX)
		return error_set(
		    err, ST_LIMIT, _("the file has more than %d phones"), FLEET_PHONES_MAX);
	if (!room_for_row(rows) || !room_for_name(rows, len + 1))
		return error_no_memory(err);
	row = &rows->list[rows->n];
	*row = (struct fleet_row){
	    .key = {key_of(name, len), 0}, .name = (uint32_t)rows->names_len, .line = line};
	if (len > 8)
		row->key[1] = key_of(name + 8, len - 8);
	st = fleet_words_add(&rows->models, model, &row->model, err);
	if (st == ST_OK)
		st = fleet_words_add(&rows->checksums, ctl, &row->ctl, err);
	if (st == ST_OK)
		st = fleet_words_add(&rows->checksums, itl, &row->itl, err);
	if (st != ST_OK)
		return st;
	memcpy(rows->names + rows->names_len, name, len + 1);
	rows->names_len += len + 1;
	rows->ascending =
	    rows->n == 0 || (rows->ascending && compare_names(rows->names, row - 1, row) < 0);
	rows->n++;
	return ST_OK;
}

void fleet_rows_free(struct fleet_rows *rows)
{
	fleet_words_free(&rows->models);
	fleet_words_free(&rows->checksums);
	free(rows->list);
	free(rows->names);
	*rows = (struct fleet_rows){0};
}

static int compare(const void *a, const void *b, void *context)
{
	const struct fleet_row *x = a, *y = b;
	const int names = compare_names(context, x, y);

	if (names != 0)
		return names;
	return x->line < y->line ? -1 : x->line > y->line;
}

void fleet_rows_sort(struct fleet_rows *rows, struct fleet_imported *out)
{
	size_t n = 0;

	if (rows->ascending || rows->n == 0)
		return;
	qsort_r(rows->list, rows->n, sizeof(*rows->list), compare, rows->names);
	for (size_t i = 1; i < rows->n; i++) {
		const struct fleet_row *first = &rows->list[n], *row = &rows->list[i];

		if (compare_names(rows->names, first, row) != 0)
			rows->list[++n] = *row;
		else if (first->model != row->model || first->ctl != row->ctl ||
			 first->itl != row->itl)
			fleet_problem(out, row->line,
			    _("%s stands with other content in line %" PRIu64 " already"),
			    rows->names + row->name, first->line);
	}
	rows->n = n + 1;
}
