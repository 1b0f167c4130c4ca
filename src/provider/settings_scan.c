/*
 * The words of ctlproviderd.conf, before libconfuse sees them.
 *
 * libconfuse 3.3 counts a line with a comment as several, puts environment variables into values,
 * drops characters that it does not know, ends values at an escaped NUL, and lets strings run over
 * lines.  So comments are turned into blanks here, and what it would read differently from how it
 * looks is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/settings_parts.h"

#include "base/text.h"

#include <string.h>

static const char word_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/:@%";

struct scan {
	struct settings_reading *reading;
	char *at;
	char *end; /* a NUL stands there */
	unsigned line;
	enum { AT_NAME, BEHIND_NAME, AT_VALUE, IN_LIST, LOST } state;
	const cfg_opt_t *opt; /* the setting that is read */
};

static void skip_blanks(struct scan *scan)
{
	for (; scan->at < scan->end; scan->at++) {
		if (*scan->at == '#' || (*scan->at == '/' && scan->at[1] == '/')) {
			while (scan->at < scan->end && *scan->at != '\n')
				*scan->at++ = ' ';
			if (scan->at == scan->end)
				return;
		}
		if (*scan->at == '\n')
			scan->line++;
		else if (*scan->at != ' ' && *scan->at != '\t' && *scan->at != '\r')
			return;
	}
}

static enum status refuse_character(const struct scan *scan, struct error *err)
{
	char shown[16];
	size_t len = 1;

	/* A character of several bytes is shown whole. */
	while (len < 4 && ((unsigned char)scan->at[len] & 0xc0) == 0x80)
		len++;
	text_printable_into(shown, sizeof(shown), (struct bytes){(const uint8_t *)scan->at, len});
	error_set(err, ST_FORMAT, _("'%s' must not stand outside of quotes"), shown);
	if (*scan->at == ';')
		error_hint(err, "%s", _("leave it away: a setting ends by itself"));
	else
		error_hint(err, "%s", _("put the value in double quotes"));
	return settings_refuse(scan->reading, scan->line, err);
}

static enum status refuse_string(const struct scan *scan, char quote, struct error *err)
{
	if (*scan->at == '\\') {
		error_set(err, ST_FORMAT, "%s",
		    _("a backslash in double quotes stands before what it cannot stand before"));
		error_hint(err, "%s", _("write \\\\ for a backslash itself"));
	} else if (*scan->at == '$') {
		error_set(err, ST_FORMAT, "%s", _("variables such as ${HOME} are not replaced"));
		error_hint(err, "%s", _("write the value itself, or \\$ for a dollar sign"));
	} else if (scan->at == scan->end || *scan->at == '\n' || *scan->at == '\r') {
		error_set(err, ST_FORMAT, "%s", _("a quote is not closed on its line"));
		error_hint(err, _("write %c at the end of the value"), quote);
	} else {
		error_set(err, ST_FORMAT, "%s", _("a control character stands in quotes"));
		error_hint(err, "%s", _("type the value anew"));
	}
	return settings_refuse(scan->reading, scan->line, err);
}

static enum status skip_string(struct scan *scan, struct error *err)
{
	const char quote = *scan->at++;

	while (scan->at < scan->end && *scan->at != quote) {
		const unsigned char c = (unsigned char)*scan->at, next = (unsigned char)scan->at[1];
		const bool escapes =
		    c == '\\' && next != '\0' && strchr(quote == '"' ? "\"\\$" : "'\\", next);

		if (c < 0x20 || c == 0x7f || (quote == '"' && c == '$' && next == '{') ||
		    (quote == '"' && c == '\\' && !escapes))
			return refuse_string(scan, quote, err);
		scan->at += escapes ? 2 : 1;
	}
	if (scan->at >= scan->end)
		return refuse_string(scan, quote, err);
	scan->at++;
	return ST_OK;
}

static enum status refuse_unknown(
    const struct scan *scan, const char *text, size_t len, struct error *err)
{
	struct buffer all = BUFFER_INIT;
	char name[80];
	const char *known;

	text_printable_into(name, sizeof(name), (struct bytes){(const uint8_t *)text, len});
	error_set(err, ST_FORMAT, _("'%s' is not known"), name);
	for (const cfg_opt_t *opt = settings_schema(); opt->name != NULL; opt++)
		buffer_printf(&all, "%s%s", all.len == 0 ? "" : ", ", opt->name);
	known = buffer_text(&all);
	if (known != NULL)
		error_hint(err, _("take one of these: %s"), known);
	buffer_free(&all);
	return settings_refuse(scan->reading, scan->line, err);
}

