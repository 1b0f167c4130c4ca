/*
 * The header row of a fleet's CSV file: its delimiter, and which column is what.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* As sites' tools call them, without blanks and case; the first ones go before the others. */
static const char *const names[] = {
    "devicename", "name", "phonename", "endpointname", "device", "phone", "endpoint", NULL};
static const char *const models[] = {"model", "devicetype", "modelname", "phonemodel",
    "devicemodel", "phonetype", "producttype", "product", "type", "modelnumber", NULL};

/* What may stand beside "CTL" and "ITL": "CTL File MD5", "SHA-1 of the ITL". */
static const char *const beside[] = {"md5", "sha1", "sha", "checksum", "hash", "digest", "file",
    "fingerprint", "signature", "installed", "trustlist", "tlv", "of", "the", "phones", "phone",
    NULL};

char fleet_delimiter(struct bytes line)
{
	static const char delimiters[] = {',', ';', '\t'};
	size_t n[sizeof(delimiters)] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		quoted ^= line.data[i] == '"';
		for (size_t d = 0; !quoted && d < sizeof(delimiters); d++)
			n[d] += line.data[i] == (uint8_t)delimiters[d];
	}
	for (size_t d = 1; d < sizeof(delimiters); d++)
		if (n[d] > n[best])
			best = d;
	return delimiters[best];
}

bool fleet_names_delimiter(struct bytes line, char *delimiter)
{
	const char *text = (const char *)line.data;

	/* Some write it in quotes. */
	if (line.len == 7 && text[0] == '"' && text[6] == '"')
		text++;
	else if (line.len != 5)
		return false;
	if (strncasecmp(text, "sep=", 4) != 0 || strchr(",;\t", text[4]) == NULL || text[4] == '\0')
		return false;
	*delimiter = text[4];
	return true;
}

/* Letters and digits only, in lower case; what is longer than any of the names is none. */
static void squeeze(struct bytes title, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < title.len && n + 1 < size; i++)
		if (title.data[i] < 0x80 && isalnum(title.data[i]))
			out[n++] = (char)tolower(title.data[i]);
	out[n] = '\0';
}

/* 255 for the first of LIST, 254 for the second...; 0: it is none. */
static uint8_t rank_in(const char *const *list, const char *text)
{
	for (uint8_t i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], text) == 0)
			return (uint8_t)(255 - i);
	return 0;
}

/* Length of the longest of LIST that TEXT begins with. */
static size_t longest(const char *const *list, const char *text)
{
	size_t found = 0;

	for (; *list != NULL; list++)
		if (strncmp(text, *list, strlen(*list)) == 0 && strlen(*list) > found)
			found = strlen(*list);
	return found;
}

/* Whether TEXT is CORE once, and otherwise nothing but what stands beside it. */
static bool is_about(const char *text, const char *core)
{
	bool seen = false;

	while (*text != '\0') {
		size_t step = longest(beside, text);

		if (step == 0 && !seen && strncmp(text, core, strlen(core)) == 0) {
			seen = true;
			step = strlen(core);
		}
		if (step == 0)
			return false;
		text += step;
	}
	return seen;
}

/* A site may have one column for MD5 and one for SHA-1: what phones show depends on the model. */
static void also(struct fleet_columns *columns, enum fleet_column kind, const char *title)
{
	char *out = columns->titles[kind];
	const size_t size = sizeof(columns->titles[kind]), len = strlen(out);

	columns->taken[columns->n] = true;
	columns->kind[columns->n] = kind;
	if (len == 0) {
		text_cut_into(out, size, title);
	} else if (len + 2 < size) {
		strcpy(out + len, ", ");
		text_cut_into(out + len + 2, size - len - 2, title);
	}
}

static void instead(
    struct fleet_columns *columns, enum fleet_column kind, uint8_t rank, const char *title)
{
	if (rank <= columns->rank[kind])
		return;
	for (size_t i = 0; i < columns->n; i++)
		if (columns->taken[i] && columns->kind[i] == kind)
			columns->taken[i] = false;
	columns->rank[kind] = rank;
	columns->titles[kind][0] = '\0';
	also(columns, kind, title);
}

static bool is_sep(const char *text)
{
	return strncmp(text, "sep", 3) == 0 && strspn(text + 3, "0123456789abcdef") == 12 &&
	       text[15] == '\0';
}

void fleet_columns_add(struct fleet_columns *columns, struct bytes title)
{
	char text[64], shown[64];

	if (columns->n < FLEET_COLUMNS_MAX) {
		squeeze(title, text, sizeof(text));
		text_printable_into(shown, sizeof(shown), title);
		columns->taken[columns->n] = false;
		if (is_about(text, "ctl"))
			also(columns, FLEET_CTL, shown);
		else if (is_about(text, "itl"))
			also(columns, FLEET_ITL, shown);
		else
			instead(columns, FLEET_NAME, rank_in(names, text), shown);
		if (!columns->taken[columns->n])
			instead(columns, FLEET_MODEL, rank_in(models, text), shown);
		columns->is_data |= is_sep(text);
	}
	columns->n++;
}

enum status fleet_columns_check(const struct fleet_columns *columns, struct error *err)
{
	const bool name = columns->titles[FLEET_NAME][0] != '\0';
	const bool ctl = columns->titles[FLEET_CTL][0] != '\0';

	if (columns->n > FLEET_COLUMNS_MAX)
		error_set(
		    err, ST_FORMAT, _("the first row has more than %d columns"), FLEET_COLUMNS_MAX);
	else if (name && ctl)
		return ST_OK;
	else if (columns->is_data)
		error_set(err, ST_FORMAT, "%s",
		    _("the first row is a phone: the names of the columns are missing"));
	else if (name)
		error_set(err, ST_FORMAT, "%s", _("no column of the first row is the phones' CTL"));
	else
		error_set(
		    err, ST_FORMAT, "%s", _("no column of the first row is the phones' name"));
	error_hint(
	    err, "%s", _("begin the file with a row such as: Device Name,Model,CTL MD5,ITL MD5"));
	return ST_FORMAT;
}
