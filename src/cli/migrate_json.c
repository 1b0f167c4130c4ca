/*
 * A migration's plan as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "admin/todo.h"
#include "cli/cluster_text.h"
#include "cli/trust_certificate.h"

#include <stdlib.h>

/* ---- who ---------------------------------------------------------------------------------------
 */

static const char *kind_code(enum migrate_kind kind)
{
	static const char *const codes[] = {[MIGRATE_TOKEN] = "token",
	    [MIGRATE_CALLMANAGER] = "callmanager",
	    [MIGRATE_ITLRECOVERY] = "itlrecovery",
	    [MIGRATE_FOREIGN] = "foreign"};

	return codes[kind];
}

/* SASTs are called by the SHA-256 of their certificate; one without is null. */
static json_t *sast_json(const struct journal *journal, int index)
{
	char sha256[65];

	if (index < 0 || journal->sasts[index].certificate == NULL)
		return json_null();
	trust_certificate_sha256(journal->sasts[index].certificate, sha256);
	return json_string(sha256);
}

static json_t *set_json(const struct journal *journal, migrate_set set)
{
	json_t *array = json_array();

	for (size_t i = 0; i < journal->n_sasts && i < MIGRATE_SASTS_MAX; i++)
		if ((set >> i & 1) != 0)
			json_array_append_new(array, sast_json(journal, (int)i));
	return array;
}

static json_t *sasts_json(const struct journal *journal)
{
	json_t *array = json_array();

	for (size_t i = 0; i < journal->n_sasts; i++)
		json_array_append_new(array,
		    json_pack("{s:o, s:s, s:s}", "sha256", sast_json(journal, (int)i), "kind",
			kind_code(journal->sasts[i].kind), "name", journal->sasts[i].name));
	return array;
}

static json_t *list_json(const struct journal *journal, const struct migrate_list *list)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "signing",
	    cluster_signing_code((int)list->signing), "signer", sast_json(journal, list->signer),
	    "sasts", set_json(journal, list->sasts), "tokens", set_json(journal, list->tokens),
	    "callmanager", sast_json(journal, list->callmanager), "itlrecovery",
	    sast_json(journal, list->itlrecovery), "trust", set_json(journal, list->trust));
}

/* ---- steps -------------------------------------------------------------------------------------
 */

static json_t *outcomes_json(const struct migrate_shown *shown, size_t index)
{
	struct migrate_outcomes outcomes;
	json_t *object = json_object();

	migrate_outcomes(shown, index, &outcomes);
	for (enum phone_outcome o = 0; o < N_PHONE_OUTCOMES; o++)
		json_object_set_new(object, phone_outcome_name(o),
		    shown->view->fleet.has_fleet ? json_integer((json_int_t)outcomes.phones[o])
						 : json_boolean(outcomes.groups[o] > 0));
	return object;
}

json_t *migrate_conditions_json(const struct conditions *conditions)
{
	static const char *const states[] = {[CONDITION_MET] = "met",
	    [CONDITION_NOT_MET] = "not-met",
	    [CONDITION_NOT_KNOWN] = "not-known"};
	json_t *array = json_array();

	for (size_t i = 0; conditions != NULL && i < conditions->n; i++) {
		const struct condition *c = &conditions->list[i];

		json_array_append_new(
		    array, json_pack("{s:s, s:s, s:s, s:s}", "code", c->code, "state",
			       states[c->state], "text", c->text, "todo", c->todo));
	}
	return array;
}

static json_t *text_json(struct buffer *text)
{
	const char *whole = buffer_text(text);

	return json_string(whole != NULL ? whole : "");
}

static json_t *step_json(const struct migrate_shown *shown, size_t index)
{
	const struct cluster *cluster = shown->view->cluster;
	const struct journal *journal = shown->journal;
	const size_t at = shown->first + index;
	json_t *json = list_json(journal, &journal->steps[at].list);
	struct buffer lines = BUFFER_INIT;

	json_object_set_new(json, "number", json_integer((json_int_t)at + 1));
	journal_step_title(journal, at, &lines);
	json_object_set_new(json, "title", text_json(&lines));
	buffer_reset(&lines);
	journal_step_changes(journal, at, &lines);
	json_object_set_new(json, "changes", migrate_lines_json(&lines));
	json_object_set_new(json, "outcomes", outcomes_json(shown, index));
	json_object_set_new(
	    json, "conditions", migrate_conditions_json(index == 0 ? shown->before : NULL));
	json_object_set_new(
	    json, "after_step", at > 0 ? json_integer((json_int_t)at) : json_null());
	buffer_reset(&lines);
	admin_todo(&cluster->inventory, cluster_mode(cluster), false, &lines);
	json_object_set_new(json, "todo", migrate_lines_json(&lines));
	buffer_reset(&lines);
	journal_step_back(journal, at, &lines);
	json_object_set_new(json, "back", migrate_lines_json(&lines));
	buffer_free(&lines);
	return json;
}

static json_t *steps_json(const struct migrate_shown *shown)
{
	json_t *array = json_array();

	for (size_t i = 0; i < shown->view->plan.n_steps; i++)
		json_array_append_new(array, step_json(shown, i));
	return array;
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

static json_t *visits_json(const struct migrate_shown *shown)
{
	const struct migrate_problem *problem = &shown->view->problem;
	const struct migrate_plan *plan = &shown->view->plan;
	struct phone_verdict *verdicts = calloc(problem->n_groups + 1, sizeof(*verdicts));
	json_t *array = json_array();

	if (verdicts != NULL && plan->n_steps > 0)
		migrate_judge_step(problem, &problem->current, &plan->steps[0], verdicts);
	for (size_t i = 0; verdicts != NULL && i < plan->n_visit; i++) {
		const struct migrate_group *group = &problem->groups[plan->visit[i]];
		const struct phone_verdict *verdict = &verdicts[plan->visit[i]];

		json_array_append_new(
		    array, json_pack("{s:I, s:s, s:s, s:s}", "phones", (json_int_t)group->n,
			       "which", group->text, "outcome",
			       plan->n_steps > 0 ? phone_outcome_name(verdict->outcome) : "", "why",
			       plan->n_steps > 0 ? phone_why_name(verdict->why) : ""));
	}
	free(verdicts);
	return array;
}

json_t *migrate_plan_json(const struct migrate_shown *shown)
{
	const struct migrate_view *view = shown->view;
	const struct journal *journal = shown->journal;

	/* The nearest chain is no plan, so it has another name. */
	return json_pack("{s:o, s:s, s:b, s:s, s:I, s:b, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:I}",
	    "cluster", cli_json_path(view->cluster->inventory.cluster), "to",
	    migrate_end_name(journal->wish.end), "found", (int)view->plan.found, "why",
	    view->plan.why, "from_generation", (json_int_t)view->cluster->current.number,
	    "has_fleet", (int)view->fleet.has_fleet, "phones", (json_int_t)view->fleet.n,
	    "left_out", (json_int_t)view->problem.n_left_out, "older", (int)shown->older, "sasts",
	    sasts_json(journal), "now", list_json(journal, &journal->from),
	    view->plan.found ? "steps" : "unsafe_steps", steps_json(shown), "visit",
	    visits_json(shown), "visit_phones", (json_int_t)view->plan.n_phones);
}
