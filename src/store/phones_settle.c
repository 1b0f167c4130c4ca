/*
 * The end of an import of phones: those whose names did not ascend, and those that were not put.
 *
 * The table is read once more, from its first row, beside the late ones, which are sorted now.  The
 * marks say what became of each row before.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/phones_import.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* They are in memory, unlike those in order. */
#define LATE_MAX (3u * 1024 * 1024)

/* Fewer words than this are left alone when no phone has them any more. */
#define SWEEP_FROM 4096

void phones_late_free(struct late_phones *late)
{
	buffer_free(&late->names);
	free(late->list);
	*late = (struct late_phones){0};
}

enum status phones_put_late(
    struct store_phones *phones, const struct phone_row *row, struct error *err)
{
	struct late_phones *late = &phones->late;
	const size_t room = late->room > 0 ? late->room * 2 : 1024;
	struct late_phone *list;

	if (late->n == LATE_MAX) {
		error_set(err, ST_LIMIT, _("more than %u phones are not in the order of names"),
		    (unsigned)LATE_MAX);
		error_hint(err, "%s", _("sort them by name first"));
		return ST_LIMIT;
	}
	if (late->n == late->room) {
		list = reallocarray(late->list, room, sizeof(*list));
		if (list == NULL)
			return error_no_memory(err);
		late->list = list;
		late->room = room;
	}
	late->list[late->n] = (struct late_phone){.name = late->names.len,
	    .nth = (uint32_t)late->n,
	    .model = row->model,
	    .ctl = row->ctl,
	    .itl = row->itl,
	    .seen = row->seen};
	late->n++;
	buffer_add(&late->names, row->name, strlen(row->name) + 1);
	return buffer_status(&late->names, err);
}

static const char *name_of(const struct late_phones *late, size_t i)
{
	return (const char *)late->names.data + late->list[i].name;
}

/* By name, and the same name as they came. */
static int compare_late(const void *a, const void *b, void *names)
{
	const struct late_phone *x = a, *y = b;
	int order = strcmp((const char *)names + x->name, (const char *)names + y->name);

	if (order != 0)
		return order;
	return x->nth < y->nth ? -1 : 1;
}

static void row_of(const struct late_phones *late, size_t i, struct phone_row *row)
{
	const struct late_phone *phone = &late->list[i];
	const char *name = name_of(late, i);

	memcpy(row->name, name, strlen(name) + 1);
	row->model = phone->model;
	row->ctl = phone->ctl;
	row->itl = phone->itl;
	row->seen = phone->seen;
}

/*
 * Puts all late ones of ROW's name over it, from *I on, which goes behind them.  *CHANGED when one
 * of them said something else.
 */
static void put_all_over(
    const struct store_phones *phones, size_t *i, struct phone_row *row, bool *changed)
{
	const struct late_phones *late = &phones->late;
	struct phone_row before;

	*changed = false;
	for (; *i < late->n && strcmp(name_of(late, *i), row->name) == 0; (*i)++) {
		if (late->list[*i].seen < row->seen)
			continue;
		before = *row;
		row_of(late, *i, row);
		phones_keep_known(phones, row, &before);
		*changed = *changed || !phones_same_words(&before, row);
	}
}

/* The late ones of a name that no row has. */
static enum status add_late(struct store_phones *phones, size_t *i, struct error *err)
{
	struct phone_row row;
	bool changed;

	row_of(&phones->late, *i, &row);
	put_all_over(phones, i, &row, &changed);
	phones->count.added++;
	return phones_write(phones, &row, err);
}

/* The late ones of STORED's name. */
static enum status change_late(struct store_phones *phones, const struct phone_row *stored,
    enum phone_mark mark, size_t *i, struct error *err)
{
	struct phone_row row = *stored;
	bool changed;

	put_all_over(phones, i, &row, &changed);
	if (mark == PHONE_LEFT && !changed) {
		phones->count.same++;
	} else if (mark == PHONE_LEFT) {
		phones->count.changed++;
	} else if (mark == PHONE_SAME && changed) {
		phones->count.same--;
		phones->count.changed++;
	}
	if (phones_same_words(stored, &row) && row.seen == stored->seen)
		return ST_OK;
	return phones_write(phones, &row, err);
}

