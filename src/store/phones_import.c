/*
 * An import of phones: one transaction.
 *
 * What is stored is read by name beside what is put, as two sorted streams are merged; so nothing
 * is looked up, and what did not change is not written.  Names that do not ascend wait in memory
 * until the commit.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"
#include "store/phones_import.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void free_all(struct store_phones *phones)
{
	phone_ahead_close(&phones->ahead);
	statement_close(&phones->write);
	phone_pool_free(&phones->models);
	phone_pool_free(&phones->checksums);
	phones_late_free(&phones->late);
	buffer_free(&phones->marks);
	free(phones);
}

void store_phones_abort(struct store_phones *phones)
{
	struct store *store;

	if (phones == NULL)
		return;
	store = phones->store;
	free_all(phones);
	store_end(store, ST_CANCELLED, NULL);
}

enum status store_phones_begin(
    struct store *store, bool replace, struct store_phones **out, struct error *err)
{
	struct store_phones *phones = calloc(1, sizeof(*phones));
	enum status st;

	*out = NULL;
	if (phones == NULL)
		return error_no_memory(err);
	phones->store = store;
	phones->replace = replace;
	st = store_transaction(store, err);
	if (st != ST_OK) {
		free_all(phones);
		return st;
	}
	st = phone_pool_read(&phones->models, PHONE_POOL_MODELS, store, err);
	if (st == ST_OK)
		st = phone_pool_read(&phones->checksums, PHONE_POOL_CHECKSUMS, store, err);
	if (st == ST_OK)
		st = phone_ahead_open(
		    &phones->ahead, store, &phones->models, &phones->checksums, err);
	if (st == ST_OK)
		st = statement_open(&phones->write, store,
		    "INSERT OR REPLACE INTO phone (" PHONE_COLUMNS ") VALUES (?, ?, ?, ?, ?)", err);
	if (st == ST_OK)
		*out = phones;
	else
		store_phones_abort(phones);
	return st;
}

/* ---- putting --------------------------------------------------------------------------------- */

enum status phones_write(
    struct store_phones *phones, const struct phone_row *row, struct error *err)
{
	struct statement *s = &phones->write;
	bool more = false;

	statement_again(s);
	statement_text(s, text_bytes(row->name));
	statement_number(s, row->model);
	statement_number(s, row->ctl);
	statement_number(s, row->itl);
	statement_number(s, row->seen);
	return statement_step(s, &more, err);
}

bool phones_same_words(const struct phone_row *a, const struct phone_row *b)
{
	return a->model == b->model && a->ctl == b->ctl && a->itl == b->itl;
}

void phones_keep_known(
    const struct store_phones *phones, struct phone_row *row, const struct phone_row *known)
{
	if (row->model == phones->no_model)
		row->model = known->model;
	if (row->itl == 0)
		row->itl = known->itl;
	if (row->ctl == 0 && known->ctl != 0) {
		row->ctl = known->ctl;
		row->seen = known->seen;
	}
}

/* Passes by the stored rows before ROW's name; *STORED is the first that is not. */
static enum status pass_by(struct store_phones *phones, const char *name,
    const struct phone_row **stored, int *order, struct error *err)
{
	enum status st;

	for (;;) {
		st = phone_ahead_peek(&phones->ahead, stored, err);
		if (st != ST_OK || *stored == NULL)
			return st;
		*order = strcmp((*stored)->name, name);
		if (*order >= 0)
			return ST_OK;
		buffer_add_u8(&phones->marks, PHONE_LEFT);
		phones->n_left++;
		phone_ahead_next(&phones->ahead);
	}
}

/* STORED is the same phone.  What was seen before it does not count. */
static enum status put_over(struct store_phones *phones, const struct phone_row *stored,
    struct phone_row *row, struct error *err)
{
	const bool older = row->seen < stored->seen;
	enum status st = ST_OK;
	bool same;

