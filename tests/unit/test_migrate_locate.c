/*
 * Where a migration stands, told by real generations in a real state file; what has to be true
 * before its next step, and its steps in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_store.h"
#include "harness.h"

#include "base/text.h"
#include "migrate/journal.h"
#include "migrate/problem_parts.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

enum { TOKEN_1, TOKEN_2, CALLMANAGER, ITLRECOVERY, N_SASTS };
#define TOKENS	(1u << TOKEN_1 | 1u << TOKEN_2)
#define ANCHORS (1u << CALLMANAGER | 1u << ITLRECOVERY)

static struct migrate_problem problem;
static struct problem_owned owned;
static struct migrate_plan plan;
static struct store *store;
static struct journal journal;
static struct journal_position position;
static struct generation current, pending;

static X509 *cert(int index)
{
	static const char *const names[] = {
	    "SAST-1", "SAST-2", "cucm-pub.lab", "ITLRECOVERY_cucm-pub.lab", "SAST-5"};

	return fixture_cluster_cert(names[index], 0);
}

/* ---- generations -------------------------------------------------------------------------------
 */

static struct generation generation_of(
    migrate_set sasts, int signer, enum cluster_signing signing, const char *reason)
{
	struct generation generation = store_generation_of("");
	struct tl_entry entries[8];
	size_t n = 0;

	memset(entries, 0, sizeof(entries));
	for (int i = 0; i < 5; i++)
		if ((sasts & 1u << i) != 0)
			entries[n++] =
			    (struct tl_entry){.role = TL_ROLE_SAST, .certificate = cert(i)};
	entries[n++] = (struct tl_entry){.role = TL_ROLE_CCM_TFTP,
	    .certificate = cert(CALLMANAGER),
	    .dns = reason,
	    .ip = {10, 1, 2, 3},
	    .ip_len = 4};
	fixture_cluster_list(entries, n, cert(signer), &generation.ctl);
	free(generation.reason);
	generation.reason = strdup(reason);
	generation.signing = (int)signing;
	return generation;
}

static void put(struct generation generation, bool finish)
{
	struct audit_entry entry = store_entry("test");

	CU_ASSERT_EQUAL_FATAL(store_begin(store, &generation, &entry, &err), ST_OK);
	if (finish)
		CU_ASSERT_EQUAL_FATAL(store_finish(store, generation.number, &entry, &err), ST_OK);
	generation_free(&generation);
}

static void base(const char *reason)
{
	put(generation_of(TOKENS, TOKEN_1, SIGNING_TOKENS, reason), true);
}

static void bridge(bool finish)
{
	put(generation_of(TOKENS | ANCHORS, TOKEN_1, SIGNING_TOKENS, "migrate next"), finish);
}

static void last(bool finish)
{
	put(generation_of(ANCHORS, ITLRECOVERY, SIGNING_TOKENLESS, "migrate next"), finish);
}

/* ---- a migration from tokens to tokenless ------------------------------------------------------
 */

static void begin(void)
{
	static const enum migrate_kind kinds[] = {
	    MIGRATE_TOKEN, MIGRATE_TOKEN, MIGRATE_CALLMANAGER, MIGRATE_ITLRECOVERY};
	static const char *const names[] = {
	    "token CN=SAST-1", "token CN=SAST-2", "CallManager", "ITLRecovery"};
	struct migrate_wish wish = {.end = MIGRATE_TOKENLESS};

	memset(&problem, 0, sizeof(problem));
	memset(&owned, 0, sizeof(owned));
	memset(&plan, 0, sizeof(plan));
	problem.n_sasts = N_SASTS;
	for (int i = 0; i < N_SASTS; i++) {
		struct migrate_sast *sast = &problem.sasts[i];

		sast->kind = kinds[i];
		sast->certificate = cert(i);
		snprintf(sast->name, sizeof(sast->name), "%s", names[i]);
		CU_ASSERT_EQUAL_FATAL(problem_make_anchor(sast->certificate, TL_NAMES_CUCM,
					  &owned.bytes[i], &sast->anchor, &err),
		    ST_OK);
	}
	problem.current = (struct migrate_list){.sasts = TOKENS,
	    .tokens = TOKENS,
	    .callmanager = -1,
	    .itlrecovery = -1,
	    .signer = TOKEN_1};
	plan.n_steps = 2;
	plan.steps[0] = (struct migrate_list){.sasts = TOKENS | ANCHORS,
	    .tokens = TOKENS,
	    .callmanager = CALLMANAGER,
	    .itlrecovery = ITLRECOVERY,
	    .signer = TOKEN_1};
	plan.steps[1] = (struct migrate_list){.signing = SIGNING_TOKENLESS,
	    .sasts = ANCHORS,
	    .callmanager = CALLMANAGER,
	    .itlrecovery = ITLRECOVERY,
	    .signer = ITLRECOVERY};
	store = store_opened(STORE_CHANGE);
	base("set-cluster mixed-mode");
	CU_ASSERT_EQUAL_FATAL(
	    journal_begin(&problem, &plan, &wish, 1, "anna", &journal, &err), ST_OK);
}

