/*
 * The pieces of which tl_show() puts a list's picture together.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_SHOW_H
#define CTLSIGN_TRUSTLIST_SHOW_H

#include "trustlist/trustlist.h"

struct show {
	const struct trustlist *list;
	const struct tl_show_info *info;
	const struct tl_record *signer; /* NULL: none of the records */
	const char *kind;		/* "CTL" or "ITL" */
	struct buffer *out;
};

/* ---- show_table.c: rows BYTEPOS TAG LENGTH VALUE ------------------------------------------- */

/* What stands left of the value. */
struct show_row {
	unsigned tag;
	const char *name;
	size_t length;
};

/* "BYTEPOS TAG LENGTH VALUE", underlined: CUCM's words, though the first column is the tag. */
void show_table_heading(struct buffer *out);

/* One row; an empty VALUE leaves nothing behind the length. */
void show_text(struct buffer *out, const struct show_row *row, const char *value);

/* A stored name as the value, broken after ';' or ',' where it would pass column 80. */
void show_name(struct buffer *out, const struct show_row *row, struct bytes stored);

/* Bytes as the value, 16 a line, at most MOST of them. */
void show_hex(struct buffer *out, const struct show_row *row, struct bytes value, size_t most);

/* How much of an element that nobody knows is shown. */
#define SHOW_UNKNOWN_MOST 64

/* One more line of a value. */
void show_more(struct buffer *out, const char *text);

/* A name that starts at column INDENT and is broken like that; ends the line. */
void show_wrapped_name(struct buffer *out, struct bytes stored, size_t indent);

/* ---- the parts, from the top --------------------------------------------------------------- */

/* Version, header length, and the header's elements in file order. */
void show_header(const struct show *show);

/* One record, and under a SAST whether it signed.  NUMBER counts from 1. */
void show_record(const struct show *show, const struct tl_record *record, size_t number);

/* Who signed and when, and one line an entry. */
void show_summary(const struct show *show);

#endif
