/*
 * A row of the table of phones, and reading many of them by name.
 *
 * Private to src/store/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_PHONE_ROW_H
#define CTLSIGN_STORE_PHONE_ROW_H

#include "store/phone_pool.h"

struct phone_row {
	char name[PHONE_TEXT_MAX + 1];
	uint32_t model, ctl, itl;
	int64_t seen;
};

#define PHONE_COLUMNS "name, model, ctl, itl, seen"

/* Whether TEXT may be shown as it is; told quickly for what is ASCII. */
bool phone_is_printable(const char *text, size_t len);

/* Whether NAME, of LEN bytes, may be the name of a phone. */
bool phone_is_name(const char *name, size_t len);

/*
 * Reads the row that S stands on; its PHONE_COLUMNS are the first ones.  OUT->name is borrowed.
 * BEFORE is the name of the row before, "" for the first: damage is told with it, and names ascend.
 */
enum status phone_row_read(
    struct statement *s, const char *before, struct store_phone_row *out, struct error *err);

/* ST_FORMAT unless the words of ROW are there. */
enum status phone_row_check(struct store *store, const struct phone_row *row,
    const struct phone_pool *models, const struct phone_pool *checksums, struct error *err);

/*
 * Rows by name, some at a time, so that no statement is reading while rows are written.  Rows that
 * are put before the one that phone_ahead_peek() gave, or after the last one, are not read.
 */
#define PHONE_AHEAD 512

struct phone_ahead {
	struct statement s;
	const struct phone_pool *models, *checksums;
	struct phone_row rows[PHONE_AHEAD];
	size_t n, next;
	bool end; /* the table has no more */
};

/* phone_ahead_close() in any case. */
enum status phone_ahead_open(struct phone_ahead *ahead, struct store *store,
    const struct phone_pool *models, const struct phone_pool *checksums, struct error *err);
void phone_ahead_close(struct phone_ahead *ahead);

/* The next row, NULL behind the last; phone_ahead_next() goes on. */
enum status phone_ahead_peek(
    struct phone_ahead *ahead, const struct phone_row **row, struct error *err);
void phone_ahead_next(struct phone_ahead *ahead);

#endif
