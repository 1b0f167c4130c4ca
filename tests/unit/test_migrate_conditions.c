/*
 * What has to be true before a migration's next step, and its steps in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_migrate_underway.h"
#include "harness.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- conditions --------------------------------------------------------------------------------
 */

static const struct condition *condition(const struct conditions *conditions, const char *code)
{
	for (size_t i = 0; i < conditions->n; i++)
		if (strcmp(conditions->list[i].code, code) == 0)
			return &conditions->list[i];
	return NULL;
}

static void is(const struct conditions *conditions, const char *code, enum condition_state state,
    const char *text, const char *todo)
{
	const struct condition *c = condition(conditions, code);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL(c->state, state);
	if (strstr(c->text, text) == NULL || strstr(c->todo, todo) == NULL)
		printf("# %s: %s; %s\n", code, c->text, c->todo);
	CU_ASSERT_PTR_NOT_NULL(strstr(c->text, text));
	CU_ASSERT_PTR_NOT_NULL(strstr(c->todo, todo));
	CU_ASSERT_EQUAL(c->todo[0] == '\0', state == CONDITION_MET);
}

static void before_the_first_step(void)
{
	struct inventory inventory;
	struct conditions got;
	struct fleet_answer answer = {.has_fleet = true, .n = 812, .behind = 800};

	underway_begin();
	underway_locate();
	fixture_cluster(&inventory, "12.5(1)");
	answer.by_outcome[PHONE_BY_SAST] = 812;
	journal_conditions(&underway.journal, 0, &underway.position, &inventory, &answer, &got);
	CU_ASSERT_EQUAL(got.n, 4);
	CU_ASSERT_TRUE(got.ready);
	is(&got, "published", CONDITION_MET, "nothing is on its way", "");
	is(&got, "inventory-callmanager", CONDITION_MET,
	    "ctlsign.conf: line 11 names the certificate of CallManager", "");
	is(&got, "phones-accept", CONDITION_MET, "all 812 phones accept it: 812 ", "");
	/* It is for phones as they are, and a token needs no line in ctlsign.conf. */
	CU_ASSERT_PTR_NULL(condition(&got, "phones-hold"));
	CU_ASSERT_PTR_NULL(condition(&got, "key-callmanager"));

	fixture_cluster_certificate(
	    &inventory.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 2));
	journal_conditions(&underway.journal, 0, &underway.position, &inventory, NULL, &got);
	CU_ASSERT_FALSE(got.ready);
	is(&got, "inventory-itlrecovery", CONDITION_NOT_MET,
	    "ctlsign.conf: line 5 names another certificate than that of ITLRecovery",
	    "itlrecovery { certificate = \"FILE\" key");
	is(&got, "phones-accept", CONDITION_NOT_KNOWN, "was not asked", "ctlsign phones check");
	fixture_cluster_free(&inventory);
	underway_end();
}

