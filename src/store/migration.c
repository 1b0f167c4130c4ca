/*
 * Migrations: each with the journal of its plan, which the audit log seals.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/migration.h"

#include "store/audit.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIGRATION_COLUMNS "number, state, begun, journal"

void store_migration_free(struct store_migration *migration)
{
	free(migration->journal);
	*migration = (struct store_migration){0};
}

/* ---- reading --------------------------------------------------------------------------------- */

static enum status read_row(struct statement *s, struct store_migration *out, struct error *err)
{
	int64_t state = 0, begun = 0;
	struct bytes journal = {NULL, 0};
	enum status st;

	store_migration_free(out);
	st = column_number(s, 0, 1, INT64_MAX - 1, &out->number, err);
	if (st == ST_OK)
		st = column_number(s, 1, MIGRATION_OPEN, MIGRATION_ABORTED, &state, err);
	if (st == ST_OK)
		st = column_time(s, 2, &begun, err);
	if (st == ST_OK)
		st = column_bytes(s, 3, SQLITE_TEXT, STORE_JOURNAL_MAX, &journal, err);
	if (st == ST_OK) {
		out->state = (enum migration_state)state;
		out->begun = (time_t)begun;
		out->journal = strndup((const char *)journal.data, journal.len);
		if (out->journal == NULL)
			st = error_no_memory(err);
	}
	if (st != ST_OK)
		store_migration_free(out);
	return st;
}

enum status store_migration(struct store *store, struct store_migration *out, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = false;
	enum status st;

	store_migration_free(out);
	st = statement_open(&s, store,
	    "SELECT " MIGRATION_COLUMNS " FROM migration ORDER BY state = 0 DESC, number DESC"
	    " LIMIT 1",
	    err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK && row)
		st = read_row(&s, out, err);
	statement_close(&s);
	return st;
}

enum status migration_each(struct store *store,
    enum status (*each)(struct store *store, void *context, const struct store_migration *migration,
	struct error *err),
    void *context, struct error *err)
{
	struct store_migration migration = {0};
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st = statement_open(
	    &s, store, "SELECT " MIGRATION_COLUMNS " FROM migration ORDER BY number", err);

	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = read_row(&s, &migration, err);
		if (st == ST_OK && row)
			st = each(store, context, &migration, err);
	}
	store_migration_free(&migration);
	statement_close(&s);
	return st;
}

/* ---- the log --------------------------------------------------------------------------------- */

void migration_subject(struct buffer *subject, int64_t number)
{
	buffer_printf(subject, "migration %" PRId64, number);
}

enum status migration_seal(
    const struct store_migration *migration, char seal[HASH_HEX + 1], struct error *err)
{
	struct buffer form = BUFFER_INIT;

	buffer_printf(&form, "ctlsign migration 1\n");
	hash_number(&form, migration->number);
	hash_number(&form, migration->state);
	hash_number(&form, (int64_t)migration->begun);
	hash_text(&form, text_bytes(migration->journal));
	return hash_form(&form, seal, err);
}

/* Appends ENTRY, which vouches for MIGRATION as it is from now on. */
static enum status append(struct store *store, const struct store_migration *migration,
    const struct audit_entry *entry, struct error *err)
{
	struct audit_binding binding = {.generation = 0};
	struct buffer subject = BUFFER_INIT;
	char seal[HASH_HEX + 1];
	enum status st = migration_seal(migration, seal, err);

	migration_subject(&subject, migration->number);
	binding.subject = buffer_text(&subject);
	binding.seal = seal;
	if (st == ST_OK)
		st = buffer_status(&subject, err);
	if (st == ST_OK)
		st = audit_append(store, entry, &binding, NULL, err);
	buffer_free(&subject);
	return st;
}

/* ---- writing --------------------------------------------------------------------------------- */

static enum status check_journal(const char *journal, struct error *err)
{
	if (strlen(journal) <= STORE_JOURNAL_MAX)
		return ST_OK;
	return error_set(err, ST_LIMIT,
	    _("the journal of this migration would have %zu bytes: %u are allowed"),
	    strlen(journal), (unsigned)STORE_JOURNAL_MAX);
}

