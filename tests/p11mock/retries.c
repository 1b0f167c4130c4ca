/*
 * The simulated counters of PIN tries, kept in the control files `retries` (of the user) and
 * `so-retries`: lines "LEFT MAX [TOKEN]".  A token's own line comes before one without a name,
 * which is one counter for all the others.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	int left, max;
	const char *name; /* empty: any token */
};

static bool parse(const char *line, struct entry *entry)
{
	char *end;
	const char *start = line;

	entry->left = (int)strtol(start, &end, 10);
	if (end == start)
		return false;
	start = end;
	entry->max = (int)strtol(start, &end, 10);
	if (end == start)
		return false;
	entry->name = end + strspn(end, " ");
	return true;
}

/* 2: the line is this token's own; 1: it is any token's; 0: it is another's, or no entry. */
static int fits(const char *line, const struct mock_token *token, struct entry *entry)
{
	if (!parse(line, entry))
		return 0;
	if (entry->name[0] == '\0')
		return 1;
	return strcmp(entry->name, token->label) == 0 || strcmp(entry->name, token->serial) == 0
		   ? 2
		   : 0;
}

/* The number of the line in TEXT that counts for TOKEN, or -1.  Cuts TEXT up. */
static int find(char *text, const struct mock_token *token, struct entry *found)
{
	char *line;
	struct entry entry;
	int best = 0, index = -1;

	for (int i = 0; (line = control_line(&text)) != NULL; i++) {
		int fit = fits(line, token, &entry);

		if (fit > best) {
			best = fit;
			index = i;
			*found = entry;
		}
	}
	return index;
}

bool retries_get(const char *file, const struct mock_token *token, int *left, int *max)
{
	char text[CONTROL_SIZE];
	struct entry entry;

	if (!control_read(file, text, sizeof(text)) || find(text, token, &entry) < 0)
		return false;
	*left = entry.left;
	*max = entry.max;
	return true;
}

void retries_set(const char *file, const struct mock_token *token, int left)
{
	char text[CONTROL_SIZE], copy[CONTROL_SIZE], out[CONTROL_SIZE];
	char *cursor = text, *line;
	struct entry entry;
	size_t used = 0;
	int index;

	mock_lock();
	if (control_read(file, text, sizeof(text))) {
		memcpy(copy, text, sizeof(copy));
		index = find(copy, token, &entry);
		out[0] = '\0';
		for (int i = 0; (line = control_line(&cursor)) != NULL; i++) {
			if (used >= sizeof(out) - 64)
				break;
			if (i != index)
				used += (size_t)snprintf(
				    out + used, sizeof(out) - used, "%.60s\n", line);
			else
				used += (size_t)snprintf(out + used, sizeof(out) - used,
				    "%d %d%s%.40s\n", left, entry.max,
				    entry.name[0] != '\0' ? " " : "", entry.name);
		}
		if (index >= 0)
			control_write(file, out);
	}
	mock_unlock();
}