static void before_the_next_step(void)
{
	struct fleet_group groups[2] = {{.verdict = {PHONE_REJECTED, PHONE_WHY_NO_SBD}},
	    {.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}}};
	struct fleet_answer answer = {
	    .has_fleet = true, .n = 812, .behind = 12, .groups = groups, .n_groups = 2};
	struct inventory inventory;
	struct conditions got;

	underway_begin();
	underway_bridge(true);
	underway_locate();
	fixture_cluster(&inventory, "12.5(1)");
	answer.by_outcome[PHONE_BY_SAST] = 800;
	answer.by_outcome[PHONE_REJECTED] = 12;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	CU_ASSERT_FALSE(got.ready);
	is(&got, "key-itlrecovery", CONDITION_NOT_MET, "does not say where the key of ITLRecovery",
	    "itlrecovery { key = \"FILE or pkcs11:...\" }");
	is(&got, "phones-hold", CONDITION_NOT_MET, "12 of 812 phones do not hold the newest CTL",
	    "--phones-hold 2");
	is(&got, "phones-accept", CONDITION_NOT_MET,
	    "12 of 812 phones would reject it: ", "ctlsign migrate next --lockout-list FILE");

	inventory.itlrecovery_key.where = strdup("itl.key");
	inventory.itlrecovery_key.line = 6;
	underway.journal.steps[1].accepted_lockout = 11;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_MET, "12 of 812", "");
	underway.journal.steps[1].accepted_lockout = 12;
	underway.journal.steps[1].said_phones_hold = 1;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "key-itlrecovery", CONDITION_MET, "ctlsign.conf: line 6 says", "");
	is(&got, "phones-accept", CONDITION_MET, "12 phones would be locked out", "");
	is(&got, "phones-hold", CONDITION_NOT_MET, "12 of 812", "");
	underway.journal.steps[1].said_phones_hold = 2;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-hold", CONDITION_MET, "an officer says that all phones hold generation 2",
	    "");
	CU_ASSERT_TRUE(got.ready);

	underway.journal.steps[1].accepted_lockout = 0;
	underway.journal.steps[1].said_phones_hold = 0;
	answer.by_outcome[PHONE_REJECTED] = 0;
	answer.by_outcome[PHONE_BY_TVS] = 12;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-hold", CONDITION_MET, "accept the step even so", "");
	CU_ASSERT_TRUE(got.ready);
	answer.by_outcome[PHONE_BY_TVS] = 0;
	answer.by_outcome[PHONE_UNKNOWN] = 12;
	groups[0].verdict = (struct phone_verdict){PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL};
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_KNOWN, "of 12 of 812 phones it cannot be told",
	    "import");
	is(&got, "phones-hold", CONDITION_NOT_MET, "12 of 812", "");
	free(inventory.itlrecovery_key.where);
	fixture_cluster_free(&inventory);
	underway_end();
}

static void without_a_fleet(void)
{
	struct fleet_group groups[2] = {{.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}},
	    {.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}}};
	struct fleet_answer answer = {.groups = groups, .n_groups = 2};
	struct inventory inventory;
	struct conditions got;

	underway_begin();
	underway_bridge(true);
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_TOKEN_1,
			 SIGNING_TOKENS, "update"),
	    false);
	underway_locate();
	fixture_cluster(&inventory, "12.5(1)");
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "published", CONDITION_NOT_MET, "generation 3 is signed", "ctlsign publish");
	is(&got, "phones-hold", CONDITION_NOT_KNOWN, "whether all phones hold generation 2",
	    "--phones-hold 2");
	is(&got, "phones-accept", CONDITION_MET, "all 2 classes of phones", "");
	groups[1].verdict = (struct phone_verdict){PHONE_REJECTED, PHONE_WHY_NO_SBD};
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_MET, "1 of 2 classes of phones would reject it",
	    "ctlsign phones import");
	fixture_cluster_free(&inventory);
	underway_end();
}

/* ---- in words ----------------------------------------------------------------------------------
 */

static void says(void (*words)(const struct journal *, size_t, struct buffer *), size_t index,
    const char *expected)
{
	struct buffer out = BUFFER_INIT;

	words(&underway.journal, index, &out);
	if (strcmp(buffer_text(&out), expected) != 0)
		printf("# %s\n", buffer_text(&out));
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), expected);
	buffer_free(&out);
}

static void steps_in_words(void)
{
	underway_begin();
	underway_bridge(true);
	underway_locate();
	says(journal_step_title, 0,
	    "Bridge: signed by token CN=SAST-1, it also trusts CallManager and ITLRecovery");
	says(journal_step_title, 1, "Tokenless: signed by ITLRecovery");
	says(journal_step_changes, 0,
	    "adds CallManager\nadds ITLRecovery\nis signed by token CN=SAST-1, as the one "
	    "before\n");
	says(journal_step_changes, 1,
	    "removes token CN=SAST-1\nremoves token CN=SAST-2\nis a CTL without tokens\n"
	    "is signed by ITLRecovery\n");
	says(journal_step_back, 0,
	    "before every server has it: ctlsign publish --back, which puts the CTL before it "
	    "back\n"
	    "after that: ctlsign rollback 1 --token TOKEN, with token CN=SAST-1 or token "
	    "CN=SAST-2, whom phones know with either CTL\n"
	    "or stay here: the migration can wait at this step as long as it has to\n");
	says(journal_step_back, 1,
	    "before every server has it: ctlsign publish --back, which puts the CTL before it "
	    "back\n"
	    "after that: ctlsign rollback 2 --sign-with KEY, with the key of CallManager or "
	    "ITLRecovery, whom phones know with either CTL\n");
	underway_end();
}

