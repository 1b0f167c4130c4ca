/*
 * Refusals of what stands in a settings file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "conf/conf.h"

#include "base/text.h"

enum status conf_refuse(const struct conf *conf, unsigned line, struct error *err)
{
	error_where(err, _("%s: line %u"), conf->path, line);
	return ST_FORMAT;
}

enum status conf_refuse_value(const struct conf_place *place, const char *name, struct error *err)
{
	return conf_refuse(place->conf, conf_line(place->section, name), err);
}

enum status conf_refuse_choice(
    const struct conf_place *place, const char *name, const char *allowed, struct error *err)
{
	char shown[80];

	text_printable_into(shown, sizeof(shown), text_bytes(conf_value(place, name)));
	error_set(err, ST_FORMAT, _("'%s' cannot be '%s'"), name, shown);
	error_hint(err, _("take one of these: %s"), allowed);
	return conf_refuse_value(place, name, err);
}

enum status conf_refuse_address(
    const struct conf_place *place, const char *name, const char *value, struct error *err)
{
	char shown[80];

	error_set(err, ST_FORMAT, _("this is not an IP address: '%s'"),
	    text_printable_into(shown, sizeof(shown), text_bytes(value)));
	error_hint(err, "%s", _("write it as 192.0.2.10 or 2001:db8::10"));
	return conf_refuse_value(place, name, err);
}

enum status conf_refuse_missing(
    const struct conf *conf, const char *name, const char *example, struct error *err)
{
	error_set(err, ST_FORMAT, _("the setting '%s' is missing"), name);
	error_hint(err, _("write %s = %s"), name, example);
	error_where(err, "%s", conf->path);
	return ST_FORMAT;
}
