/*
 * The planner: each migration that Cisco's documents know, step by step.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "fixture_migrate_scene.h"

static void tokens_to_tokenless_in_one(void)
{
	begin("11.5(1)");
	fixture_current(&problem, a | b, cm, itl, 0, a);
	fixture_goal(&problem, 0, cm, itl, cm);
	both_kinds_hold(a | b | cm | itl);
	make();
	expect_steps(1);
	expect_step(0, 0, cm, itl, 0, cm);
}

static void old_tokens_take_a_bridge(void)
{
	begin("12.5(1)");
	fixture_current(&problem, a | b, 0, 0, 0, a);
	fixture_goal(&problem, 0, cm, itl, itl);
	both_kinds_hold(a | b);
	make();
	expect_steps(2);
	expect_step(0, a | b, cm, itl, 0, a);
	expect_step(1, 0, cm, itl, 0, itl);
}

static void old_release_bridges_through_the_trust_store(void)
{
	begin("10.5(2)");
	fixture_current(&problem, a | b, 0, 0, 0, b);
	fixture_goal(&problem, 0, cm, itl, cm);
	both_kinds_hold(a | b);
	make();
	expect_steps(2);
	expect_step(0, a | b, 0, 0, cm, b);
	expect_step(1, 0, cm, itl, 0, cm);
}

static void all_ask_tvs_so_no_bridge_is_needed(void)
{
	begin("12.5(1)");
	fixture_current(&problem, a | b, 0, 0, 0, a);
	/* CallManager's certificate stands in the publisher's record. */
	problem.certificates |= cm;
	fixture_goal(&problem, 0, cm, itl, cm);
	fixture_group(&problem, &fixture_modern, PHONE_YES, a | b, 100);
	make();
	expect_steps(1);
	expect_step(0, 0, cm, itl, 0, cm);

	/* No record has it: then it goes to Phone-SAST-trust first, which the goal has to allow. */
	problem.certificates &= ~cm;
	make();
	expect_steps(2);
	problem.goal.trust = cm;
	make();
	expect_steps(1);
	expect_step(0, 0, cm, itl, cm, cm);

	/* Nobody is there to ask. */
	problem.tvs = false;
	make();
	expect_steps(2);
}

static void tokenless_to_tokens(void)
{
	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, 0, itl);
	fixture_goal(&problem, a | b, cm, itl, a | b);
	both_kinds_hold(cm | itl);
	make();
	expect_steps(2);
	expect_step(0, a | b, cm, itl, 0, itl);
	expect_step(1, a | b, cm, itl, 0, a);
}

static void tokenless_to_tokens_of_an_old_release(void)
{
	begin("10.5(2)");
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, a | b, cm, itl, a | b);
	both_kinds_hold(cm | itl);
	make();
	expect_steps(2);
	/* One of the anchors has to stay in the step that takes both from their places. */
	expect_step(0, a | b, 0, 0, cm, cm);
	expect_step(1, a | b, 0, 0, 0, a);
}

static void a_new_callmanager_is_signed_by_itlrecovery(void)
{
	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, 0, new_cm, itl, new_cm | itl);
	both_kinds_hold(cm | itl);
	make();
	expect_steps(1);
	expect_step(0, 0, new_cm, itl, 0, itl);

	/* When CallManager has to sign: a step for the phones to know it. */
	problem.goal.signers = new_cm;
	lose(cm);
	make();
	expect_steps(2);
	expect_step(0, 0, new_cm, itl, 0, itl);
	expect_step(1, 0, new_cm, itl, 0, new_cm);
}

static void both_anchors_take_two_steps(void)
{
	migrate_set changed;

	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, 0, new_cm, new_itl, new_cm | new_itl);
	both_kinds_hold(cm | itl);
	make();
	expect_steps(2);
	changed = plan.steps[0].sasts & (new_cm | new_itl);
	CU_ASSERT_TRUE(changed == new_cm || changed == new_itl);
	CU_ASSERT_EQUAL(plan.steps[0].trust, 0);
	CU_ASSERT_EQUAL(__builtin_popcount(plan.steps[0].sasts), 2);
	expect_step(1, 0, new_cm, new_itl, 0, changed);

	/* TVS would let it pass in one: it never comes out. */
	problem.certificates |= new_cm | new_itl;
	problem.n_groups = 1;
	make();
	expect_steps(2);
}

static void one_token_is_lost(void)
{
	begin("12.5(1)");
	lose(a);
	fixture_current(&problem, a | b, cm, itl, 0, a);
	fixture_goal(&problem, b | c, cm, itl, b | c);
	both_kinds_hold(a | b | cm | itl);
	make();
	expect_steps(1);
	expect_step(0, b | c, cm, itl, 0, b);
}

static void all_tokens_are_lost_and_anchors_listed(void)
{
	begin("12.5(1)");
	lose(a);
	lose(b);
	fixture_current(&problem, a | b, cm, itl, 0, a);
	fixture_goal(&problem, c | d, cm, itl, c | d);
	both_kinds_hold(a | b | cm | itl);
	make();
	expect_steps(2);
	expect_step(0, c | d, cm, itl, 0, cm);
	expect_step(1, c | d, cm, itl, 0, c);
}

