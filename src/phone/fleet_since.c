/*
 * Which lists a phone may have got since it was seen.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

size_t fleet_newest(const struct fleet_lists *lists)
{
	for (size_t i = lists->n; i > 0; i--)
		if (lists->list[i - 1].served && !lists->list[i - 1].withdrawn)
			return i - 1;
	return lists->n;
}

/*
 * The list that every server had at SEEN; 0 when that is not known.  One that was made in the same
 * second may be younger than what was seen.
 */
static size_t served_at(const struct fleet_lists *lists, time_t seen)
{
	for (size_t i = lists->n; i > 0; i--) {
		const struct fleet_list *item = &lists->list[i - 1];

		if (item->served && !item->pending && !item->withdrawn && item->made < seen)
			return i - 1;
	}
	return 0;
}

size_t fleet_since(const struct fleet_lists *lists, time_t seen, size_t held)
{
	size_t since = served_at(lists, seen);

	/* Who holds a list gets no older one, unless that was served again. */
	if (held < lists->n && held >= since && !lists->list[held].pending &&
	    !lists->list[held].withdrawn)
		since = held + 1;
	while (since < lists->n && !lists->list[since].served)
		since++;
	return since;
}
