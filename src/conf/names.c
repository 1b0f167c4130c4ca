/*
 * Names of settings: finding one, and what a misspelt one may have been meant to be.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "conf/parts.h"

#include "base/bytes.h"

#include <string.h>

/* A name that is longer has no near one. */
#define NEAR_MAX 32

const cfg_opt_t *conf_find(const cfg_opt_t *settings, const char *name, size_t len)
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

void conf_hint(
    const cfg_opt_t *settings, const char *name, size_t len, bool guess, struct error *err)
{
	const char *near = guess ? nearest(settings, name, len) : NULL;
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
