/*
 * Releases: reading their names, and the one table of what each lists in its CTL.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/release.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* No release ever had a second digit in it: 10.5(2), 7.1(5). */
#define MAINTENANCE_MAX 9

/* A row holds from this release on, up to the row above it; newest first. */
static const struct {
	unsigned major, minor, maintenance;
	struct release_rules rules;
} rows[] = {
    {12, 0, 1,
	{
	    .releases = N_("12.0(1) and later"),
	    .tokens_list_anchors = true,
	    .tokenless = true,
	    .tokenless_itlrecovery = true,
	    .itlrecovery_may_sign = true,
	    .sha512 = true,
	    .restart_ctimanager = true,
	    .registration = true,
	    .nonsecure_without_token = true,
	    .supported = true,
	}},
    {11, 5, 1,
	{
	    .releases = "11.5(x)",
	    .tokens_list_anchors = true,
	    .tokenless = true,
	    .tokenless_itlrecovery = true,
	    .sha512 = true,
	    .nonsecure_without_token = true,
	    .supported = true,
	}},
    {10, 5, 2,
	{
	    .releases = "10.5(2)",
	    .tokenless = true,
	    .tokenless_itlrecovery = true,
	    .nonsecure_without_token = true,
	    .supported = true,
	}},
    {10, 0, 1,
	{
	    .releases = "10.5(1), 10.0(1)",
	    .tokenless = true,
	    .nonsecure_without_token = true,
	}},
    /* The oldest row: what was before it is the same. */
    {0, 0, 0,
	{
	    .releases = "9.1(2)",
	}},
};

/* What there was, and is known. */
static const struct {
	unsigned major, minor;
} known[] = {
    {5, 0},
    {5, 1},
    {6, 0},
    {6, 1},
    {7, 0},
    {7, 1},
    {8, 0},
    {8, 5},
    {8, 6},
    {9, 0},
    {9, 1},
    {10, 0},
    {10, 5},
    {11, 0},
    {11, 5},
    {12, 0},
    {12, 5},
    {14, 0},
    {15, 0},
};

/* A list that was made before one of these is not taken over by what came with it. */
static const struct {
	unsigned major, minor, maintenance;
	const char *name;
} watersheds[] = {
    {10, 5, 1, "10.5"},
    {7, 1, 5, "7.1.5"},
};

/* One or two digits with no zero in front. */
static bool take_number(const char **at, unsigned *out)
{
	const char *p = *at;

	if (!isdigit((unsigned char)p[0]) || (p[0] == '0' && isdigit((unsigned char)p[1])))
		return false;
	for (*out = 0; isdigit((unsigned char)*p) && p < *at + 2; p++)
		*out = *out * 10 + (unsigned)(*p - '0');
	*at = p;
	return !isdigit((unsigned char)*p);
}

/* "SU3", and "SU3a", as some were called. */
static bool take_service_update(const char **at)
{
	unsigned number;

	if (strncasecmp(*at, "SU", 2) != 0)
		return true;
	*at += 2;
	if (!take_number(at, &number) || number == 0)
		return false;
	if (isalpha((unsigned char)**at))
		(*at)++;
	return true;
}

static bool take_release(const char *at, struct release *out)
{
	out->minor = 0;
	out->maintenance = 1;
	if (!take_number(&at, &out->major))
		return false;
	if (*at == '.') {
		at++;
		if (!take_number(&at, &out->minor))
			return false;
		if (*at == '(') {
			at++;
			if (!take_number(&at, &out->maintenance) || *at++ != ')')
				return false;
		} else if (*at == '.') {
			at++;
			if (!take_number(&at, &out->maintenance))
				return false;
		}
	}
	return take_service_update(&at) && *at == '\0';
}

static bool is_known(const struct release *release)
{
	if (release->maintenance == 0 || release->maintenance > MAINTENANCE_MAX)
		return false;
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].major == release->major && known[i].minor == release->minor)
			return true;
	return false;
}

/* False when it is too long to be a release. */
static bool copy_without_spaces(const char *text, char *out, size_t size)
{
	size_t len = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '\t')
			continue;
		if (len + 1 == size)
			return false;
		out[len++] = *text;
	}
	out[len] = '\0';
	return true;
}

enum status release_parse(const char *text, struct release *out, struct error *err)
{
	char shown[96];

	memset(out, 0, sizeof(*out));
	text_printable_into(shown, sizeof(shown), text_bytes(text));
	if (!copy_without_spaces(text, out->text, sizeof(out->text)) ||
	    !take_release(out->text, out)) {
		error_set(err, ST_USAGE, _("this is not a release: '%s'"), shown);
		error_hint(err, "%s", _("write it as 12.5(1), 12.5(1)SU3 or 14SU2"));
		return ST_USAGE;
	}
	if (!is_known(out)) {
		error_set(err, ST_USAGE, _("there is no release '%s' that is known"), shown);
		error_hint(err, "%s",
		    _("known are 5.0, 5.1, 6.0, 6.1, 7.0, 7.1, 8.0, 8.5, 8.6, 9.0, 9.1, 10.0, "
		      "10.5, "
		      "11.0, 11.5, 12.0, 12.5, 14 and 15"));
		return ST_USAGE;
	}
	return ST_OK;
}

static int compare(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

int release_compare(
    const struct release *release, unsigned major, unsigned minor, unsigned maintenance)
{
	int order = compare(release->major, major);

	if (order == 0)
		order = compare(release->minor, minor);
	if (order == 0)
		order = compare(release->maintenance, maintenance);
	return order;
}

const struct release_rules *release_rules(const struct release *release)
{
	size_t i = 0;

	/* The last row has room for every release. */
	while (i < COUNT(rows) - 1 &&
	       release_compare(release, rows[i].major, rows[i].minor, rows[i].maintenance) < 0)
		i++;
	return &rows[i].rules;
}

const struct release_rules *release_rules_at(size_t index)
{
	return index < COUNT(rows) ? &rows[index].rules : NULL;
}

bool release_crosses(const struct release *from, const struct release *to, const char **crossed)
{
	for (size_t i = 0; i < COUNT(watersheds); i++) {
		const unsigned major = watersheds[i].major, minor = watersheds[i].minor;
		const unsigned maintenance = watersheds[i].maintenance;

		if ((release_compare(from, major, minor, maintenance) < 0) ==
		    (release_compare(to, major, minor, maintenance) < 0))
			continue;
		if (crossed != NULL)
			*crossed = watersheds[i].name;
		return true;
	}
	return false;
}