static enum status take_out(
    struct store_phones *phones, struct statement *s, const char *name, struct error *err)
{
	bool row = false;

	statement_again(s);
	statement_text(s, text_bytes(name));
	phones->count.removed++;
	return statement_step(s, &row, err);
}

static enum phone_mark mark_of(const struct store_phones *phones, size_t nth)
{
	return nth < phones->marks.len ? (enum phone_mark)phones->marks.data[nth] : PHONE_LEFT;
}

static enum status settle(struct store_phones *phones, struct statement *remove, struct error *err)
{
	const struct late_phones *late = &phones->late;
	const struct phone_row *row = NULL;
	size_t i = 0, nth = 0;
	enum phone_mark mark;
	enum status st = ST_OK;
	int order;

	while (st == ST_OK) {
		st = phone_ahead_peek(&phones->ahead, &row, err);
		if (st != ST_OK || (row == NULL && i == late->n))
			break;
		if (row == NULL)
			order = 1;
		else
			order = i == late->n ? -1 : strcmp(row->name, name_of(late, i));
		if (order > 0) {
			st = add_late(phones, &i, err);
			continue;
		}
		mark = mark_of(phones, nth++);
		if (order == 0)
			st = change_late(phones, row, mark, &i, err);
		else if (mark == PHONE_LEFT && phones->replace)
			st = take_out(phones, remove, row->name, err);
		phone_ahead_next(&phones->ahead);
	}
	return st;
}

enum status phones_settle(struct store_phones *phones, struct error *err)
{
	struct statement remove = STATEMENT_INIT;
	const struct phone_row *more = NULL;
	struct late_phones *late = &phones->late;
	enum status st = ST_OK;

	if (phones->replace)
		st = phone_ahead_peek(&phones->ahead, &more, err);
	if (st != ST_OK || (late->n == 0 && more == NULL && (!phones->replace || !phones->n_left)))
		return st;
	if (late->n > 0)
		qsort_r(late->list, late->n, sizeof(*late->list), compare_late, late->names.data);
	phone_ahead_close(&phones->ahead);
	st = phone_ahead_open(
	    &phones->ahead, phones->store, &phones->models, &phones->checksums, err);
	if (st == ST_OK)
		st =
		    statement_open(&remove, phones->store, "DELETE FROM phone WHERE name = ?", err);
	if (st == ST_OK)
		st = settle(phones, &remove, err);
	statement_close(&remove);
	return st;
}

/* ---- words that no phone has ----------------------------------------------------------------- */

static enum status note_used(
    struct store_phones *phones, uint8_t *models, uint8_t *checksums, struct error *err)
{
	const struct phone_row *row = NULL;
	enum status st;

	phone_ahead_close(&phones->ahead);
	st = phone_ahead_open(
	    &phones->ahead, phones->store, &phones->models, &phones->checksums, err);
	while (st == ST_OK) {
		st = phone_ahead_peek(&phones->ahead, &row, err);
		if (st != ST_OK || row == NULL)
			break;
		/* That they are less than the end was seen when the row was read. */
		models[row->model] = 1;
		checksums[row->ctl] = 1;
		checksums[row->itl] = 1;
		phone_ahead_next(&phones->ahead);
	}
	return st;
}

enum status phones_sweep(struct store_phones *phones, struct error *err)
{
	uint8_t *models = NULL, *checksums = NULL;
	enum status st = ST_OK;

	if (phones->models.n < SWEEP_FROM && phones->checksums.n < SWEEP_FROM)
		return ST_OK;
	models = calloc((size_t)phones->models.end + 1, 1);
	checksums = calloc((size_t)phones->checksums.end + 1, 1);
	if (models == NULL || checksums == NULL)
		st = error_no_memory(err);
	if (st == ST_OK)
		st = note_used(phones, models, checksums, err);
	if (st == ST_OK)
		st = phone_pool_sweep(&phones->models, models, err);
	if (st == ST_OK)
		st = phone_pool_sweep(&phones->checksums, checksums, err);
	free(models);
	free(checksums);
	return st;
}