/* The name of a setting. */
static enum status begin(struct scan *scan, const char *text, size_t len, struct error *err)
{
	struct settings_reading *reading = scan->reading;
	unsigned line;

	scan->opt = settings_schema();
	while (scan->opt->name != NULL &&
	       (strlen(scan->opt->name) != len || memcmp(scan->opt->name, text, len) != 0))
		scan->opt++;
	if (scan->opt->name == NULL)
		return refuse_unknown(scan, text, len, err);
	line = settings_line(reading, scan->opt->name);
	if (line != 0) {
		error_set(err, ST_FORMAT, _("'%s' is set twice"), scan->opt->name);
		error_hint(err, _("take one of them away; the first is on line %u"), line);
		return settings_refuse(reading, scan->line, err);
	}
	/* There is room for all the names there are. */
	reading->lines[reading->n_lines].name = scan->opt->name;
	reading->lines[reading->n_lines++].line = scan->line;
	scan->state = BEHIND_NAME;
	return ST_OK;
}

/* A word or a string. */
static enum status take_text(struct scan *scan, struct error *err)
{
	const bool quoted = *scan->at == '"' || *scan->at == '\'';
	const char *begins = scan->at;
	enum status st = ST_OK;

	if (quoted)
		st = skip_string(scan, err);
	else
		scan->at += strspn(scan->at, word_characters);
	if (st != ST_OK)
		return st;
	if (scan->at == begins)
		return refuse_character(scan, err);
	/* Escape sequences make a value longer in the file than it is. */
	if (scan->at - begins > 2 * SETTINGS_MAX_TEXT + 2) {
		error_set(err, ST_FORMAT, _("a value is longer than %d bytes"), SETTINGS_MAX_TEXT);
		error_hint(err, "%s", _("shorten it; a quote may be missing before it"));
		return settings_refuse(scan->reading, scan->line, err);
	}
	if (scan->state == AT_NAME)
		return begin(scan, begins, (size_t)(scan->at - begins), err);
	if (scan->state == AT_VALUE)
		scan->state = AT_NAME;
	else if (scan->state != IN_LIST)
		scan->state = LOST;
	return ST_OK;
}

/* LOST is what libconfuse refuses as well. */
static void take_mark(struct scan *scan)
{
	const char mark = *scan->at++;

	if (scan->state == BEHIND_NAME && mark == '=')
		scan->state = AT_VALUE;
	else if (scan->state == AT_VALUE && mark == '{' && (scan->opt->flags & CFGF_LIST) != 0)
		scan->state = IN_LIST;
	else if (scan->state == IN_LIST && mark == '}')
		scan->state = AT_NAME;
	else if (scan->state != IN_LIST || mark != ',')
		scan->state = LOST;
}

/* What C strings cannot hold would be cut without a word. */
static enum status refuse_nul(const struct scan *scan, size_t len, struct error *err)
{
	const char *nul = memchr(scan->at, '\0', len);
	unsigned line = 1;

	if (nul == NULL)
		return ST_OK;
	for (const char *p = scan->at; p < nul; p++)
		line += *p == '\n';
	error_set(err, ST_FORMAT, "%s", _("the file is no text: it holds a zero byte"));
	error_hint(err, "%s", _("save it as plain text (UTF-8)"));
	return settings_refuse(scan->reading, line, err);
}

enum status settings_scan(
    struct settings_reading *reading, char *text, size_t len, struct error *err)
{
	struct scan scan = {.reading = reading, .at = text, .end = text + len, .line = 1};
	enum status st = refuse_nul(&scan, len, err);

	/* Editors on Windows begin UTF-8 with a mark. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		memset(text, ' ', 3);
	while (st == ST_OK && scan.state != LOST) {
		skip_blanks(&scan);
		if (scan.at == scan.end)
			break;
		if (strchr("{}=,", *scan.at) != NULL)
			take_mark(&scan);
		else
			st = take_text(&scan, err);
	}
	if (st == ST_OK && scan.state == LOST)
		*scan.at = '\0';
	return st;
}

unsigned settings_line(const struct settings_reading *reading, const char *name)
{
	for (size_t i = 0; i < reading->n_lines; i++)
		if (strcmp(reading->lines[i].name, name) == 0)
			return reading->lines[i].line;
	return 0;
}
