/*
 * Values of ctlsign.conf: texts, paths, numbers, addresses, lists.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct place inventory_place(const struct reading *reading, const struct layout_section *section)
{
	struct place place = {reading, section, reading->cfg};

	if (section->kind != NULL)
		place.cfg = cfg_getnsec(reading->cfg, section->kind->name, section->index);
	return place;
}

const char *place_value(const struct place *place, const char *name)
{
	return cfg_size(place->cfg, name) == 0 ? NULL : cfg_getnstr(place->cfg, name, 0);
}

enum status place_refuse(const struct place *place, const char *name, struct error *err)
{
	return inventory_refuse(place->reading, layout_line(place->section, name), err);
}

static enum status check_text(
    const struct place *place, const char *name, const char *value, size_t max, struct error *err)
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
			return place_refuse(place, name, err);
		}
		return ST_OK;
	}
	return place_refuse(place, name, err);
}

enum status place_text(
    const struct place *place, const char *name, size_t max, char **out, struct error *err)
{
	const char *value = place_value(place, name);
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

enum status place_dns(const struct place *place, const char *name, char **out, struct error *err)
{
	enum status st = place_text(place, name, INVENTORY_MAX_NAME, out, err);
	char shown[4 * INVENTORY_MAX_NAME + 1];

	if (st != ST_OK || *out == NULL)
		return st;
	/* What is escaped when it is shown is no part of a name. */
	text_printable_into(shown, sizeof(shown), text_bytes(*out));
	if (strchr(*out, ' ') == NULL && strcmp(shown, *out) == 0)
		return ST_OK;
	error_set(err, ST_FORMAT, _("this is not a host name: '%s'"), shown);
	error_hint(err, "%s", _("write it without blanks, such as cucm-pub.example.com"));
	return place_refuse(place, name, err);
}

char *inventory_resolve(const struct inventory *inventory, const char *path)
{
	char *resolved;

	if (path[0] == '/' || strcmp(inventory->directory, ".") == 0)
		return strdup(path);
	if (asprintf(&resolved, "%s%s%s", inventory->directory,
		strcmp(inventory->directory, "/") == 0 ? "" : "/", path) < 0)
		return NULL;
	return resolved;
}

enum status place_path(const struct place *place, const char *name, char **out, struct error *err)
{
	char *path;
	enum status st = place_text(place, name, INVENTORY_MAX_TEXT, &path, err);

	*out = NULL;
	if (st != ST_OK || path == NULL)
		return st;
	*out = inventory_resolve(place->reading->out, path);
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

enum status place_number(
    const struct place *place, const char *name, unsigned max, unsigned *out, struct error *err)
{
	const char *value = place_value(place, name);
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
	return place_refuse(place, name, err);
}

enum status place_list(const struct place *place, const char *name, unsigned max, char ***out,
    size_t *n, struct error *err)
{
	const unsigned size = cfg_size(place->cfg, name);

	*out = NULL;
	*n = 0;
	if (size > max) {
		error_set(err, ST_FORMAT, _("'%s' has more than %u values"), name, max);
		error_hint(err, "%s", _("take some away"));
		return place_refuse(place, name, err);
	}
	if (size == 0)
		return ST_OK;
	*out = calloc(size, sizeof(**out));
	if (*out == NULL)
		return error_no_memory(err);
	for (unsigned i = 0; i < size; i++) {
		const char *value = cfg_getnstr(place->cfg, name, i);
		enum status st = check_text(place, name, value, INVENTORY_MAX_TEXT, err);

		if (st != ST_OK)
			return st;
		(*out)[i] = strdup(value);
		if ((*out)[i] == NULL)
			return error_no_memory(err);
		*n = i + 1;
	}
	return ST_OK;
}

enum status place_address(
    const struct place *place, const char *name, struct inventory_address *out, struct error *err)
{
	static const uint8_t none[16];
	const char *value = place_value(place, name);
	char shown[80];

	if (value == NULL)
		return ST_OK;
	if (!inventory_address_parse(value, out)) {
		error_set(err, ST_FORMAT, _("this is not an IP address: '%s'"),
		    text_printable_into(shown, sizeof(shown), text_bytes(value)));
		error_hint(err, "%s", _("write it as 192.0.2.10 or 2001:db8::10"));
		return place_refuse(place, name, err);
	}
	if (memcmp(out->bytes, none, out->len) != 0)
		return ST_OK;
	error_set(err, ST_FORMAT, _("'%s' is no address of a server"), value);
	error_hint(err, "%s", _("write the address that phones reach it by"));
	return place_refuse(place, name, err);
}

enum status place_certificate(const struct place *place, const char *name,
    struct inventory_certificate *out, struct error *err)
{
	out->line = layout_line(place->section, name);
	return place_path(place, name, &out->path, err);
}

enum status place_key(
    const struct place *place, const char *name, struct inventory_key *out, struct error *err)
{
	const char *value = place_value(place, name);

	out->line = layout_line(place->section, name);
	if (value != NULL && strncmp(value, "pkcs11:", strlen("pkcs11:")) == 0)
		return place_text(place, name, INVENTORY_MAX_TEXT, &out->where, err);
	return place_path(place, name, &out->where, err);
}