static void locate(void)
{
	generation_free(&current);
	generation_free(&pending);
	CU_ASSERT_EQUAL_FATAL(store_current(store, &current, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(store_pending(store, &pending, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(
	    journal_locate(&journal, store, &current, &pending, &position, &err), ST_OK);
}

static void end(void)
{
	generation_free(&current);
	generation_free(&pending);
	journal_free(&journal);
	for (size_t i = 0; i < N_SASTS; i++)
		buffer_free(&owned.bytes[i]);
	store_close(store);
	store_remove();
}

/* ---- where it stands ---------------------------------------------------------------------------
 */

static void all_the_way(void)
{
	struct audit_entry entry = store_entry("test");

	begin();
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 0);
	CU_ASSERT_EQUAL(position.generation, 0);
	CU_ASSERT_EQUAL(position.pending, 0);

	bridge(false);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_PENDING);
	CU_ASSERT_EQUAL(position.next, 0);
	CU_ASSERT_EQUAL(position.generation, 2);
	CU_ASSERT_EQUAL(position.pending, 2);
	CU_ASSERT_EQUAL(journal.steps[0].generation, 0);

	CU_ASSERT_EQUAL(store_finish(store, 2, &entry, &err), ST_OK);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 1);
	CU_ASSERT_EQUAL(position.generation, 2);
	CU_ASSERT_EQUAL(journal.steps[0].generation, 2);
	CU_ASSERT_TRUE(journal.steps[0].made > 0);
	CU_ASSERT_STRING_EQUAL(journal.steps[0].who, "anna (uid 1000) on host adm1");

	last(true);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_FINISHED);
	CU_ASSERT_EQUAL(position.next, 2);
	CU_ASSERT_EQUAL(position.generation, 3);
	CU_ASSERT_EQUAL(journal.steps[1].generation, 3);
	end();
}

static void taken_back_is_none(void)
{
	struct audit_entry entry = store_entry("test");

	begin();
	bridge(false);
	CU_ASSERT_EQUAL(store_deliver(store, 2, DELIVERY_COMMIT, NULL, 0, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(store_abandon(store, 2, &entry, &err), ST_OK);
	/* What was noted does not count. */
	journal.steps[0].generation = 2;
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 0);
	CU_ASSERT_EQUAL(journal.steps[0].generation, 0);
	end();
}

static void new_server_is_no_change(void)
{
	begin();
	base("update");
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 0);
	bridge(true);
	put(generation_of(TOKENS | ANCHORS, TOKEN_2, SIGNING_TOKENS, "update"), true);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 1);
	CU_ASSERT_EQUAL(position.generation, 3);
	put(generation_of(TOKENS | ANCHORS, TOKEN_1, SIGNING_TOKENS, "update"), false);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 1);
	CU_ASSERT_EQUAL(position.pending, 5);
	end();
}

static void is_changed(const char *what)
{
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_CHANGED);
	if (strstr(position.why, what) == NULL)
		printf("# %s\n", position.why);
	CU_ASSERT_PTR_NOT_NULL(strstr(position.why, what));
}

static void rollback_is_a_change(void)
{
	begin();
	bridge(true);
	base("rollback 1");
	is_changed("generation 3 (ctlsign rollback 1, by anna (uid 1000) on host adm1) is no step "
		   "of the plan: it lists other SASTs");
	CU_ASSERT_EQUAL(position.next, 1);
	CU_ASSERT_EQUAL(journal.steps[0].generation, 2);
	end();
}

static void other_sasts_are_a_change(void)
{
	begin();
	put(generation_of(TOKENS | 1u << 4, TOKEN_1, SIGNING_TOKENS, "update --add-token"), true);
	is_changed("generation 2 (ctlsign update --add-token, by anna");
	/* A step that comes after does not make it good. */
	bridge(true);
	is_changed("generation 2 ");
	CU_ASSERT_EQUAL(position.next, 0);
	end();
}

static void other_signing_is_a_change(void)
{
	begin();
	bridge(true);
	put(generation_of(
		TOKENS | ANCHORS, CALLMANAGER, SIGNING_TOKENLESS, "set-cluster mixed-mode"),
	    true);
	is_changed("it changed the kind of signing");
	end();
}

