/*
 * A row of the table of generations.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/generation_row.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_TEXT 7

void generation_free(struct generation *generation)
{
	buffer_free(&generation->ctl);
	free(generation->md5);
	free(generation->sha1);
	free(generation->sha256);
	free(generation->signer);
	free(generation->signer_serial);
	free(generation->digest);
	free(generation->reason);
	free(generation->who);
	free(generation->origins);
	free(generation->release);
	free(generation->domain);
	free(generation->file);
	*generation = (struct generation)GENERATION_INIT;
}

static enum status read_numbers(struct statement *s, struct generation *out,
    struct generation_entries *entries, struct error *err)
{
	static const struct {
		int64_t least;
		int64_t most;
	} limits[FIRST_TEXT] = {
	    {1, INT64_MAX}, {0, 2}, {0, 0}, {1, INT64_MAX}, {1, INT64_MAX}, {0, 1}, {0, 1}};
	int64_t numbers[FIRST_TEXT] = {0};
	enum status st = ST_OK;

	for (int i = 0; st == ST_OK && i < FIRST_TEXT; i++) {
		/* The end of a pending one. */
		if (i == 4 && numbers[1] == GENERATION_PENDING &&
		    sqlite3_column_type(s->stmt, i) == SQLITE_NULL)
			continue;
		if (i == 2)
			st = column_time(s, i, &numbers[i], err);
		else
			st = column_number(s, i, limits[i].least, limits[i].most, &numbers[i], err);
	}
	out->number = numbers[0];
	out->state = (enum generation_state)numbers[1];
	out->made = (time_t)numbers[2];
	if (entries != NULL) {
		entries->begun = numbers[3];
		entries->ended = numbers[4];
	}
	out->mode = (int)numbers[5];
	out->signing = (int)numbers[6];
	return st;
}

/*
 * When the entry was made that ended it.  VERIFYING: who looks whether that entry is there tells it
 * if it is not.
 */
static enum status read_ended(
    struct statement *s, int column, bool verifying, struct generation *out, struct error *err)
{
	const bool gone = sqlite3_column_type(s->stmt, column) == SQLITE_NULL;
	int64_t ended = 0;
	enum status st = ST_OK;

	if (out->state != GENERATION_PENDING && !(verifying && gone))
		st = column_time(s, column, &ended, err);
	out->ended = (time_t)ended;
	return st;
}

enum status generation_row_read(struct statement *s, struct generation *out, bool with_ctl,
    struct generation_entries *entries, struct error *err)
{
	char **const texts[] = {&out->md5, &out->sha1, &out->sha256, &out->signer,
	    &out->signer_serial, &out->digest, &out->reason, &out->who, &out->origins,
	    &out->release, &out->domain};
	const int n = (int)(sizeof(texts) / sizeof(texts[0]));
	enum status st;

	struct bytes file;

	generation_free(out);
	st = read_numbers(s, out, entries, err);
	for (int i = 0; st == ST_OK && i < n; i++)
		st = column_line(s, FIRST_TEXT + i, texts[i], err);
	/* A path is kept as it is: one that was made printable might name nothing. */
	if (st == ST_OK)
		st = column_bytes(s, FIRST_TEXT + n, SQLITE_TEXT, STORE_TEXT_MAX, &file, err);
	if (st == ST_OK) {
		out->file = strdup((const char *)file.data);
		if (out->file == NULL)
			st = error_no_memory(err);
	}
	if (st == ST_OK)
		st = read_ended(s, FIRST_TEXT + n + 1, entries != NULL, out, err);
	if (st == ST_OK && strlen(out->sha256) != HASH_HEX)
		st = store_damaged(s->store, err, "%s", _("a SHA-256 of a generation is not one"));
	if (st == ST_OK && with_ctl)
		st = column_blob(s, FIRST_TEXT + n + 2, STORE_CTL_MAX, &out->ctl, err);
	if (st != ST_OK)
		generation_free(out);
	return st;
}

enum status generation_seal(const struct generation *generation, enum generation_state state,
    char seal[HASH_HEX + 1], struct error *err)
{
	const struct generation *g = generation;
	const char *const texts[] = {g->md5, g->sha1, g->sha256, g->signer, g->signer_serial,
	    g->digest, g->reason, g->who, g->origins, g->release, g->domain};
	struct buffer form = BUFFER_INIT;

	buffer_printf(&form, "ctlsign generation 1\n");
	hash_number(&form, g->number);
	hash_number(&form, state);
	hash_number(&form, g->made);
	hash_number(&form, g->mode);
	hash_number(&form, g->signing);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		/* As it will be read. */
		char *line = store_line(texts[i]);

		if (line == NULL) {
			buffer_free(&form);
			return error_no_memory(err);
		}
		hash_text(&form, text_bytes(line));
		free(line);
	}
	hash_text(&form, text_bytes(g->file != NULL ? g->file : ""));
	return hash_form(&form, seal, err);
}
