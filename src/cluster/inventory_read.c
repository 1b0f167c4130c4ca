/*
 * Reading ctlsign.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include <string.h>

static enum status take(const struct conf *conf, struct inventory *out, struct error *err)
{
	enum status st = inventory_take_settings(conf, out, err);

	if (st == ST_OK)
		st = inventory_take_ports(conf, out, err);
	if (st == ST_OK)
		st = inventory_take_publish(conf, out, err);
	if (st == ST_OK)
		st = inventory_take_servers(conf, out, err);
	if (st == ST_OK)
		st = inventory_check(conf, out, err);
	if (st == ST_OK)
		st = inventory_check_targets(conf, out, err);
	return st;
}

enum status inventory_read(const char *path, struct inventory *out, struct error *err)
{
	struct conf conf = {.path = NULL};
	enum status st = conf_read(path, &inventory_grammar, &conf, err);

	out->path = strdup(path);
	if (st == ST_OK)
		out->directory = strdup(conf.directory);
	if (st == ST_OK && (out->path == NULL || out->directory == NULL))
		st = error_no_memory(err);
	if (st == ST_OK)
		st = take(&conf, out, err);
	conf_free(&conf);
	return st;
}