static void all_tokens_are_lost_and_no_anchor_listed(void)
{
	begin("12.5(1)");
	lose(a);
	lose(b);
	fixture_current(&problem, a | b, 0, 0, 0, a);
	problem.certificates |= cm;
	fixture_goal(&problem, 0, cm, itl, cm | itl);
	both_kinds_hold(a | b);
	make();
	expect_none("no SAST that all phones know has a key");
	CU_ASSERT_PTR_NOT_NULL(strstr(plan.why, "plain phones, group 2"));
	/* Those with Security By Default ask TVS: only the others have to be visited. */
	CU_ASSERT_EQUAL(plan.n_steps, 1);
	CU_ASSERT_EQUAL(plan.n_visit, 1);
	CU_ASSERT_EQUAL(plan.visit[0], 1);
	CU_ASSERT_EQUAL(plan.n_phones, 20);
	expect_step(0, 0, cm, itl, 0, cm);

	problem.n_groups = 1;
	make();
	expect_steps(1);
}

static void another_cluster_is_joined(void)
{
	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, 0, cm);
	fixture_goal(&problem, 0, cm, itl, cm);
	problem.goal.trust = foreign;
	both_kinds_hold(cm | itl);
	make();
	expect_steps(1);
	expect_step(0, 0, cm, itl, foreign, cm);
}

static void trust_stays_where_it_may(void)
{
	begin("12.5(1)");
	fixture_current(&problem, a | b, cm, itl, foreign, a);
	fixture_goal(&problem, 0, cm, itl, itl);
	problem.goal.keep_trust = true;
	both_kinds_hold(a | b | cm | itl | foreign);
	make();
	expect_steps(1);
	expect_step(0, 0, cm, itl, foreign, itl);
	problem.goal.keep_trust = false;
	make();
	expect_steps(1);
	expect_step(0, 0, cm, itl, 0, itl);
}

static void new_tokens_for_old(void)
{
	begin("12.5(1)");
	fixture_current(&problem, a | b, cm, itl, 0, b);
	fixture_goal(&problem, c | d, cm, itl, c | d);
	both_kinds_hold(a | b | cm | itl);
	make();
	expect_steps(2);
	expect_step(0, a | b | c | d, cm, itl, 0, b);
	expect_step(1, c | d, cm, itl, 0, c);

	/* A lost one does not stay for longer than it has to. */
	lose(a);
	make();
	expect_steps(2);
	expect_step(0, b | c | d, cm, itl, 0, b);
}

static void phones_of_three_generations(void)
{
	begin("12.5(1)");
	fixture_current(&problem, b | c, cm, itl, 0, c);
	fixture_goal(&problem, 0, cm, itl, cm);
	fixture_group(&problem, &fixture_plain, PHONE_NO, a | b, 5);
	fixture_group(&problem, &fixture_plain, PHONE_NO, a | b | c, 7);
	fixture_group(&problem, &fixture_plain, PHONE_NO, b | c | cm | itl, 900);
	fixture_group(&problem, &fixture_modern, PHONE_YES, 0, 3);
	make();
	expect_steps(2);
	/* The one that all of the three know. */
	expect_step(0, b | c, cm, itl, 0, b);
	expect_step(1, 0, cm, itl, 0, cm);
}

static void the_first_ctl(void)
{
	begin("12.5(1)");
	fixture_goal(&problem, a | b, cm, itl, a | b);
	fixture_group(&problem, &fixture_plain, PHONE_NO, 0, 10);
	make();
	expect_steps(1);
	expect_step(0, a | b, cm, itl, 0, a);
}

static void nothing_is_to_be_done(void)
{
	begin("12.5(1)");
	fixture_current(&problem, 0, cm, itl, foreign, itl);
	fixture_goal(&problem, 0, cm, itl, itl);
	problem.goal.keep_trust = true;
	both_kinds_hold(cm | itl | foreign);
	make();
	expect_steps(0);
	/* The same SASTs, but another one has to sign; or one has to go that stands there so. */
	problem.goal.signers = cm;
	make();
	expect_steps(1);
	problem.goal.signers = itl;
	problem.goal.keep_trust = false;
	make();
	expect_steps(1);
	problem.goal.keep_trust = true;
	problem.current.sasts |= d;
	make();
	expect_steps(1);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"tokens with anchors beside them: tokenless in one step", tokens_to_tokenless_in_one},
	    {"tokens of an older release: a bridge first", old_tokens_take_a_bridge},
	    {"10.5(2) bridges through Phone-SAST-trust",
		old_release_bridges_through_the_trust_store},
	    {"phones that all ask TVS need no bridge", all_ask_tvs_so_no_bridge_is_needed},
	    {"tokenless to tokens", tokenless_to_tokens},
	    {"tokenless to tokens at 10.5(2)", tokenless_to_tokens_of_an_old_release},
	    {"a new CallManager is signed by ITLRecovery",
		a_new_callmanager_is_signed_by_itlrecovery},
	    {"both anchors take two steps, TVS or not", both_anchors_take_two_steps},
	    {"one token is lost", one_token_is_lost},
	    {"all tokens are lost, and anchors are listed", all_tokens_are_lost_and_anchors_listed},
	    {"all tokens are lost, and no anchor is listed",
		all_tokens_are_lost_and_no_anchor_listed},
	    {"another cluster is joined", another_cluster_is_joined},
	    {"Phone-SAST-trust stays where it may", trust_stays_where_it_may},
	    {"new tokens for old ones", new_tokens_for_old},
	    {"phones of three generations", phones_of_three_generations},
	    {"the first CTL", the_first_ctl},
	    {"nothing is to be done", nothing_is_to_be_done},
	};
	const int code = harness_main("migrate_plan", tests, HARNESS_COUNT(tests));

	migrate_plan_free(&plan);
	return code;
}
