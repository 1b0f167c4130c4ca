/*
 * Reading ctlsign.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

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

enum status inventory_refuse(const struct reading *reading, unsigned line, struct error *err)
{
	error_where(err, _("%s: line %u"), reading->path, line);
	return ST_FORMAT;
}

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

static enum status parse(struct reading *reading, const char *text, struct error *err)
{
	memset(&trouble, 0, sizeof(trouble));
	reading->cfg = cfg_init(inventory_schema(), CFGF_NONE);
	if (reading->cfg == NULL)
		return error_no_memory(err);
	cfg_set_error_function(reading->cfg, keep_trouble);
	if (cfg_parse_buf(reading->cfg, text) == CFG_SUCCESS)
		return ST_OK;
	/* It says nothing when memory was short. */
	if (!trouble.told)
		return error_no_memory(err);
	error_set(err, ST_FORMAT, "%s", trouble.text);
	error_hint(err, "%s",
	    _("write NAME = VALUE, NAME = {VALUE, VALUE}, or a section as publisher NAME { ... }"));
	return inventory_refuse(reading, trouble.line, err);
}

static enum status take(struct reading *reading, struct error *err)
{
	enum status st = inventory_take_settings(reading, err);

	if (st == ST_OK)
		st = inventory_take_ports(reading, err);
	if (st == ST_OK)
		st = inventory_take_publish(reading, err);
	if (st == ST_OK)
		st = inventory_take_servers(reading, err);
	if (st == ST_OK)
		st = inventory_check(reading, err);
	if (st == ST_OK)
		st = inventory_check_targets(reading, err);
	return st;
}

static enum status keep_path(const char *path, struct inventory *out, struct error *err)
{
	const char *slash = strrchr(path, '/');

	out->path = strdup(path);
	if (slash == NULL)
		out->directory = strdup(".");
	else
		out->directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	return out->path != NULL && out->directory != NULL ? ST_OK : error_no_memory(err);
}

/* The text is changed: comments go. */
static enum status read_text(struct reading *reading, struct buffer *text, struct error *err)
{
	enum status st;

	buffer_text(text);
	st = buffer_status(text, err);
	if (st == ST_OK)
		st = inventory_scan(reading, (char *)text->data, text->len, err);
	if (st == ST_OK)
		st = parse(reading, (const char *)text->data, err);
	if (st == ST_OK)
		st = take(reading, err);
	cfg_free(reading->cfg);
	return st;
}

enum status inventory_read(const char *path, struct inventory *out, struct error *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct buffer text = BUFFER_INIT;
	enum status st;

	if (reading == NULL)
		return error_no_memory(err);
	reading->path = path;
	reading->out = out;
	st = keep_path(path, out, err);
	if (st == ST_OK)
		st = file_read(path, INVENTORY_MAX_FILE, &text, NULL, err);
	if (st == ST_OK)
		st = read_text(reading, &text, err);
	buffer_free(&text);
	free(reading);
	return st;
}
