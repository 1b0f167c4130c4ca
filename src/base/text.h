/*
 * Text for people: hex, untrusted strings made printable, columns that line up.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_TEXT_H
#define CTLSIGN_BASE_TEXT_H

#include "base/bytes.h"

#include <time.h>

/*
 * Appends BYTES to OUT as upper-case (or, with LOWER, lower-case) hex pairs.  SEPARATOR stands
 * between pairs, 0 for none: text_hex(out, serial, ':', false) gives "70:CA:F6".
 */
void text_hex(struct buffer *out, struct bytes bytes, char separator, bool lower);

/*
 * Appends UNTRUSTED to OUT so that a terminal, a log or a JSON string can take it: valid UTF-8
 * stays, control characters, bad UTF-8, line and paragraph separators, bidirectional controls and
 * invisible characters become \xHH escapes, a backslash is doubled.
 */
void text_printable(struct buffer *out, struct bytes untrusted);

/* The same into a fixed array, cut at a character's end; always terminated; returns OUT. */
char *text_printable_into(char *out, size_t size, struct bytes untrusted);

/*
 * One line of our own words around what was made printable before: control characters and bad
 * UTF-8 become escapes as above, but a backslash stays, so that nothing is escaped twice.
 */
char *text_one_line_into(char *out, size_t size, const char *text);

/* A copy of UTF-8 TEXT, cut at a character's end; always terminated; returns OUT. */
char *text_cut_into(char *out, size_t size, const char *text);

/* A C string as a borrowed range, without its NUL. */
struct bytes text_bytes(const char *text);

/* Columns that TEXT takes on a terminal; characters that cannot be printed count 0. */
size_t text_width(const char *text);

/* Appends TEXT and as many spaces as are missing to WIDTH columns. */
void text_pad(struct buffer *out, const char *text, size_t width);

/*
 * Appends TEXT with lines that are longer than WIDTH columns broken at blanks; what follows begins
 * under the line's own first character.  A word that is too long stays whole.  0: no width.
 */
void text_fold(struct buffer *out, const char *text, size_t width);

/* "2026-11-23 14:05:09 CET" in the local zone, for people. */
void text_time_local(struct buffer *out, time_t when);

/* "2026-11-23T13:05:09Z", for JSON. */
void text_time_utc(struct buffer *out, time_t when);

/*
 * A table: text_table_row() takes one cell a column, text_table_print() appends the rows with
 * columns as wide as their widest cell, two spaces between, nothing after the last one.  Cells are
 * copied.  COLUMNS is at most 12.
 */
struct text_table;
struct text_table *text_table_new(size_t columns);
void text_table_row(struct text_table *table, const char *const *cells);
void text_table_print(const struct text_table *table, struct buffer *out);
void text_table_free(struct text_table *table);

#endif
