/*
 * Reading the generations of a cluster's CTL.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/generation_row.h"
#include "store/hash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A CTL that was damaged is never signed from, written to a cluster or rolled back to. */
static enum status check_bytes(
    struct store *store, const struct generation *generation, struct error *err)
{
	char *hash = NULL;
	enum status st = hash_hex("SHA256", buffer_bytes(&generation->ctl), &hash, err);

	if (st == ST_OK && strcmp(hash, generation->sha256) != 0)
		st = store_damaged(store, err,
		    _("the bytes of generation %" PRId64 " do not match their SHA-256"),
		    generation->number);
	free(hash);
	return st;
}

/* The first row of SELECT ... WHERE, whose one parameter is VALUE; number 0 if there is none. */
static enum status read_one(
    struct store *store, const char *sql, int64_t value, struct generation *out, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = false;
	enum status st;

	generation_free(out);
	st = statement_open(&s, store, sql, err);
	if (st == ST_OK) {
		statement_number(&s, value);
		st = statement_step(&s, &row, err);
	}
	if (st == ST_OK && row)
		st = generation_row_read(&s, out, true, NULL, err);
	if (st == ST_OK && row)
		st = check_bytes(store, out, err);
	statement_close(&s);
	if (st != ST_OK)
		generation_free(out);
	return st;
}

enum status store_current(struct store *store, struct generation *out, struct error *err)
{
	return read_one(store,
	    "SELECT " GENERATION_COLUMNS ", ctl FROM generation WHERE state = ?"
	    " ORDER BY number DESC LIMIT 1",
	    GENERATION_DONE, out, err);
}

enum status store_pending(struct store *store, struct generation *out, struct error *err)
{
	return read_one(store,
	    "SELECT " GENERATION_COLUMNS ", ctl FROM generation WHERE state = ? LIMIT 1",
	    GENERATION_PENDING, out, err);
}

/* The numbers that there are, with runs as "2-5". */
struct ranges {
	struct buffer text;
	int64_t first;
	int64_t last; /* 0: none yet */
};

static void close_range(struct ranges *r)
{
	if (r->last == 0)
		return;
	buffer_printf(&r->text, "%s%" PRId64, r->text.len > 0 ? ", " : "", r->first);
	if (r->last > r->first)
		buffer_printf(
		    &r->text, "%s%" PRId64, r->last == r->first + 1 ? ", " : "-", r->last);
}

static enum status add_number(void *context, const struct generation *generation, struct error *err)
{
	struct ranges *r = context;

	(void)err;
	if (r->last != 0 && generation->number == r->last + 1) {
		r->last++;
		return ST_OK;
	}
	close_range(r);
	r->first = r->last = generation->number;
	return ST_OK;
}

/* Says that there is no generation NUMBER, and which there are. */
static enum status no_such(
    struct store *store, int64_t number, enum generation_state state, struct error *err)
{
	struct ranges r = {BUFFER_INIT, 0, 0};
	enum status st = store_generations(store, add_number, &r, err);

	close_range(&r);
	if (st == ST_OK)
		st = buffer_status(&r.text, err);
	if (st == ST_OK) {
		if (state == GENERATION_ABANDONED)
			error_set(err, ST_FAILED,
			    _("generation %" PRId64 " was abandoned: it is not in use"), number);
		else if (state == GENERATION_PENDING)
			error_set(err, ST_FAILED,
			    _("generation %" PRId64 " is pending: it is not in use yet"), number);
		else
			error_set(err, ST_FAILED, _("there is no generation %" PRId64), number);
		if (r.last == 0)
			error_hint(err, "%s", _("make a first one, with 'ctlsign set-cluster'"));
		else
			error_hint(err, _("choose one of: %s"), buffer_text(&r.text));
		st = ST_FAILED;
	}
	buffer_free(&r.text);
	return st;
}

enum status store_generation(
    struct store *store, int64_t number, struct generation *out, struct error *err)
{
	enum generation_state state;
	enum status st;

	st = read_one(store, "SELECT " GENERATION_COLUMNS ", ctl FROM generation WHERE number = ?",
	    number, out, err);
	if (st != ST_OK || (out->number != 0 && out->state == GENERATION_DONE))
		return st;
	state = out->number != 0 ? out->state : GENERATION_DONE;
	generation_free(out);
	return no_such(store, number, state, err);
}

enum status store_generation_served(
    struct store *store, int64_t number, struct generation *out, struct error *err)
{
	enum status st = read_one(store,
	    "SELECT " GENERATION_COLUMNS ", ctl FROM generation WHERE number = ?"
	    " AND state = 2 AND number IN (SELECT generation FROM served)",
	    number, out, err);

	return st == ST_OK && out->number == 0 ? store_generation(store, number, out, err) : st;
}

/* Calls EACH for the rows of SQL, whose columns may end with the ctl bytes. */
static enum status each_row(struct store *store, const char *sql, bool with_ctl,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err)
{
	struct generation generation = GENERATION_INIT;
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st = statement_open(&s, store, sql, err);

	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = generation_row_read(&s, &generation, with_ctl, NULL, err);
		if (st == ST_OK && row && with_ctl)
			st = check_bytes(store, &generation, err);
		if (st == ST_OK && row)
			st = each(context, &generation, err);
	}
	generation_free(&generation);
	statement_close(&s);
	return st;
}

enum status store_generations(struct store *store,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err)
{
	/* 1 is GENERATION_DONE, 2 GENERATION_ABANDONED. */
	return each_row(store,
	    "SELECT " GENERATION_COLUMNS " FROM generation WHERE state = 1 ORDER BY number", false,
	    each, context, err);
}

enum status store_history(struct store *store,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err)
{
	return each_row(store,
	    "SELECT " GENERATION_COLUMNS " FROM generation WHERE state <> 2"
	    " OR number IN (SELECT generation FROM served) ORDER BY number",
	    false, each, context, err);
}

enum status store_withdrawn(struct store *store,
    enum status (*each)(void *context, const struct generation *generation, struct error *err),
    void *context, struct error *err)
{
	return each_row(store,
	    "SELECT " GENERATION_COLUMNS ", ctl FROM generation WHERE state = 2"
	    " AND number IN (SELECT generation FROM served)"
	    " AND number > (SELECT coalesce(max(number), 0) FROM generation WHERE state = 1)"
	    " ORDER BY number",
	    true, each, context, err);
}