	phones_keep_known(phones, row, stored);
	same = phones_same_words(stored, row);
	if (!older && (!same || row->seen != stored->seen))
		st = phones_write(phones, row, err);
	buffer_add_u8(&phones->marks, older || same ? PHONE_SAME : PHONE_CHANGED);
	if (older || same)
		phones->count.same++;
	else
		phones->count.changed++;
	phone_ahead_next(&phones->ahead);
	return st;
}

static enum status put_next(struct store_phones *phones, struct phone_row *row, struct error *err)
{
	const struct phone_row *stored = NULL;
	int order = 0;
	enum status st = pass_by(phones, row->name, &stored, &order, err);

	if (st != ST_OK)
		return st;
	if (stored != NULL && order == 0) {
		st = put_over(phones, stored, row, err);
	} else {
		st = phones_write(phones, row, err);
		buffer_add_u8(&phones->marks, PHONE_ADDED);
		phones->count.added++;
	}
	if (st == ST_OK)
		st = buffer_status(&phones->marks, err);
	memcpy(phones->last, row->name, sizeof(phones->last));
	return st;
}

/* The number of a checksum: 0 for one that nobody knows. */
static enum status number_checksum(
    struct store_phones *phones, const char *text, uint32_t *number, struct error *err)
{
	if (text[0] != '\0')
		return phone_pool_number(&phones->checksums, text, number, err);
	*number = 0;
	return ST_OK;
}

/* PHONE as a row, into phones->row, whose numbers are those of the phone before. */
static enum status make_row(
    struct store_phones *phones, const struct store_phone *phone, struct error *err)
{
	const size_t len = strnlen(phone->name, PHONE_TEXT_MAX + 1);
	struct phone_row *row = &phones->row;
	enum status st;

	if (!phone_is_name(phone->name, len))
		return error_set(
		    err, ST_USAGE, _("this is no name of a phone: \"%s\""), phone->name);
	if (phone->seen < 0 || (int64_t)phone->seen > TIME_MOST)
		return error_set(err, ST_USAGE,
		    _("phone \"%s\" was seen before 1970 or after the year 9999"), phone->name);
	st = phone_pool_number(&phones->models, phone->model, &row->model, err);
	if (st == ST_OK && phone->model[0] == '\0')
		phones->no_model = row->model;
	if (st == ST_OK)
		st = number_checksum(phones, phone->ctl, &row->ctl, err);
	if (st == ST_OK)
		st = number_checksum(phones, phone->itl, &row->itl, err);
	memcpy(row->name, phone->name, len + 1);
	row->seen = (int64_t)phone->seen;
	return st;
}

enum status store_phones_put(
    struct store_phones *phones, const struct store_phone *phone, struct error *err)
{
	enum status st = phones->failed.status;

	if (st == ST_OK)
		st = make_row(phones, phone, err);
	else if (err != NULL)
		*err = phones->failed;
	if (st == ST_OK)
		st = strcmp(phones->row.name, phones->last) > 0
			 ? put_next(phones, &phones->row, err)
			 : phones_put_late(phones, &phones->row, err);
	/* What is no phone changed nothing. */
	if (st != ST_OK && st != ST_USAGE && phones->failed.status == ST_OK) {
		if (err != NULL)
			phones->failed = *err;
		phones->failed.status = st;
	}
	return st;
}

enum status store_phones_commit(struct store_phones *phones, const struct audit_entry *audit,
    struct store_phones_count *count, struct error *err)
{
	struct store *store = phones->store;
	enum status st = phones->failed.status;

	if (st != ST_OK && err != NULL)
		*err = phones->failed;
	if (st == ST_OK)
		st = phones_settle(phones, err);
	if (st == ST_OK)
		st = phones_sweep(phones, err);
	*count = phones->count;
	free_all(phones);
	if (st == ST_OK)
		st = audit_append(store, audit, NULL, NULL, err);
	st = store_end(store, st, err);
	if (st != ST_OK)
		*count = (struct store_phones_count){0};
	return st;
}
