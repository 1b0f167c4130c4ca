/*
 * The journal of a delivery: how far the pending generation is, and what its targets held before.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"
#include "store/delivery.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* More targets than an inventory can name, with a file for every phone. */
#define MAX_FILES 1000000

static void free_file(struct delivery_file *file)
{
	free(file->target);
	free(file->name);
	buffer_free(&file->old);
}

void delivery_free(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->n_files; i++)
		free_file(&delivery->files[i]);
	free(delivery->files);
	*delivery = (struct delivery){0};
}

/* ---- reading it ------------------------------------------------------------------------------ */

static enum status read_text(struct statement *s, int column, char **out, struct error *err)
{
	struct bytes text = {NULL, 0};
	enum status st = column_bytes(s, column, SQLITE_TEXT, STORE_TEXT_MAX, &text, err);

	if (st != ST_OK)
		return st;
	*out = strndup((const char *)text.data, text.len);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

static enum status read_file(struct statement *s, struct delivery_file *file, struct error *err)
{
	int64_t there = 0;
	enum status st = read_text(s, 0, &file->target, err);

	if (st == ST_OK)
		st = read_text(s, 1, &file->name, err);
	if (st == ST_OK)
		st = column_number(s, 2, 0, 1, &there, err);
	if (st == ST_OK && there != 0)
		st = column_blob(s, 3, STORE_CTL_MAX, &file->old, err);
	file->there = there != 0;
	return st;
}

static enum status grow(struct delivery *delivery, size_t *room, struct error *err)
{
	struct delivery_file *files;

	if (delivery->n_files < *room)
		return ST_OK;
	*room = *room > 0 ? *room * 2 : 32;
	files = reallocarray(delivery->files, *room, sizeof(*files));
	if (files == NULL)
		return error_no_memory(err);
	delivery->files = files;
	return ST_OK;
}

static enum status read_files(struct store *store, struct delivery *out, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	size_t room = 0;
	bool row = true;
	enum status st = statement_open(&s, store,
	    "SELECT target, name, old IS NOT NULL AS there, old FROM delivery_file"
	    " ORDER BY target, name",
	    err);

	while (st == ST_OK) {
		st = statement_step(&s, &row, err);
		if (st != ST_OK || !row)
			break;
		if (out->n_files == MAX_FILES)
			st = store_damaged(store, err, "%s", _("a delivery of too many files"));
		if (st == ST_OK)
			st = grow(out, &room, err);
		if (st == ST_OK) {
			out->files[out->n_files] = (struct delivery_file){0};
			st = read_file(&s, &out->files[out->n_files++], err);
		}
	}
	statement_close(&s);
	return st;
}

enum status store_delivery(struct store *store, struct delivery *out, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	int64_t phase = DELIVERY_NONE;
	bool row = false;
	enum status st;

	delivery_free(out);
	st = statement_open(&s, store, "SELECT generation, phase FROM delivery", err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK && row)
		st = column_number(&s, 0, 1, INT64_MAX, &out->generation, err);
	if (st == ST_OK && row)
		st = column_number(&s, 1, DELIVERY_SIGNED, DELIVERY_BACK, &phase, err);
	statement_close(&s);
	out->phase = (enum delivery_phase)phase;
	return st == ST_OK && row ? read_files(store, out, err) : st;
}

/* ---- writing it ------------------------------------------------------------------------------ */

static enum status put_phase(
    struct store *store, int64_t number, enum delivery_phase phase, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(&s, store,
	    "INSERT INTO delivery (one, generation, phase) VALUES (1, ?, ?)"
	    " ON CONFLICT (one) DO UPDATE SET generation = excluded.generation,"
	    " phase = excluded.phase",
	    err);

	if (st != ST_OK)
		return st;
	statement_number(&s, number);
	statement_number(&s, phase);
	return statement_run(&s, err);
}

static enum status put_file(
    struct store *store, const struct delivery_file *file, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(&s, store,
	    file->there ? "INSERT INTO delivery_file (target, name, old) VALUES (?, ?, ?)"
			  " ON CONFLICT (target, name) DO NOTHING"
			: "INSERT INTO delivery_file (target, name, old) VALUES (?, ?, NULL)"
			  " ON CONFLICT (target, name) DO NOTHING",
	    err);

	if (st != ST_OK)
		return st;
	statement_text(&s, text_bytes(file->target));
	statement_text(&s, text_bytes(file->name));
	if (file->there)
		statement_blob(&s, buffer_bytes(&file->old));
	return statement_run(&s, err);
}

/* From here on phones may get it, and that is never forgotten. */
static enum status put_served(struct store *store, int64_t number, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(
	    &s, store, "INSERT INTO served (generation) VALUES (?) ON CONFLICT DO NOTHING", err);

	if (st != ST_OK)
		return st;
	statement_number(&s, number);
	return statement_run(&s, err);
}

static enum status check_pending(struct store *store, int64_t number, struct error *err)
{
	struct generation pending = GENERATION_INIT;
	enum status st = store_pending(store, &pending, err);

	if (st == ST_OK && (number == 0 || pending.number != number)) {
		error_set(err, ST_FAILED, _("generation %" PRId64 " is not pending"), number);
		st = store_where(store, ST_FAILED, err);
	}
	generation_free(&pending);
	return st;
}

enum status store_deliver(struct store *store, int64_t number, enum delivery_phase phase,
    const struct delivery_file *files, size_t n_files, const struct audit_entry *audit,
    struct error *err)
{
	struct audit_binding binding = {.generation = 0};
	enum status st = store_transaction(store, err);

	if (st != ST_OK)
		return st;
	st = check_pending(store, number, err);
	if (st == ST_OK)
		st = put_phase(store, number, phase, err);
	if (st == ST_OK && phase != DELIVERY_SIGNED)
		st = put_served(store, number, err);
	for (size_t i = 0; st == ST_OK && i < n_files; i++)
		st = put_file(store, &files[i], err);
	if (st == ST_OK && audit != NULL)
		st = audit_append(store, audit, &binding, NULL, err);
	return store_end(store, st, err);
}

enum status delivery_end(struct store *store, struct error *err)
{
	enum status st = statement_do(store, "DELETE FROM delivery_file", err);

	return st == ST_OK ? statement_do(store, "DELETE FROM delivery", err) : st;
}
