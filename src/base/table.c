/*
 * Tables whose columns line up.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 12

struct text_table {
	size_t columns;
	char **cells; /* row after row */
	size_t n_cells;
	size_t cap;
	size_t width[MAX_COLUMNS];
	bool failed;
};

struct text_table *text_table_new(size_t columns)
{
	struct text_table *table;

	if (columns == 0 || columns > MAX_COLUMNS)
		return NULL;
	table = calloc(1, sizeof(*table));
	if (table != NULL)
		table->columns = columns;
	return table;
}

void text_table_row(struct text_table *table, const char *const *cells)
{
	if (table == NULL || table->failed)
		return;
	if (table->n_cells + table->columns > table->cap) {
		size_t cap = (table->cap + table->columns) * 2;
		char **grown = reallocarray(table->cells, cap, sizeof(*grown));

		if (grown == NULL) {
			table->failed = true;
			return;
		}
		table->cells = grown;
		table->cap = cap;
	}
	for (size_t i = 0; i < table->columns; i++) {
		char *copy = strdup(cells[i]);
		size_t width;

		if (copy == NULL) {
			table->failed = true;
			return;
		}
		width = text_width(copy);
		table->cells[table->n_cells++] = copy;
		if (width > table->width[i])
			table->width[i] = width;
	}
}

void text_table_print(const struct text_table *table, struct buffer *out)
{
	if (table == NULL || table->failed) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t column = i % table->columns;
		bool last = column == table->columns - 1;

		text_pad(out, table->cells[i], last ? 0 : table->width[column] + 2);
		if (!last)
			continue;
		while (out->len > 0 && !out->failed && out->data[out->len - 1] == ' ')
			out->len--;
		buffer_add(out, "\n", 1);
	}
}

void text_table_free(struct text_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}
