/*
 * Where the sections and settings of ctlsign.conf stand, before libconfuse reads their values.
 *
 * libconfuse tells no line of a setting, takes the last of two settings with the same name, merges
 * sections, takes "a|b" for a setting b of a section a, and does not miss the end of a section at
 * the end of the file.  All this is looked after here; what else is wrong in the grammar is left to
 * libconfuse, which tells it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_lexer.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

struct scan {
	struct reading *reading;
	struct layout_section *section; /* that is open */
	enum { AT_NAME, BEHIND_SETTING, BEHIND_SECTION, AT_VALUE, IN_LIST, LOST } state;
	const cfg_opt_t *opt;	   /* of the statement */
	struct lexer_token titled; /* the title of a section that opens; no text: none yet */
	unsigned line;		   /* where the statement began */
};

/* "publisher 'cucm-pub'", for sentences. */
static const char *section_text(const struct layout_section *section, char *out, size_t size)
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
	const struct layout_section *section = scan->section;
	const cfg_opt_t *elsewhere =
	    inventory_schema_find(inventory_schema(), token->text, token->len);
	char name[80], in[320];

	text_printable_into(
	    name, sizeof(name), (struct bytes){(const uint8_t *)token->text, token->len});
	if (section->kind == NULL) {
		error_set(err, ST_FORMAT, _("'%s' is not known"), name);
		inventory_schema_hint(inventory_schema(), token->text, token->len, err);
		return inventory_refuse(scan->reading, token->line, err);
	}
	section_text(section, in, sizeof(in));
	error_set(err, ST_FORMAT, _("'%s' is not known in %s"), name, in);
	if (elsewhere != NULL)
		error_hint(err, _("write } before it: the section of line %u is still open"),
		    section->line);
	else
		inventory_schema_hint(inventory_schema_of(section), token->text, token->len, err);
	return inventory_refuse(scan->reading, token->line, err);
}

/* The name that a statement begins with. */
static enum status begin(struct scan *scan, const struct lexer_token *token, struct error *err)
{
	struct layout_section *section = scan->section;

	scan->opt = inventory_schema_find(inventory_schema_of(section), token->text, token->len);
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
		return inventory_refuse(scan->reading, token->line, err);
	}
	/* There is room for all the names there are. */
	section->settings[section->n_settings].name = scan->opt->name;
	section->settings[section->n_settings++].line = token->line;
	return ST_OK;
}

static bool limit_is_shared(const cfg_opt_t *kind)
{
	bool shared;

	inventory_schema_limit(kind, &shared);
	return shared;
}

/* How many there are of KIND, and, with SHARED, of those that it shares its limit with. */
static unsigned count(const struct layout *layout, const cfg_opt_t *kind, bool shared)
{
	unsigned n = 0;

	for (size_t i = 1; i < layout->n; i++)
		n += layout->sections[i].kind == kind ||
		     (shared && limit_is_shared(layout->sections[i].kind));
	return n;
}

static enum status check_limit(const struct scan *scan, struct error *err)
{
	const struct layout *layout = &scan->reading->layout;
	bool shared;
	const unsigned limit = inventory_schema_limit(scan->opt, &shared);

	if (count(layout, scan->opt, shared) < limit)
		return ST_OK;
	if (shared) {
		error_set(err, ST_FORMAT,
		    _("there are more than %u alternate TFTP servers, firewalls and other "
		      "entries"),
		    limit);
		error_hint(err, "%s", _("take away those that phones do not need"));
	} else if (limit == 1) {
		error_set(err, ST_FORMAT, _("there is a second '%s'"), scan->opt->name);
		error_hint(err, _("leave one of them; the first is on line %u"),
		    layout_first(layout, scan->opt->name)->line);
	} else {
		error_set(err, ST_FORMAT,
		    ngettext("there is more than %u section '%s'",
			"there are more than %u sections '%s'", limit),
		    limit, scan->opt->name);
		error_hint(err, "%s",
		    _("a cluster has 1 publisher and at most 16 subscribers, 2 tftp and 9 media "
		      "nodes"));
	}
	return inventory_refuse(scan->reading, scan->line, err);
}

/* Shows as it is, and no blank in it. */
static bool is_plain(const struct lexer_token *title)
{
	const struct bytes bytes = {(const uint8_t *)title->text, title->len};
	struct buffer shown = BUFFER_INIT;
	bool plain;

	text_printable(&shown, bytes);
	plain = bytes_equal(buffer_bytes(&shown), bytes) &&
		memchr(title->text, ' ', title->len) == NULL;
	buffer_free(&shown);
	return plain;
}

