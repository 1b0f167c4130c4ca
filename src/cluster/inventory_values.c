/*
 * Values of ctlsign.conf: host names, addresses, certificates, keys.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include <string.h>

enum status place_dns(
    const struct conf_place *place, const char *name, char **out, struct error *err)
{
	enum status st = conf_text(place, name, CONF_MAX_NAME, out, err);
	char shown[CONF_SHOWN_NAME];

	if (st != ST_OK || *out == NULL || conf_is_name(*out, shown))
		return st;
	error_set(err, ST_FORMAT, _("this is not a host name: '%s'"), shown);
	error_hint(err, "%s", _("write it without blanks, such as cucm-pub.example.com"));
	return conf_refuse_value(place, name, err);
}

enum status place_address(const struct conf_place *place, const char *name,
    struct inventory_address *out, struct error *err)
{
	static const uint8_t none[16];
	const char *value = conf_value(place, name);

	if (value == NULL)
		return ST_OK;
	if (!inventory_address_parse(value, out))
		return conf_refuse_address(place, name, value, err);
	if (memcmp(out->bytes, none, out->len) != 0)
		return ST_OK;
	error_set(err, ST_FORMAT, _("'%s' is no address of a server"), value);
	error_hint(err, "%s", _("write the address that phones reach it by"));
	return conf_refuse_value(place, name, err);
}

enum status place_certificate(const struct conf_place *place, const char *name,
    struct inventory_certificate *out, struct error *err)
{
	out->line = conf_line(place->section, name);
	return conf_path(place, name, &out->path, err);
}

enum status place_key(
    const struct conf_place *place, const char *name, struct inventory_key *out, struct error *err)
{
	const char *value = conf_value(place, name);

	out->line = conf_line(place->section, name);
	if (value != NULL && strncmp(value, "pkcs11:", strlen("pkcs11:")) == 0)
		return conf_text(place, name, CONF_MAX_TEXT, &out->where, err);
	return conf_path(place, name, &out->where, err);
}
