/*
 * Reading the phones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/phone_row.h"

#include <stdlib.h>
#include <string.h>

static void free_list(char **list, size_t n)
{
	for (size_t i = 0; list != NULL && i < n; i++)
		free(list[i]);
	free(list);
}

void store_phone_words_free(struct store_phone_words *words)
{
	free_list(words->models, words->n_models);
	free_list(words->checksums, words->n_checksums);
	*words = (struct store_phone_words){0};
}

/* All words of KIND; ZERO is that of number 0, or NULL. */
static enum status read_list(struct store *store, enum phone_pool_kind kind, const char *zero,
    char ***list, size_t *n, struct error *err)
{
	struct phone_pool pool = {0};
	const char *text;
	enum status st = phone_pool_read(&pool, kind, store, err);

	if (st == ST_OK) {
		*n = pool.end > 0 ? pool.end : 1;
		*list = calloc(*n, sizeof(**list));
		if (*list == NULL)
			st = error_no_memory(err);
	}
	for (uint32_t i = 0; st == ST_OK && i < *n; i++) {
		text = i == 0 ? zero : phone_pool_text(&pool, i);
		if (text == NULL)
			continue;
		(*list)[i] = strdup(text);
		if ((*list)[i] == NULL)
			st = error_no_memory(err);
	}
	phone_pool_free(&pool);
	return st;
}

enum status store_phone_words(struct store *store, struct store_phone_words *out, struct error *err)
{
	enum status st;

	*out = (struct store_phone_words){0};
	st = read_list(store, PHONE_POOL_MODELS, NULL, &out->models, &out->n_models, err);
	if (st == ST_OK)
		st = read_list(
		    store, PHONE_POOL_CHECKSUMS, "", &out->checksums, &out->n_checksums, err);
	return st;
}

enum status store_phones_each(struct store *store,
    enum status (*each)(void *context, const struct store_phone_row *row, struct error *err),
    void *context, struct error *err)
{
	char before[PHONE_TEXT_MAX + 1] = "";
	struct statement s = STATEMENT_INIT;
	struct store_phone_row phone;
	bool row = true;
	enum status st =
	    statement_open(&s, store, "SELECT " PHONE_COLUMNS " FROM phone ORDER BY name", err);

	while (st == ST_OK) {
		st = statement_step(&s, &row, err);
		if (st != ST_OK || !row)
			break;
		st = phone_row_read(&s, before, &phone, err);
		if (st != ST_OK)
			break;
		memcpy(before, phone.name, strlen(phone.name) + 1);
		st = each(context, &phone, err);
	}
	statement_close(&s);
	return st;
}

enum status store_phones_n(struct store *store, uint64_t *n, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	int64_t number = 0;
	bool row = false;
	enum status st = statement_open(&s, store, "SELECT count(*) FROM phone", err);

	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK)
		st = column_number(&s, 0, 0, INT64_MAX, &number, err);
	statement_close(&s);
	*n = (uint64_t)number;
	return st;
}
