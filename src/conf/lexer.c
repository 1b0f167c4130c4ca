/*
 * The words of a settings file, before libconfuse sees them.
 *
 * libconfuse 3.3 counts a line with a comment as several, takes comments between settings only,
 * puts environment variables into values, drops characters that it does not know, ends values at an
 * escaped NUL, and lets strings run over lines.  So comments are turned into blanks here, and what
 * it would read differently from how it looks is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "conf/parts.h"

#include "base/text.h"

#include <string.h>

static const char word_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/:@%";

/* To the end of the line. */
static void blank_line(struct lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n')
		*lexer->at++ = ' ';
}

static enum status blank_block(struct lexer *lexer, struct error *err)
{
	const unsigned line = lexer->line;
	char *end = strstr(lexer->at + 2, "*/");

	if (end == NULL) {
		error_set(err, ST_FORMAT, "%s", _("a comment begins with /* and does not end"));
		error_hint(err, "%s", _("write */ behind it"));
		return conf_refuse(lexer->conf, line, err);
	}
	for (; lexer->at < end + 2; lexer->at++) {
		if (*lexer->at == '\n')
			lexer->line++;
		else
			*lexer->at = ' ';
	}
	return ST_OK;
}

/* Blanks and comments.  A carriage return is one: the file may come from Windows. */
static enum status skip(struct lexer *lexer, struct error *err)
{
	enum status st = ST_OK;

	while (st == ST_OK && lexer->at < lexer->end) {
		const char c = *lexer->at, next = lexer->at[1];

		if (c == '#' || (c == '/' && next == '/')) {
			blank_line(lexer);
		} else if (c == '/' && next == '*' && !lexer->conf->grammar->simple) {
			st = blank_block(lexer, err);
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			lexer->line += c == '\n';
			lexer->at++;
		} else {
			break;
		}
	}
	return st;
}

static enum status refuse_character(const struct lexer *lexer, struct error *err)
{
	char shown[16];
	size_t len = 1;

	/* A character of several bytes is shown whole. */
	while (len < 4 && ((unsigned char)lexer->at[len] & 0xc0) == 0x80)
		len++;
	text_printable_into(shown, sizeof(shown), (struct bytes){(const uint8_t *)lexer->at, len});
	error_set(err, ST_FORMAT, _("'%s' must not stand outside of quotes"), shown);
	if (*lexer->at == ';')
		error_hint(err, "%s", _("leave it away: a setting ends by itself"));
	else
		error_hint(err, "%s", _("put the value in double quotes"));
	return conf_refuse(lexer->conf, lexer->line, err);
}

static enum status take_word(struct lexer *lexer, struct lexer_token *out, struct error *err)
{
	out->kind = LEXER_WORD;
	out->text = lexer->at;
	out->len = strspn(lexer->at, word_characters);
	if (out->len == 0)
		return refuse_character(lexer, err);
	lexer->at += out->len;
	return ST_OK;
}

static bool is_hex(char c)
{
	return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

/* The length of an escape sequence in a string, 0 for one that is not known. */
static size_t escape_length(const char *at, char quote, bool simple)
{
	/* In single quotes a backslash is itself but before these. */
	if (quote == '\'')
		return at[1] == '\'' || at[1] == '\\' ? 2 : 1;
	if (at[1] != '\0' && strchr("\"\\$", at[1]) != NULL)
		return 2;
	if (simple || at[1] != 'x' || !is_hex(at[2]) || !is_hex(at[3]))
		return 0;
	return at[2] == '0' && at[3] == '0' ? 0 : 4;
}

static enum status refuse_string(const struct lexer *lexer, char quote, struct error *err)
{
	const char *at = lexer->at;

	if (at == lexer->end || *at == '\n' || *at == '\r') {
		error_set(err, ST_FORMAT, "%s", _("a quote is not closed on its line"));
		error_hint(err, _("write %c at the end of the value"), quote);
	} else if (*at == '\\') {
		error_set(err, ST_FORMAT, "%s",
		    _("a backslash in double quotes stands before what it cannot stand before"));
		error_hint(err, "%s", _("write \\\\ for a backslash itself"));
	} else if (*at == '$') {
		error_set(err, ST_FORMAT, "%s", _("variables such as ${HOME} are not replaced"));
		error_hint(err, "%s", _("write the value itself, or \\$ for a dollar sign"));
	} else {
		error_set(err, ST_FORMAT, "%s", _("a control character stands in quotes"));
		error_hint(err, "%s", _("type the value anew"));
	}
	return conf_refuse(lexer->conf, lexer->line, err);
}

static enum status take_string(struct lexer *lexer, struct lexer_token *out, struct error *err)
{
	const char quote = *lexer->at++;

	out->kind = LEXER_STRING;
	out->text = lexer->at;
	while (lexer->at < lexer->end && *lexer->at != quote) {
		const unsigned char c = (unsigned char)*lexer->at;
		size_t len = 1;

		if (c < 0x20 || c == 0x7f || (c == '$' && quote == '"' && lexer->at[1] == '{'))
			return refuse_string(lexer, quote, err);
		if (c == '\\')
			len = escape_length(lexer->at, quote, lexer->conf->grammar->simple);
		if (len == 0)
			return refuse_string(lexer, quote, err);
		lexer->at += len;
	}
	if (lexer->at >= lexer->end)
		return refuse_string(lexer, quote, err);
	out->len = (size_t)(lexer->at - out->text);
	lexer->at++;
	return ST_OK;
}

static enum status refuse_long(const struct lexer *lexer, struct error *err)
{
	error_set(err, ST_FORMAT, _("a value is longer than %d bytes"), CONF_MAX_TEXT);
	error_hint(err, "%s", _("shorten it; a quote may be missing before it"));
	return conf_refuse(lexer->conf, lexer->line, err);
}

enum status lexer_next(struct lexer *lexer, struct lexer_token *out, struct error *err)
{
	enum status st = skip(lexer, err);

	*out = (struct lexer_token){LEXER_END, lexer->at, 0, lexer->line};
	if (st != ST_OK || lexer->at == lexer->end)
		return st;
	if (strchr("{}=,", *lexer->at) != NULL) {
		out->kind = LEXER_MARK;
		out->len = 1;
		lexer->at++;
		return ST_OK;
	}
	st = *lexer->at == '"' || *lexer->at == '\'' ? take_string(lexer, out, err)
						     : take_word(lexer, out, err);
	/* Escape sequences make a value longer in the file than it is. */
	if (st == ST_OK &&
	    out->len > (lexer->conf->grammar->simple ? 2 : 4) * (size_t)CONF_MAX_TEXT)
		st = refuse_long(lexer, err);
	return st;
}
