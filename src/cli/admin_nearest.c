/*
 * The command that somebody may have meant.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 63

/* What a word behind the name counts, in letters. */
#define WORD_BEHIND 2

static size_t least(size_t a, size_t b, size_t c)
{
	const size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

size_t cli_distance(const char *typed, const char *name)
{
	const size_t len = strlen(name);
	size_t row[NAME_MAX_LEN + 1];

	if (len > NAME_MAX_LEN)
		return (size_t)-1;
	for (size_t i = 0; i <= len; i++)
		row[i] = i;
	for (size_t t = 0; typed[t] != '\0'; t++) {
		size_t corner = row[0]; /* of the row before, one to the left */

		row[0] = t + 1;
		for (size_t i = 1; i <= len; i++) {
			const size_t above = row[i];
			const size_t change = lower(typed[t]) == lower(name[i - 1]) ? 0 : 1;

			row[i] = least(above + 1, row[i - 1] + 1, corner + change);
			corner = above;
		}
	}
	return row[len];
}

/* The first N words of LINE with one blank between. */
static void join(const struct admin_line *line, size_t n, char out[ADMIN_LINE_MAX + 1])
{
	char *end = out;

	*end = '\0';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			end = stpcpy(end, " ");
		end = stpcpy(end, line->words[i]);
	}
}

static size_t blanks(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == ' ' ? 1 : 0;
	return n;
}

const struct admin_command *admin_nearest(const struct admin_line *line)
{
	const struct admin_command *nearest = admin_command_at(0), *command;
	size_t shortest = (size_t)-1;
	char typed[ADMIN_LINE_MAX + 1];

	for (size_t i = 0; (command = admin_command_at(i)) != NULL; i++) {
		const size_t words = blanks(command->name) + 1;
		size_t behind, d;

		if (strcmp(command->name, "?") == 0 || strlen(command->name) > NAME_MAX_LEN)
			continue;
		/* Somebody left out the end. */
		if (admin_begins(line, line->n, command->name))
			return command;
		/* What follows a name that has arguments is no part of it, but makes it less
		 * likely. */
		behind = command->max > 0 && words < line->n ? line->n - words : 0;
		join(line, line->n - behind, typed);
		d = cli_distance(typed, command->name) + behind * WORD_BEHIND;
		if (d >= shortest)
			continue;
		shortest = d;
		nearest = command;
	}
	return nearest;
}
