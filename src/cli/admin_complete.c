/*
 * What Tab does in the admin shell: words of the commands' names.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include <string.h>
#include <strings.h>

#define CHOICES_MAX 32

/* A word of a command's name; it ends at a blank or the name's end. */
struct choice {
	const char *word;
	size_t len;
};

struct choices {
	struct choice items[CHOICES_MAX];
	size_t n;
};

/* The word behind the first N of NAME; empty when there is none. */
static struct choice word_behind(const char *name, size_t n)
{
	for (; n > 0 && *name != '\0'; n--) {
		name += strcspn(name, " ");
		name += strspn(name, " ");
	}
	return (struct choice){name, strcspn(name, " ")};
}

static void add(struct choices *choices, struct choice choice)
{
	for (size_t i = 0; i < choices->n; i++)
		if (choices->items[i].len == choice.len &&
		    memcmp(choices->items[i].word, choice.word, choice.len) == 0)
			return;
	if (choices->n < CHOICES_MAX)
		choices->items[choices->n++] = choice;
}

/* How much all choices have in common. */
static size_t common_len(const struct choices *choices)
{
	size_t len = choices->items[0].len;

	for (size_t i = 1; i < choices->n; i++) {
		const struct choice *choice = &choices->items[i];

		if (choice->len < len)
			len = choice->len;
		while (len > 0 && strncasecmp(choice->word, choices->items[0].word, len) != 0)
			len--;
	}
	return len;
}

void admin_complete(const char *before, struct buffer *insert, struct buffer *choices_out)
{
	const struct admin_command *command;
	struct choices choices = {.n = 0};
	struct admin_line line;
	const char *part = "";
	size_t whole, typed, common;

	if (admin_line_split(before, &line, NULL) != ST_OK)
		return;
	whole = line.n;
	if (line.n > 0 && strchr(" \t", before[strlen(before) - 1]) == NULL)
		part = line.words[--whole];
	typed = strlen(part);
	for (size_t i = 0; (command = admin_command_at(i)) != NULL; i++) {
		const struct choice choice = word_behind(command->name, whole);

		if (choice.len > 0 && admin_begins(&line, whole, command->name) &&
		    choice.len >= typed && strncasecmp(choice.word, part, typed) == 0)
			add(&choices, choice);
	}
	if (choices.n == 0)
		return;
	common = common_len(&choices);
	buffer_add(insert, choices.items[0].word + typed, common - typed);
	if (choices.n == 1)
		buffer_add_u8(insert, ' ');
	if (insert->len > 0)
		return;
	for (size_t i = 0; i < choices.n; i++) {
		if (i > 0)
			buffer_add_u8(choices_out, ' ');
		buffer_add(choices_out, choices.items[i].word, choices.items[i].len);
	}
}
