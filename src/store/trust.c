/*
 * Phone-SAST-trust: certificates of other clusters.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A certificate is in a record of a CTL, whose length has 16 bits. */
#define CERTIFICATE_MAX 65535

/* More than any CTL could carry. */
#define TRUSTED_MAX 4096

void store_trust_free(struct store_trusted *list, size_t n)
{
	for (size_t i = 0; list != NULL && i < n; i++) {
		buffer_free(&list[i].certificate);
		free(list[i].note);
	}
	free(list);
}

static enum status read_trusted(
    struct statement *s, struct store_trusted *trusted, struct error *err)
{
	int64_t added = 0;
	enum status st;

	st = column_blob(s, 0, CERTIFICATE_MAX, &trusted->certificate, err);
	if (st == ST_OK)
		st = column_time(s, 1, &added, err);
	if (st == ST_OK)
		st = column_line(s, 2, &trusted->note, err);
	trusted->added = (time_t)added;
	return st;
}

/* Room for one more, cleared, behind the N that are there. */
static enum status grow(
    struct store *store, struct store_trusted **list, size_t n, struct error *err)
{
	struct store_trusted *more;

	if (n >= TRUSTED_MAX)
		return store_damaged(store, err, "%s", _("it has too many trusted certificates"));
	more = realloc(*list, (n + 1) * sizeof(**list));
	if (more == NULL)
		return error_no_memory(err);
	*list = more;
	memset(&more[n], 0, sizeof(more[n]));
	return ST_OK;
}

enum status store_trust(
    struct store *store, struct store_trusted **list, size_t *n, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st;

	*list = NULL;
	*n = 0;
	st = statement_open(
	    &s, store, "SELECT certificate, added, note FROM trusted ORDER BY number", err);
	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = grow(store, list, *n, err);
		if (st == ST_OK && row)
			st = read_trusted(&s, &(*list)[(*n)++], err);
	}
	statement_close(&s);
	return st;
}

static enum status is_trusted(
    struct store *store, struct bytes certificate, bool *is, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(&s, store, "SELECT 1 FROM trusted WHERE certificate = ?", err);
	if (st == ST_OK) {
		statement_blob(&s, certificate);
		st = statement_step(&s, is, err);
	}
	statement_close(&s);
	return st;
}

enum status trust_subject(struct buffer *subject, struct bytes certificate, struct error *err)
{
	char *hash = NULL;
	enum status st = hash_hex("SHA256", certificate, &hash, err);

	if (st == ST_OK) {
		buffer_printf(subject, "trust %s", hash);
		st = buffer_status(subject, err);
	}
	free(hash);
	return st;
}

enum status trust_seal(const char *subject, int64_t added, const char *note,
    char seal[HASH_HEX + 1], struct error *err)
{
	struct buffer form = BUFFER_INIT;
	char *line = store_line(note);

	if (line == NULL)
		return error_no_memory(err);
	buffer_printf(&form, "ctlsign trust 1\n");
	hash_text(&form, text_bytes(subject));
	hash_number(&form, added);
	hash_text(&form, text_bytes(line));
	free(line);
	return hash_form(&form, seal, err);
}

static enum status add(struct store *store, struct bytes certificate, int64_t added,
    const char *note, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(
	    &s, store, "INSERT INTO trusted (certificate, added, note) VALUES (?, ?, ?)", err);
	if (st != ST_OK)
		return st;
	statement_blob(&s, certificate);
	statement_number(&s, added);
	statement_line(&s, note);
	return statement_run(&s, err);
}

enum status store_trust_add(struct store *store, struct bytes certificate, const char *note,
    const struct audit_entry *audit, struct error *err)
{
	const int64_t now = (int64_t)time(NULL);
	struct audit_binding binding = {.generation = 0};
	struct buffer subject = BUFFER_INIT;
	char seal[HASH_HEX + 1];
	bool there = false;
	enum status st;

	if (certificate.len == 0 || certificate.len > CERTIFICATE_MAX)
		return error_set(err, ST_LIMIT,
		    _("a certificate of %zu bytes cannot be trusted: 1 to %d are allowed"),
		    certificate.len, CERTIFICATE_MAX);
	st = trust_subject(&subject, certificate, err);
	if (st == ST_OK)
		st = trust_seal(buffer_text(&subject), now, note, seal, err);
	if (st == ST_OK)
		st = store_transaction(store, err);
	if (st != ST_OK)
		goto out;
	binding.subject = buffer_text(&subject);
	binding.seal = seal;
	st = is_trusted(store, certificate, &there, err);
	if (st == ST_OK && there)
		st = error_set(
		    err, ST_EXISTS, "%s", _("this certificate is in Phone-SAST-trust already"));
	if (st == ST_OK)
		st = add(store, certificate, now, note, err);
	if (st == ST_OK)
		st = audit_append(store, audit, &binding, NULL, err);
	st = store_end(store, st, err);
out:
	buffer_free(&subject);
	return st;
}

static enum status take_out(struct store *store, struct bytes certificate, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(&s, store, "DELETE FROM trusted WHERE certificate = ?", err);
	if (st != ST_OK)
		return st;
	statement_blob(&s, certificate);
	st = statement_run(&s, err);
	if (st == ST_OK && sqlite3_changes(store->db) == 0) {
		st = error_set(
		    err, ST_FAILED, "%s", _("this certificate is not in Phone-SAST-trust"));
		error_hint(err, "%s", _("see 'ctlsign trust list' for those that are"));
	}
	return st;
}

enum status store_trust_remove(struct store *store, struct bytes certificate,
    const struct audit_entry *audit, struct error *err)
{
	struct audit_binding binding = {.generation = 0};
	struct buffer subject = BUFFER_INIT;
	enum status st = trust_subject(&subject, certificate, err);

	if (st == ST_OK)
		st = store_transaction(store, err);
	if (st != ST_OK)
		goto out;
	binding.subject = buffer_text(&subject);
	st = take_out(store, certificate, err);
	if (st == ST_OK)
		st = audit_append(store, audit, &binding, NULL, err);
	st = store_end(store, st, err);
out:
	buffer_free(&subject);
	return st;
}
