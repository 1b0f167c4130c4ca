/*
 * The end of what tl_show() prints: who signed, with what, when, and one line an entry.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/show.h"

#include "base/text.h"
#include "trustlist/describe.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NAME_WIDTH   36
#define ENTRIES_MOST 200 /* a sane list has some 40; a hostile one must not fill the memory */

/* The column where the facts start; the longest word before it has 10 letters and a colon. */
#define FACT_COLUMN 16

static void fact(struct buffer *out, const char *word, const char *value)
{
	text_pad(out, word, FACT_COLUMN);
	buffer_printf(out, "%s\n", value);
}

static void show_signer(const struct show *show)
{
	const struct trustlist *list = show->list;
	char serial[DESCRIBE_SERIAL_MAX];

	text_pad(show->out, _("Signed by:"), FACT_COLUMN);
	show_wrapped_name(show->out, list->signer_name, FACT_COLUMN);
	fact(show->out, _("Serial:"), describe_serial(serial, list->signer_serial));
}

static void show_signature(const struct show *show)
{
	const struct trustlist *list = show->list;
	const char *digest = tl_digest_name(list->digest);
	char text[96];

	if (list->signature_algorithm == 0 && digest != NULL)
		snprintf(text, sizeof(text), _("RSA-%zu with %s"), 8 * list->signature.len, digest);
	else
		snprintf(text, sizeof(text), _("unknown: algorithm %u, digest %u"),
		    list->signature_algorithm, list->digest);
	fact(show->out, _("Signature:"), text);
}

static void show_timestamp(const struct show *show)
{
	char text[DESCRIBE_TIME_MAX];

	fact(show->out, _("Timestamp:"),
	    show->list->has_timestamp ? describe_time(text, (time_t)show->list->timestamp)
				      : _("none"));
}

static void show_counts(const struct show *show)
{
	size_t n_sast = 0;
	char text[96];

	for (size_t i = 0; i < show->list->n_records; i++)
		if (show->list->records[i].has_role && show->list->records[i].role == TL_ROLE_SAST)
			n_sast++;
	snprintf(text, sizeof(text), _("%zu, SAST among them: %zu"), show->list->n_records, n_sast);
	fact(show->out, _("Entries:"), text);
}

/* A separator that no backslash escapes.  There is always a byte before P. */
static bool ends_value(const char *p)
{
	return (*p == ';' || *p == ',') && p[-1] != '\\';
}

/* The common name in a stored subject, wherever that stands; empty if there is none. */
static struct bytes common_name(struct bytes subject)
{
	const char *text = (const char *)subject.data;

	for (size_t i = 0; i + 3 < subject.len; i++) {
		struct bytes cn;

		if (strncasecmp(text + i, "CN=", 3) != 0 ||
		    (i > 0 && text[i - 1] != ';' && text[i - 1] != ','))
			continue;
		cn = (struct bytes){subject.data + i + 3, 0};
		while (i + 3 + cn.len < subject.len && !ends_value(text + i + 3 + cn.len))
			cn.len++;
		return cn;
	}
	return (struct bytes){NULL, 0};
}

/*
 * What an officer calls the entry: its host name, else the common name of its subject, else the
 * whole subject.  SASTs of one server have the same host name: the common name comes first there.
 */
static struct bytes entry_name(const struct tl_record *record)
{
	const struct bytes dns = tl_string(record->dns);
	const struct bytes subject = tl_string(record->subject);
	const struct bytes cn = common_name(subject);
	const bool sast = record->has_role && record->role == TL_ROLE_SAST;

	if (dns.len > 0 && (!sast || cn.len == 0))
		return dns;
	return cn.len > 0 ? cn : subject;
}

static void entry_until(const struct show *show, const struct tl_record *record, char *until,
    size_t size, const char **note)
{
	time_t not_before, not_after;
	X509 *cert = NULL;
	struct tm tm;

	until[0] = '\0';
	*note = "";
	if (record->certificate.data == NULL) {
		*note = _("no certificate");
		return;
	}
	if (tl_record_x509(record, &cert, NULL) != ST_OK ||
	    !tl_certificate_validity(cert, &not_before, &not_after)) {
		*note = _("bad certificate");
	} else {
		if (localtime_r(&not_after, &tm) != NULL)
			strftime(until, size, "%Y-%m-%d", &tm);
		if (show->info->now > not_after)
			*note = _("EXPIRED");
		else if (show->info->now < not_before)
			*note = _("NOT YET");
		else if (record == show->signer)
			*note = _("signer");
	}
	X509_free(cert);
}

static void show_entries(const struct show *show)
{
	const struct trustlist *list = show->list;
	struct text_table *table = text_table_new(5);
	const char *heading[] = {"#", _("FUNCTION"), _("NAME"), _("UNTIL"), ""};
	size_t shown = list->n_records < ENTRIES_MOST ? list->n_records : ENTRIES_MOST;

	text_table_row(table, heading);
	for (size_t i = 0; i < shown; i++) {
		const struct tl_record *record = &list->records[i];
		char number[24], role[DESCRIBE_ROLE_MAX], name[NAME_WIDTH + 1], until[24];
		const char *cells[5] = {number, describe_role(role, record), name, until, ""};

		snprintf(number, sizeof(number), "%zu", i + 1);
		describe_name_into(name, sizeof(name), entry_name(record));
		entry_until(show, record, until, sizeof(until), &cells[4]);
		text_table_row(table, cells);
	}
	text_table_print(table, show->out);
	text_table_free(table);
	if (shown < list->n_records)
		buffer_printf(show->out, _("... and %zu more\n"), list->n_records - shown);
}

void show_summary(const struct show *show)
{
	buffer_printf(show->out, "\n%s\n-------\n", _("Summary"));
	show_signer(show);
	show_signature(show);
	show_timestamp(show);
	show_counts(show);
	if (show->list->n_records > 0) {
		buffer_add(show->out, "\n", 1);
		show_entries(show);
	}
}
