/*
 * The simulator's driver: questions to the planner.
 *
 * PROBLEM: {"sasts": [{"kind": "token|callmanager|itlrecovery|foreign", "name", "key_bits",
 *   "has_key", "anchor": [issuer, serial, key, certificate]}...], "release": "12.5(1)", "digest",
 *   "tvs", "current": LIST|null, "certificates": SET, "groups": [{"family", "ctl", "itl",
 *   "held": SET, "digest", "key_bits", "n"}...],
 *   "goal": {"signing", "tokens": SET, "callmanager", "itlrecovery", "trust": SET, "keep_trust",
 *   "signers": SET}}
 * LIST: {"signing": "tokens|tokenless", "sasts": SET, "tokens": SET, "callmanager", "itlrecovery",
 *   "trust": SET, "signer"}
 * SET: a number with a bit for each SAST; indices of SASTs are -1 for none.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "driver.h"

#include "migrate/plan.h"

#include <stdlib.h>
#include <string.h>

static migrate_set set(json_t *object, const char *name)
{
	return (migrate_set)number(object, name);
}

static enum cluster_signing signing(json_t *object)
{
	const char *word = json_string_value(member(object, "signing"));

	return word != NULL && strcmp(word, "tokens") == 0 ? SIGNING_TOKENS : SIGNING_TOKENLESS;
}

static struct migrate_list read_list(json_t *from)
{
	return (struct migrate_list){
	    .signing = signing(from),
	    .sasts = set(from, "sasts"),
	    .tokens = set(from, "tokens"),
	    .callmanager = (int)number(from, "callmanager"),
	    .itlrecovery = (int)number(from, "itlrecovery"),
	    .trust = set(from, "trust"),
	    .signer = (int)number(from, "signer"),
	};
}

static json_t *write_list(const struct migrate_list *list)
{
	return json_pack("{ss sI sI si si sI si}", "signing",
	    list->signing == SIGNING_TOKENS ? "tokens" : "tokenless", "sasts",
	    (json_int_t)list->sasts, "tokens", (json_int_t)list->tokens, "callmanager",
	    list->callmanager, "itlrecovery", list->itlrecovery, "trust", (json_int_t)list->trust,
	    "signer", list->signer);
}

static void read_sast(json_t *from, struct migrate_sast *out)
{
	static const char *const kinds[] = {"token", "callmanager", "itlrecovery", "foreign"};
	const char *kind = json_string_value(member(from, "kind"));
	int i = 0;

	while (i < 3 && (kind == NULL || strcmp(kind, kinds[i]) != 0))
		i++;
	out->kind = (enum migrate_kind)i;
	out->anchor = read_anchor(member(from, "anchor"));
	out->key_bits = (unsigned)number(from, "key_bits");
	out->has_key = json_is_true(member(from, "has_key"));
	snprintf(out->name, sizeof(out->name), "%s", json_string_value(member(from, "name")));
}

static void read_groups(json_t *from, struct migrate_problem *out, struct phone_family *families)
{
	out->n_groups = json_array_size(from);
	out->groups = calloc(out->n_groups + 1, sizeof(*out->groups));
	if (out->groups == NULL)
		driver_die("no memory");
	for (size_t i = 0; i < out->n_groups; i++) {
		json_t *group = json_array_get(from, i);
		struct migrate_group *to = &out->groups[i];

		to->phone.family = read_family(member(group, "family"), &families[i]);
		to->phone.ctl = read_holds(member(group, "ctl"));
		to->phone.itl = read_answer(member(group, "itl"));
		to->held = set(group, "held");
		to->digest = (unsigned)number(group, "digest");
		to->key_bits = (unsigned)number(group, "key_bits");
		to->n = (uint64_t)number(group, "n");
		snprintf(to->text, sizeof(to->text), "group %zu", i);
	}
}

static void read_goal(json_t *from, struct migrate_goal *out)
{
	out->signing = signing(from);
	out->tokens = set(from, "tokens");
	out->callmanager = (int)number(from, "callmanager");
	out->itlrecovery = (int)number(from, "itlrecovery");
	out->trust = set(from, "trust");
	out->keep_trust = json_is_true(member(from, "keep_trust"));
	out->signers = set(from, "signers");
}

static void read_problem(json_t *from, struct migrate_problem *out, struct phone_family *families)
{
	json_t *sasts = member(from, "sasts"), *current = member(from, "current");
	struct release release;
	struct error err;

	memset(out, 0, sizeof(*out));
	out->n_sasts = json_array_size(sasts);
	if (out->n_sasts > MIGRATE_SASTS_MAX)
		driver_die("too many SASTs");
	for (size_t i = 0; i < out->n_sasts; i++)
		read_sast(json_array_get(sasts, i), &out->sasts[i]);
	memset(&err, 0, sizeof(err));
	if (release_parse(json_string_value(member(from, "release")), &release, &err) != ST_OK)
		driver_die("release");
	out->rules = release_rules(&release);
	out->digest = (unsigned)number(from, "digest");
	out->tvs = json_is_true(member(from, "tvs"));
	out->has_current = json_is_object(current);
	if (out->has_current)
		out->current = read_list(current);
	out->certificates = set(from, "certificates");
	read_groups(member(from, "groups"), out, families);
	read_goal(member(from, "goal"), &out->goal);
}

static bool both_anchors_change(const struct migrate_list *from, const struct migrate_list *to)
{
	return from->callmanager >= 0 && to->callmanager >= 0 && from->itlrecovery >= 0 &&
	       to->itlrecovery >= 0 && from->callmanager != to->callmanager &&
	       from->itlrecovery != to->itlrecovery;
}

static void break_plan(
    enum breaks broken, const struct migrate_problem *problem, struct migrate_plan *plan)
{
	if (broken == BREAK_NONE) {
		plan->found = false;
		plan->n_steps = 0;
	}
	if (broken == BREAK_ANCHORS && plan->found && plan->n_steps > 1 &&
	    both_anchors_change(&problem->current, &plan->steps[plan->n_steps - 1])) {
		plan->steps[0] = plan->steps[plan->n_steps - 1];
		plan->n_steps = 1;
	}
	if (broken == BREAK_LONGER && plan->found && plan->n_steps > 0 &&
	    plan->n_steps < MIGRATE_STEPS_MAX) {
		plan->steps[plan->n_steps] = plan->steps[plan->n_steps - 1];
		plan->n_steps++;
	}
	if (broken == BREAK_VISIT)
		plan->n_visit = 0;
}

json_t *answer_plan(json_t *question, enum breaks broken)
{
	struct phone_family *families =
	    calloc(json_array_size(member(question, "groups")) + 1, sizeof(*families));
	struct migrate_problem problem;
	json_t *answer, *steps = json_array(), *visit = json_array();
	struct migrate_plan plan;
	struct error err;
	enum status st;

	if (families == NULL)
		driver_die("no memory");
	memset(&plan, 0, sizeof(plan));
	memset(&err, 0, sizeof(err));
	read_problem(question, &problem, families);
	st = migrate_plan_make(&problem, &plan, &err);
	break_plan(broken, &problem, &plan);
	for (size_t i = 0; i < plan.n_steps; i++)
		json_array_append_new(steps, write_list(&plan.steps[i]));
	for (size_t i = 0; i < plan.n_visit; i++)
		json_array_append_new(visit, json_integer((json_int_t)plan.visit[i]));
	answer = json_pack("{sb sb so so sI ss ss}", "ok", st == ST_OK, "found", plan.found,
	    "steps", steps, "visit", visit, "n_phones", (json_int_t)plan.n_phones, "why", plan.why,
	    "error", err.what);
	migrate_plan_free(&plan);
	free(problem.groups);
	free(families);
	return answer;
}
