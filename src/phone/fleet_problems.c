/*
 * The wrong rows of a fleet's CSV file: all counted, the first ones told.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fleet_problem(struct fleet_imported *out, uint64_t line, const char *fmt, ...)
{
	struct fleet_problem *list = out->problems;
	char text[512];
	va_list args;
	size_t at;

	out->bad++;
	if (list == NULL)
		list = out->problems = calloc(FLEET_PROBLEMS_MAX, sizeof(*list));
	/* Without memory for it the count still tells. */
	if (list == NULL ||
	    (out->n_problems == FLEET_PROBLEMS_MAX && list[FLEET_PROBLEMS_MAX - 1].line <= line))
		return;
	/* A device that stands twice is found when all was read: by line they are in order. */
	at = out->n_problems < FLEET_PROBLEMS_MAX ? out->n_problems++ : FLEET_PROBLEMS_MAX - 1;
	for (; at > 0 && list[at - 1].line > line; at--)
		list[at] = list[at - 1];
	list[at].line = line;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_one_line_into(list[at].text, sizeof(list[at].text), text);
}

void fleet_imported_free(struct fleet_imported *imported)
{
	free(imported->problems);
	*imported = (struct fleet_imported){0};
}
