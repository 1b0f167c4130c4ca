/*
 * Reading ctlproviderd.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/settings_parts.h"

#include <stdlib.h>
#include <string.h>

static cfg_opt_t schema[] = {
    CONF_SETTING("node"),
    CONF_SETTING("dns"),
    CONF_SETTING("address"),
    CONF_SETTING("role"),
    CONF_SETTING("release"),
    CONF_LIST("services"),
    CONF_LIST("servers"),
    CONF_SETTING("callmanager-certificate"),
    CONF_SETTING("capf-certificate"),
    CONF_SETTING("itlrecovery-certificate"),
    CONF_SETTING("tvs-certificate"),
    CONF_SETTING("directory"),
    CONF_SETTING("state"),
    CONF_SETTING("certificate"),
    CONF_SETTING("key"),
    CONF_SETTING("clients"),
    CONF_LIST("listen"),
    CONF_SETTING("user"),
    CONF_SETTING("max-connections"),
    CONF_SETTING("max-per-client"),
    CONF_SETTING("timeout"),
    CONF_SETTING("threads"),
    CONF_END,
};

static const struct conf_grammar grammar = {
    .settings = schema,
    .max_file = 1024 * 1024,
    .form = N_("write NAME = VALUE or NAME = {VALUE, VALUE}"),
    .simple = true,
};

enum status provider_settings_read(
    const char *path, struct provider_settings *out, struct error *err)
{
	struct conf conf = {.path = NULL};
	struct conf_place top;
	enum status st = conf_read(path, &grammar, &conf, err);

	out->path = strdup(path);
	if (st == ST_OK && out->path == NULL)
		st = error_no_memory(err);
	if (st == ST_OK) {
		top = conf_at(&conf, &conf.sections[0]);
		st = settings_take(&top, out, err);
	}
	conf_free(&conf);
	return st;
}

void provider_settings_free(struct provider_settings *settings)
{
	conf_strings_free(settings->services, settings->n_services);
	conf_strings_free(settings->servers, settings->n_servers);
	conf_strings_free(settings->listen, settings->n_listen);
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
