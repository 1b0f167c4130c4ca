/*
 * The planner: what stands in the way of a migration, whom to visit then, and its limits.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "fixture_migrate_scene.h"

#include "phone/families.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void a_digest_that_old_phones_do_not_know(void)
{
	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, 0, new_cm, itl, itl);
	problem.digest = TL_SHA512;
	fixture_group(&problem, &fixture_modern, PHONE_YES, cm | itl, 50);
	fixture_group(&problem, &fixture_old, PHONE_NO, cm | itl, 11);
	make();
	expect_none("digest");
	CU_ASSERT_PTR_NOT_NULL(strstr(plan.why, "old phones, group 2"));
	CU_ASSERT_EQUAL(plan.n_phones, 11);

	/* That they hold such a list is proof that they do. */
	problem.groups[1].digest = TL_SHA512;
	make();
	expect_steps(1);
}

static void a_key_that_is_too_large(void)
{
	begin("12.5(1)");
	problem.sasts[fixture_index(itl)].key_bits = 4096;
	fixture_current(&problem, 0, cm, itl, 0, itl);
	fixture_goal(&problem, 0, new_cm, itl, itl);
	fixture_group(&problem, &fixture_modern, PHONE_YES, cm | itl, 50);
	fixture_group(&problem, &fixture_small, PHONE_YES, cm | itl, 9);
	make();
	expect_none("key of 4096 bits");
	CU_ASSERT_PTR_NOT_NULL(strstr(plan.why, "small phones, group 2"));
	CU_ASSERT_EQUAL(plan.n_phones, 9);
	problem.goal.signers |= new_cm;
	make();
	expect_steps(2);
	expect_step(0, 0, cm, itl, new_cm, cm);
	expect_step(1, 0, new_cm, itl, 0, new_cm);

	lose(cm);
	lose(new_cm);
	make();
	expect_none("key of 4096 bits");
	CU_ASSERT_EQUAL(plan.n_phones, 9);
}

static void without_an_itl_nobody_is_asked(void)
{
	begin("12.5(1)");
	fixture_current(&problem, a | b, 0, 0, 0, a);
	problem.certificates |= cm;
	fixture_goal(&problem, 0, cm, itl, cm);
	fixture_group(&problem, &fixture_modern, PHONE_YES, a | b, 100);
	make();
	expect_steps(1);
	fixture_group(&problem, &fixture_modern, PHONE_NO, a | b, 1);
	make();
	expect_steps(2);
	lose(a);
	lose(b);
	make();
	expect_none("no SAST that all phones know has a key");
	CU_ASSERT_EQUAL(plan.n_phones, 1);
	/* Nobody knows whether it has one. */
	problem.groups[1].phone.itl = PHONE_MAYBE;
	make();
	expect_none("it is not known");
	CU_ASSERT_EQUAL(plan.n_visit, 1);
	CU_ASSERT_EQUAL(plan.visit[0], 1);
}

static void what_is_not_known_is_no_plan(void)
{
	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, 0, new_cm, itl, itl);
	both_kinds_hold(cm | itl);
	fixture_group(&problem, &fixture_plain, PHONE_NO, 0, 4)->phone.ctl = PHONE_HOLDS_UNKNOWN;
	make();
	expect_none("it is not known whether all phones accept the first CTL: plain phones, group");
	CU_ASSERT_EQUAL(plan.n_steps, 1);
	CU_ASSERT_EQUAL(plan.n_visit, 1);
	CU_ASSERT_EQUAL(plan.visit[0], 2);
	CU_ASSERT_EQUAL(plan.n_phones, 4);
}

static void one_straggler_makes_it_impossible(void)
{
	begin("12.5(1)");
	lose(d);
	fixture_current(&problem, a | b, cm, itl, 0, a);
	fixture_goal(&problem, 0, cm, itl, cm);
	both_kinds_hold(a | b | cm | itl);
	fixture_group(&problem, &fixture_plain, PHONE_NO, d, 2);
	make();
	expect_none("no SAST that all phones know has a key");
	/* Without these two it is one step. */
	CU_ASSERT_EQUAL(plan.n_steps, 1);
	expect_step(0, 0, cm, itl, 0, cm);
	CU_ASSERT_EQUAL(plan.n_visit, 1);
	CU_ASSERT_EQUAL(plan.visit[0], 2);
	CU_ASSERT_EQUAL(plan.n_phones, 2);
}

