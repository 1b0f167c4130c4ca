/*
 * Splits a line of the admin shell into words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin_line.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool has_controls(const char *raw)
{
	for (; *raw != '\0'; raw++)
		if (((unsigned char)*raw < 0x20 || *raw == 0x7f) && !is_blank(*raw))
			return true;
	return false;
}

/* Copies the word at *FROM to *TO and moves both behind it; false: a quote is not closed. */
static bool take_word(const char **from, char **to)
{
	char quote = '\0';

	for (; **from != '\0' && (quote != '\0' || !is_blank(**from)); (*from)++) {
		if (quote == '\0' && (**from == '\'' || **from == '"'))
			quote = **from;
		else if (**from == quote)
			quote = '\0';
		else
			*(*to)++ = **from;
	}
	*(*to)++ = '\0';
	return quote == '\0';
}

enum status admin_line_split(const char *raw, struct admin_line *out, struct error *err)
{
	const char *from = raw;
	char *to = out->text;

	out->n = 0;
	if (strlen(raw) >= ADMIN_LINE_MAX)
		return error_set(
		    err, ST_LIMIT, _("the line is longer than %d bytes"), ADMIN_LINE_MAX - 1);
	if (has_controls(raw))
		return error_set(err, ST_USAGE, "%s", _("the line contains control characters"));
	for (;;) {
		while (is_blank(*from))
			from++;
		if (*from == '\0' || (out->n == 0 && *from == '#'))
			return ST_OK;
		if (out->n == ADMIN_WORDS_MAX)
			return error_set(
			    err, ST_LIMIT, _("the line has more than %d words"), ADMIN_WORDS_MAX);
		out->starts[out->n] = (size_t)(from - raw);
		out->words[out->n++] = to;
		if (!take_word(&from, &to))
			return error_set(err, ST_USAGE, "%s", _("a quote is not closed"));
	}
}
