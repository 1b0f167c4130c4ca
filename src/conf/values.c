/*
 * Sections of a settings file and their values: texts, paths, numbers, lists.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "conf/conf.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct conf_section *conf_titled(const struct conf *conf, const char *title)
{
	for (size_t i = 1; i < conf->n_sections; i++)
		if (conf->sections[i].title[0] != '\0' &&
		    strcasecmp(conf->sections[i].title, title) == 0)
			return &conf->sections[i];
	return NULL;
}

const struct conf_section *conf_first(const struct conf *conf, const char *name)
{
	for (size_t i = 1; i < conf->n_sections; i++)
		if (strcmp(conf->sections[i].kind->name, name) == 0)
			return &conf->sections[i];
	return NULL;
}

struct conf_place conf_at(const struct conf *conf, const struct conf_section *section)
{
	struct conf_place place = {conf, section, conf->cfg};

	if (section->kind != NULL)
		place.cfg = cfg_getnsec(conf->cfg, section->kind->name, section->index);
	return place;
}

/* 0 when it is not set. */
static unsigned line_of(const struct conf_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_settings; i++)
		if (strcmp(section->settings[i].name, name) == 0)
			return section->settings[i].line;
	return 0;
}

unsigned conf_line(const struct conf_section *section, const char *name)
{
	const unsigned line = line_of(section, name);

	return line != 0 ? line : section->line;
}

bool conf_is_set(const struct conf_place *place, const char *name)
{
	return line_of(place->section, name) != 0;
}

const char *conf_value(const struct conf_place *place, const char *name)
{
	return cfg_size(place->cfg, name) == 0 ? NULL : cfg_getnstr(place->cfg, name, 0);
}

static enum status check_text(const struct conf_place *place, const char *name, const char *value,
    size_t max, struct error *err)
{
	size_t len = strlen(value);

	if (len == 0) {
		error_set(err, ST_FORMAT, _("'%s' is empty"), name);
		error_hint(err, "%s", _("write a value, or take the line away"));
	} else if (len > max) {
		error_set(err, ST_FORMAT, _("'%s' is longer than %zu bytes"), name, max);
		error_hint(err, "%s", _("shorten it"));
	} else {
		for (size_t i = 0; i < len; i++) {
			if ((unsigned char)value[i] >= 0x20 && value[i] != 0x7f)
				continue;
			error_set(err, ST_FORMAT, _("'%s' holds a control character"), name);
			error_hint(err, "%s", _("type the value anew"));
			return conf_refuse_value(place, name, err);
		}
		return ST_OK;
	}
	return conf_refuse_value(place, name, err);
}

enum status conf_text(
    const struct conf_place *place, const char *name, size_t max, char **out, struct error *err)
{
	const char *value = conf_value(place, name);
	enum status st;

	*out = NULL;
	if (value == NULL)
		return ST_OK;
	st = check_text(place, name, value, max, err);
	if (st != ST_OK)
		return st;
	*out = strdup(value);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

bool conf_is_name(const char *text, char shown[CONF_SHOWN_NAME])
{
	text_printable_into(shown, CONF_SHOWN_NAME, text_bytes(text));
	return strchr(text, ' ') == NULL && strcmp(shown, text) == 0;
}

char *conf_resolve(const struct conf *conf, const char *path)
{
	char *resolved;

	if (path[0] == '/' || strcmp(conf->directory, ".") == 0)
		return strdup(path);
	if (asprintf(&resolved, "%s%s%s", conf->directory,
		strcmp(conf->directory, "/") == 0 ? "" : "/", path) < 0)
		return NULL;
	return resolved;
}

enum status conf_path(
    const struct conf_place *place, const char *name, char **out, struct error *err)
{
	char *path;
	enum status st = conf_text(place, name, CONF_MAX_TEXT, &path, err);

	*out = NULL;
	if (st != ST_OK || path == NULL)
		return st;
	*out = conf_resolve(place->conf, path);
	free(path);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

/* Digits only: strtoul() would take signs, blanks, and what is too large. */
static bool parse_number(const char *text, unsigned max, unsigned *out)
{
	unsigned value = 0;

	if (text[0] == '\0' || strlen(text) > 6)
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (unsigned)(*text - '0');
	*out = value;
	return *text == '\0' && value >= 1 && value <= max;
}

enum status conf_number(const struct conf_place *place, const char *name, unsigned max,
    unsigned *out, struct error *err)
{
	const char *value = conf_value(place, name);
	char shown[80];
	unsigned number;

	if (value == NULL)
		return ST_OK;
	if (parse_number(value, max, &number)) {
		*out = number;
		return ST_OK;
	}
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), name,
	    text_printable_into(shown, sizeof(shown), text_bytes(value)));
	error_hint(err, _("write a number from 1 to %u"), max);
	return conf_refuse_value(place, name, err);
}

enum status conf_list(const struct conf_place *place, const char *name, unsigned max, char ***out,
    size_t *n, struct error *err)
{
	const unsigned size = cfg_size(place->cfg, name);

	*out = NULL;
	*n = 0;
	if (size > max) {
		error_set(err, ST_FORMAT, _("'%s' has more than %u values"), name, max);
		error_hint(err, "%s", _("take some away"));
		return conf_refuse_value(place, name, err);
	}
	if (size == 0)
		return ST_OK;
	*out = calloc(size, sizeof(**out));
	if (*out == NULL)
		return error_no_memory(err);
	for (unsigned i = 0; i < size; i++) {
		const char *value = cfg_getnstr(place->cfg, name, i);
		enum status st = check_text(place, name, value, CONF_MAX_TEXT, err);

		if (st != ST_OK)
			return st;
		(*out)[i] = strdup(value);
		if ((*out)[i] == NULL)
			return error_no_memory(err);
		*n = i + 1;
	}
	return ST_OK;
}

void conf_strings_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}