static void way_back_is_to_the_generation_before(void)
{
	struct buffer text = BUFFER_INIT;

	underway_begin();
	underway_base("update");
	underway_bridge(true);
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_TOKEN_1,
			 SIGNING_TOKENS, "update"),
	    true);
	underway_locate();
	CU_ASSERT_EQUAL(underway.journal.steps[0].generation, 3);
	CU_ASSERT_EQUAL(underway.journal.steps[0].before, 2);
	CU_ASSERT_EQUAL(underway.journal.steps[1].before, 4);
	journal_step_back(&underway.journal, 0, &text);
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), "ctlsign rollback 2 --token TOKEN"));
	buffer_reset(&text);
	journal_step_back(&underway.journal, 1, &text);
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), "ctlsign rollback 4 --sign-with KEY"));
	buffer_free(&text);
	underway_end();
}

/* Whether it can read the list nobody knows; it would meet the same with the one of today. */
static void phone_without_a_ctl_is_no_worse_off(void)
{
	struct fleet_group groups[2] = {
	    {.verdict = {PHONE_UNKNOWN, PHONE_WHY_FIRMWARE}, .ctl = PHONE_HOLDS_NONE, .n = 3},
	    {.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}, .ctl = PHONE_HOLDS_LIST, .n = 9}};
	struct fleet_answer answer = {
	    .has_fleet = true, .n = 12, .behind = 0, .groups = groups, .n_groups = 2};
	struct inventory inventory;
	struct conditions got;

	underway_begin();
	underway_bridge(true);
	underway_locate();
	fixture_cluster(&inventory, "12.5(1)");
	answer.by_outcome[PHONE_BY_SAST] = 9;
	answer.by_outcome[PHONE_UNKNOWN] = 3;
	CU_ASSERT_TRUE(underway.position.digest > 0);
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_MET, "3 phones without a CTL", "");
	CU_ASSERT_EQUAL(got.at_risk, 0);
	/* Another digest than today's it might not know. */
	inventory.has_digest = true;
	inventory.digest = underway.position.digest == TL_SHA512 ? TL_SHA1 : TL_SHA512;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_KNOWN, "of 3 of 12 phones it cannot be told", "");
	CU_ASSERT_EQUAL(got.at_risk, 3);
	inventory.has_digest = false;
	groups[0].ctl = PHONE_HOLDS_UNKNOWN;
	journal_conditions(&underway.journal, 1, &underway.position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_KNOWN, "of 3 of 12 phones it cannot be told", "");
	fixture_cluster_free(&inventory);
	underway_end();
}

static void no_way_back_is_said(void)
{
	underway_begin();
	underway.journal.n_before = 1;
	underway.journal.now = underway.journal.from;
	says(journal_step_back, 1,
	    "before every server has it: ctlsign publish --back, which puts the CTL before it "
	    "back\n"
	    "after that there is no way back: it has no SAST with a key in common with the CTL "
	    "before, so phones that have it would reject that one\n");
	underway_end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what the first step needs", before_the_first_step},
	    {"what the next step needs", before_the_next_step},
	    {"what it needs without a fleet", without_a_fleet},
	    {"steps in words", steps_in_words},
	    {"that there is no way back is said", no_way_back_is_said},
	    {"the way back is to the generation before", way_back_is_to_the_generation_before},
	    {"a phone without a CTL is no worse off", phone_without_a_ctl_is_no_worse_off},
	};

	return harness_main("migrate conditions", tests, HARNESS_COUNT(tests));
}
