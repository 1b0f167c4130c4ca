/*
 * The three steps of a new generation: begin, and finish or abandon.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/audit.h"
#include "store/delivery.h"
#include "store/generation_row.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A clock that was set back by less is forgiven: that is what keeping it right does. */
#define CLOCK_SLACK 60

/* The number after all that there ever were, and the time of the last that was not abandoned. */
static enum status ask_next(struct store *store, int64_t *next, int64_t *made, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	int64_t last = 0;
	bool row = false;
	enum status st;

	st = statement_open(&s, store,
	    "SELECT coalesce(max(number), 0) AS number,"
	    " coalesce(max(made) FILTER (WHERE state <> 2), 0) AS made FROM generation",
	    err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK)
		st = column_number(&s, 0, 0, INT64_MAX - 1, &last, err);
	if (st == ST_OK)
		st = column_time(&s, 1, made, err);
	*next = st == ST_OK ? last + 1 : 0;
	statement_close(&s);
	return st;
}

enum status store_next_number(struct store *store, int64_t *number, struct error *err)
{
	int64_t made = 0;

	return ask_next(store, number, &made, err);
}

/* NOW, or a little later than NOW: never before the generation that is there, made at LAST. */
static enum status check_clock(struct store *store, int64_t last, int64_t *now, struct error *err)
{
	struct buffer then = BUFFER_INIT, today = BUFFER_INIT;

	if (*now + CLOCK_SLACK >= last) {
		if (*now < last)
			*now = last;
		return ST_OK;
	}
	text_time_local(&then, (time_t)last);
	text_time_local(&today, (time_t)*now);
	error_set(err, ST_FAILED,
	    _("the clock went backwards: it is %s, and the last generation was made at %s"),
	    buffer_text(&today) != NULL ? buffer_text(&today) : "",
	    buffer_text(&then) != NULL ? buffer_text(&then) : "");
	error_hint(err, "%s", _("set this computer's clock right, then run it again"));
	buffer_free(&then);
	buffer_free(&today);
	return store_where(store, ST_FAILED, err);
}

static enum status check_new(
    struct store *store, const struct generation *generation, struct error *err)
{
	struct generation pending = GENERATION_INIT;
	enum status st;

	if (generation->ctl.len == 0 || generation->ctl.len > STORE_CTL_MAX) {
		error_set(err, ST_LIMIT,
		    _("a CTL of %zu bytes cannot be kept: 1 to %d are allowed"),
		    generation->ctl.len, STORE_CTL_MAX);
		return store_where(store, ST_LIMIT, err);
	}
	st = store_pending(store, &pending, err);
	if (st == ST_OK && pending.number != 0) {
		error_set(
		    err, ST_FAILED, _("generation %" PRId64 " is still pending"), pending.number);
		error_hint(err, "%s", _("finish or abandon it first"));
		st = store_where(store, ST_FAILED, err);
	}
	generation_free(&pending);
	return st;
}

/* The CTL file of a run that has another working directory has to be found, too. */
static enum status make_absolute(char **file, struct error *err)
{
	char here[PATH_MAX], *whole = NULL;

	if (*file == NULL || (*file)[0] == '\0' || (*file)[0] == '/')
		return ST_OK;
	if (getcwd(here, sizeof(here)) == NULL)
		return error_errno(
		    err, ST_IO, errno, "%s", _("cannot find the path of the working directory"));
	if (asprintf(&whole, "%s/%s", here, *file) < 0)
		return error_no_memory(err);
	free(*file);
	*file = whole;
	return ST_OK;
}

/* What is set here: the hashes, and who it was. */
static enum status complete(struct generation *generation, struct error *err)
{
	const struct bytes ctl = buffer_bytes(&generation->ctl);
	char who[512];
	enum status st;

	st = hash_hex("SHA256", ctl, &generation->sha256, err);
	if (st == ST_OK)
		st = hash_hex("SHA1", ctl, &generation->sha1, err);
	if (st == ST_OK)
		st = hash_hex("MD5", ctl, &generation->md5, err);
	if (st == ST_OK)
		st = make_absolute(&generation->file, err);
	if (st == ST_OK && generation->who == NULL) {
		generation->who = strdup(store_who(who, sizeof(who)));
		if (generation->who == NULL)
			st = error_no_memory(err);
	}
	return st;
}

