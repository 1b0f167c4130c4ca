/*
 * Where a migration stands, told by real generations in a real state file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate_underway.h"
#include "fixture_store.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

static struct error err;

static void all_the_way(void)
{
	struct audit_entry entry = store_entry("test");

	underway_begin();
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 0);
	CU_ASSERT_EQUAL(underway.position.generation, 0);
	CU_ASSERT_EQUAL(underway.position.pending, 0);

	underway_bridge(false);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_PENDING);
	CU_ASSERT_EQUAL(underway.position.next, 0);
	CU_ASSERT_EQUAL(underway.position.generation, 2);
	CU_ASSERT_EQUAL(underway.position.pending, 2);
	CU_ASSERT_EQUAL(underway.journal.steps[0].generation, 0);

	CU_ASSERT_EQUAL(store_finish(underway.store, 2, &entry, &err), ST_OK);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 1);
	CU_ASSERT_EQUAL(underway.position.generation, 2);
	CU_ASSERT_EQUAL(underway.journal.steps[0].generation, 2);
	CU_ASSERT_TRUE(underway.journal.steps[0].made > 0);
	CU_ASSERT_STRING_EQUAL(underway.journal.steps[0].who, "anna (uid 1000) on host adm1");

	underway_last(true);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_FINISHED);
	CU_ASSERT_EQUAL(underway.position.next, 2);
	CU_ASSERT_EQUAL(underway.position.generation, 3);
	CU_ASSERT_EQUAL(underway.journal.steps[1].generation, 3);
	underway_end();
}

static void taken_back_is_none(void)
{
	struct audit_entry entry = store_entry("test");

	underway_begin();
	underway_bridge(false);
	CU_ASSERT_EQUAL(
	    store_deliver(underway.store, 2, DELIVERY_COMMIT, NULL, 0, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(store_abandon(underway.store, 2, &entry, &err), ST_OK);
	/* What was noted does not count. */
	underway.journal.steps[0].generation = 2;
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 0);
	CU_ASSERT_EQUAL(underway.journal.steps[0].generation, 0);
	underway_end();
}

static void say(int64_t noted)
{
	underway.journal.steps[0].generation = noted;
	underway.journal.steps[0].said_phones_hold = 1;
	underway.journal.steps[0].accepted_lockout = 4;
}

static void word_counts_for_one_signature(void)
{
	underway_begin();
	/* Nothing was signed by it. */
	say(0);
	underway_locate();
	CU_ASSERT_EQUAL(underway.journal.steps[0].said_phones_hold, 0);
	CU_ASSERT_EQUAL(underway.journal.steps[0].accepted_lockout, 0);
	/* Another generation was. */
	underway_bridge(false);
	say(9);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_PENDING);
	CU_ASSERT_EQUAL(underway.journal.steps[0].accepted_lockout, 0);
	say(0);
	underway_locate();
	CU_ASSERT_EQUAL(underway.journal.steps[0].accepted_lockout, 0);
	say(2);
	underway_locate();
	CU_ASSERT_EQUAL(underway.journal.steps[0].said_phones_hold, 1);
	CU_ASSERT_EQUAL(underway.journal.steps[0].accepted_lockout, 4);
	underway_end();
}

static void new_server_is_no_change(void)
{
	underway_begin();
	underway_base("update");
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 0);
	underway_bridge(true);
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_TOKEN_2,
			 SIGNING_TOKENS, "update"),
	    true);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 1);
	CU_ASSERT_EQUAL(underway.position.generation, 3);
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_TOKEN_1,
			 SIGNING_TOKENS, "update"),
	    false);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 1);
	CU_ASSERT_EQUAL(underway.position.pending, 5);
	underway_end();
}

static void is_changed(const char *what)
{
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_CHANGED);
	if (strstr(underway.position.why, what) == NULL)
		printf("# %s\n", underway.position.why);
	CU_ASSERT_PTR_NOT_NULL(strstr(underway.position.why, what));
}

static void rollback_is_a_change(void)
{
	underway_begin();
	underway_bridge(true);
	underway_base("rollback 1");
	is_changed("generation 3 (ctlsign rollback 1, by anna (uid 1000) on host adm1) is no step "
		   "of the plan: it lists other SASTs");
	CU_ASSERT_EQUAL(underway.position.next, 1);
	CU_ASSERT_EQUAL(underway.journal.steps[0].generation, 2);
	underway_end();
}

