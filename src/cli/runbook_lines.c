/*
 * Lists of strings that a runbook owns.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/runbook.h"

#include <stdlib.h>
#include <string.h>

void runbook_lines_free(struct runbook_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free((void *)(uintptr_t)lines->list[i]);
	free(lines->list);
	*lines = (struct runbook_lines){.list = NULL};
}

static enum status add(struct runbook_lines *lines, const char *text, size_t len, struct error *err)
{
	const char **grown = realloc(lines->list, (lines->n + 1) * sizeof(*grown));
	char *copy;

	if (grown == NULL)
		return error_no_memory(err);
	lines->list = grown;
	copy = strndup(text, len);
	if (copy == NULL)
		return error_no_memory(err);
	lines->list[lines->n++] = copy;
	return ST_OK;
}

enum status runbook_lines_add(struct runbook_lines *lines, const char *text, struct error *err)
{
	return add(lines, text, strlen(text), err);
}

enum status runbook_lines_split(struct runbook_lines *lines, struct buffer *text, struct error *err)
{
	const char *at = buffer_text(text);
	enum status st = at != NULL ? ST_OK : error_no_memory(err);

	while (st == ST_OK) {
		size_t len;

		at += strspn(at, " \n");
		if (*at == '\0')
			break;
		len = strcspn(at, "\n");
		st = add(lines, at, len, err);
		at += len;
	}
	return st;
}