static enum status insert(
    struct store *store, const struct generation *generation, int64_t begun, struct error *err)
{
	const char *const texts[] = {generation->md5, generation->sha1, generation->sha256,
	    generation->signer, generation->signer_serial, generation->digest, generation->reason,
	    generation->who, generation->origins, generation->release, generation->domain};
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(&s, store,
	    "INSERT INTO generation (number, state, made, begun, mode, signing, md5, sha1, sha256,"
	    " signer, signer_serial, digest, reason, who, origins, release, domain, file,"
	    " ctl) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    err);
	if (st != ST_OK)
		return st;
	statement_number(&s, generation->number);
	statement_number(&s, GENERATION_PENDING);
	statement_number(&s, generation->made);
	statement_number(&s, begun);
	statement_number(&s, generation->mode);
	statement_number(&s, generation->signing);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		statement_line(&s, texts[i]);
	statement_text(&s, text_bytes(generation->file != NULL ? generation->file : ""));
	statement_blob(&s, buffer_bytes(&generation->ctl));
	return statement_run(&s, err);
}

/* GENERATION has its number and time. */
static enum status insert_with_entry(struct store *store, const struct generation *generation,
    const struct audit_entry *audit, struct error *err)
{
	char seal[HASH_HEX + 1];
	struct audit_binding binding = {.generation = generation->number, .seal = seal};
	int64_t entry = 0;
	enum status st = generation_seal(generation, GENERATION_PENDING, seal, err);

	if (st == ST_OK)
		st = audit_append(store, audit, &binding, &entry, err);
	return st == ST_OK ? insert(store, generation, entry, err) : st;
}

enum status store_begin(struct store *store, struct generation *generation,
    const struct audit_entry *audit, struct error *err)
{
	int64_t number = 0, last = 0, made = (int64_t)time(NULL);
	struct generation begun;
	enum status st;

	st = complete(generation, err);
	if (st == ST_OK)
		st = store_transaction(store, err);
	if (st != ST_OK)
		return st;
	st = check_new(store, generation, err);
	if (st == ST_OK)
		st = ask_next(store, &number, &last, err);
	if (st == ST_OK)
		st = check_clock(store, last, &made, err);
	/* What is given stays as it is until all is done. */
	begun = *generation;
	begun.number = number;
	begun.state = GENERATION_PENDING;
	begun.made = (time_t)made;
	if (st == ST_OK)
		st = insert_with_entry(store, &begun, audit, err);
	st = store_end(store, st, err);
	if (st == ST_OK)
		*generation = begun;
	return st;
}

static enum status set_state(struct store *store, int64_t number, enum generation_state state,
    int64_t ended, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st;

	st = statement_open(
	    &s, store, "UPDATE generation SET state = ?, ended = ? WHERE number = ?", err);
	if (st != ST_OK)
		return st;
	statement_number(&s, state);
	statement_number(&s, ended);
	statement_number(&s, number);
	return statement_run(&s, err);
}

/* The pending generation NUMBER is now STATE. */
static enum status end_pending(struct store *store, int64_t number, enum generation_state state,
    const struct audit_entry *audit, struct error *err)
{
	struct generation pending = GENERATION_INIT;
	char seal[HASH_HEX + 1];
	struct audit_binding binding = {.generation = number, .seal = seal};
	int64_t entry = 0;
	enum status st;

	st = store_transaction(store, err);
	if (st != ST_OK)
		return st;
	st = store_pending(store, &pending, err);
	if (st == ST_OK && (number == 0 || pending.number != number)) {
		error_set(err, ST_FAILED, _("generation %" PRId64 " is not pending"), number);
		st = store_where(store, ST_FAILED, err);
	}
	if (st == ST_OK)
		st = generation_seal(&pending, state, seal, err);
	if (st == ST_OK)
		st = audit_append(store, audit, &binding, &entry, err);
	if (st == ST_OK)
		st = set_state(store, number, state, entry, err);
	if (st == ST_OK)
		st = delivery_end(store, err);
	generation_free(&pending);
	return store_end(store, st, err);
}

enum status store_finish(
    struct store *store, int64_t number, const struct audit_entry *audit, struct error *err)
{
	return end_pending(store, number, GENERATION_DONE, audit, err);
}

enum status store_abandon(
    struct store *store, int64_t number, const struct audit_entry *audit, struct error *err)
{
	return end_pending(store, number, GENERATION_ABANDONED, audit, err);
}
