/*
 * Reading a settings file: the scan, then libconfuse.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "conf/parts.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * What libconfuse told first.  It hands its error function nothing of ours, and its own lexer is
 * static, so that one file is read at a time anyway.
 */
static struct {
	bool told;
	unsigned line;
	char text[256];
} trouble;

__attribute__((format(printf, 2, 0))) static void keep_trouble(
    cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[sizeof(trouble.text)];

	if (trouble.told)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	text_printable_into(trouble.text, sizeof(trouble.text), text_bytes(text));
	trouble.line = cfg->line > 0 ? (unsigned)cfg->line : 1;
	trouble.told = true;
}

static enum status parse(struct conf *conf, const char *text, struct error *err)
{
	memset(&trouble, 0, sizeof(trouble));
	conf->cfg = cfg_init(conf->grammar->settings, CFGF_NONE);
	if (conf->cfg == NULL)
		return error_no_memory(err);
	cfg_set_error_function(conf->cfg, keep_trouble);
	if (cfg_parse_buf(conf->cfg, text) == CFG_SUCCESS)
		return ST_OK;
	/* It says nothing when memory was short. */
	if (!trouble.told)
		return error_no_memory(err);
	error_set(err, ST_FORMAT, "%s", trouble.text);
	error_hint(err, "%s", _(conf->grammar->form));
	return conf_refuse(conf, trouble.line, err);
}

/* The text is changed: comments go. */
static enum status read_text(struct conf *conf, struct buffer *text, struct error *err)
{
	enum status st;

	buffer_text(text);
	st = buffer_status(text, err);
	if (st == ST_OK)
		st = conf_scan(conf, (char *)text->data, text->len, err);
	return st == ST_OK ? parse(conf, (const char *)text->data, err) : st;
}

enum status conf_read(
    const char *path, const struct conf_grammar *grammar, struct conf *out, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct buffer text = BUFFER_INIT;
	enum status st;

	out->path = path;
	out->grammar = grammar;
	if (slash == NULL)
		out->directory = strdup(".");
	else
		out->directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (out->directory == NULL)
		return error_no_memory(err);
	st = file_read(path, grammar->max_file, &text, NULL, err);
	if (st == ST_OK)
		st = read_text(out, &text, err);
	buffer_free(&text);
	return st;
}

void conf_free(struct conf *conf)
{
	cfg_free(conf->cfg);
	free(conf->sections);
	free(conf->directory);
	memset(conf, 0, sizeof(*conf));
}
