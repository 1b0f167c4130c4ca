/*
 * Which lists a phone may have got since it was seen.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

size_t fleet_newest(const struct fleet_lists *lists)
{
	for (size_t i = lists->n; i > 0; i--) {
		const struct fleet_list *item = &lists->list[i - 1];

		if (item->served && !item->withdrawn && !item->foreign)
			return i - 1;
	}
	return lists->n;
}

void fleet_untils(const struct fleet_lists *lists, time_t *until)
{
	time_t next = FLEET_SERVED_NOW;

	for (size_t i = lists->n; i > 0; i--) {
		const struct fleet_list *item = &lists->list[i - 1];

		if (item->pending || item->foreign) {
			until[i - 1] = FLEET_SERVED_NOW;
		} else if (item->withdrawn) {
			until[i - 1] = item->done;
		} else {
			until[i - 1] = next;
			next = item->done;
		}
	}
	for (size_t i = 1; i < lists->n; i++)
		if (until[i] < until[i - 1])
			until[i] = until[i - 1];
}

/* The first list that was still served at SEEN, if only in the same second. */
static size_t served_at(const time_t *until, size_t n, time_t seen)
{
	size_t low = 0;

	while (low < n) {
		const size_t middle = low + (n - low) / 2;

		if (until[middle] < seen)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* Whether a phone that had ITEM at SEEN may get an older list, from a server that had none newer.
 */
static bool may_go_back(const struct fleet_list *item, time_t seen)
{
	return item->pending || item->withdrawn || item->foreign ||
	       (item->made <= seen && seen < item->done);
}

size_t fleet_since(const struct fleet_lists *lists, const time_t *until, time_t seen, size_t held)
{
	size_t since = served_at(until, lists->n, seen);

	if (held < lists->n && !may_go_back(&lists->list[held], seen))
		while (since < lists->n && !lists->list[since].foreign &&
		       lists->list[since].list.generation <= lists->list[held].list.generation)
			since++;
	while (since < lists->n && !lists->list[since].served)
		since++;
	return since;
}
