/*
 * Whether the audit log is whole, and all that it vouches for with it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"
#include "store/generation_row.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the walk along the log has seen. */
struct walk {
	int64_t count;
	char last[HASH_HEX + 1];
	const char *wanted; /* a hash that must be there, or NULL */
	bool seen;
};

enum status audit_broken(
    struct store *store, const char *place, const char *what, struct error *err)
{
	error_set(err, ST_NOT_VERIFIED, "%s", what);
	error_where(err, "%s", place);
	error_hint(err, "%s", _("compare the state file with its backups"));
	return store_where(store, ST_NOT_VERIFIED, err);
}

static enum status bad_entry(
    struct store *store, int64_t number, const char *what, struct error *err)
{
	char place[64];

	snprintf(place, sizeof(place), _("entry %" PRId64), number);
	return audit_broken(store, place, what, err);
}

static enum status bad_generation(
    struct store *store, int64_t number, const char *what, struct error *err)
{
	char place[64];

	snprintf(place, sizeof(place), _("generation %" PRId64), number);
	return audit_broken(store, place, what, err);
}

static enum status check_row(
    struct store *store, struct walk *walk, const struct audit_row *row, struct error *err)
{
	char hash[HASH_HEX + 1];
	enum status st;

	if (row->numbers[0] != walk->count + 1)
		return bad_entry(store, walk->count + 1, _("this entry is missing"), err);
	st = audit_row_hash(row, hash, err);
	if (st != ST_OK)
		return st;
	if (!bytes_equal(row->texts[AUDIT_N_TEXTS - 1], text_bytes(walk->last)))
		return bad_entry(store, row->numbers[0],
		    _("this entry does not follow the one before: one of them was replaced or "
		      "moved"),
		    err);
	if (strcmp(hash, row->hash) != 0)
		return bad_entry(store, row->numbers[0],
		    _("this entry was changed: its hash does not match"), err);
	walk->count++;
	memcpy(walk->last, hash, sizeof(walk->last));
	walk->seen = walk->seen || (walk->wanted != NULL && strcasecmp(walk->wanted, hash) == 0);
	return ST_OK;
}

static enum status check_log(struct store *store, struct walk *walk, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	struct audit_row row;
	bool more = true;
	enum status st;

	st = statement_open(&s, store, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY number", err);
	while (st == ST_OK && more) {
		st = statement_step(&s, &more, err);
		if (st == ST_OK && more)
			st = audit_row_read(&s, &row, err);
		if (st == ST_OK && more)
			st = check_row(store, walk, &row, err);
	}
	statement_close(&s);
	return st;
}

static enum status check_end(struct store *store, const struct walk *walk, struct error *err)
{
	struct audit_head head;
	enum status st = audit_head_read(store, &head, err);

	if (st != ST_OK)
		return st;
	if (walk->count < head.count)
		return bad_entry(store, walk->count + 1,
		    _("this entry is missing: the log was cut at its end"), err);
	if (walk->count > head.count)
		return bad_entry(store, head.count + 1,
		    _("this entry was added by something that is not ctlsign"), err);
	if (strcmp(walk->last, head.hash) != 0)
		return bad_entry(store, walk->count,
		    _("this is not the last entry that the state remembers"), err);
	if (walk->wanted != NULL && !walk->seen) {
		error_set(err, ST_NOT_VERIFIED,
		    _("no entry has the hash %s: the log was made anew since that was written "
		      "down"),
		    walk->wanted);
		error_hint(err, "%s", _("compare the state file with its backups"));
		return store_where(store, ST_NOT_VERIFIED, err);
	}
	return ST_OK;
}

/* Whether log entry ENTRY vouches for GENERATION as it is when its state is STATE. */
static enum status is_sealed(struct store *store, int64_t entry,
    const struct generation *generation, enum generation_state state, bool *sealed,
    struct error *err)
{
	struct statement s = STATEMENT_INIT;
	char seal[HASH_HEX + 1];
	enum status st = generation_seal(generation, state, seal, err);

	if (st == ST_OK)
		st = statement_open(&s, store,
		    "SELECT 1 FROM audit WHERE number = ? AND generation = ? AND seal = ?", err);
	if (st == ST_OK) {
		statement_number(&s, entry);
		statement_number(&s, generation->number);
		statement_text(&s, text_bytes(seal));
		st = statement_step(&s, sealed, err);
	}
	statement_close(&s);
	return st;
}

static enum status check_generation(struct store *store, struct statement *s, struct error *err)
{
	struct generation generation = GENERATION_INIT;
	struct generation_entries entries;
	bool sealed = false;
	char *hash = NULL;
	enum status st;

	st = generation_row_read(s, &generation, true, &entries, err);
	if (st == ST_OK)
		st = hash_hex("SHA256", buffer_bytes(&generation.ctl), &hash, err);
	if (st == ST_OK && strcmp(hash, generation.sha256) != 0)
		st = bad_generation(store, generation.number,
		    _("its bytes were changed: their SHA-256 does not match"), err);
	if (st == ST_OK)
		st = is_sealed(store, entries.begun, &generation, GENERATION_PENDING, &sealed, err);
	if (st == ST_OK && sealed && entries.ended != 0)
		st = is_sealed(store, entries.ended, &generation, generation.state, &sealed, err);
	if (st == ST_OK && !sealed)
		st = bad_generation(store, generation.number,
		    _("it was changed: no entry of the log tells how it came to be as it is"), err);
	free(hash);
	generation_free(&generation);
	return st;
}

static enum status check_generations(struct store *store, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st;

	st = statement_open(
	    &s, store, "SELECT " GENERATION_COLUMNS ", ctl FROM generation ORDER BY number", err);
	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = check_generation(store, &s, err);
	}
	statement_close(&s);
	return st;
}

