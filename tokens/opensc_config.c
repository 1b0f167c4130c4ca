/*
 * Finds its way through an OpenSC configuration just as OpenSC does (src/scconf of version 0.23).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/opensc_config.h"

#include <string.h>
#include <strings.h>

#define MAX_PLACES 256
#define MAX_DEPTH  16 /* OpenSC's own limit */
#define MAX_WORD   64 /* no name that matters is longer */

enum token { TOKEN_END, TOKEN_SKIPPED, TOKEN_WORD, TOKEN_MARK };

/* Where something is to be put in, and what. */
struct place {
	size_t offset;
	enum { PUT_SETTING, PUT_BLOCK, PUT_NOTHING } what;
};

struct scan {
	struct bytes text;
	size_t at;
	const struct opensc_setting *setting;

	/* the last token */
	char word[MAX_WORD + 1]; /* cut */
	char mark;

	/* what the parser knows */
	bool naming;	/* a key was read, and no '=' */
	bool valuing;	/* a '=' was read */
	bool word_read; /* a name or value was read since the last comma */
	bool has_name;
	char key[MAX_WORD + 1];
	char name[MAX_WORD + 1]; /* the first one */
	bool failed;

	unsigned depth;
	bool in_app;		/* the outermost block is an `app` */
	struct place *fallback; /* in the first `app default` */
	bool in_default;	/* inside that one */
	bool has_default;

	struct place places[MAX_PLACES];
	size_t n_places;
};

static bool at_one_of(const struct scan *s, const char *set)
{
	return s->at < s->text.len && strchr(set, s->text.data[s->at]) != NULL;
}

static void take_word(struct scan *s, size_t from, size_t to)
{
	size_t len = to - from < MAX_WORD ? to - from : MAX_WORD;

	memcpy(s->word, s->text.data + from, len);
	s->word[len] = '\0';
}

static enum token next_token(struct scan *s)
{
	size_t start = s->at;

	if (s->at == s->text.len)
		return TOKEN_END;
	if (at_one_of(s, " \t\r\n")) {
		s->at++;
		return TOKEN_SKIPPED;
	}
	if (at_one_of(s, "#")) {
		while (s->at < s->text.len && !at_one_of(s, "\r\n"))
			s->at++;
		return TOKEN_SKIPPED;
	}
	if (at_one_of(s, ",{}=;")) {
		s->mark = (char)s->text.data[s->at++];
		return TOKEN_MARK;
	}
	if (at_one_of(s, "\"")) {
		s->at++;
		while (s->at < s->text.len && !at_one_of(s, "\"\r\n"))
			s->at++;
		take_word(s, start + 1, s->at);
		if (s->at < s->text.len)
			s->at++;
		return TOKEN_WORD;
	}
	/* Braces and '=' belong to a word unless they begin it. */
	while (s->at < s->text.len && !at_one_of(s, ";, \t\r\n"))
		s->at++;
	take_word(s, start, s->at);
	return TOKEN_WORD;
}

static void reset(struct scan *s)
{
	s->naming = s->valuing = s->word_read = s->has_name = false;
	s->name[0] = '\0';
}

/* The entry that was added; the last one again when there are too many. */
static struct place *add_place(struct scan *s)
{
	struct place *place;

	if (s->n_places == MAX_PLACES) {
		s->failed = true;
		return &s->places[MAX_PLACES - 1];
	}
	place = &s->places[s->n_places++];
	*place = (struct place){.offset = s->at};
	return place;
}

static void open_block(struct scan *s)
{
	const struct opensc_setting *want = s->setting;

	if (!s->naming || s->depth >= MAX_DEPTH) {
		s->failed = true;
		return;
	}
	s->depth++;
	if (s->depth == 1) {
		s->in_app = strcasecmp(s->key, "app") == 0;
		s->in_default = s->in_app && strcasecmp(s->name, "default") == 0 && !s->has_default;
		if (s->in_default) {
			s->has_default = true;
			s->fallback = add_place(s);
			s->fallback->what = PUT_BLOCK;
		}
	} else if (s->depth == 2 && s->in_app && strcasecmp(s->key, want->block) == 0 &&
		   (want->name == NULL || strcasecmp(s->name, want->name) == 0)) {
		add_place(s);
		if (s->in_default)
			s->fallback->what = PUT_NOTHING;
	}
	reset(s);
}

static void close_block(struct scan *s)
{
	if (s->depth == 0 || s->naming || (s->valuing && !s->word_read)) {
		s->failed = true;
		return;
	}
	s->depth--;
	reset(s);
}

static void take_mark(struct scan *s)
{
	switch (s->mark) {
	case '{':
		open_block(s);
		break;
	case '}':
		close_block(s);
		break;
	case ',':
		s->failed = (!s->naming && !s->valuing) || s->depth >= MAX_DEPTH;
		s->word_read = false;
		break;
	case '=':
		s->failed = !s->naming;
		s->naming = s->word_read = false;
		s->valuing = true;
		break;
	default:
		reset(s);
		break;
	}
}

static void read_word(struct scan *s)
{
	/* A ';' was forgotten, which OpenSC forgives. */
	if (s->valuing && s->word_read)
		reset(s);
	if (!s->naming && !s->valuing) {
		memcpy(s->key, s->word, sizeof(s->key));
		s->naming = true;
	} else if (s->naming && s->word_read) {
		s->failed = true;
	} else {
		if (!s->has_name)
			memcpy(s->name, s->word, sizeof(s->name));
		s->has_name = s->word_read = true;
	}
}

static bool run(struct scan *s)
{
	enum token token;

	if (s->text.len > 0 && memchr(s->text.data, '\0', s->text.len) != NULL)
		return false;
	while (!s->failed && (token = next_token(s)) != TOKEN_END) {
		if (token == TOKEN_WORD)
			read_word(s);
		else if (token == TOKEN_MARK)
			take_mark(s);
	}
	return !s->failed;
}

static void add_block(const struct opensc_setting *setting, struct buffer *out)
{
	buffer_printf(out, " %s %s { %s } ", setting->block,
	    setting->name != NULL ? setting->name : "", setting->text);
}

void opensc_config_add(
    struct bytes config, const struct opensc_setting *setting, struct buffer *out)
{
	struct scan s = {.text = config, .setting = setting};
	size_t from = 0;

	if (!run(&s)) {
		s = (struct scan){.setting = setting};
		config.len = 0;
	}
	for (size_t i = 0; i < s.n_places; i++) {
		buffer_add(out, config.data + from, s.places[i].offset - from);
		from = s.places[i].offset;
		if (s.places[i].what == PUT_BLOCK)
			add_block(setting, out);
		else if (s.places[i].what == PUT_SETTING)
			buffer_printf(out, " %s ", setting->text);
	}
	if (config.len > from)
		buffer_add(out, config.data + from, config.len - from);
	if (!s.has_default) {
		buffer_printf(out, "\napp default {");
		add_block(setting, out);
		buffer_printf(out, "}\n");
	}
}
