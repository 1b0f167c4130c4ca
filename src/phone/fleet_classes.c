/*
 * A check without a fleet: classes of phones, which may be there for all that is known.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

#include <stdlib.h>

#define DAY (24 * 60 * 60)

/* Whether phones that were away for no longer than STRAGGLER_DAYS may hold list AT. */
static bool is_recent(const struct fleet_question *question, size_t at, size_t newest)
{
	const struct fleet_lists *lists = question->lists;
	const time_t horizon = question->now - (time_t)question->straggler_days * DAY;

	if (!lists->list[at].served)
		return false;
	/* It was the newest until the next one was made, or is still. */
	for (size_t i = at + 1; i < lists->n; i++)
		if (lists->list[i].served && !lists->list[i].withdrawn)
			return at == newest || lists->list[i].made > horizon;
	return true;
}

static enum status add_class(struct fleet_verdicts *verdicts, const struct phone_family *family,
    enum phone_answer itl, size_t list, struct fleet_answer *out, struct error *err)
{
	struct fleet_group *group = &out->groups[out->n_groups++];

	*group = (struct fleet_group){.model = "",
	    .family = family,
	    .ctl = PHONE_HOLDS_LIST,
	    .list = list,
	    .checksum = "",
	    .since = verdicts->question->lists->n,
	    .itl = itl};
	return fleet_verdict(verdicts, group, err);
}

enum status fleet_classes(
    const struct fleet_question *question, struct fleet_answer *out, struct error *err)
{
	const struct fleet_lists *lists = question->lists;
	const size_t newest = fleet_newest(lists);
	struct fleet_verdicts verdicts = {0};
	enum status st = fleet_verdicts_open(&verdicts, question, err);
	size_t first = verdicts.floor < lists->n ? verdicts.floor : 0;

	out->groups = calloc(2 * lists->n + 1, sizeof(*out->groups));
	if (st == ST_OK && out->groups == NULL)
		st = error_no_memory(err);
	for (size_t i = lists->n; st == ST_OK && i > first; i--) {
		if (!is_recent(question, i - 1, newest))
			continue;
		st = add_class(&verdicts, &phone_family_with_sbd, PHONE_YES, i - 1, out, err);
		if (st == ST_OK)
			st = add_class(
			    &verdicts, &phone_family_without_sbd, PHONE_NO, i - 1, out, err);
	}
	if (st == ST_OK)
		qsort(out->groups, out->n_groups, sizeof(*out->groups), fleet_compare_groups);
	fleet_verdicts_free(&verdicts);
	return st;
}