static void other_signer_of_a_step_is_a_change(void)
{
	begin();
	bridge(true);
	put(generation_of(ANCHORS, CALLMANAGER, SIGNING_TOKENLESS, "update --tokenless"), false);
	is_changed("generation 3 (ctlsign update --tokenless");
	CU_ASSERT_EQUAL(position.pending, 3);
	end();
}

static void other_mode_is_a_change(void)
{
	struct generation generation;

	begin();
	generation = generation_of(TOKENS, TOKEN_1, SIGNING_TOKENS, "set-cluster non-secure-mode");
	generation.mode = 0;
	put(generation, true);
	is_changed("it changed the cluster's mode");
	end();
}

static void other_state_file_is_a_change(void)
{
	begin();
	journal.base = 9;
	is_changed("generation 9, from which the plan began, is not in the state file");
	end();
}

static void new_plan_goes_on_from_its_base(void)
{
	struct migrate_plan again = {.found = true, .n_steps = 1};

	begin();
	bridge(true);
	base("rollback 1");
	locate();
	again.steps[0] = plan.steps[0];
	again.steps[0].signer = TOKEN_2;
	CU_ASSERT_EQUAL_FATAL(journal_replan(&journal, &problem, &again, 3, &err), ST_OK);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_READY);
	CU_ASSERT_EQUAL(position.next, 1);
	CU_ASSERT_EQUAL(position.generation, 2);
	put(generation_of(TOKENS | ANCHORS, TOKEN_2, SIGNING_TOKENS, "migrate next"), true);
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_FINISHED);
	CU_ASSERT_EQUAL(journal.steps[1].generation, 4);
	CU_ASSERT_EQUAL(journal.steps[0].generation, 2);
	end();
}

static void eight_steps_are_the_most(void)
{
	begin();
	while (journal.n_steps < MIGRATE_STEPS_MAX) {
		journal.steps[journal.n_steps] = journal.steps[journal.n_steps - 2];
		journal.n_steps++;
	}
	for (size_t i = 0; i < 4; i++) {
		bridge(true);
		last(true);
	}
	locate();
	CU_ASSERT_EQUAL(position.place, JOURNAL_FINISHED);
	CU_ASSERT_EQUAL(position.next, 8);
	base("rollback 1");
	is_changed("generation 10 ");
	end();
}

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

	begin();
	locate();
	fixture_cluster(&inventory, "12.5(1)");
	answer.by_outcome[PHONE_BY_SAST] = 812;
	journal_conditions(&journal, 0, &position, &inventory, &answer, &got);
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
	journal_conditions(&journal, 0, &position, &inventory, NULL, &got);
	CU_ASSERT_FALSE(got.ready);
	is(&got, "inventory-itlrecovery", CONDITION_NOT_MET,
	    "ctlsign.conf: line 5 names another certificate than that of ITLRecovery",
	    "itlrecovery { certificate = \"FILE\" key");
	is(&got, "phones-accept", CONDITION_NOT_KNOWN, "was not asked", "ctlsign phones check");
	fixture_cluster_free(&inventory);
	end();
}

static void before_the_next_step(void)
{
	struct fleet_group groups[2] = {{.verdict = {PHONE_REJECTED, PHONE_WHY_NO_SBD}},
	    {.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}}};
	struct fleet_answer answer = {
	    .has_fleet = true, .n = 812, .behind = 12, .groups = groups, .n_groups = 2};
	struct inventory inventory;
	struct conditions got;

	begin();
	bridge(true);
	locate();
	fixture_cluster(&inventory, "12.5(1)");
	answer.by_outcome[PHONE_BY_SAST] = 800;
	answer.by_outcome[PHONE_REJECTED] = 12;
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	CU_ASSERT_FALSE(got.ready);
	is(&got, "key-itlrecovery", CONDITION_NOT_MET, "does not say where the key of ITLRecovery",
	    "itlrecovery { key = \"FILE or pkcs11:...\" }");
	is(&got, "phones-hold", CONDITION_NOT_MET, "12 of 812 phones do not hold the newest CTL",
	    "--phones-hold 2");
	is(&got, "phones-accept", CONDITION_NOT_MET,
	    "12 of 812 phones would reject it: ", "ctlsign phones show");

	inventory.itlrecovery_key.where = strdup("itl.key");
	inventory.itlrecovery_key.line = 6;
	journal.steps[1].accepted_lockout = 11;
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_MET, "12 of 812", "");
	journal.steps[1].accepted_lockout = 12;
	journal.steps[1].said_phones_hold = 1;
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "key-itlrecovery", CONDITION_MET, "ctlsign.conf: line 6 says", "");
	is(&got, "phones-accept", CONDITION_MET, "12 phones would be locked out", "");
	is(&got, "phones-hold", CONDITION_NOT_MET, "12 of 812", "");
	journal.steps[1].said_phones_hold = 2;
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "phones-hold", CONDITION_MET, "an officer says that all phones hold generation 2",
	    "");
	CU_ASSERT_TRUE(got.ready);

	journal.steps[1].accepted_lockout = 0;
	journal.steps[1].said_phones_hold = 0;
	answer.by_outcome[PHONE_REJECTED] = 0;
	answer.by_outcome[PHONE_BY_TVS] = 12;
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "phones-hold", CONDITION_MET, "accept the step even so", "");
	CU_ASSERT_TRUE(got.ready);
	answer.by_outcome[PHONE_BY_TVS] = 0;
	answer.by_outcome[PHONE_UNKNOWN] = 12;
	groups[0].verdict = (struct phone_verdict){PHONE_UNKNOWN, PHONE_WHY_WHICH_CTL};
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_KNOWN, "of 12 of 812 phones it cannot be told",
	    "import");
	is(&got, "phones-hold", CONDITION_NOT_MET, "12 of 812", "");
	free(inventory.itlrecovery_key.where);
	fixture_cluster_free(&inventory);
	end();
}

