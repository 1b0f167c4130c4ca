/*
 * Takes a list apart into what the next one is built from.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/build_record.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

void tl_makings_free(struct tl_makings *makings)
{
	for (size_t i = 0; i < makings->n_entries; i++) {
		X509_free(makings->entries[i].certificate);
		free((char *)makings->entries[i].dns);
		free((uint8_t *)makings->entries[i].stored.data);
	}
	free(makings->entries);
	free(makings->filename);
	*makings = (struct tl_makings){0};
}

/* A stored name as a C string; NULL when out of memory.  One with a NUL inside is cut there. */
static char *copy_of(struct bytes stored)
{
	struct bytes text = tl_string(stored);

	return text.len == 0 ? strdup("") : strndup((const char *)text.data, text.len);
}

static enum status take_record(
    const struct tl_record *record, struct tl_entry *entry, struct error *err)
{
	char *dns;

	if (!record->has_role)
		return error_set(
		    err, ST_LIMIT, "%s", _("it has no role, so it cannot be taken over"));
	if (record->ip.len != 0 && record->ip.len != 4 && record->ip.len != 16)
		return error_set(err, ST_LIMIT,
		    _("its IP address has %zu bytes, so it cannot be taken over"), record->ip.len);
	entry->role = record->role;
	if (record->ip.len > 0)
		memcpy(entry->ip, record->ip.data, record->ip.len);
	entry->ip_len = record->ip.len;
	dns = copy_of(record->dns);
	if (dns == NULL)
		return error_no_memory(err);
	entry->dns = dns;
	return record->certificate.data == NULL ? ST_OK
						: tl_record_x509(record, &entry->certificate, err);
}

static bool name_is(const X509_NAME *name, struct bytes stored, enum tl_names style)
{
	struct buffer text = BUFFER_INIT;
	bool same = tl_name_text(name, style, &text, NULL) == ST_OK &&
		    bytes_equal(buffer_bytes(&text), tl_string(stored));

	buffer_free(&text);
	return same;
}

/* Whether every name in LIST is stored as STYLE has it. */
static bool has_style(
    const struct trustlist *list, const struct tl_makings *makings, enum tl_names style)
{
	for (size_t i = 0; i < list->n_records; i++) {
		const X509 *certificate = makings->entries[i].certificate;

		if (certificate != NULL && (!name_is(X509_get_subject_name(certificate),
						list->records[i].subject, style) ||
					       !name_is(X509_get_issuer_name(certificate),
						   list->records[i].issuer, style)))
			return false;
	}
	return true;
}

/*
 * Keeps the bytes of RECORD when ENTRY, built from its fields, would not give them: phones compare
 * bytes, so a record must not change its form because somebody else writes it.
 */
static enum status keep_bytes(const struct trustlist *list, const struct tl_record *record,
    enum tl_names style, struct tl_entry *entry, struct error *err)
{
	const struct bytes whole = {list->file.data + record->offset, record->length};
	struct buffer built = BUFFER_INIT;
	enum status st = build_record(&built, entry, style, NULL);
	uint8_t *copy;

	if (st != ST_OK || !bytes_equal(buffer_bytes(&built), whole)) {
		copy = malloc(whole.len);
		if (copy != NULL) {
			memcpy(copy, whole.data, whole.len);
			entry->stored = (struct bytes){copy, whole.len};
		}
		st = copy != NULL ? ST_OK : error_no_memory(err);
	}
	buffer_free(&built);
	return st;
}

enum status tl_take_apart(const struct trustlist *list, struct tl_makings *out, struct error *err)
{
	enum status st = ST_OK;

	*out = (struct tl_makings){.digest = (enum tl_digest)list->digest,
	    .has_signer_version = list->has_signer_version,
	    .signer_version = {list->signer_version[0], list->signer_version[1]}};
	out->entries = calloc(list->n_records + 1, sizeof(*out->entries));
	if (list->filename.data != NULL)
		out->filename = copy_of(list->filename);
	if (out->entries == NULL || (list->filename.data != NULL && out->filename == NULL))
		st = error_no_memory(err);
	for (size_t i = 0; i < list->n_records && st == ST_OK; i++) {
		out->n_entries++;
		st = take_record(&list->records[i], &out->entries[i], err);
		if (st != ST_OK && st != ST_NO_MEMORY)
			error_where(err, _("record %zu"), i + 1);
	}
	if (st == ST_OK && !has_style(list, out, TL_NAMES_CUCM) &&
	    has_style(list, out, TL_NAMES_RFC4514))
		out->names = TL_NAMES_RFC4514;
	for (size_t i = 0; i < out->n_entries && st == ST_OK; i++)
		st = keep_bytes(list, &list->records[i], out->names, &out->entries[i], err);
	if (st != ST_OK)
		tl_makings_free(out);
	return st;
}
