/*
 * The planner: the shortest chain of CTLs that no phone rejects, or the one that the fewest reject.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/plan_parts.h"

#include <stdlib.h>

void migrate_plan_free(struct migrate_plan *plan)
{
	free(plan->visit);
	*plan = (struct migrate_plan){0};
}

static bool loss_is_less(const struct plan_loss *a, const struct plan_loss *b)
{
	return a->phones != b->phones ? a->phones < b->phones : a->groups < b->groups;
}

/* The smallest loss of a first step that is more than LEAST (NULL: any).  False: there is none. */
static bool next_loss(
    const struct plan_search *search, const struct plan_loss *least, struct plan_loss *out)
{
	bool some = false;

	for (int vouched = 0; vouched < 2; vouched++)
		for (migrate_set s = search->keyed; s != 0; s &= s - 1) {
			const struct plan_loss *loss = &search->loss[vouched][plan_lowest(s)];

			if (least != NULL && !loss_is_less(least, loss))
				continue;
			if (some && !loss_is_less(loss, out))
				continue;
			*out = *loss;
			some = true;
		}
	return some;
}

/* First steps may cost as many phones as MOST. */
static void allow_loss(struct plan_search *search, const struct plan_loss *most)
{
	for (int vouched = 0; vouched < 2; vouched++) {
		search->first[vouched] = 0;
		for (migrate_set s = search->keyed; s != 0; s &= s - 1) {
			const int signer = plan_lowest(s);

			if (!loss_is_less(most, &search->loss[vouched][signer]))
				search->first[vouched] |= plan_bit(signer);
		}
	}
}

/* The length of the chain that loses the fewest phones at its first step; 0: none leads there. */
static unsigned smallest_loss(struct plan_search *search)
{
	struct plan_loss loss, least;
	unsigned n = 0;
	bool more = next_loss(search, NULL, &loss);

	while (n == 0 && more) {
		allow_loss(search, &loss);
		n = plan_reach(search, search->start, MIGRATE_STEPS_MAX);
		least = loss;
		more = next_loss(search, &least, &loss);
	}
	return n;
}

/*
 * The search asked the model for one thing at a time, and put the answers together by itself.  Here
 * the model sees each step as a whole: from the step after TRUSTED on, all phones have to be safe.
 */
static enum status check_steps(const struct migrate_problem *problem,
    const struct migrate_plan *plan, size_t trusted, struct phone_verdict *verdicts,
    struct error *err)
{
	for (size_t i = trusted; i < plan->n_steps; i++) {
		migrate_judge_step(
		    problem, i == 0 ? NULL : &plan->steps[i - 1], &plan->steps[i], verdicts);
		for (size_t g = 0; g < problem->n_groups; g++) {
			if (phone_outcome_is_safe(verdicts[g].outcome))
				continue;
			error_set(err, ST_FAILED,
			    _("the planner and the phone model do not agree on step %zu: %s (%s)"),
			    i + 1, problem->groups[g].text, phone_why_text(verdicts[g].why));
			error_hint(err, "%s",
			    _("report this as a fault of the program; no step of this plan may be "
			      "made"));
			return ST_FAILED;
		}
	}
	return ST_OK;
}

/* Who has to be visited before the first step. */
static enum status find_visits(const struct migrate_problem *problem,
    const struct phone_verdict *verdicts, struct migrate_plan *out, struct error *err)
{
	out->visit = calloc(problem->n_groups + 1, sizeof(*out->visit));
	if (out->visit == NULL)
		return error_no_memory(err);
	for (size_t g = 0; g < problem->n_groups; g++)
		if (!phone_outcome_is_safe(verdicts[g].outcome)) {
			out->visit[out->n_visit++] = g;
			out->n_phones += problem->groups[g].n;
		}
	return ST_OK;
}

static enum status make_unsafe(struct plan_search *search, struct phone_verdict *verdicts,
    struct migrate_plan *out, struct error *err)
{
	const struct migrate_problem *problem = search->problem;
	const unsigned n = smallest_loss(search);
	enum status st = ST_OK;

	if (n > 0) {
		st = plan_chain(search, n, out->steps, err);
		if (st != ST_OK)
			return st;
		out->n_steps = n;
		st = check_steps(problem, out, 1, verdicts, err);
		if (st != ST_OK)
			return st;
		migrate_judge_step(problem, NULL, &out->steps[0], verdicts);
		st = find_visits(problem, verdicts, out, err);
	}
	plan_why(search, out->steps, out->n_steps, verdicts, out->why, sizeof(out->why));
	return st;
}

static enum status make_plan(struct plan_search *search, struct phone_verdict *verdicts,
    struct migrate_plan *out, struct error *err)
{
	enum status st;
	unsigned n;

	if (search->problem->has_current && plan_is_goal(search, search->start)) {
		out->found = true;
		return ST_OK;
	}
	st = plan_model_ask(search, err);
	if (st != ST_OK)
		return st;

	plan_reach_prepare(search);
	n = plan_reach(search, search->start, MIGRATE_STEPS_MAX);
	if (n == 0)
		return make_unsafe(search, verdicts, out, err);

	st = plan_chain(search, n, out->steps, err);
	if (st != ST_OK)
		return st;
	out->n_steps = n;
	st = check_steps(search->problem, out, 0, verdicts, err);
	out->found = st == ST_OK;
	return st;
}

enum status migrate_plan_make(
    const struct migrate_problem *problem, struct migrate_plan *out, struct error *err)
{
	struct plan_search *search;
	struct phone_verdict *verdicts;
	enum status st;

	if (problem->n_sasts > MIGRATE_SASTS_MAX)
		return error_set(err, ST_LIMIT,
		    _("a plan can tell %d SASTs apart, and phones and the cluster know %zu"),
		    MIGRATE_SASTS_MAX, problem->n_sasts);

	search = calloc(1, sizeof(*search));
	verdicts = calloc(problem->n_groups + 1, sizeof(*verdicts));
	if (search == NULL || verdicts == NULL) {
		st = error_no_memory(err);
	} else {
		plan_search_init(search, problem);
		st = make_plan(search, verdicts, out, err);
	}
	free(search);
	free(verdicts);
	if (st != ST_OK)
		migrate_plan_free(out);
	return st;
}
