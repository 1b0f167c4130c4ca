/*
 * The audit log: appending and reading it.
 *
 * Every entry has the hash of the one before, and a table of one row has the number and the hash of
 * the last one.  So nothing can be changed, moved or taken out, neither in the middle nor at the
 * end, without everything behind it being made anew, too; against that helps only a hash that was
 * written down elsewhere (store_audit_verify()).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char audit_no_hash[] = "0000000000000000000000000000000000000000000000000000000000000000";

enum status audit_row_read(struct statement *s, struct audit_row *row, struct error *err)
{
	int column = 0;
	enum status st;

	st = column_number(s, column++, 0, INT64_MAX, &row->numbers[0], err);
	if (st == ST_OK)
		st = column_time(s, column++, &row->numbers[1], err);
	if (st == ST_OK)
		st = column_number(s, column++, 0, INT64_MAX, &row->numbers[2], err);
	for (int i = 0; st == ST_OK && i < AUDIT_N_TEXTS; i++)
		st = column_bytes(s, column++, SQLITE_TEXT, STORE_TEXT_MAX, &row->texts[i], err);
	if (st == ST_OK)
		st = column_hex(s, column, HASH_HEX, row->hash, err);
	return st;
}

enum status audit_row_hash(const struct audit_row *row, char out[HASH_HEX + 1], struct error *err)
{
	struct buffer form = BUFFER_INIT;

	buffer_printf(&form, "ctlsign audit 1\n");
	for (int i = 0; i < AUDIT_N_NUMBERS; i++)
		hash_number(&form, row->numbers[i]);
	for (int i = 0; i < AUDIT_N_TEXTS; i++)
		hash_text(&form, row->texts[i]);
	return hash_form(&form, out, err);
}

enum status audit_head_read(struct store *store, struct audit_head *head, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = false;
	enum status st;

	st = statement_open(&s, store, "SELECT count, hash FROM audit_head WHERE one = 1", err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK && !row)
		st = store_damaged(store, err, "%s", _("it does not say where its log ends"));
	if (st == ST_OK)
		st = column_number(&s, 0, 0, INT64_MAX - 1, &head->count, err);
	if (st == ST_OK)
		st = column_hex(&s, 1, HASH_HEX, head->hash, err);
	statement_close(&s);
	return st;
}

static enum status insert_row(struct store *store, const struct audit_row *row, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(&s, store,
	    "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    err);
	if (st != ST_OK)
		return st;
	for (int i = 0; i < AUDIT_N_NUMBERS; i++)
		statement_number(&s, row->numbers[i]);
	for (int i = 0; i < AUDIT_N_TEXTS; i++)
		statement_text(&s, row->texts[i]);
	statement_text(&s, text_bytes(row->hash));
	return statement_run(&s, err);
}

static enum status write_head(struct store *store, const struct audit_row *row, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(
	    &s, store, "UPDATE audit_head SET count = ?, hash = ? WHERE one = 1", err);
	if (st != ST_OK)
		return st;
	statement_number(&s, row->numbers[0]);
	statement_text(&s, text_bytes(row->hash));
	return statement_run(&s, err);
}

enum status audit_append(struct store *store, const struct audit_entry *entry,
    const struct audit_binding *binding, int64_t *number, struct error *err)
{
	static const struct audit_binding none = {0, NULL, NULL};
	const struct audit_binding *b = binding != NULL ? binding : &none;
	char who[512];
	const char *given[AUDIT_N_TEXTS] = {
	    entry->who != NULL ? entry->who : store_who(who, sizeof(who)), entry->act, entry->what,
	    entry->signer, entry->digest, entry->outcome, b->subject, b->seal, NULL};
	char *lines[AUDIT_N_TEXTS] = {NULL};
	struct audit_head head;
	struct audit_row row;
	enum status st;

	st = audit_head_read(store, &head, err);
	if (st != ST_OK)
		return st;
	given[AUDIT_N_TEXTS - 1] = head.hash;
	row.numbers[0] = head.count + 1;
	row.numbers[1] = (int64_t)time(NULL);
	row.numbers[2] = b->generation;
	for (int i = 0; i < AUDIT_N_TEXTS; i++) {
		lines[i] = store_line(given[i]);
		if (lines[i] == NULL) {
			st = error_no_memory(err);
			goto out;
		}
		row.texts[i] = text_bytes(lines[i]);
	}
	st = audit_row_hash(&row, row.hash, err);
	if (st == ST_OK)
		st = insert_row(store, &row, err);
	if (st == ST_OK)
		st = write_head(store, &row, err);
	if (st == ST_OK && number != NULL)
		*number = row.numbers[0];
out:
	for (int i = 0; i < AUDIT_N_TEXTS; i++)
		free(lines[i]);
	return st;
}

enum status store_audit(struct store *store, const struct audit_entry *entry, struct error *err)
{
	enum status st = store_transaction(store, err);

	if (st != ST_OK)
		return st;
	return store_end(store, audit_append(store, entry, NULL, NULL, err), err);
}

/* Gives one row to EACH, its texts as printable lines. */
static enum status give(struct statement *s,
    enum status (*each)(void *context, const struct audit_entry *entry, struct error *err),
    void *context, struct error *err)
{
	char *lines[AUDIT_N_TEXTS] = {NULL};
	struct audit_entry entry;
	struct audit_row row;
	enum status st;

	st = audit_row_read(s, &row, err);
	for (int i = 0; st == ST_OK && i < AUDIT_N_TEXTS; i++)
		st = column_line(s, AUDIT_N_NUMBERS + i, &lines[i], err);
	if (st == ST_OK)
		st =
		    column_hex(s, AUDIT_N_NUMBERS + AUDIT_N_TEXTS - 1, HASH_HEX, entry.before, err);
	if (st == ST_OK) {
		entry.number = row.numbers[0];
		entry.when = (time_t)row.numbers[1];
		entry.generation = row.numbers[2];
		entry.who = lines[0];
		entry.act = lines[1];
		entry.what = lines[2];
		entry.signer = lines[3];
		entry.digest = lines[4];
		entry.outcome = lines[5];
		entry.subject = lines[6];
		entry.seal = lines[7];
		memcpy(entry.hash, row.hash, sizeof(entry.hash));
		st = each(context, &entry, err);
	}
	for (int i = 0; i < AUDIT_N_TEXTS; i++)
		free(lines[i]);
	return st;
}

enum status store_audit_each(struct store *store,
    enum status (*each)(void *context, const struct audit_entry *entry, struct error *err),
    void *context, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st;

	st = statement_open(&s, store, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY number", err);
	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = give(&s, each, context, err);
	}
	statement_close(&s);
	return st;
}