static void both_anchors_are_lost(void)
{
	begin("12.5(1)");
	lose(cm);
	lose(itl);
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, 0, new_cm, new_itl, new_cm | new_itl);
	both_kinds_hold(cm | itl);
	make();
	expect_none("CallManager and ITLRecovery would have to change at once");
	CU_ASSERT_EQUAL(plan.n_phones, 20);
	CU_ASSERT_EQUAL(plan.n_steps, 2);
	CU_ASSERT_EQUAL(plan.steps[0].trust, plan.steps[0].sasts & (new_cm | new_itl));
}

static void rules_stand_in_the_way(void)
{
	begin("9.1(2)");
	fixture_current(&problem, a | b, 0, 0, 0, a);
	fixture_goal(&problem, 0, cm, itl, cm);
	both_kinds_hold(a | b);
	make();
	expect_none("9.1(2) know no tokenless signing");
	CU_ASSERT_EQUAL(plan.n_steps, 0);
	CU_ASSERT_EQUAL(plan.n_visit, 0);

	fixture_goal(&problem, a, cm, itl, a);
	make();
	expect_none("needs two tokens");
	/* Who has only one may go on with one. */
	fixture_current(&problem, b, 0, 0, 0, b);
	problem.groups[0].held = problem.groups[1].held = b;
	make();
	expect_steps(2);
	expect_step(0, a | b, 0, 0, 0, b);
	expect_step(1, a, 0, 0, 0, a);

	begin("12.5(1)");
	fixture_current(&problem, a | b, 0, 0, 0, a);
	fixture_goal(&problem, 0, cm, 0, cm);
	make();
	expect_none("its certificate is not known");
	fixture_goal(&problem, 0, cm, itl, a | b);
	make();
	expect_none("may sign the last CTL");
	fixture_goal(&problem, 0, cm, itl, cm);
	lose(cm);
	make();
	expect_none("may sign the last CTL");
}

static void classes_count_like_phones(void)
{
	begin("12.5(1)");
	fixture_current(&problem, a | b, cm, itl, 0, a);
	fixture_goal(&problem, 0, cm, itl, cm);
	fixture_group(&problem, &phone_family_with_sbd, PHONE_YES, a | b | cm | itl, 0);
	fixture_group(&problem, &phone_family_without_sbd, PHONE_YES, a | b, 0);
	make();
	expect_steps(2);
	expect_step(0, a | b, cm, itl, 0, a);
	lose(a);
	lose(b);
	make();
	expect_none("no SAST that all phones know has a key");
	CU_ASSERT_EQUAL(plan.n_visit, 1);
	CU_ASSERT_EQUAL(plan.visit[0], 1);
	CU_ASSERT_EQUAL(plan.n_phones, 0);
}

static void judges_a_step(void)
{
	struct phone_verdict verdicts[2];
	struct migrate_list list;

	begin("12.5(1)");
	fixture_current(&problem, a | b, 0, 0, 0, a);
	fixture_goal(&problem, 0, cm, itl, cm);
	both_kinds_hold(a | b);
	make();
	expect_steps(2);
	/* Today nobody knows CallManager; holders of the bridge do. */
	list = plan.steps[1];
	migrate_judge_step(&problem, &problem.current, &list, verdicts);
	CU_ASSERT_EQUAL(verdicts[0].outcome, PHONE_REJECTED);
	CU_ASSERT_EQUAL(verdicts[0].why, PHONE_WHY_NOT_VOUCHED);
	CU_ASSERT_EQUAL(verdicts[1].why, PHONE_WHY_NO_SBD);
	migrate_judge_step(&problem, &plan.steps[0], &list, verdicts);
	CU_ASSERT_EQUAL(verdicts[0].outcome, PHONE_BY_SAST);
	CU_ASSERT_EQUAL(verdicts[1].outcome, PHONE_BY_SAST);
	/* What stands in Phone-SAST-trust vouches in the same step. */
	list.trust = cm;
	migrate_judge_step(&problem, NULL, &list, verdicts);
	CU_ASSERT_EQUAL(verdicts[0].outcome, PHONE_BY_TVS);
	CU_ASSERT_EQUAL(verdicts[1].outcome, PHONE_REJECTED);
}

