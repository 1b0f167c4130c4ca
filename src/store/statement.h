/*
 * A SQL statement: bind, step, read.  A wrong bind is told by the step; what is read is checked
 * for its type and its size, as the file may come from anybody.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_STATEMENT_H
#define CTLSIGN_STORE_STATEMENT_H

#include "store/handle.h"

/* 9999-12-31 23:59:59 UTC: what comes after has no date that people could read. */
#define TIME_MOST INT64_C(253402300799)

struct statement {
	struct store *store;
	sqlite3_stmt *stmt;
	int failed; /* the first result code of a bind that was not SQLITE_OK */
	int bound;  /* how many parameters have a value */
};

#define STATEMENT_INIT                                                                             \
	{                                                                                          \
		NULL, NULL, SQLITE_OK, 0                                                           \
	}

/* Prepares SQL; statement_close() in any case. */
enum status statement_open(
    struct statement *s, struct store *store, const char *sql, struct error *err);
void statement_close(struct statement *s);

/* Makes it ready to be bound and run once more. */
void statement_again(struct statement *s);

/*
 * The value of the next parameter.  What it points to must stay until the statement is closed.  A
 * line is text of ours or made printable: it is cut at STORE_TEXT_MAX, freed of control characters,
 * and "" for NULL.
 */
void statement_number(struct statement *s, int64_t value);
void statement_text(struct statement *s, struct bytes text);
void statement_line(struct statement *s, const char *text);
void statement_blob(struct statement *s, struct bytes blob);

/* The next row: *ROW is false behind the last one. */
enum status statement_step(struct statement *s, bool *row, struct error *err);

/* Steps to the end of one that gives no rows, and closes it. */
enum status statement_run(struct statement *s, struct error *err);

/* Prepares and runs SQL without parameters. */
enum status statement_do(struct store *store, const char *sql, struct error *err);

/* The number in COLUMN, which lies between MIN and MAX. */
enum status column_number(
    struct statement *s, int column, int64_t min, int64_t max, int64_t *out, struct error *err);

/* The time in COLUMN, in seconds since 1970: not before, and not after the year 9999. */
enum status column_time(struct statement *s, int column, int64_t *out, struct error *err);

/*
 * Borrowed until the next step: text (without NULs in it) or a blob of at most MAX bytes; TYPE is
 * SQLITE_TEXT or SQLITE_BLOB.
 */
enum status column_bytes(
    struct statement *s, int column, int type, size_t max, struct bytes *out, struct error *err);

/* The text in COLUMN as one printable line.  Owned by the caller; *OUT is freed first. */
enum status column_line(struct statement *s, int column, char **out, struct error *err);

/* LENGTH lower-case hex digits and a NUL. */
enum status column_hex(
    struct statement *s, int column, size_t length, char *out, struct error *err);

/* The blob in COLUMN, at most MAX bytes, instead of what OUT held. */
enum status column_blob(
    struct statement *s, int column, size_t max, struct buffer *out, struct error *err);

/* TEXT as one printable line of at most STORE_TEXT_MAX bytes, owned by the caller; NULL is "". */
char *store_line(const char *text);

#endif
