/*
 * Where the sections and settings of a file stand, before libconfuse reads their values.
 *
 * libconfuse tells no line of a setting, takes the last of two settings with the same name, merges
 * sections, takes "a|b" for a setting b of a section a, and does not miss the end of a section at
 * the end of the file.  All this is looked after here; what else is wrong in the grammar is left to
 * libconfuse, which tells it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "conf/parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	struct conf *conf;
	struct conf_section *section; /* that is open */
	enum { AT_NAME, BEHIND_SETTING, BEHIND_SECTION, AT_VALUE, IN_LIST, LOST } state;
	const cfg_opt_t *opt;	   /* of the statement */
	struct lexer_token titled; /* the title of a section that opens; no text: none yet */
	unsigned line;		   /* where the statement began */
};

/* What may stand in the section that is open. */
static const cfg_opt_t *settings_of(const struct scan *scan)
{
	const cfg_opt_t *kind = scan->section->kind;

	return kind == NULL ? scan->conf->grammar->settings : kind->subopts;
}

/* "publisher 'cucm-pub'", for sentences. */
static const char *section_text(const struct conf_section *section, char *out, size_t size)
{
	struct buffer text = BUFFER_INIT;

	if (section->kind != NULL && (section->kind->flags & CFGF_TITLE) != 0)
		buffer_printf(&text, "%s '%s'", section->kind->name, section->title);
	else if (section->kind != NULL)
		buffer_printf(&text, "'%s'", section->kind->name);
	text_cut_into(out, size, buffer_text(&text) != NULL ? buffer_text(&text) : "");
	buffer_free(&text);
	return out;
}

static enum status refuse_unknown(
    const struct scan *scan, const struct lexer_token *token, struct error *err)
{
	const struct conf_section *section = scan->section;
	const struct conf_grammar *grammar = scan->conf->grammar;
	/* A simple grammar shows the quotes. */
	const size_t quote = grammar->simple && token->kind == LEXER_STRING;
	const struct bytes shown = {(const uint8_t *)token->text - quote, token->len + 2 * quote};
	char name[80], in[320];

	text_printable_into(name, sizeof(name), shown);
	if (section->kind == NULL) {
		error_set(err, ST_FORMAT, _("'%s' is not known"), name);
		conf_hint(settings_of(scan), token->text, token->len, !grammar->simple, err);
		return conf_refuse(scan->conf, token->line, err);
	}
	section_text(section, in, sizeof(in));
	error_set(err, ST_FORMAT, _("'%s' is not known in %s"), name, in);
	if (conf_find(grammar->settings, token->text, token->len) != NULL)
		error_hint(err, _("write } before it: the section of line %u is still open"),
		    section->line);
	else
		conf_hint(settings_of(scan), token->text, token->len, !grammar->simple, err);
	return conf_refuse(scan->conf, token->line, err);
}

/* The name that a statement begins with. */
static enum status begin(struct scan *scan, const struct lexer_token *token, struct error *err)
{
	struct conf_section *section = scan->section;

	scan->opt = conf_find(settings_of(scan), token->text, token->len);
	if (scan->opt == NULL || token->kind != LEXER_WORD)
		return refuse_unknown(scan, token, err);
	scan->line = token->line;
	scan->titled = (struct lexer_token){0};
	if (scan->opt->type == CFGT_SEC) {
		scan->state = BEHIND_SECTION;
		return ST_OK;
	}
	scan->state = BEHIND_SETTING;
	for (size_t i = 0; i < section->n_settings; i++) {
		if (strcmp(section->settings[i].name, scan->opt->name) != 0)
			continue;
		error_set(err, ST_FORMAT, _("'%s' is set twice"), scan->opt->name);
		error_hint(err, _("take one of them away; the first is on line %u"),
		    section->settings[i].line);
		return conf_refuse(scan->conf, token->line, err);
	}
	/* There is room for all the names there are. */
	section->settings[section->n_settings].name = scan->opt->name;
	section->settings[section->n_settings++].line = token->line;
	return ST_OK;
}

static bool may_be_title(const struct conf_grammar *grammar, const char *title)
{
	char shown[CONF_SHOWN_NAME];

	if (!grammar->blanks_in_names)
		return conf_is_name(title, shown);
	text_printable_into(shown, sizeof(shown), text_bytes(title));
	return strcmp(shown, title) == 0 && title[strspn(title, " ")] != '\0';
}

static enum status take_title(
    const struct scan *scan, char out[CONF_MAX_NAME + 1], struct error *err)
{
	const struct lexer_token *title = &scan->titled;
	const struct conf_grammar *grammar = scan->conf->grammar;
	const struct conf_section *other;

	if (title->len > 0 && title->len <= CONF_MAX_NAME)
		memcpy(out, title->text, title->len);
	if (out[0] == '\0' || !may_be_title(grammar, out)) {
		error_set(err, ST_FORMAT, _("this is no name for a '%s'"), scan->opt->name);
		error_hint(err,
		    grammar->blanks_in_names
			? _("write 1 to %d characters without backslashes")
			: _("write 1 to %d characters without blanks and backslashes, such as "
			    "cucm-pub"),
		    CONF_MAX_NAME);
		return conf_refuse(scan->conf, title->line, err);
	}
	other = conf_titled(scan->conf, out);
	if (other == NULL)
		return ST_OK;
	error_set(err, ST_FORMAT, _("the name '%s' stands twice"), out);
	error_hint(err, _("give each a name of its own; the first is on line %u"), other->line);
	return conf_refuse(scan->conf, title->line, err);
}

