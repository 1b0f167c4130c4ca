/*
 * Breaks long lines at blanks.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Columns of the first LEN bytes of TEXT. */
static size_t width_of(const char *text, size_t len)
{
	char *copy = strndup(text, len);
	const size_t width = copy == NULL ? len : text_width(copy);

	free(copy);
	return width;
}

/* One line, without its newline. */
static void fold_line(struct buffer *out, const char *line, size_t len, size_t width)
{
	const size_t indent = strspn(line, " ");
	size_t at = indent < len ? indent : len, column = at;
	bool first = true;

	buffer_add(out, line, at);
	while (at < len) {
		const size_t word = at + strcspn(line + at, " \n");
		const size_t end = word < len ? word : len;
		const size_t columns = width_of(line + at, end - at);
		size_t gap = strspn(line + end, " ");

		if (!first && column + columns > width) {
			/* The blanks in front of the word give way to the break. */
			while (out->len > 0 && out->data[out->len - 1] == ' ')
				out->len--;
			buffer_add(out, "\n", 1);
			for (size_t i = 0; i < indent; i++)
				buffer_add(out, " ", 1);
			column = indent;
		}
		if (end + gap > len)
			gap = len - end;
		buffer_add(out, line + at, end + gap - at);
		column += columns + gap;
		at = end + gap;
		first = false;
	}
}

void text_fold(struct buffer *out, const char *text, size_t width)
{
	for (;;) {
		const size_t len = strcspn(text, "\n");

		if (width == 0 || width_of(text, len) <= width)
			buffer_add(out, text, len);
		else
			fold_line(out, text, len, width);
		if (text[len] == '\0')
			return;
		buffer_add(out, "\n", 1);
		text += len + 1;
	}
}
