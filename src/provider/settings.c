/*
 * Reading ctlproviderd.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/settings_parts.h"

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

#define SETTING(name) CFG_STR(name, NULL, CFGF_NODEFAULT)
#define LIST(name)    CFG_STR_LIST(name, NULL, CFGF_NODEFAULT)

/*
 * All values are strings to libconfuse: its numbers fail when errno is left over from an earlier
 * call, and what is allowed is told better by those who know the setting.
 */
static cfg_opt_t schema[] = {
    SETTING("node"),
    SETTING("dns"),
    SETTING("address"),
    SETTING("role"),
    SETTING("release"),
    LIST("services"),
    LIST("servers"),
    SETTING("callmanager-certificate"),
    SETTING("capf-certificate"),
    SETTING("itlrecovery-certificate"),
    SETTING("tvs-certificate"),
    SETTING("directory"),
    SETTING("state"),
    SETTING("certificate"),
    SETTING("key"),
    SETTING("clients"),
    LIST("listen"),
    SETTING("user"),
    SETTING("max-connections"),
    SETTING("max-per-client"),
    SETTING("timeout"),
    SETTING("threads"),
    CFG_END(),
};

cfg_opt_t *settings_schema(void)
{
	return schema;
}

enum status settings_refuse(
    const struct settings_reading *reading, unsigned line, struct error *err)
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

static enum status parse(struct settings_reading *reading, const char *text, struct error *err)
{
	memset(&trouble, 0, sizeof(trouble));
	reading->cfg = cfg_init(schema, CFGF_NONE);
	if (reading->cfg == NULL)
		return error_no_memory(err);
	cfg_set_error_function(reading->cfg, keep_trouble);
	if (cfg_parse_buf(reading->cfg, text) == CFG_SUCCESS)
		return ST_OK;
	/* It says nothing when memory was short. */
	if (!trouble.told)
		return error_no_memory(err);
	error_set(err, ST_FORMAT, "%s", trouble.text);
	error_hint(err, "%s", _("write NAME = VALUE or NAME = {VALUE, VALUE}"));
	return settings_refuse(reading, trouble.line, err);
}

/* The text is changed: comments go. */
static enum status read_text(
    struct settings_reading *reading, struct buffer *text, struct error *err)
{
	enum status st;

	buffer_text(text);
	st = buffer_status(text, err);
	if (st == ST_OK)
		st = settings_scan(reading, (char *)text->data, text->len, err);
	if (st == ST_OK)
		st = parse(reading, (const char *)text->data, err);
	if (st == ST_OK)
		st = settings_take(reading, err);
	cfg_free(reading->cfg);
	return st;
}

enum status provider_settings_read(
    const char *path, struct provider_settings *out, struct error *err)
{
	struct settings_reading reading = {.path = path, .out = out};
	const char *slash = strrchr(path, '/');
	struct buffer text = BUFFER_INIT;
	enum status st;

	out->path = strdup(path);
	if (slash == NULL)
		reading.directory = strdup(".");
	else
		reading.directory = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (out->path == NULL || reading.directory == NULL)
		st = error_no_memory(err);
	else
		st = file_read(path, SETTINGS_MAX_FILE, &text, NULL, err);
	if (st == ST_OK)
		st = read_text(&reading, &text, err);
	buffer_free(&text);
	free(reading.directory);
	return st;
}

static void free_list(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

void provider_settings_free(struct provider_settings *settings)
{
	free_list(settings->services, settings->n_services);
	free_list(settings->servers, settings->n_servers);
	free_list(settings->listen, settings->n_listen);
	for (size_t i = 0; i < PROVIDER_OFFERS; i++)
		free(settings->offers[i].path);
	free(settings->path);
	free(settings->node);
	free(settings->dns);
	free(settings->address);
	free(settings->role);
	free(settings->release);
	free(settings->directory);
	free(settings->state);
	free(settings->certificate);
	free(settings->key);
	free(settings->clients);
	free(settings->user);
	memset(settings, 0, sizeof(*settings));
}
