/*
 * The rows of `show ctl`: BYTEPOS TAG LENGTH VALUE, in 80 columns.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/show.h"

#include "base/text.h"
#include "trustlist/describe.h"

#include <string.h>

#define LINE_WIDTH   80
#define VALUE_COLUMN 33 /* leaves 47 columns: 16 bytes in hex */
#define HEX_A_LINE   16

static void add_text(struct buffer *out, const char *text)
{
	buffer_add(out, text, strlen(text));
}

void show_table_heading(struct buffer *out)
{
	add_text(out, "BYTEPOS TAG               LENGTH VALUE\n");
	add_text(out, "------- ---               ------ -----\n");
}

static void row_start(struct buffer *out, const struct show_row *row)
{
	buffer_printf(out, "%-7u %-18s%6zu", row->tag, row->name, row->length);
}

void show_text(struct buffer *out, const struct show_row *row, const char *value)
{
	row_start(out, row);
	if (value[0] != '\0')
		buffer_printf(out, " %s", value);
	add_text(out, "\n");
}

void show_more(struct buffer *out, const char *text)
{
	buffer_printf(out, "%*s%s\n", VALUE_COLUMN, "", text);
}

/* Where the piece of TEXT ends that starts at FROM: behind a ';' or an unescaped ','. */
static size_t piece_end(const char *text, size_t from)
{
	size_t end = from;

	while (text[end] != '\0') {
		char c = text[end++];

		if (c == ';' || (c == ',' && (end < 2 || text[end - 2] != '\\')))
			break;
	}
	return end;
}

/*
 * How much of TEXT (its end included, a break between pieces) fits into ROOM columns; at least one
 * piece, however long that is.
 */
static size_t line_length(char *text, size_t room)
{
	size_t fits = 0;

	for (size_t end = 0; text[fits] != '\0'; fits = end) {
		char kept;
		size_t width;

		end = piece_end(text, fits);
		kept = text[end];
		text[end] = '\0';
		width = text_width(text);
		text[end] = kept;
		if (width > room && fits > 0)
			break;
		if (width > room)
			return end;
	}
	return fits;
}

void show_wrapped_name(struct buffer *out, struct bytes stored, size_t indent)
{
	struct buffer name = BUFFER_INIT;
	char *text;

	describe_name(&name, stored);
	if (buffer_text(&name) == NULL) {
		out->failed = true;
		goto out;
	}
	text = (char *)name.data;
	for (;;) {
		size_t len = line_length(text, LINE_WIDTH - indent);

		buffer_add(out, text, len);
		add_text(out, "\n");
		text += len;
		if (*text == '\0')
			break;
		buffer_printf(out, "%*s", (int)indent, "");
	}
out:
	buffer_free(&name);
}

void show_name(struct buffer *out, const struct show_row *row, struct bytes stored)
{
	row_start(out, row);
	if (tl_string(stored).len == 0) {
		add_text(out, "\n");
		return;
	}
	add_text(out, " ");
	show_wrapped_name(out, stored, VALUE_COLUMN);
}

void show_hex(struct buffer *out, const struct show_row *row, struct bytes value, size_t most)
{
	const size_t shown = value.len < most ? value.len : most;

	row_start(out, row);
	if (shown == 0)
		add_text(out, "\n");
	for (size_t i = 0; i < shown; i += HEX_A_LINE) {
		size_t n = shown - i < HEX_A_LINE ? shown - i : HEX_A_LINE;

		buffer_printf(out, "%*s", i == 0 ? 1 : VALUE_COLUMN, "");
		text_hex(out, (struct bytes){value.data + i, n}, ' ', false);
		add_text(out, "\n");
	}
	if (shown < value.len)
		show_more(out, "...");
}