static void too_large_is_refused(void)
{
	struct error err;

	begin("12.5(1)");
	problem.n_sasts = MIGRATE_SASTS_MAX + 1;
	migrate_plan_free(&plan);
	CU_ASSERT_EQUAL(migrate_plan_make(&problem, &plan, &err), ST_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "24"));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* 24 SASTs that can all sign, 2,000 groups: half of them modern, of many families' sizes of keys.
 */
static void make_largest(bool possible)
{
	migrate_set tokens = 0, cms[4], itls[4];

	fixture_problem(&problem, "12.5(1)");
	for (int i = 0; i < 16; i++)
		tokens |= fixture_sast(&problem, MIGRATE_TOKEN, true);
	for (int i = 0; i < 4; i++)
		cms[i] = fixture_sast(&problem, MIGRATE_CALLMANAGER, true);
	for (int i = 0; i < 4; i++)
		itls[i] = fixture_sast(&problem, MIGRATE_ITLRECOVERY, true);
	for (size_t i = 0; i < problem.n_sasts; i++)
		problem.sasts[i].key_bits = 1024 + 32 * (unsigned)i;
	fixture_current(&problem, tokens & 0xff, cms[0], itls[0], 0, 1);
	fixture_goal(&problem, tokens & 0xff00, cms[1], itls[1], tokens & 0xff00);
	for (unsigned i = 0; i < 2000; i++)
		fixture_group(&problem, i % 2 ? &fixture_modern : &fixture_plain,
		    i % 3 ? PHONE_YES : PHONE_NO, (tokens & (0xff ^ (1U << i % 7))) | cms[i % 4],
		    i);
	if (!possible)
		fixture_group(&problem, &fixture_plain, PHONE_NO, itls[3], 1);
}

static void the_largest_case_is_quick(void)
{
	struct migrate_plan again = {0};
	struct error err;
	double begun;

	make_largest(true);
	begun = seconds();
	make();
	CU_ASSERT_TRUE(seconds() - begun < 3.0);
	fprintf(stderr, "# %.3f s with 24 SASTs and 2,000 groups\n", seconds() - begun);
	expect_steps(2);
	CU_ASSERT_EQUAL(migrate_plan_make(&problem, &again, &err), ST_OK);
	CU_ASSERT_EQUAL(memcmp(again.steps, plan.steps, sizeof(plan.steps)), 0);
	migrate_plan_free(&again);

	make_largest(false);
	begun = seconds();
	make();
	CU_ASSERT_TRUE(seconds() - begun < 3.0);
	fprintf(stderr, "# %.3f s when there is none\n", seconds() - begun);
	expect_none("no SAST that all phones know has a key");
	CU_ASSERT_EQUAL(plan.n_phones, 1);
	CU_ASSERT_EQUAL(plan.n_steps, 2);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a digest that old phones do not know", a_digest_that_old_phones_do_not_know},
	    {"a key that is too large", a_key_that_is_too_large},
	    {"without an ITL nobody is asked", without_an_itl_nobody_is_asked},
	    {"what is not known is no plan", what_is_not_known_is_no_plan},
	    {"one straggler makes it impossible", one_straggler_makes_it_impossible},
	    {"both anchors are lost", both_anchors_are_lost},
	    {"rules stand in the way", rules_stand_in_the_way},
	    {"classes count like phones", classes_count_like_phones},
	    {"a step is judged as a whole", judges_a_step},
	    {"a problem that is too large is refused", too_large_is_refused},
	    {"the largest case is quick, and always the same", the_largest_case_is_quick},
	};
	const int code = harness_main("migrate_plan_refused", tests, HARNESS_COUNT(tests));

	migrate_plan_free(&plan);
	return code;
}
