/*
 * Words that phones share, models or checksums, each kept once under a number.
 *
 * All of them are in memory while phones are put: a table of numbers by hash, and one buffer of
 * texts.  A number that became free is given out again by a later import only: who read the words
 * just before an import finds no other word under a number than the one that it knows.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/phone_pool.h"

#include "store/phone_row.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *read;
	const char *add;
	const char *remove;
	uint32_t most;
} kinds[] = {
    [PHONE_POOL_MODELS] = {"SELECT number, text FROM phone_model ORDER BY number",
	"INSERT INTO phone_model (number, text) VALUES (?, ?)",
	"DELETE FROM phone_model WHERE number = ?", PHONE_MODELS_MAX},
    [PHONE_POOL_CHECKSUMS] = {"SELECT number, text FROM phone_checksum ORDER BY number",
	"INSERT INTO phone_checksum (number, text) VALUES (?, ?)",
	"DELETE FROM phone_checksum WHERE number = ?", PHONE_CHECKSUMS_MAX},
};

void phone_pool_free(struct phone_pool *pool)
{
	statement_close(&pool->add);
	buffer_free(&pool->texts);
	free(pool->places);
	free(pool->slots);
	*pool = (struct phone_pool){0};
}

const char *phone_pool_text(const struct phone_pool *pool, uint32_t number)
{
	if (number >= pool->end || pool->places[number] == 0)
		return NULL;
	return (const char *)pool->texts.data + pool->places[number] - 1;
}

static bool is_word(enum phone_pool_kind kind, const char *text)
{
	size_t len = strlen(text);

	if (kind == PHONE_POOL_MODELS)
		return len <= PHONE_TEXT_MAX && phone_is_printable(text, len);
	return strcmp(text, "none") == 0 ||
	       ((len == 32 || len == 40) && strspn(text, "0123456789abcdef") == len);
}

/* FNV-1a; who could choose the words gains nothing but a slower import of his own. */
static uint32_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot with TEXT's number, or the free one where it belongs. */
static uint32_t *slot_of(const struct phone_pool *pool, const char *text)
{
	uint32_t i = hash_of(text) & pool->mask;

	while (pool->slots[i] != 0 && strcmp(phone_pool_text(pool, pool->slots[i]), text) != 0)
		i = (i + 1) & pool->mask;
	return &pool->slots[i];
}

/* Room for one more word; at least half of the slots stay free. */
static enum status grow_slots(struct phone_pool *pool, struct error *err)
{
	const uint32_t size = pool->slots == NULL ? 1024 : (pool->mask + 1) * 2;
	uint32_t *slots;

	if (pool->slots != NULL && pool->n < (pool->mask + 1) / 2)
		return ST_OK;
	slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return error_no_memory(err);
	free(pool->slots);
	pool->slots = slots;
	pool->mask = size - 1;
	for (uint32_t i = 1; i < pool->end; i++)
		if (pool->places[i] != 0)
			*slot_of(pool, phone_pool_text(pool, i)) = i;
	return ST_OK;
}

/* Places for all numbers up to NUMBER. */
static enum status grow_places(struct phone_pool *pool, uint32_t number, struct error *err)
{
	uint32_t room = pool->room > 0 ? pool->room : 256;
	uint32_t *places;

	while (room <= number)
		room *= 2;
	if (room > pool->room) {
		places = reallocarray(pool->places, room, sizeof(*places));
		if (places == NULL)
			return error_no_memory(err);
		pool->places = places;
		memset(places + pool->room, 0, (room - pool->room) * sizeof(*places));
		pool->room = room;
	}
	if (pool->end <= number)
		pool->end = number + 1;
	return ST_OK;
}

/* Enters TEXT, which is not there, as NUMBER, which is free. */
static enum status enter(
    struct phone_pool *pool, const char *text, uint32_t number, struct error *err)
{
	enum status st = grow_slots(pool, err);

	if (st == ST_OK)
		st = grow_places(pool, number, err);
	if (st != ST_OK)
		return st;
	buffer_add(&pool->texts, text, strlen(text) + 1);
	st = buffer_status(&pool->texts, err);
	if (st != ST_OK)
		return st;
	pool->places[number] = (uint32_t)(pool->texts.len - strlen(text));
	pool->n++;
	*slot_of(pool, text) = number;
	return ST_OK;
}