static enum status check_title(const struct scan *scan, struct error *err)
{
	const struct lexer_token *title = &scan->titled;
	const struct layout_section *other;
	char text[INVENTORY_MAX_NAME + 1];

	if (title->len == 0 || title->len > INVENTORY_MAX_NAME || !is_plain(title)) {
		error_set(err, ST_FORMAT, _("this is no name for a '%s'"), scan->opt->name);
		error_hint(err,
		    _("write 1 to %d characters without blanks and backslashes, such as cucm-pub"),
		    INVENTORY_MAX_NAME);
		return inventory_refuse(scan->reading, title->line, err);
	}
	memcpy(text, title->text, title->len);
	text[title->len] = '\0';
	other = layout_titled(&scan->reading->layout, text);
	if (other == NULL)
		return ST_OK;
	error_set(err, ST_FORMAT, _("the name '%s' stands twice"), text);
	error_hint(err, _("give each a name of its own; the first is on line %u"), other->line);
	return inventory_refuse(scan->reading, title->line, err);
}

static enum status open_section(struct scan *scan, struct error *err)
{
	struct layout *layout = &scan->reading->layout;
	struct layout_section *section;
	enum status st = check_limit(scan, err);

	if (st == ST_OK && scan->titled.text != NULL)
		st = check_title(scan, err);
	if (st != ST_OK)
		return st;
	/* The limits leave room for it. */
	section = &layout->sections[layout->n];
	memset(section, 0, sizeof(*section));
	section->kind = scan->opt;
	section->line = scan->line;
	section->index = count(layout, scan->opt, false);
	if (scan->titled.text != NULL)
		memcpy(section->title, scan->titled.text, scan->titled.len);
	layout->n++;
	scan->section = section;
	scan->state = AT_NAME;
	return ST_OK;
}

/* A mark.  LOST is what libconfuse refuses as well. */
static enum status follow_mark(struct scan *scan, char mark, struct error *err)
{
	const bool titled = scan->opt != NULL && (scan->opt->flags & CFGF_TITLE) != 0;
	const bool list = scan->opt != NULL && (scan->opt->flags & CFGF_LIST) != 0;

	if (scan->state == BEHIND_SECTION && mark == '{' && titled == (scan->titled.text != NULL))
		return open_section(scan, err);
	if (scan->state == AT_NAME && mark == '}' && scan->section->kind != NULL)
		scan->section = &scan->reading->layout.sections[0];
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
	return inventory_refuse(scan->reading, scan->section->line, err);
}

/* What C strings cannot hold would be cut without a word. */
static enum status refuse_nul(
    const struct reading *reading, const char *text, size_t len, struct error *err)
{
	const char *nul = memchr(text, '\0', len);
	unsigned line = 1;

	if (nul == NULL)
		return ST_OK;
	for (const char *p = text; p < nul; p++)
		line += *p == '\n';
	error_set(err, ST_FORMAT, "%s", _("the file is no text: it holds a zero byte"));
	error_hint(err, "%s", _("save it as plain text (UTF-8)"));
	return inventory_refuse(reading, line, err);
}

enum status inventory_scan(struct reading *reading, char *text, size_t len, struct error *err)
{
	struct lexer lexer = {.reading = reading, .at = text, .end = text + len, .line = 1};
	struct scan scan = {.reading = reading, .section = &reading->layout.sections[0]};
	struct lexer_token token;
	enum status st = refuse_nul(reading, text, len, err);

	reading->layout.n = 1;
	reading->layout.sections[0].line = 1;
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

unsigned layout_line(const struct layout_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (strcmp(section->settings[i].name, name) == 0)
			return section->settings[i].line;
	return section->line;
}

const struct layout_section *layout_titled(const struct layout *layout, const char *title)
{
	for (size_t i = 1; i < layout->n; i++)
		if (layout->sections[i].title[0] != '\0' &&
		    strcasecmp(layout->sections[i].title, title) == 0)
			return &layout->sections[i];
	return NULL;
}

const struct layout_section *layout_first(const struct layout *layout, const char *name)
{
	for (size_t i = 1; i < layout->n; i++)
		if (strcmp(layout->sections[i].kind->name, name) == 0)
			return &layout->sections[i];
	return NULL;
}