/* The number of the one that is open, 0 when there is none; and the number for the next. */
static enum status find_numbers(
    struct store *store, int64_t *open, int64_t *next, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = false;
	enum status st;

	st = statement_open(&s, store,
	    "SELECT coalesce(max(CASE state WHEN 0 THEN number END), 0) AS number,"
	    " coalesce(max(number), 0) AS number FROM migration",
	    err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK)
		st = column_number(&s, 0, 0, INT64_MAX - 1, open, err);
	if (st == ST_OK)
		st = column_number(&s, 1, 0, INT64_MAX - 1, next, err);
	statement_close(&s);
	++*next;
	return st;
}

static enum status check_none_open(
    struct store *store, struct store_migration *migration, struct error *err)
{
	int64_t open = 0;
	enum status st = find_numbers(store, &open, &migration->number, err);

	if (st != ST_OK || open == 0)
		return st;
	error_set(err, ST_EXISTS, _("migration %" PRId64 " is not finished"), open);
	error_hint(err, "%s",
	    _("go on with 'ctlsign migrate next', or end it with 'ctlsign migrate abort'"));
	return store_where(store, ST_EXISTS, err);
}

static enum status insert(
    struct store *store, const struct store_migration *migration, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(
	    &s, store, "INSERT INTO migration (" MIGRATION_COLUMNS ") VALUES (?, 0, ?, ?)", err);

	if (st != ST_OK)
		return st;
	statement_number(&s, migration->number);
	statement_number(&s, (int64_t)migration->begun);
	statement_text(&s, text_bytes(migration->journal));
	return statement_run(&s, err);
}

enum status store_migration_begin(struct store *store, const char *journal, int64_t *number,
    const struct audit_entry *audit, struct error *err)
{
	struct store_migration migration = {
	    .state = MIGRATION_OPEN, .begun = time(NULL), .journal = (char *)(uintptr_t)journal};
	enum status st = check_journal(journal, err);

	*number = 0;
	if (st == ST_OK)
		st = store_transaction(store, err);
	if (st != ST_OK)
		return st;
	st = check_none_open(store, &migration, err);
	if (st == ST_OK)
		st = insert(store, &migration, err);
	if (st == ST_OK)
		st = append(store, &migration, audit, err);
	st = store_end(store, st, err);
	if (st == ST_OK)
		*number = migration.number;
	return st;
}

/* When the open one, which must be NUMBER, was begun. */
static enum status check_open(struct store *store, int64_t number, time_t *begun, struct error *err)
{
	struct store_migration open = {0};
	enum status st = store_migration(store, &open, err);

	if (st == ST_OK && (number < 1 || open.number != number || open.state != MIGRATION_OPEN)) {
		error_set(err, ST_FAILED, _("migration %" PRId64 " is not open"), number);
		error_hint(err, "%s", _("see 'ctlsign migrate status'"));
		st = store_where(store, ST_FAILED, err);
	}
	*begun = open.begun;
	store_migration_free(&open);
	return st;
}

static enum status update(
    struct store *store, const struct store_migration *migration, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(
	    &s, store, "UPDATE migration SET state = ?, journal = ? WHERE number = ?", err);

	if (st != ST_OK)
		return st;
	statement_number(&s, migration->state);
	statement_text(&s, text_bytes(migration->journal));
	statement_number(&s, migration->number);
	return statement_run(&s, err);
}

enum status store_migration_write(struct store *store, int64_t number, enum migration_state state,
    const char *journal, const struct audit_entry *audit, struct error *err)
{
	struct store_migration migration = {
	    .number = number, .state = state, .journal = (char *)(uintptr_t)journal};
	enum status st = check_journal(journal, err);

	if (st == ST_OK)
		st = store_transaction(store, err);
	if (st != ST_OK)
		return st;
	st = check_open(store, number, &migration.begun, err);
	if (st == ST_OK)
		st = update(store, &migration, err);
	if (st == ST_OK)
		st = append(store, &migration, audit, err);
	return store_end(store, st, err);
}
