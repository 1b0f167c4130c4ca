/*
 * Verdicts for groups of phones: the model is asked once for a family, an ITL and a list.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_groups.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * The verdicts of a family with or without an ITL: by list, then for nothing known, no CTL and one
 * that is not known; and the first index from which on a list is rejected, or cannot be told.
 */
struct fleet_verdict_row {
	const struct phone_family *family;
	enum phone_answer itl;
	struct phone_verdict *verdicts; /* lists->n + 3 */
	size_t *rejected;		/* lists->n + 1: the first at or behind an index; n: none */
	size_t *unknown;
};

enum { NOTHING_KNOWN, HOLDS_NONE, HOLDS_OTHER, N_OTHERS };

enum status fleet_verdicts_open(
    struct fleet_verdicts *verdicts, const struct fleet_question *question, struct error *err)
{
	const struct fleet_lists *lists = question->lists;

	*verdicts = (struct fleet_verdicts){.question = question, .said = lists->n};
	if (question->phones_hold == 0)
		return ST_OK;
	for (size_t i = lists->n; i > 0; i--) {
		const struct fleet_list *item = &lists->list[i - 1];

		if (item->list.generation >= question->phones_hold || item->foreign)
			verdicts->floor = i - 1;
		if (item->served && item->list.generation == question->phones_hold)
			verdicts->said = i - 1;
	}
	if (verdicts->said < lists->n)
		return ST_OK;
	error_set(err, ST_FAILED, _("no phone can hold generation %" PRId64 ": it was not served"),
	    question->phones_hold);
	error_hint(err, "%s", _("see: ctlsign history"));
	return ST_FAILED;
}

void fleet_verdicts_free(struct fleet_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->n; i++) {
		free(verdicts->rows[i].verdicts);
		free(verdicts->rows[i].rejected);
		free(verdicts->rows[i].unknown);
	}
	free(verdicts->rows);
	*verdicts = (struct fleet_verdicts){0};
}

static struct phone_verdict judge(const struct fleet_question *question,
    const struct fleet_verdict_row *row, enum phone_holds ctl, const struct phone_list *list)
{
	const struct phone phone = {
	    .family = row->family, .ctl = ctl, .list = list, .itl = row->itl};

	if (question->offer.list == NULL)
		return (struct phone_verdict){PHONE_UNKNOWN, PHONE_WHY_NOTHING};
	return phone_judge(&phone, &question->offer);
}

static void fill_row(const struct fleet_question *question, struct fleet_verdict_row *row)
{
	const struct fleet_lists *lists = question->lists;
	struct phone_verdict *others = row->verdicts + lists->n;

	others[NOTHING_KNOWN] = judge(question, row, PHONE_HOLDS_UNKNOWN, NULL);
	others[HOLDS_NONE] = judge(question, row, PHONE_HOLDS_NONE, NULL);
	others[HOLDS_OTHER] = judge(question, row, PHONE_HOLDS_OTHER, NULL);
	row->rejected[lists->n] = row->unknown[lists->n] = lists->n;
	for (size_t i = lists->n; i > 0; i--) {
		const struct fleet_list *item = &lists->list[i - 1];

		row->verdicts[i - 1] = judge(question, row, PHONE_HOLDS_LIST, &item->list);
		row->rejected[i - 1] = row->rejected[i];
		row->unknown[i - 1] = row->unknown[i];
		if (item->served && row->verdicts[i - 1].outcome == PHONE_REJECTED)
			row->rejected[i - 1] = i - 1;
		if (item->served && row->verdicts[i - 1].outcome == PHONE_UNKNOWN)
			row->unknown[i - 1] = i - 1;
	}
}

static struct fleet_verdict_row *new_row(
    struct fleet_verdicts *verdicts, const struct phone_family *family, enum phone_answer itl)
{
	const size_t n = verdicts->question->lists->n;
	const size_t cap = verdicts->cap != 0 ? verdicts->cap * 2 : 16;
	struct fleet_verdict_row *row;

	if (verdicts->n == verdicts->cap) {
		row = realloc(verdicts->rows, cap * sizeof(*row));
		if (row == NULL)
			return NULL;
		verdicts->rows = row;
		verdicts->cap = cap;
	}
	row = &verdicts->rows[verdicts->n++];
	*row = (struct fleet_verdict_row){.family = family,
	    .itl = itl,
	    .verdicts = calloc(n + N_OTHERS, sizeof(*row->verdicts)),
	    .rejected = calloc(n + 1, sizeof(*row->rejected)),
	    .unknown = calloc(n + 1, sizeof(*row->unknown))};
	if (row->verdicts == NULL || row->rejected == NULL || row->unknown == NULL)
		return NULL;
	fill_row(verdicts->question, row);
	return row;
}

static struct fleet_verdict_row *row_of(
    struct fleet_verdicts *verdicts, const struct phone_family *family, enum phone_answer itl)
{
	for (size_t i = 0; i < verdicts->n; i++)
		if (verdicts->rows[i].family == family && verdicts->rows[i].itl == itl)
			return &verdicts->rows[i];
	return new_row(verdicts, family, itl);
}

/* Where the verdict for what GROUP was seen with stands in a row. */
static size_t seen_with(const struct fleet_group *group, size_t n)
{
	switch (group->ctl) {
	case PHONE_HOLDS_LIST:
		return group->list;
	case PHONE_HOLDS_NONE:
		return n + HOLDS_NONE;
	case PHONE_HOLDS_OTHER:
		return n + HOLDS_OTHER;
	default:
		return n + NOTHING_KNOWN;
	}
}

enum status fleet_verdict(
    struct fleet_verdicts *verdicts, struct fleet_group *group, struct error *err)
{
	const size_t n = verdicts->question->lists->n;
	const struct fleet_verdict_row *row = row_of(verdicts, group->family, group->itl);
	const size_t since = group->since;
	size_t at = seen_with(group, n);

	if (row == NULL)
		return error_no_memory(err);
	/* As the officer says. */
	if (verdicts->said < n && (at >= n || at < verdicts->floor))
		at = verdicts->said;
	if (row->verdicts[at].outcome != PHONE_REJECTED) {
		if (row->rejected[since] < n)
			at = row->rejected[since];
		else if (row->verdicts[at].outcome != PHONE_UNKNOWN && row->unknown[since] < n)
			at = row->unknown[since];
	}
	group->verdict = row->verdicts[at];
	group->judged = at < n ? at : n;
	return ST_OK;
}