/* No entry is about a generation that is not there, or that points to other entries. */
static enum status check_entries(struct store *store, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	int64_t number = 0;
	bool row = false;
	enum status st;

	st = statement_open(&s, store,
	    "SELECT audit.number FROM audit LEFT JOIN generation"
	    " ON generation.number = audit.generation AND audit.number IN (begun, ended)"
	    " WHERE audit.generation <> 0 AND generation.number IS NULL"
	    " ORDER BY audit.number LIMIT 1",
	    err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK && row)
		st = column_number(&s, 0, 0, INT64_MAX, &number, err);
	if (st == ST_OK && row)
		st = bad_entry(store, number,
		    _("the generation that it tells of is gone, or does not know of it"), err);
	statement_close(&s);
	return st;
}

/* What somebody wrote down: a whole hash. */
static enum status check_wanted(const char *head, struct error *err)
{
	if (head == NULL ||
	    (strlen(head) == HASH_HEX && strspn(head, "0123456789abcdefABCDEF") == HASH_HEX))
		return ST_OK;
	error_set(err, ST_USAGE, _("this is no hash of an entry: %s"), head);
	error_hint(err, "%s", _("give its 64 hexadecimal digits"));
	return ST_USAGE;
}

/* All of it, as it is at one moment. */
static enum status check_all(struct store *store, struct walk *walk, struct error *err)
{
	enum status st = store_snapshot(store, err);

	if (st != ST_OK)
		return st;
	st = connection_check(store, true, err);
	if (st == ST_OK)
		st = check_log(store, walk, err);
	if (st == ST_OK)
		st = check_end(store, walk, err);
	if (st == ST_OK)
		st = check_generations(store, err);
	if (st == ST_OK)
		st = check_entries(store, err);
	if (st == ST_OK)
		st = audit_replay(store, err);
	return store_end(store, st, err);
}

enum status store_audit_verify(
    struct store *store, const char *head, int64_t *n, char last[65], struct error *err)
{
	struct walk walk = {.wanted = head};
	enum status st;

	memcpy(walk.last, audit_no_hash, sizeof(walk.last));
	st = check_wanted(head, err);
	if (st == ST_OK)
		st = check_all(store, &walk, err);
	/* HEAD may be LAST. */
	*n = st == ST_OK ? walk.count : 0;
	memcpy(last, st == ST_OK ? walk.last : audit_no_hash, sizeof(walk.last));
	return st;
}