static void without_a_fleet(void)
{
	struct fleet_group groups[2] = {{.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}},
	    {.verdict = {PHONE_BY_SAST, PHONE_WHY_NOTHING}}};
	struct fleet_answer answer = {.groups = groups, .n_groups = 2};
	struct inventory inventory;
	struct conditions got;

	begin();
	bridge(true);
	put(generation_of(TOKENS | ANCHORS, TOKEN_1, SIGNING_TOKENS, "update"), false);
	locate();
	fixture_cluster(&inventory, "12.5(1)");
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "published", CONDITION_NOT_MET, "generation 3 is signed", "ctlsign publish");
	is(&got, "phones-hold", CONDITION_NOT_KNOWN, "whether all phones hold generation 2",
	    "--phones-hold 2");
	is(&got, "phones-accept", CONDITION_MET, "all 2 classes of phones", "");
	groups[1].verdict = (struct phone_verdict){PHONE_REJECTED, PHONE_WHY_NO_SBD};
	journal_conditions(&journal, 1, &position, &inventory, &answer, &got);
	is(&got, "phones-accept", CONDITION_NOT_MET, "1 of 2 classes of phones would reject it",
	    "ctlsign phones import");
	fixture_cluster_free(&inventory);
	end();
}

/* ---- in words ----------------------------------------------------------------------------------
 */

static void says(void (*words)(const struct journal *, size_t, struct buffer *), size_t index,
    const char *expected)
{
	struct buffer out = BUFFER_INIT;

	words(&journal, index, &out);
	if (strcmp(buffer_text(&out), expected) != 0)
		printf("# %s\n", buffer_text(&out));
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), expected);
	buffer_free(&out);
}

static void steps_in_words(void)
{
	begin();
	bridge(true);
	locate();
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
	    "after that: ctlsign rollback 1, signed by token CN=SAST-1 or token CN=SAST-2, which "
	    "phones know with either CTL\n"
	    "or stay here: the migration can wait at this step as long as it has to\n");
	says(journal_step_back, 1,
	    "before every server has it: ctlsign publish --back, which puts the CTL before it "
	    "back\n"
	    "after that: ctlsign rollback 2, signed by CallManager or ITLRecovery, which phones "
	    "know with either CTL\n");
	end();
}

static void no_way_back_is_said(void)
{
	begin();
	journal.n_before = 1;
	journal.now = journal.from;
	says(journal_step_back, 1,
	    "before every server has it: ctlsign publish --back, which puts the CTL before it "
	    "back\n"
	    "after that there is no way back: it has no SAST with a key in common with the CTL "
	    "before, so phones that have it would reject that one\n");
	end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"each place of a migration is found", all_the_way},
	    {"a generation that was taken back is none", taken_back_is_none},
	    {"an update for a new server is no change", new_server_is_no_change},
	    {"a rollback is a change", rollback_is_a_change},
	    {"other SASTs are a change", other_sasts_are_a_change},
	    {"another kind of signing is a change", other_signing_is_a_change},
	    {"a step that somebody else signed is a change", other_signer_of_a_step_is_a_change},
	    {"another mode is a change", other_mode_is_a_change},
	    {"another state file is a change", other_state_file_is_a_change},
	    {"a new plan goes on from its base", new_plan_goes_on_from_its_base},
	    {"eight steps are the most", eight_steps_are_the_most},
	    {"what the first step needs", before_the_first_step},
	    {"what the next step needs", before_the_next_step},
	    {"what it needs without a fleet", without_a_fleet},
	    {"steps in words", steps_in_words},
	    {"that there is no way back is said", no_way_back_is_said},
	};

	return harness_main("migrate locate", tests, HARNESS_COUNT(tests));
}
