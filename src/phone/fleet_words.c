/*
 * Words that many phones share, kept once each: models and checksums.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, and its high bits into the low ones. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash ^ hash >> 29;
}

/* The slot with TEXT, or the free one where it belongs. */
static uint32_t *slot_of(const struct fleet_words *words, const char *text)
{
	size_t i = hash_of(text) & (words->n_slots - 1);

	while (words->slots[i] != 0 && strcmp(words->list[words->slots[i] - 1], text) != 0)
		i = (i + 1) & (words->n_slots - 1);
	return &words->slots[i];
}

static bool grow(struct fleet_words *words)
{
	const size_t cap = words->cap != 0 ? words->cap * 2 : 64;
	char **list = realloc(words->list, cap * sizeof(*list));
	uint32_t *slots;

	if (list == NULL)
		return false;
	words->list = list;
	slots = calloc(cap * 2, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(words->slots);
	words->slots = slots;
	words->n_slots = cap * 2;
	words->cap = cap;
	for (size_t i = 0; i < words->n; i++)
		*slot_of(words, words->list[i]) = (uint32_t)i + 1;
	return true;
}

enum status fleet_words_add(
    struct fleet_words *words, const char *text, uint32_t *number, struct error *err)
{
	uint32_t *slot;

	if (words->n == words->cap && !grow(words))
		return error_no_memory(err);
	slot = slot_of(words, text);
	if (*slot == 0) {
		words->list[words->n] = strdup(text);
		if (words->list[words->n] == NULL)
			return error_no_memory(err);
		*slot = (uint32_t)++words->n;
	}
	*number = *slot - 1;
	return ST_OK;
}

void fleet_words_free(struct fleet_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->list[i]);
	free(words->list);
	free(words->slots);
	*words = (struct fleet_words){0};
}