/* One more section of KIND; the open one. */
static enum status add_section(struct scan *scan, const struct conf_section *new, struct error *err)
{
	struct conf *conf = scan->conf;
	struct conf_section *grown =
	    realloc(conf->sections, (conf->n_sections + 1) * sizeof(*grown));

	if (grown == NULL)
		return error_no_memory(err);
	conf->sections = grown;
	scan->section = &grown[conf->n_sections++];
	*scan->section = *new;
	return ST_OK;
}

static enum status open_section(struct scan *scan, struct error *err)
{
	struct conf *conf = scan->conf;
	struct conf_section new = {.kind = scan->opt, .line = scan->line};
	enum status st = conf->grammar->may_open(conf, scan->opt, scan->line, err);

	if (st == ST_OK && scan->titled.text != NULL)
		st = take_title(scan, new.title, err);
	if (st != ST_OK)
		return st;
	for (size_t i = 1; i < conf->n_sections; i++)
		new.index += conf->sections[i].kind == scan->opt;
	scan->state = AT_NAME;
	return add_section(scan, &new, err);
}

/* A mark.  LOST is what libconfuse refuses as well. */
static enum status follow_mark(struct scan *scan, char mark, struct error *err)
{
	const bool titled = scan->opt != NULL && (scan->opt->flags & CFGF_TITLE) != 0;
	const bool list = scan->opt != NULL && (scan->opt->flags & CFGF_LIST) != 0;

	if (scan->state == BEHIND_SECTION && mark == '{' && titled == (scan->titled.text != NULL))
		return open_section(scan, err);
	if (scan->state == AT_NAME && mark == '}' && scan->section->kind != NULL)
		scan->section = &scan->conf->sections[0];
	else if (scan->state == BEHIND_SETTING && mark == '=')
		scan->state = AT_VALUE;
	else if (scan->state == AT_VALUE && mark == '{' && list)
		scan->state = IN_LIST;
	else if (scan->state == IN_LIST && mark == '}')
		scan->state = AT_NAME;
	else if (scan->state != IN_LIST || mark != ',')
		scan->state = LOST;
	return ST_OK;
}

static enum status follow(struct scan *scan, const struct lexer_token *token, struct error *err)
{
	if (token->kind == LEXER_MARK)
		return follow_mark(scan, *token->text, err);
	if (scan->state == AT_NAME)
		return begin(scan, token, err);
	if (scan->state == AT_VALUE)
		scan->state = AT_NAME;
	else if (scan->state == BEHIND_SECTION && scan->titled.text == NULL &&
		 (scan->opt->flags & CFGF_TITLE) != 0)
		scan->titled = *token;
	else if (scan->state != IN_LIST)
		scan->state = LOST;
	return ST_OK;
}

static enum status refuse_open(const struct scan *scan, struct error *err)
{
	char in[320];

	error_set(err, ST_FORMAT, _("the section %s is not closed"),
	    section_text(scan->section, in, sizeof(in)));
	error_hint(err, "%s", _("write } at its end"));
	return conf_refuse(scan->conf, scan->section->line, err);
}

/* What C strings cannot hold would be cut without a word. */
static enum status refuse_nul(
    const struct conf *conf, const char *text, size_t len, struct error *err)
{
	const char *nul = memchr(text, '\0', len);
	unsigned line = 1;

	if (nul == NULL)
		return ST_OK;
	for (const char *p = text; p < nul; p++)
		line += *p == '\n';
	error_set(err, ST_FORMAT, "%s", _("the file is no text: it holds a zero byte"));
	error_hint(err, "%s", _("save it as plain text (UTF-8)"));
	return conf_refuse(conf, line, err);
}

enum status conf_scan(struct conf *conf, char *text, size_t len, struct error *err)
{
	struct lexer lexer = {.conf = conf, .at = text, .end = text + len, .line = 1};
	struct scan scan = {.conf = conf};
	struct lexer_token token;
	enum status st = refuse_nul(conf, text, len, err);

	if (st == ST_OK)
		st = add_section(&scan, &(struct conf_section){.line = 1}, err);
	/* Editors on Windows begin UTF-8 with a mark. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		memset(text, ' ', 3);
	while (st == ST_OK && scan.state != LOST) {
		st = lexer_next(&lexer, &token, err);
		if (st != ST_OK || token.kind == LEXER_END)
			break;
		st = follow(&scan, &token, err);
	}
	if (st == ST_OK && scan.state == LOST)
		*lexer.at = '\0';
	else if (st == ST_OK && scan.state == AT_NAME && scan.section->kind != NULL)
		st = refuse_open(&scan, err);
	return st;
}
