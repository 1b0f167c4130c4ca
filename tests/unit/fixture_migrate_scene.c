/*
 * A cluster for the tests of the planner, and what they say of a plan.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate_scene.h"

#include "harness.h"

#include <stdio.h>
#include <string.h>

struct migrate_problem problem;
struct migrate_plan plan;
migrate_set a, b, c, d, cm, itl, new_cm, new_itl, foreign;

static struct error err;

void begin(const char *release)
{
	fixture_problem(&problem, release);
	a = fixture_sast(&problem, MIGRATE_TOKEN, true);
	b = fixture_sast(&problem, MIGRATE_TOKEN, true);
	c = fixture_sast(&problem, MIGRATE_TOKEN, true);
	d = fixture_sast(&problem, MIGRATE_TOKEN, true);
	cm = fixture_sast(&problem, MIGRATE_CALLMANAGER, true);
	itl = fixture_sast(&problem, MIGRATE_ITLRECOVERY, true);
	new_cm = fixture_sast(&problem, MIGRATE_CALLMANAGER, true);
	new_itl = fixture_sast(&problem, MIGRATE_ITLRECOVERY, true);
	foreign = fixture_sast(&problem, MIGRATE_FOREIGN, false);
}

void lose(migrate_set sast)
{
	problem.sasts[fixture_index(sast)].has_key = false;
}

void both_kinds_hold(migrate_set held)
{
	fixture_group(&problem, &fixture_modern, PHONE_YES, held, 100);
	fixture_group(&problem, &fixture_plain, PHONE_NO, held, 20);
}

void make(void)
{
	migrate_plan_free(&plan);
	CU_ASSERT_EQUAL(migrate_plan_make(&problem, &plan, &err), ST_OK);
}

void expect_steps(size_t n)
{
	CU_ASSERT_TRUE(plan.found);
	CU_ASSERT_EQUAL(plan.n_steps, n);
	CU_ASSERT_STRING_EQUAL(plan.why, "");
	CU_ASSERT_EQUAL(plan.n_visit, 0);
	if (!plan.found || plan.n_steps != n) {
		fprintf(stderr, "# found %d, %zu steps: %s\n", plan.found, plan.n_steps, plan.why);
		for (size_t i = 0; i < plan.n_steps; i++)
			fixture_print(&plan.steps[i]);
	}
}

void expect_step(size_t index, migrate_set tokens, migrate_set callmanager, migrate_set itlrecovery,
    migrate_set trust, migrate_set signer)
{
	const struct migrate_list *list = &plan.steps[index];
	const bool same = list->tokens == tokens && list->trust == trust &&
			  list->callmanager == fixture_index(callmanager) &&
			  list->itlrecovery == fixture_index(itlrecovery) &&
			  list->signer == fixture_index(signer);

	CU_ASSERT_TRUE(same);
	if (!same)
		fixture_print(list);
	CU_ASSERT_EQUAL(list->signing, tokens != 0 ? SIGNING_TOKENS : SIGNING_TOKENLESS);
	CU_ASSERT_EQUAL(list->sasts, tokens | callmanager | itlrecovery | trust);
}

void expect_none(const char *why)
{
	CU_ASSERT_FALSE(plan.found);
	CU_ASSERT_PTR_NOT_NULL(strstr(plan.why, why));
	if (strstr(plan.why, why) == NULL)
		fprintf(stderr, "# why: '%s'\n", plan.why);
}
