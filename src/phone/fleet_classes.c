/*
 * A check without a fleet: classes of phones, which may be there for all that is known.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

#include <stdlib.h>

#define DAY (24 * 60 * 60)

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
	/* Phones that were away for no longer may hold what was served then. */
	const time_t horizon = question->now - (time_t)question->straggler_days * DAY;
	time_t *until = calloc(lists->n + 1, sizeof(*until));
	struct fleet_verdicts verdicts = {0};
	enum status st = fleet_verdicts_open(&verdicts, question, err);

	out->groups = calloc(2 * lists->n + 1, sizeof(*out->groups));
	if (st == ST_OK && (until == NULL || out->groups == NULL))
		st = error_no_memory(err);
	if (st == ST_OK)
		fleet_untils(lists, until);
	for (size_t i = lists->n; st == ST_OK && i > verdicts.floor; i--) {
		if (!lists->list[i - 1].served || until[i - 1] <= horizon)
			continue;
		st = add_class(&verdicts, &phone_family_with_sbd, PHONE_YES, i - 1, out, err);
		if (st == ST_OK)
			st = add_class(
			    &verdicts, &phone_family_without_sbd, PHONE_NO, i - 1, out, err);
	}
	if (st == ST_OK)
		qsort(out->groups, out->n_groups, sizeof(*out->groups), fleet_compare_groups);
	fleet_verdicts_free(&verdicts);
	free(until);
	return st;
}
