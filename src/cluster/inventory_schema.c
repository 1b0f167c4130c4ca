/*
 * What may stand in ctlsign.conf: the sections and settings, as libconfuse wants them told.
 *
 * All values are strings to libconfuse: its numbers fail when errno is left over from an earlier
 * call, and what is allowed is told better by those who know the setting.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include "base/text.h"

#include <string.h>

/* A name that is longer has no near one. */
#define NEAR_MAX 32

#define SETTING(name)	   CFG_STR(name, NULL, CFGF_NODEFAULT)
#define LIST(name)	   CFG_STR_LIST(name, NULL, CFGF_NODEFAULT)
#define NAMED(name, parts) CFG_SEC(name, parts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

static cfg_opt_t node_settings[] = {
    SETTING("dns"),
    SETTING("address"),
    SETTING("next-address"),
    LIST("services"),
    SETTING("certificate"),
    SETTING("capf-certificate"),
    LIST("deliver"),
    LIST("verify"),
    CFG_END(),
};

static cfg_opt_t server_settings[] = {
    SETTING("dns"),
    SETTING("address"),
    SETTING("next-address"),
    SETTING("certificate"),
    LIST("deliver"),
    LIST("verify"),
    CFG_END(),
};

static cfg_opt_t entry_settings[] = {
    SETTING("role"),
    SETTING("dns"),
    SETTING("address"),
    SETTING("next-address"),
    SETTING("certificate"),
    LIST("deliver"),
    LIST("verify"),
    CFG_END(),
};

static cfg_opt_t itlrecovery_settings[] = {
    SETTING("certificate"),
    SETTING("key"),
    CFG_END(),
};

static cfg_opt_t callmanager_settings[] = {
    SETTING("key"),
    CFG_END(),
};

static cfg_opt_t port_settings[] = {
    SETTING("ctl-provider"),
    SETTING("sccp"),
    SETTING("sccp-tls"),
    SETTING("sip-tls"),
    SETTING("tvs"),
    SETTING("sip-oauth"),
    SETTING("sip-oauth-mra"),
    SETTING("tftp"),
    SETTING("tftp-http"),
    SETTING("tftp-https"),
    SETTING("tftp-https2"),
    CFG_END(),
};

static cfg_opt_t publish_settings[] = {
    SETTING("timeout"),
    SETTING("ssh-key"),
    SETTING("ssh-known-hosts"),
    SETTING("client-certificate"),
    SETTING("client-key"),
    SETTING("provider-trust"),
    LIST("phones"),
    CFG_END(),
};

static cfg_opt_t top[] = {
    SETTING("cluster"),
    SETTING("release"),
    SETTING("domain"),
    SETTING("digest"),
    SETTING("tokenless-signer"),
    SETTING("export-controlled"),
    SETTING("expiry-days"),
    LIST("modules"),
    SETTING("state"),
    SETTING("ctl-file"),
    NAMED("publisher", node_settings),
    NAMED("subscriber", node_settings),
    NAMED("tftp", node_settings),
    NAMED("media", node_settings),
    NAMED("alternate-tftp", server_settings),
    NAMED("firewall", server_settings),
    NAMED("entry", entry_settings),
    CFG_SEC("itlrecovery", itlrecovery_settings, CFGF_NONE),
    CFG_SEC("callmanager", callmanager_settings, CFGF_NONE),
    CFG_SEC("ports", port_settings, CFGF_NONE),
    CFG_SEC("publish", publish_settings, CFGF_NONE),
    CFG_END(),
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

cfg_opt_t *inventory_schema(void)
{
	return top;
}

const cfg_opt_t *inventory_schema_of(const struct layout_section *section)
{
	return section->kind == NULL ? top : section->kind->subopts;
}

const cfg_opt_t *inventory_schema_find(const cfg_opt_t *settings, const char *name, size_t len)
{
	for (; settings->name != NULL; settings++)
		if (strlen(settings->name) == len && memcmp(settings->name, name, len) == 0)
			return settings;
	return NULL;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters have to be put in, taken out or changed to make the one from the other. */
static unsigned distance(const char *a, size_t a_len, const char *b)
{
	size_t b_len = strlen(b);
	unsigned row[NEAR_MAX + 1];

	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 0; i < a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < b_len; j++) {
			unsigned changed = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = least(changed, least(row[j], row[j + 1]) + 1);
		}
	}
	return row[b_len];
}

static const char *nearest(const cfg_opt_t *settings, const char *name, size_t len)
{
	/* More than a third of it wrong is another word. */
	unsigned best = (unsigned)len / 3 + 1;
	const char *found = NULL;

	for (; len <= NEAR_MAX && settings->name != NULL; settings++) {
		unsigned d = distance(name, len, settings->name);

		if (d < best || (d == best && found == NULL)) {
			best = d;
			found = settings->name;
		}
	}
	return found;
}

void inventory_schema_hint(
    const cfg_opt_t *settings, const char *name, size_t len, struct error *err)
{
	const char *near = nearest(settings, name, len);
	struct buffer all = BUFFER_INIT;
	const char *text;

	for (const cfg_opt_t *opt = settings; opt->name != NULL; opt++)
		buffer_printf(&all, "%s%s", opt == settings ? "" : ", ", opt->name);
	text = buffer_text(&all);
	if (text != NULL && near != NULL)
		error_hint(err, _("write '%s', if that is meant; known here are %s"), near, text);
	else if (text != NULL)
		error_hint(err, _("take one of these: %s"), text);
	buffer_free(&all);
}

unsigned inventory_schema_limit(const cfg_opt_t *kind, bool *shared)
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