static enum status read_word(struct phone_pool *pool, struct statement *s, struct error *err)
{
	struct bytes text = {NULL, 0};
	int64_t number = 0;
	enum status st;

	st = column_number(s, 0, 1, (int64_t)kinds[pool->kind].most, &number, err);
	if (st == ST_OK)
		st = column_bytes(s, 1, SQLITE_TEXT, PHONE_TEXT_MAX, &text, err);
	if (st != ST_OK)
		return st;
	if (!is_word(pool->kind, (const char *)text.data) ||
	    (pool->slots != NULL && *slot_of(pool, (const char *)text.data) != 0))
		return store_damaged(s->store, err,
		    pool->kind == PHONE_POOL_MODELS
			? _("model %u of the phones is none, or is there twice")
			: _("checksum %u of the phones is none, or is there twice"),
		    (unsigned)number);
	return enter(pool, (const char *)text.data, (uint32_t)number, err);
}

enum status phone_pool_read(
    struct phone_pool *pool, enum phone_pool_kind kind, struct store *store, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = true;
	enum status st;

	pool->store = store;
	pool->kind = kind;
	pool->free_from = 1;
	st = statement_open(&s, store, kinds[kind].read, err);
	while (st == ST_OK && row) {
		st = statement_step(&s, &row, err);
		if (st == ST_OK && row)
			st = read_word(pool, &s, err);
	}
	statement_close(&s);
	return st == ST_OK ? grow_slots(pool, err) : st;
}

static enum status check_new(struct phone_pool *pool, const char *text, struct error *err)
{
	if (!is_word(pool->kind, text))
		return error_set(err, ST_USAGE,
		    pool->kind == PHONE_POOL_MODELS ? _("this is no model of a phone: %s")
						    : _("this is no checksum: %s"),
		    text);
	if (pool->n < kinds[pool->kind].most)
		return ST_OK;
	error_set(err, ST_LIMIT,
	    pool->kind == PHONE_POOL_MODELS ? _("the phones are of more than %u different models")
					    : _("the phones have more than %u different checksums"),
	    (unsigned)kinds[pool->kind].most);
	error_hint(err, "%s", _("check which column of the file is taken for what"));
	return ST_LIMIT;
}

static enum status add_new(
    struct phone_pool *pool, const char *text, uint32_t *number, struct error *err)
{
	bool row = false;
	enum status st = check_new(pool, text, err);

	/* Who only reads never comes here. */
	if (st == ST_OK && pool->add.stmt == NULL)
		st = statement_open(&pool->add, pool->store, kinds[pool->kind].add, err);
	if (st != ST_OK)
		return st;
	while (pool->free_from < pool->end && pool->places[pool->free_from] != 0)
		pool->free_from++;
	*number = pool->free_from;
	statement_again(&pool->add);
	statement_number(&pool->add, *number);
	statement_text(&pool->add, text_bytes(text));
	st = statement_step(&pool->add, &row, err);
	if (st == ST_OK)
		st = enter(pool, text, *number, err);
	return st;
}

enum status phone_pool_number(
    struct phone_pool *pool, const char *text, uint32_t *number, struct error *err)
{
	const char *guessed = phone_pool_text(pool, *number);

	if (guessed != NULL && strcmp(guessed, text) == 0)
		return ST_OK;
	*number = *slot_of(pool, text);
	return *number != 0 ? ST_OK : add_new(pool, text, number, err);
}

enum status phone_pool_sweep(struct phone_pool *pool, const uint8_t *used, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	bool row = false;
	enum status st = statement_open(&s, pool->store, kinds[pool->kind].remove, err);

	for (uint32_t i = 1; st == ST_OK && i < pool->end; i++) {
		if (pool->places[i] == 0 || used[i] != 0)
			continue;
		statement_again(&s);
		statement_number(&s, i);
		st = statement_step(&s, &row, err);
	}
	statement_close(&s);
	return st;
}
