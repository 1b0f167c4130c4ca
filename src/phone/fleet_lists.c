/*
 * The CTLs that phones may hold: the generations that were served, from the history.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the history says of a generation, before its file is read. */
struct entry {
	int64_t number;
	enum generation_state state;
};

struct entries {
	struct entry *list;
	size_t n;
};

static enum status remember(void *context, const struct generation *generation, struct error *err)
{
	struct entries *entries = context;
	struct entry *more = realloc(entries->list, (entries->n + 1) * sizeof(*more));

	if (more == NULL)
		return error_no_memory(err);
	entries->list = more;
	more[entries->n++] = (struct entry){generation->number, generation->state};
	return ST_OK;
}

static enum status add(struct fleet_lists *lists, struct fleet_list **out, struct error *err)
{
	struct fleet_list *more = realloc(lists->list, (lists->n + 1) * sizeof(*more));

	if (more == NULL)
		return error_no_memory(err);
	lists->list = more;
	*out = &more[lists->n];
	**out = (struct fleet_list){.file = BUFFER_INIT};
	lists->n++;
	return ST_OK;
}

static enum status read_generation(struct store *store, const struct entry *entry,
    struct generation *generation, struct error *err)
{
	switch (entry->state) {
	case GENERATION_DONE:
		return store_generation(store, entry->number, generation, err);
	case GENERATION_ABANDONED:
		return store_generation_served(store, entry->number, generation, err);
	default:
		return store_pending(store, generation, err);
	}
}

/* Whether something of the pending generation may have reached a phone. */
static enum status is_served(struct store *store, bool *served, struct error *err)
{
	struct delivery delivery = {.phase = DELIVERY_NONE};
	const enum status st = store_delivery(store, &delivery, err);

	*served = delivery.phase != DELIVERY_NONE && delivery.phase != DELIVERY_SIGNED;
	delivery_free(&delivery);
	return st;
}

static enum status add_generation(
    struct store *store, const struct entry *entry, struct fleet_lists *lists, struct error *err)
{
	struct generation generation = GENERATION_INIT;
	struct fleet_list *item = NULL;
	enum status st = read_generation(store, entry, &generation, err);

	/* One that was pending a moment ago may be so no more. */
	if (st != ST_OK || generation.number == 0) {
		generation_free(&generation);
		return st;
	}
	st = add(lists, &item, err);
	if (st == ST_OK) {
		item->made = generation.made;
		item->done = generation.ended;
		item->served = true;
		item->pending = entry->state == GENERATION_PENDING;
		item->withdrawn = entry->state == GENERATION_ABANDONED;
		snprintf(item->name, sizeof(item->name), _("generation %" PRId64), entry->number);
		item->file = generation.ctl;
		generation.ctl = (struct buffer)BUFFER_INIT;
		st = phone_list_read(buffer_bytes(&item->file), &item->list, err);
		if (st != ST_OK)
			error_where_prefix(err, item->name);
		item->list.generation = entry->number;
		item->list.valid = true;
	}
	if (st == ST_OK && item->pending)
		st = is_served(store, &item->served, err);
	generation_free(&generation);
	return st;
}

/* Those that were taken back go before the one that was served again then. */
static void arrange(struct fleet_lists *lists)
{
	size_t again = 0;

	for (size_t i = 0; i < lists->n; i++) {
		const struct fleet_list item = lists->list[i];

		if (!item.withdrawn) {
			again = i;
			continue;
		}
		/* Before anything else was served it stays: nothing was served again. */
		if (again == i || lists->list[again].withdrawn)
			continue;
		memmove(&lists->list[again + 1], &lists->list[again],
		    (i - again) * sizeof(*lists->list));
		lists->list[again++] = item;
	}
}

enum status fleet_lists_read(struct store *store, struct fleet_lists *out, struct error *err)
{
	struct entries entries = {NULL, 0};
	enum status st = store_history(store, remember, &entries, err);

	for (size_t i = 0; st == ST_OK && i < entries.n; i++)
		st = add_generation(store, &entries.list[i], out, err);
	free(entries.list);
	arrange(out);
	return st;
}

/*
 * Whether FILE is one of LISTS: *AT is its index.  The newest, and one that is on its way, go
 * before an older one with the same bytes.
 */
static bool find_file(const struct fleet_lists *lists, struct bytes file, size_t *at)
{
	bool found = false;

	for (size_t i = 0; i < lists->n; i++)
		if (bytes_equal(buffer_bytes(&lists->list[i].file), file) &&
		    (!found || !lists->list[i].withdrawn)) {
			found = true;
			*at = i;
		}
	return found;
}

/* The newest that every server had. */
static bool is_current(const struct fleet_lists *lists, size_t at)
{
	for (size_t i = at; i < lists->n; i++) {
		const struct fleet_list *item = &lists->list[i];
		const bool done = !item->pending && !item->withdrawn && !item->foreign;

		if (done != (i == at))
			return false;
	}
	return true;
}

static void move_last(struct fleet_lists *lists, size_t at)
{
	const struct fleet_list item = lists->list[at];

	memmove(&lists->list[at], &lists->list[at + 1], (lists->n - 1 - at) * sizeof(*lists->list));
	lists->list[lists->n - 1] = item;
}

static enum status add_file(
    struct fleet_lists *lists, struct bytes file, const char *name, time_t now, struct error *err)
{
	struct fleet_list *item = NULL;
	enum status st = add(lists, &item, err);

	if (st != ST_OK)
		return st;
	item->made = item->done = now;
	item->served = item->foreign = true;
	text_cut_into(item->name, sizeof(item->name), name);
	buffer_add(&item->file, file.data, file.len);
	st = buffer_status(&item->file, err);
	if (st == ST_OK)
		st = phone_list_read(buffer_bytes(&item->file), &item->list, err);
	item->list.valid = st == ST_OK;
	if (st != ST_OK) {
		phone_list_free(&item->list);
		buffer_free(&item->file);
		lists->n--;
	}
	return st;
}

enum status fleet_lists_add(
    struct fleet_lists *lists, struct bytes file, const char *name, time_t now, struct error *err)
{
	size_t at = 0;

	if (!find_file(lists, file, &at))
		return add_file(lists, file, name, now, err);
	if (lists->list[at].foreign || lists->list[at].pending || is_current(lists, at))
		return ST_OK;
	lists->list[at].served = lists->list[at].foreign = true;
	move_last(lists, at);
	return ST_OK;
}

void fleet_lists_free(struct fleet_lists *lists)
{
	for (size_t i = 0; i < lists->n; i++) {
		phone_list_free(&lists->list[i].list);
		buffer_free(&lists->list[i].file);
	}
	free(lists->list);
	*lists = (struct fleet_lists){0};
}
