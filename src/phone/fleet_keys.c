/*
 * Which phones of a fleet are alike.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the words mean -------------------------------------------------------------------- */

enum { CTL_UNKNOWN, CTL_NONE, N_CTL_WORDS };

/* The newest list with CHECKSUM: the same file may have been served twice. */
static uint32_t ctl_of(const struct fleet_lists *lists, const char *checksum, size_t number)
{
	if (checksum == NULL || checksum[0] == '\0')
		return (uint32_t)lists->n + CTL_UNKNOWN;
	if (strcmp(checksum, "none") == 0)
		return (uint32_t)lists->n + CTL_NONE;
	for (size_t i = lists->n; i > 0; i--) {
		const struct phone_list *list = &lists->list[i - 1].list;

		if (strcmp(checksum, list->md5) == 0 || strcmp(checksum, list->sha1) == 0)
			return (uint32_t)(i - 1);
	}
	return (uint32_t)(lists->n + N_CTL_WORDS + number);
}

enum status fleet_owned_open(
    struct fleet_owned *owned, const struct fleet_question *question, struct error *err)
{
	const struct store_phone_words *words = &owned->words;
	enum status st = store_phone_words(question->store, &owned->words, err);

	if (st != ST_OK)
		return st;
	owned->n_lists = question->lists->n;
	owned->families = calloc(words->n_models + 1, sizeof(*owned->families));
	owned->ctls = calloc(words->n_checksums + 1, sizeof(*owned->ctls));
	owned->until = calloc(owned->n_lists + 1, sizeof(*owned->until));
	if (owned->families == NULL || owned->ctls == NULL || owned->until == NULL)
		return error_no_memory(err);
	fleet_untils(question->lists, owned->until);
	for (size_t i = 0; i < words->n_models; i++)
		if (words->models[i] != NULL)
			owned->families[i] = phone_family_of(question->families, words->models[i]);
	for (size_t i = 0; i < words->n_checksums; i++)
		owned->ctls[i] = ctl_of(question->lists, words->checksums[i], i);
	return fleet_verdicts_open(&owned->verdicts, question, err);
}

void fleet_owned_free(struct fleet_owned *owned)
{
	store_phone_words_free(&owned->words);
	fleet_verdicts_free(&owned->verdicts);
	free(owned->families);
	free(owned->ctls);
	free(owned->until);
	free(owned->keys);
	free(owned->slots);
	*owned = (struct fleet_owned){.n = 0};
}

/* HELD is the list that the phone was seen with, n for none of them. */
static size_t since_of(const struct fleet_owned *owned, const struct fleet_question *question,
    time_t seen, size_t held)
{
	const struct fleet_verdicts *verdicts = &owned->verdicts;
	const size_t since = fleet_since(question->lists, owned->until, seen, held);

	/* The officer's word goes before what was seen: any list from that one on. */
	if (verdicts->said < owned->n_lists && (held >= owned->n_lists || held < verdicts->floor))
		return verdicts->floor;
	return since > verdicts->floor ? since : verdicts->floor;
}

struct fleet_key fleet_key_of(const struct fleet_owned *owned,
    const struct fleet_question *question, const struct store_phone_row *row)
{
	const struct store_phone_words *words = &owned->words;
	/* A word that came after the words were read is not known here. */
	struct fleet_key key = {.ctl = (uint32_t)owned->n_lists + CTL_UNKNOWN, .itl = PHONE_MAYBE};

	if (row->model < words->n_models)
		key.model = row->model;
	if (row->ctl < words->n_checksums)
		key.ctl = owned->ctls[row->ctl];
	if (row->itl < words->n_checksums && words->checksums[row->itl] != NULL &&
	    words->checksums[row->itl][0] != '\0')
		key.itl = strcmp(words->checksums[row->itl], "none") == 0 ? PHONE_NO : PHONE_YES;
	key.since = (uint32_t)since_of(
	    owned, question, row->seen, key.ctl < owned->n_lists ? key.ctl : owned->n_lists);
	return key;
}

/* ---- finding a group ------------------------------------------------------------------------ */

static size_t hash_of(const struct fleet_key *key)
{
	uint64_t hash = (uint64_t)key->model << 32 | key->ctl;

	hash ^= ((uint64_t)key->since << 2 | key->itl) * 0x9e3779b97f4a7c15u;
	hash *= 0xff51afd7ed558ccdu;
	return (size_t)(hash ^ hash >> 32);
}

static bool is_same(const struct fleet_key *a, const struct fleet_key *b)
{
	return a->model == b->model && a->ctl == b->ctl && a->since == b->since && a->itl == b->itl;
}

static size_t slot_of(const struct fleet_owned *owned, const struct fleet_key *key)
{
	size_t i = hash_of(key) & (owned->n_slots - 1);

	while (owned->slots[i] != 0 && !is_same(&owned->keys[owned->slots[i] - 1], key))
		i = (i + 1) & (owned->n_slots - 1);
	return i;
}

size_t fleet_find(const struct fleet_owned *owned, const struct fleet_key *key)
{
	size_t slot;

	if (owned->n_slots == 0)
		return SIZE_MAX;
	slot = slot_of(owned, key);
	return owned->slots[slot] != 0 ? owned->slots[slot] - 1 : SIZE_MAX;
}

void fleet_rehash(struct fleet_owned *owned)
{
	if (owned->n_slots > 0)
		memset(owned->slots, 0, owned->n_slots * sizeof(*owned->slots));
	for (size_t i = 0; i < owned->n; i++)
		owned->slots[slot_of(owned, &owned->keys[i])] = (uint32_t)i + 1;
}

static bool grow(struct fleet_owned *owned)
{
	const size_t cap = owned->cap != 0 ? owned->cap * 2 : 256;
	struct fleet_key *keys = realloc(owned->keys, cap * sizeof(*keys));
	uint32_t *slots;

	if (keys == NULL)
		return false;
	owned->keys = keys;
	slots = calloc(cap * 2, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(owned->slots);
	owned->slots = slots;
	owned->n_slots = cap * 2;
	owned->cap = cap;
	fleet_rehash(owned);
	return true;
}

bool fleet_add(struct fleet_owned *owned, const struct fleet_key *key)
{
	if (owned->n == owned->cap && !grow(owned))
		return false;
	owned->slots[slot_of(owned, key)] = (uint32_t)owned->n + 1;
	owned->keys[owned->n++] = *key;
	return true;
}
