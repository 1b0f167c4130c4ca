/*
 * The planner's questions to the phone model.
 *
 * Sets of SASTs are turned into lists as phones see them.  The search asks the same few questions
 * over and over, so each is put to the model once, before it starts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

#include <stdlib.h>

/* Any size that is far from the limit: the planner does not know the servers' records. */
#define PLAIN_SIZE 4096

/* A list, with room for what it points to. */
struct view {
	struct phone_list list;
	struct phone_anchor sasts[MIGRATE_SASTS_MAX];
};

static void look_at(
    const struct migrate_problem *problem, migrate_set sasts, int signer, struct view *out)
{
	struct phone_list *list = &out->list;

	*list = (struct phone_list){.size = PLAIN_SIZE, .digest = problem->digest, .valid = true};
	list->sasts = out->sasts;
	for (size_t i = 0; i < problem->n_sasts; i++)
		if (plan_has(sasts, (int)i))
			out->sasts[list->n_sasts++] = problem->sasts[i].anchor;
	if (signer >= 0) {
		list->signer = problem->sasts[signer].anchor;
		list->key_bits = problem->sasts[signer].key_bits;
	}
}

/* The phones of GROUP before the first step. */
static struct phone today_of(
    const struct migrate_problem *problem, const struct migrate_group *group, struct view *held)
{
	struct phone phone = group->phone;

	phone.list = NULL;
	if (phone.ctl == PHONE_HOLDS_LIST) {
		look_at(problem, group->held, -1, held);
		held->list.digest = group->digest;
		held->list.key_bits = group->key_bits;
		phone.list = &held->list;
	}
	return phone;
}

/* The same phones, once all of them have a step. */
static struct phone holder_of(const struct migrate_group *group, const struct view *held)
{
	struct phone phone = group->phone;

	phone.ctl = PHONE_HOLDS_LIST;
	phone.list = &held->list;
	return phone;
}

void migrate_judge_step(const struct migrate_problem *problem, const struct migrate_list *before,
    const struct migrate_list *list, struct phone_verdict *verdicts)
{
	const bool first = before == NULL || before == &problem->current;
	const migrate_set vouching = list->trust | (first ? problem->certificates : before->sasts);
	struct phone_offer offer = {.tvs = problem->tvs};
	struct view offered, held;

	look_at(problem, list->sasts, list->signer, &offered);
	offer.list = &offered.list;
	offer.vouched = plan_has(vouching, list->signer);
	if (!first)
		look_at(problem, before->sasts, before->signer, &held);

	for (size_t i = 0; i < problem->n_groups; i++) {
		const struct migrate_group *group = &problem->groups[i];
		const struct phone phone =
		    first ? today_of(problem, group, &held) : holder_of(group, &held);

		verdicts[i] = phone_judge(&phone, &offer);
	}
}

static bool is_safe(
    const struct plan_search *search, const struct phone *phone, int signer, bool vouched)
{
	struct view offered;
	struct phone_offer offer = {.tvs = search->problem->tvs, .vouched = vouched};

	look_at(search->problem, plan_bit(signer), signer, &offered);
	offer.list = &offered.list;
	return phone_outcome_is_safe(phone_judge(phone, &offer).outcome);
}

static void ask_first(struct plan_search *search, const struct migrate_group *group)
{
	const struct migrate_problem *problem = search->problem;
	struct view held;
	const struct phone phone = today_of(problem, group, &held);

	for (int signer = 0; signer < (int)problem->n_sasts; signer++) {
		if (!plan_has(search->keyed, signer))
			continue;
		for (int vouched = 0; vouched < 2; vouched++) {
			struct plan_loss *loss = &search->loss[vouched][signer];

			if (is_safe(search, &phone, signer, vouched != 0))
				continue;
			search->surely[vouched] &= ~plan_bit(signer);
			loss->phones += group->n;
			loss->groups++;
		}
	}
}

/* What GROUP does once it holds a list that LAST signed. */
static void ask_later(const struct plan_search *search, const struct migrate_group *group, int last,
    migrate_set (*row)[2])
{
	const struct migrate_problem *problem = search->problem;
	struct view held;

	for (int signer = 0; signer < (int)problem->n_sasts; signer++) {
		if (!plan_has(search->keyed, signer))
			continue;
		for (int knows = 0; knows < 2; knows++) {
			struct phone phone;

			look_at(problem, knows ? plan_bit(signer) : 0, last, &held);
			phone = holder_of(group, &held);
			for (int vouched = 0; vouched < 2; vouched++)
				if (!is_safe(search, &phone, signer, vouched != 0))
					row[knows][vouched] &= ~plan_bit(signer);
		}
	}
}

/* Groups that differ in nothing but what they hold today are one and the same later. */
static size_t distinct_later(
    const struct migrate_problem *problem, const struct migrate_group **out)
{
	size_t n = 0;

	for (size_t i = 0; i < problem->n_groups; i++) {
		const struct phone *phone = &problem->groups[i].phone;
		size_t j = 0;

		while (j < n &&
		       (out[j]->phone.family != phone->family || out[j]->phone.itl != phone->itl))
			j++;
		if (j == n)
			out[n++] = &problem->groups[i];
	}
	return n;
}

static bool same_row(migrate_set (*a)[2], migrate_set (*b)[2])
{
	return a[0][0] == b[0][0] && a[0][1] == b[0][1] && a[1][0] == b[1][0] && a[1][1] == b[1][1];
}

/* Of the key that signed what phones hold, only its size counts, and often not even that. */
static void ask_after(struct plan_search *search, int last,
    const struct migrate_group *const *groups, size_t n_groups)
{
	const struct migrate_problem *problem = search->problem;
	migrate_set(*row)[2] = search->later[search->n_classes];
	size_t class = 0;

	/* A key of which no size is known proves only itself. */
	for (int i = 0; i < last; i++)
		if (plan_has(search->keyed, i) && problem->sasts[i].key_bits != 0 &&
		    problem->sasts[i].key_bits == problem->sasts[last].key_bits) {
			search->class_of[last] = search->class_of[i];
			return;
		}

	for (int i = 0; i < 4; i++)
		row[i / 2][i % 2] = search->keyed;
	for (size_t i = 0; i < n_groups; i++)
		ask_later(search, groups[i], last, row);
	while (!same_row(search->later[class], row))
		class ++;
	search->class_of[last] = (unsigned char)class;
	if (class == search->n_classes)
		search->n_classes++;
}

enum status plan_model_ask(struct plan_search *search, struct error *err)
{
	const struct migrate_problem *problem = search->problem;
	const struct migrate_group **groups;
	size_t n;

	groups = calloc(problem->n_groups + 1, sizeof(*groups));
	if (groups == NULL)
		return error_no_memory(err);
	n = distinct_later(problem, groups);

	search->surely[0] = search->surely[1] = search->keyed;
	for (size_t i = 0; i < problem->n_groups; i++)
		ask_first(search, &problem->groups[i]);
	for (int last = 0; last < (int)problem->n_sasts; last++)
		if (plan_has(search->keyed, last))
			ask_after(search, last, groups, n);
	search->first[0] = search->surely[0];
	search->first[1] = search->surely[1];
	free(groups);
	return ST_OK;
}
