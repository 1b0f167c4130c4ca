/*
 * A SQL statement: bind, step, read, and transactions of them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/statement.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum status statement_open(
    struct statement *s, struct store *store, const char *sql, struct error *err)
{
	int rc;

	*s = (struct statement)STATEMENT_INIT;
	s->store = store;
	rc = sqlite3_prepare_v2(store->db, sql, -1, &s->stmt, NULL);
	if (rc != SQLITE_OK)
		return store_sqlite_error(store, rc, err);
	return ST_OK;
}

void statement_close(struct statement *s)
{
	sqlite3_finalize(s->stmt);
	*s = (struct statement)STATEMENT_INIT;
}

void statement_again(struct statement *s)
{
	/* What the last run said was told by its step. */
	sqlite3_reset(s->stmt);
	s->failed = SQLITE_OK;
	s->bound = 0;
}

/* Keeps the first failure. */
static void bound(struct statement *s, int rc)
{
	if (s->failed == SQLITE_OK)
		s->failed = rc;
}

void statement_number(struct statement *s, int64_t value)
{
	bound(s, sqlite3_bind_int64(s->stmt, ++s->bound, value));
}

void statement_text(struct statement *s, struct bytes text)
{
	bound(
	    s, sqlite3_bind_text64(s->stmt, ++s->bound, text.len > 0 ? (const char *)text.data : "",
		   text.len, SQLITE_STATIC, SQLITE_UTF8));
}

char *store_line(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	size_t size = len < STORE_TEXT_MAX / 4 ? 4 * len + 1 : STORE_TEXT_MAX;
	char *line = malloc(size);

	/* A character becomes four at the most. */
	if (line != NULL)
		text_one_line_into(line, size, text != NULL ? text : "");
	return line;
}

void statement_line(struct statement *s, const char *text)
{
	char *line = store_line(text);

	s->bound++;
	bound(s, line == NULL ? SQLITE_NOMEM
			      : sqlite3_bind_text(s->stmt, s->bound, line, -1, SQLITE_TRANSIENT));
	free(line);
}

void statement_blob(struct statement *s, struct bytes blob)
{
	bound(s, sqlite3_bind_blob64(s->stmt, ++s->bound,
		     blob.len > 0 ? (const void *)blob.data : "", blob.len, SQLITE_STATIC));
}

enum status statement_step(struct statement *s, bool *row, struct error *err)
{
	int rc = s->failed;

	*row = false;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return store_sqlite_error(s->store, rc, err);
	*row = rc == SQLITE_ROW;
	return ST_OK;
}

enum status statement_run(struct statement *s, struct error *err)
{
	enum status st;
	bool row = true;

	do {
		st = statement_step(s, &row, err);
	} while (st == ST_OK && row);
	statement_close(s);
	return st;
}

enum status statement_do(struct store *store, const char *sql, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(&s, store, sql, err);

	return st == ST_OK ? statement_run(&s, err) : st;
}

static enum status wrong_column(struct statement *s, int column, struct error *err)
{
	const char *name = sqlite3_column_name(s->stmt, column);

	return store_damaged(s->store, err, _("a \"%s\" has a value that cannot be there"),
	    name != NULL ? name : "");
}

enum status column_number(
    struct statement *s, int column, int64_t min, int64_t max, int64_t *out, struct error *err)
{
	*out = sqlite3_column_int64(s->stmt, column);
	if (sqlite3_column_type(s->stmt, column) != SQLITE_INTEGER || *out < min || *out > max)
		return wrong_column(s, column, err);
	return ST_OK;
}

enum status column_time(struct statement *s, int column, int64_t *out, struct error *err)
{
	enum status st = column_number(s, column, INT64_MIN, INT64_MAX, out, err);

	if (st == ST_OK && (*out < 0 || *out > TIME_MOST))
		st = store_damaged(s->store, err,
		    _("the time \"%s\" is before 1970 or after the year 9999"),
		    sqlite3_column_name(s->stmt, column));
	return st;
}

enum status column_bytes(
    struct statement *s, int column, int type, size_t max, struct bytes *out, struct error *err)
{
	const void *data;
	int len;

	if (sqlite3_column_type(s->stmt, column) != type)
		return wrong_column(s, column, err);
	data = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(s->stmt, column)
				   : sqlite3_column_blob(s->stmt, column);
	len = sqlite3_column_bytes(s->stmt, column);
	/* An empty blob has no data, an empty text has. */
	if (data == NULL && (type == SQLITE_TEXT || len > 0))
		return error_no_memory(err);
	if (len < 0 || (size_t)len > max)
		return wrong_column(s, column, err);
	out->data = data;
	out->len = (size_t)len;
	if (type == SQLITE_TEXT && memchr(data, '\0', out->len) != NULL)
		return wrong_column(s, column, err);
	return ST_OK;
}

enum status column_line(struct statement *s, int column, char **out, struct error *err)
{
	struct bytes text = {NULL, 0};
	enum status st = column_bytes(s, column, SQLITE_TEXT, STORE_TEXT_MAX, &text, err);

	free(*out);
	*out = NULL;
	if (st != ST_OK)
		return st;
	/* SQLite's texts end with a NUL. */
	*out = store_line((const char *)text.data);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

enum status column_hex(struct statement *s, int column, size_t length, char *out, struct error *err)
{
	struct bytes text = {NULL, 0};
	enum status st = column_bytes(s, column, SQLITE_TEXT, length, &text, err);

	if (st != ST_OK)
		return st;
	if (text.len != length || strspn((const char *)text.data, "0123456789abcdef") != length)
		return wrong_column(s, column, err);
	memcpy(out, text.data, length + 1);
	return ST_OK;
}

enum status column_blob(
    struct statement *s, int column, size_t max, struct buffer *out, struct error *err)
{
	struct bytes blob = {NULL, 0};
	enum status st = column_bytes(s, column, SQLITE_BLOB, max, &blob, err);

	buffer_reset(out);
	if (st != ST_OK)
		return st;
	buffer_add(out, blob.data, blob.len);
	return buffer_status(out, err);
}

/* The reservation for writing is made at once: later, another writer could make it fail. */
enum status store_transaction(struct store *store, struct error *err)
{
	return statement_do(store, "BEGIN IMMEDIATE", err);
}

enum status store_snapshot(struct store *store, struct error *err)
{
	return statement_do(store, "BEGIN", err);
}

enum status store_end(struct store *store, enum status st, struct error *err)
{
	if (st == ST_OK)
		st = statement_do(store, "COMMIT", err);
	if (sqlite3_get_autocommit(store->db) == 0)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return st;
}
