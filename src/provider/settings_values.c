/*
 * Values of ctlproviderd.conf: texts, paths, numbers, lists.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/settings_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum status settings_refuse_value(
    const struct settings_reading *reading, const char *name, struct error *err)
{
	return settings_refuse(reading, settings_line(reading, name), err);
}

static enum status check(const struct settings_reading *reading, const char *name,
    const char *value, size_t max, struct error *err)
{
	const size_t len = strlen(value);

	if (len == 0) {
		error_set(err, ST_FORMAT, _("'%s' is empty"), name);
		error_hint(err, "%s", _("write a value, or take the line away"));
		return settings_refuse_value(reading, name, err);
	}
	if (len > max) {
		error_set(err, ST_FORMAT, _("'%s' is longer than %zu bytes"), name, max);
		error_hint(err, "%s", _("shorten it"));
		return settings_refuse_value(reading, name, err);
	}
	return ST_OK;
}

enum status settings_text(const struct settings_reading *reading, const char *name, size_t max,
    char **out, struct error *err)
{
	const char *value =
	    cfg_size(reading->cfg, name) == 0 ? NULL : cfg_getnstr(reading->cfg, name, 0);
	enum status st;

	if (value == NULL)
		return ST_OK;
	st = check(reading, name, value, max, err);
	if (st != ST_OK)
		return st;
	*out = strdup(value);
	return *out != NULL ? ST_OK : error_no_memory(err);
}

enum status settings_name(
    const struct settings_reading *reading, const char *name, char **out, struct error *err)
{
	enum status st = settings_text(reading, name, SETTINGS_MAX_NAME, out, err);
	char shown[4 * SETTINGS_MAX_NAME + 1];

	if (st != ST_OK || *out == NULL)
		return st;
	/* What is escaped when it is shown is no part of a name. */
	text_printable_into(shown, sizeof(shown), text_bytes(*out));
	if (strchr(*out, ' ') == NULL && strcmp(shown, *out) == 0)
		return ST_OK;
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), name, shown);
	error_hint(err, "%s", _("write a name without blanks and backslashes"));
	return settings_refuse_value(reading, name, err);
}

enum status settings_path(
    const struct settings_reading *reading, const char *name, char **out, struct error *err)
{
	char *path = NULL;
	enum status st = settings_text(reading, name, SETTINGS_MAX_TEXT, &path, err);

	if (st != ST_OK || path == NULL)
		return st;
	if (path[0] == '/' || strcmp(reading->directory, ".") == 0) {
		*out = path;
		return ST_OK;
	}
	if (asprintf(out, "%s%s%s", reading->directory,
		strcmp(reading->directory, "/") == 0 ? "" : "/", path) < 0)
		*out = NULL;
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

enum status settings_number(const struct settings_reading *reading, const char *name, unsigned max,
    unsigned *out, struct error *err)
{
	char *value = NULL, shown[80];
	enum status st = settings_text(reading, name, SETTINGS_MAX_NAME, &value, err);
	unsigned number;

	if (st != ST_OK || value == NULL)
		return st;
	if (parse_number(value, max, &number)) {
		*out = number;
	} else {
		error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), name,
		    text_printable_into(shown, sizeof(shown), text_bytes(value)));
		error_hint(err, _("write a number from 1 to %u"), max);
		st = settings_refuse_value(reading, name, err);
	}
	free(value);
	return st;
}

enum status settings_list(const struct settings_reading *reading, const char *name, char ***out,
    size_t *n, struct error *err)
{
	const unsigned size = cfg_size(reading->cfg, name);

	if (size > SETTINGS_MAX_LIST) {
		error_set(
		    err, ST_FORMAT, _("'%s' has more than %d values"), name, SETTINGS_MAX_LIST);
		error_hint(err, "%s", _("take some away"));
		return settings_refuse_value(reading, name, err);
	}
	if (size == 0)
		return ST_OK;
	*out = calloc(size, sizeof(**out));
	if (*out == NULL)
		return error_no_memory(err);
	for (unsigned i = 0; i < size; i++) {
		const char *value = cfg_getnstr(reading->cfg, name, i);
		enum status st = check(reading, name, value, SETTINGS_MAX_TEXT, err);

		if (st != ST_OK)
			return st;
		(*out)[i] = strdup(value);
		if ((*out)[i] == NULL)
			return error_no_memory(err);
		*n = i + 1;
	}
	return ST_OK;
}
