/*
 * The runbook as Markdown (CommonMark with tables and task lists, as most tools show it).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The dot or bracket of "12. " or "12) ", which would begin a numbered list; NULL: none. */
static const char *number_end(const char *text)
{
	const char *at = text;

	while (is_digit(*at))
		at++;
	return at > text && (*at == '.' || *at == ')') && (at[1] == ' ' || at[1] == '\0') ? at
											  : NULL;
}

void runbook_escape_markdown(struct buffer *out, const char *text)
{
	static const char special[] = "\\`*_{}[]<>#|~&$!^";
	const char *number, *start = text;

	while (*start == ' ' || *start == '\t')
		start++;
	number = number_end(start);
	for (const char *at = start; *at != '\0'; at++) {
		const unsigned char c = (unsigned char)*at;

		/* A line of its own could become anything. */
		if (c < 0x20 || c == 0x7F) {
			buffer_add(out, " ", 1);
			continue;
		}
		if (strchr(special, *at) != NULL || at == number ||
		    (at == start && strchr("-+=", *at) != NULL))
			buffer_add(out, "\\", 1);
		buffer_add(out, at, 1);
	}
}

static void put_begin(struct buffer *out, const char *title)
{
	buffer_add(out, "# ", 2);
	runbook_escape_markdown(out, title);
	buffer_add(out, "\n\n", 2);
}

static void put_end(struct buffer *out)
{
	(void)out;
}

static void put_page(struct buffer *out)
{
	buffer_printf(out, "---\n\n");
}

static void put_heading(struct buffer *out, unsigned level, const char *text)
{
	buffer_add(out, "######", level < 6 ? level : 6);
	buffer_add(out, " ", 1);
	runbook_escape_markdown(out, text);
	buffer_add(out, "\n\n", 2);
}

static void put_paragraph(struct buffer *out, const char *text)
{
	runbook_escape_markdown(out, text);
	buffer_add(out, "\n\n", 2);
}

static void put_list(struct buffer *out)
{
	(void)out;
}

static void put_item(struct buffer *out, enum runbook_mark mark, const char *text)
{
	static const char *const marks[] = {[RUNBOOK_POINT] = "- ", [RUNBOOK_OPEN] = "- [ ] "};

	buffer_printf(out, "%s", marks[mark]);
	runbook_escape_markdown(out, text);
	buffer_add(out, "\n", 1);
}

static void put_list_end(struct buffer *out)
{
	buffer_add(out, "\n", 1);
}

/* The longest run of backticks in TEXT: a fence has to be longer. */
static size_t longest_ticks(const char *text)
{
	size_t longest = 0, n = 0;

	for (; *text != '\0'; text++) {
		n = *text == '`' ? n + 1 : 0;
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void put_fence(struct buffer *out, size_t n)
{
	buffer_add(out, "  ", 2);
	for (size_t i = 0; i < n; i++)
		buffer_add(out, "`", 1);
	buffer_add(out, "\n", 1);
}

/* Nothing in a fenced block has a meaning, but the fence itself. */
static void put_code(struct buffer *out, const char *text)
{
	const size_t longest = longest_ticks(text), n = longest < 3 ? 3 : longest + 1;

	put_fence(out, n);
	buffer_add(out, "  ", 2);
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '\n')
			buffer_add(out, "\n  ", 3);
		else
			buffer_add(out, c < 0x20 || c == 0x7F ? " " : text, 1);
	}
	buffer_add(out, "\n", 1);
	put_fence(out, n);
	buffer_add(out, "\n", 1);
}

static void put_command(struct buffer *out, const struct runbook_command *command)
{
	buffer_printf(out, command->done ? "- [x] " : "- [ ] ");
	runbook_escape_markdown(out, _("Type:"));
	buffer_add(out, "\n\n", 2);
	put_code(out, command->command);
	if (command->says == NULL)
		return;
	buffer_add(out, "  ", 2);
	runbook_escape_markdown(out, _("It says:"));
	buffer_add(out, "\n\n", 2);
	put_code(out, command->says);
}

static void put_row(struct buffer *out, const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buffer_add(out, "| ", 2);
		runbook_escape_markdown(out, cells[i]);
		buffer_add(out, " ", 1);
	}
	buffer_add(out, "|\n", 2);
}

static void put_table(struct buffer *out, const char *const *heads, size_t n)
{
	put_row(out, heads, n);
	for (size_t i = 0; i < n; i++)
		buffer_printf(out, "| --- ");
	buffer_add(out, "|\n", 2);
}

static void put_table_end(struct buffer *out)
{
	buffer_add(out, "\n", 1);
}

static void put_line(struct buffer *out, const char *label)
{
	runbook_escape_markdown(out, label);
	/* Escaped: many underscores would be a rule or emphasis. */
	buffer_printf(out, " ");
	for (size_t i = 0; i < 32; i++)
		buffer_add(out, "\\_", 2);
	buffer_add(out, "\n\n", 2);
}

/* The picture as a table: a row a generation. */
static void put_picture(struct buffer *out, const struct runbook *runbook)
{
	static const char *const heads[] = {
	    N_("Generation"), N_("State"), N_("Signature"), N_("It trusts"), N_("Phones")};
	struct runbook_link links[RUNBOOK_LINKS_MAX];
	const char *cells[5];
	const size_t n = runbook_chain(runbook, links);

	for (size_t i = 0; i < 5; i++)
		cells[i] = _(heads[i]);
	put_table(out, cells, 5);
	for (size_t i = 0; i < n; i++) {
		struct buffer sasts = BUFFER_INIT;

		for (size_t k = 0; k < links[i].n_sasts; k++)
			buffer_printf(&sasts, "%s%s", k > 0 ? "; " : "", links[i].sasts[k]);
		cells[0] = links[i].name;
		cells[1] = links[i].state;
		cells[2] = links[i].arrow;
		cells[3] = buffer_text(&sasts);
		cells[4] = links[i].phones;
		if (cells[3] == NULL)
			out->failed = true;
		else
			put_row(out, cells, 5);
		buffer_free(&sasts);
	}
	put_table_end(out);
}

void runbook_markdown(const struct runbook *runbook, struct buffer *out)
{
	static const struct runbook_pen pen = {
	    .begin = put_begin,
	    .end = put_end,
	    .page = put_page,
	    .heading = put_heading,
	    .paragraph = put_paragraph,
	    .list = put_list,
	    .item = put_item,
	    .list_end = put_list_end,
	    .command = put_command,
	    .table = put_table,
	    .row = put_row,
	    .table_end = put_table_end,
	    .line = put_line,
	    .picture = put_picture,
	};

	runbook_write(&pen, runbook, out);
}
