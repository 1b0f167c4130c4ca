/*
 * What may stand in ctlsign.conf: the sections and settings, as libconfuse wants them told.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include <string.h>

static cfg_opt_t node_settings[] = {
    CONF_SETTING("dns"),
    CONF_SETTING("address"),
    CONF_SETTING("next-address"),
    CONF_LIST("services"),
    CONF_SETTING("certificate"),
    CONF_SETTING("capf-certificate"),
    CONF_LIST("deliver"),
    CONF_LIST("verify"),
    CONF_END,
};

static cfg_opt_t server_settings[] = {
    CONF_SETTING("dns"),
    CONF_SETTING("address"),
    CONF_SETTING("next-address"),
    CONF_SETTING("certificate"),
    CONF_LIST("deliver"),
    CONF_LIST("verify"),
    CONF_END,
};

static cfg_opt_t entry_settings[] = {
    CONF_SETTING("role"),
    CONF_SETTING("dns"),
    CONF_SETTING("address"),
    CONF_SETTING("next-address"),
    CONF_SETTING("certificate"),
    CONF_LIST("deliver"),
    CONF_LIST("verify"),
    CONF_END,
};

static cfg_opt_t itlrecovery_settings[] = {
    CONF_SETTING("certificate"),
    CONF_SETTING("key"),
    CONF_END,
};

static cfg_opt_t callmanager_settings[] = {
    CONF_SETTING("key"),
    CONF_END,
};

static cfg_opt_t port_settings[] = {
    CONF_SETTING("ctl-provider"),
    CONF_SETTING("sccp"),
    CONF_SETTING("sccp-tls"),
    CONF_SETTING("sip-tls"),
    CONF_SETTING("tvs"),
    CONF_SETTING("sip-oauth"),
    CONF_SETTING("sip-oauth-mra"),
    CONF_SETTING("tftp"),
    CONF_SETTING("tftp-http"),
    CONF_SETTING("tftp-https"),
    CONF_SETTING("tftp-https2"),
    CONF_END,
};

static cfg_opt_t publish_settings[] = {
    CONF_SETTING("timeout"),
    CONF_SETTING("ssh-key"),
    CONF_SETTING("ssh-known-hosts"),
    CONF_SETTING("client-certificate"),
    CONF_SETTING("client-key"),
    CONF_SETTING("provider-trust"),
    CONF_LIST("phones"),
    CONF_END,
};

static cfg_opt_t top[] = {
    CONF_SETTING("cluster"),
    CONF_SETTING("release"),
    CONF_SETTING("domain"),
    CONF_SETTING("digest"),
    CONF_SETTING("tokenless-signer"),
    CONF_SETTING("export-controlled"),
    CONF_SETTING("expiry-days"),
    CONF_LIST("modules"),
    CONF_SETTING("state"),
    CONF_SETTING("ctl-file"),
    CONF_SETTING("phone-families"),
    CONF_NAMED("publisher", node_settings),
    CONF_NAMED("subscriber", node_settings),
    CONF_NAMED("tftp", node_settings),
    CONF_NAMED("media", node_settings),
    CONF_NAMED("alternate-tftp", server_settings),
    CONF_NAMED("firewall", server_settings),
    CONF_NAMED("entry", entry_settings),
    CONF_SECTION("itlrecovery", itlrecovery_settings),
    CONF_SECTION("callmanager", callmanager_settings),
    CONF_SECTION("ports", port_settings),
    CONF_SECTION("publish", publish_settings),
    CONF_END,
};

/* Kinds that are not here stand once. */
static const struct {
	const char *kind;
	unsigned limit;
	bool shared;
} limits[] = {
    {"subscriber", INVENTORY_MAX_SUBSCRIBERS, false},
    {"tftp", INVENTORY_MAX_TFTP, false},
    {"media", INVENTORY_MAX_MEDIA, false},
    {"alternate-tftp", INVENTORY_MAX_OTHERS, true},
    {"firewall", INVENTORY_MAX_OTHERS, true},
    {"entry", INVENTORY_MAX_OTHERS, true},
};

/* How many sections of KIND there may be; SHARED: together with other kinds. */
static unsigned limit_of(const cfg_opt_t *kind, bool *shared)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strcmp(limits[i].kind, kind->name) == 0) {
			*shared = limits[i].shared;
			return limits[i].limit;
		}
	}
	*shared = false;
	return 1;
}

/* How many there are of KIND, and, with SHARED, of those that it shares its limit with. */
static unsigned count(const struct conf *conf, const cfg_opt_t *kind, bool shared)
{
	unsigned n = 0;

	for (size_t i = 1; i < conf->n_sections; i++) {
		bool with_others;

		limit_of(conf->sections[i].kind, &with_others);
		n += conf->sections[i].kind == kind || (shared && with_others);
	}
	return n;
}

static enum status may_open(
    const struct conf *conf, const cfg_opt_t *kind, unsigned line, struct error *err)
{
	bool shared;
	const unsigned limit = limit_of(kind, &shared);

	if (count(conf, kind, shared) < limit)
		return ST_OK;
	if (shared) {
		error_set(err, ST_FORMAT,
		    _("there are more than %u alternate TFTP servers, firewalls and other "
		      "entries"),
		    limit);
		error_hint(err, "%s", _("take away those that phones do not need"));
	} else if (limit == 1) {
		error_set(err, ST_FORMAT, _("there is a second '%s'"), kind->name);
		error_hint(err, _("leave one of them; the first is on line %u"),
		    conf_first(conf, kind->name)->line);
	} else {
		error_set(err, ST_FORMAT,
		    ngettext("there is more than %u section '%s'",
			"there are more than %u sections '%s'", limit),
		    limit, kind->name);
		error_hint(err, "%s",
		    _("a cluster has 1 publisher and at most 16 subscribers, 2 tftp and 9 media "
		      "nodes"));
	}
	return conf_refuse(conf, line, err);
}

const struct conf_grammar inventory_grammar = {
    .settings = top,
    .max_file = INVENTORY_MAX_FILE,
    .form = N_("write NAME = VALUE, NAME = {VALUE, VALUE}, or a section as publisher NAME { ... }"),
    .may_open = may_open,
};