static void other_sasts_are_a_change(void)
{
	underway_begin();
	underway_put(underway_generation(UNDERWAY_TOKENS | 1u << 4, UNDERWAY_TOKEN_1,
			 SIGNING_TOKENS, "update --add-token"),
	    true);
	is_changed("generation 2 (ctlsign update --add-token, by anna");
	/* A step that comes after does not make it good. */
	underway_bridge(true);
	is_changed("generation 2 ");
	CU_ASSERT_EQUAL(underway.position.next, 0);
	underway_end();
}

static void other_signing_is_a_change(void)
{
	underway_begin();
	underway_bridge(true);
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_CALLMANAGER,
			 SIGNING_TOKENLESS, "set-cluster mixed-mode"),
	    true);
	is_changed("it changed the kind of signing");
	underway_end();
}

static void other_signer_of_a_step_is_a_change(void)
{
	underway_begin();
	underway_bridge(true);
	underway_put(underway_generation(UNDERWAY_ANCHORS, UNDERWAY_CALLMANAGER, SIGNING_TOKENLESS,
			 "update --tokenless"),
	    false);
	is_changed("generation 3 (ctlsign update --tokenless");
	CU_ASSERT_EQUAL(underway.position.pending, 3);
	underway_end();
}

static void other_mode_is_a_change(void)
{
	struct generation generation;

	underway_begin();
	generation = underway_generation(
	    UNDERWAY_TOKENS, UNDERWAY_TOKEN_1, SIGNING_TOKENS, "set-cluster non-secure-mode");
	generation.mode = 0;
	underway_put(generation, true);
	is_changed("it changed the cluster's mode");
	underway_end();
}

static void other_state_file_is_a_change(void)
{
	underway_begin();
	underway.journal.base = 9;
	is_changed("generation 9, from which the plan began, is not in the state file");
	underway_end();
}

static void new_plan_goes_on_from_its_base(void)
{
	struct migrate_plan again = {.found = true, .n_steps = 1};

	underway_begin();
	underway_bridge(true);
	underway_base("rollback 1");
	underway_locate();
	again.steps[0] = underway.plan.steps[0];
	again.steps[0].signer = UNDERWAY_TOKEN_2;
	CU_ASSERT_EQUAL_FATAL(
	    journal_replan(&underway.journal, &underway.problem, &again, 3, &err), ST_OK);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(underway.position.next, 1);
	CU_ASSERT_EQUAL(underway.position.generation, 2);
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_TOKEN_2,
			 SIGNING_TOKENS, "migrate next"),
	    true);
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_FINISHED);
	CU_ASSERT_EQUAL(underway.journal.steps[1].generation, 4);
	CU_ASSERT_EQUAL(underway.journal.steps[0].generation, 2);
	underway_end();
}

static void eight_steps_are_the_most(void)
{
	underway_begin();
	while (underway.journal.n_steps < MIGRATE_STEPS_MAX) {
		underway.journal.steps[underway.journal.n_steps] =
		    underway.journal.steps[underway.journal.n_steps - 2];
		underway.journal.n_steps++;
	}
	for (size_t i = 0; i < 4; i++) {
		underway_bridge(true);
		underway_last(true);
	}
	underway_locate();
	CU_ASSERT_EQUAL(underway.position.place, JOURNAL_FINISHED);
	CU_ASSERT_EQUAL(underway.position.next, 8);
	underway_base("rollback 1");
	is_changed("generation 10 ");
	underway_end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"each place of a migration is found", all_the_way},
	    {"a generation that was taken back is none", taken_back_is_none},
	    {"an officer's word counts for one signature", word_counts_for_one_signature},
	    {"an update for a new server is no change", new_server_is_no_change},
	    {"a rollback is a change", rollback_is_a_change},
	    {"other SASTs are a change", other_sasts_are_a_change},
	    {"another kind of signing is a change", other_signing_is_a_change},
	    {"a step that somebody else signed is a change", other_signer_of_a_step_is_a_change},
	    {"another mode is a change", other_mode_is_a_change},
	    {"another state file is a change", other_state_file_is_a_change},
	    {"a new plan goes on from its base", new_plan_goes_on_from_its_base},
	    {"eight steps are the most", eight_steps_are_the_most},
	};

	return harness_main("migrate locate", tests, HARNESS_COUNT(tests));
}
