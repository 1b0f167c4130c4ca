/*
 * A migration's journal: what is written comes back, what was changed by hand is refused, and a new
 * plan keeps what is done.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "harness.h"

#include "base/text.h"
#include "migrate/journal.h"
#include "migrate/problem_parts.h"

#include <jansson.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

/* Two tokens, CallManager, ITLRecovery, and one that nothing uses, between them. */
enum { TOKEN_1, UNUSED, TOKEN_2, CALLMANAGER, ITLRECOVERY, N_SASTS };

static struct migrate_problem problem;
static struct problem_owned owned;
static struct migrate_plan plan;

static void add(int index, enum migrate_kind kind, const char *cn, const char *name)
{
	struct migrate_sast *sast = &problem.sasts[index];

	sast->kind = kind;
	sast->certificate = fixture_cluster_cert(cn, 0);
	snprintf(sast->name, sizeof(sast->name), "%s", name);
	CU_ASSERT_EQUAL_FATAL(problem_make_anchor(sast->certificate, TL_NAMES_CUCM,
				  &owned.bytes[index], &sast->anchor, &err),
	    ST_OK);
}

static void begin(void)
{
	memset(&problem, 0, sizeof(problem));
	memset(&owned, 0, sizeof(owned));
	memset(&plan, 0, sizeof(plan));
	problem.n_sasts = N_SASTS;
	add(TOKEN_1, MIGRATE_TOKEN, "SAST-1", "token CN=SAST-1");
	add(UNUSED, MIGRATE_TOKEN, "SAST-9", "token CN=SAST-9");
	add(TOKEN_2, MIGRATE_TOKEN, "SAST-2", "token CN=SAST-2");
	add(CALLMANAGER, MIGRATE_CALLMANAGER, "cucm-pub.lab", "CallManager");
	add(ITLRECOVERY, MIGRATE_ITLRECOVERY, "ITLRECOVERY_cucm-pub.lab", "ITLRecovery");
	problem.current = (struct migrate_list){.sasts = 1u << TOKEN_1 | 1u << TOKEN_2,
	    .tokens = 1u << TOKEN_1 | 1u << TOKEN_2,
	    .callmanager = -1,
	    .itlrecovery = -1,
	    .signer = TOKEN_1};
	plan.found = true;
	plan.n_steps = 2;
	plan.steps[0] = (struct migrate_list){
	    .sasts = 1u << TOKEN_1 | 1u << TOKEN_2 | 1u << CALLMANAGER | 1u << ITLRECOVERY,
	    .tokens = 1u << TOKEN_1 | 1u << TOKEN_2,
	    .callmanager = CALLMANAGER,
	    .itlrecovery = ITLRECOVERY,
	    .signer = TOKEN_2};
	plan.steps[1] = (struct migrate_list){.signing = SIGNING_TOKENLESS,
	    .sasts = 1u << CALLMANAGER | 1u << ITLRECOVERY,
	    .callmanager = CALLMANAGER,
	    .itlrecovery = ITLRECOVERY,
	    .signer = ITLRECOVERY};
}

static void end(void)
{
	for (size_t i = 0; i < N_SASTS; i++)
		buffer_free(&owned.bytes[i]);
}

/* The journal of that plan. */
static void make(struct journal *out)
{
	struct migrate_wish wish = {.end = MIGRATE_TOKENLESS,
	    .has_signer = true,
	    .signer = SIGNER_ITLRECOVERY,
	    .lost = {fixture_cluster_cert("SAST-1", 0)},
	    .n_lost = 1,
	    .callmanager = fixture_cluster_cert("cucm-pub.lab", 0)};

	CU_ASSERT_EQUAL_FATAL(
	    journal_begin(&problem, &plan, &wish, 7, "anna (uid 1000)", out, &err), ST_OK);
}

static void write_to(const struct journal *journal, struct buffer *out)
{
	CU_ASSERT_EQUAL_FATAL(journal_write(journal, out, &err), ST_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer_text(out));
}

/* Reads TEXT into a journal that is let go; what came of it. */
static enum status try_read(const char *text)
{
	struct store_migration stored = {.number = 4, .journal = (char *)(uintptr_t)text};
	struct journal journal = {.number = 0};
	enum status st;

	error_clear(&err);
	st = journal_read(&stored, &journal, &err);
	journal_free(&journal);
	return st;
}

static void same_list(const struct migrate_list *a, const struct migrate_list *b)
{
	CU_ASSERT_EQUAL(a->signing, b->signing);
	CU_ASSERT_EQUAL(a->sasts, b->sasts);
	CU_ASSERT_EQUAL(a->tokens, b->tokens);
	CU_ASSERT_EQUAL(a->callmanager, b->callmanager);
	CU_ASSERT_EQUAL(a->itlrecovery, b->itlrecovery);
	CU_ASSERT_EQUAL(a->trust, b->trust);
	CU_ASSERT_EQUAL(a->signer, b->signer);
}

static void it_comes_back(void)
{
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	struct store_migration stored = {.number = 4, .state = MIGRATION_DONE, .begun = 1234};
	struct journal made, read = {.number = 0};

	begin();
	make(&made);
	made.steps[0].generation = 8;
	made.steps[0].made = 5678;
	made.steps[0].said_phones_hold = 3;
	made.steps[0].accepted_lockout = 12;
	snprintf(made.steps[0].who, sizeof(made.steps[0].who), "berta");
	write_to(&made, &first);
	stored.journal = (char *)first.data;
	CU_ASSERT_EQUAL_FATAL(journal_read(&stored, &read, &err), ST_OK);
	CU_ASSERT_EQUAL(read.number, 4);
	CU_ASSERT_EQUAL(read.state, MIGRATION_DONE);
	CU_ASSERT_EQUAL(read.begun, 1234);
	CU_ASSERT_EQUAL(read.base, 7);
	CU_ASSERT_STRING_EQUAL(read.who, "anna (uid 1000)");
	CU_ASSERT_EQUAL(read.wish.end, MIGRATE_TOKENLESS);
	CU_ASSERT_TRUE(read.wish.has_signer);
	CU_ASSERT_EQUAL(read.wish.signer, SIGNER_ITLRECOVERY);
	CU_ASSERT_EQUAL(read.wish.n_lost, 1);
	CU_ASSERT_EQUAL(X509_cmp(read.wish.lost[0], fixture_cluster_cert("SAST-1", 0)), 0);
	CU_ASSERT_EQUAL(
	    X509_cmp(read.wish.callmanager, fixture_cluster_cert("cucm-pub.lab", 0)), 0);
	CU_ASSERT_PTR_NULL(read.wish.itlrecovery);
	/* The one that nothing uses is not there. */
	CU_ASSERT_EQUAL_FATAL(read.n_sasts, 4);
	CU_ASSERT_EQUAL(read.sasts[2].kind, MIGRATE_CALLMANAGER);
	CU_ASSERT_STRING_EQUAL(read.sasts[1].name, "token CN=SAST-2");
	CU_ASSERT_TRUE(bytes_equal(
	    read.sasts[1].anchor.certificate, problem.sasts[TOKEN_2].anchor.certificate));
	CU_ASSERT_TRUE(
	    bytes_equal(read.sasts[1].anchor.issuer, problem.sasts[TOKEN_2].anchor.issuer));
	CU_ASSERT_TRUE(
	    bytes_equal(read.sasts[1].anchor.serial, problem.sasts[TOKEN_2].anchor.serial));
	CU_ASSERT_EQUAL_FATAL(read.n_steps, 2);
	CU_ASSERT_EQUAL(read.from.sasts, 3);
	CU_ASSERT_EQUAL(read.steps[0].list.sasts, 15);
	CU_ASSERT_EQUAL(read.steps[0].list.tokens, 3);
	CU_ASSERT_EQUAL(read.steps[0].list.signer, 1);
	CU_ASSERT_EQUAL(read.steps[0].generation, 8);
	CU_ASSERT_EQUAL(read.steps[0].made, 5678);
	CU_ASSERT_EQUAL(read.steps[0].said_phones_hold, 3);
	CU_ASSERT_EQUAL(read.steps[0].accepted_lockout, 12);
	CU_ASSERT_STRING_EQUAL(read.steps[0].who, "berta");
	CU_ASSERT_EQUAL(read.steps[1].list.signing, SIGNING_TOKENLESS);
	CU_ASSERT_EQUAL(read.steps[1].list.signer, 3);
	same_list(&read.now, &read.from);
	same_list(journal_before(&read, 0), &read.from);
	same_list(journal_before(&read, 1), &read.steps[0].list);
	write_to(&read, &second);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	journal_free(&made);
	journal_free(&read);
	buffer_free(&first);
	buffer_free(&second);
	end();
}

static void no_prefix_is_taken(void)
{
	struct buffer text = BUFFER_INIT;
	struct journal made;
	char *copy;

	begin();
	make(&made);
	write_to(&made, &text);
	copy = strdup((char *)text.data);
	CU_ASSERT_EQUAL(try_read(copy), ST_OK);
	for (size_t len = text.len; len-- > 0;) {
		copy[len] = '\0';
		if (len % 31 != 0 && len + 50 < text.len && len > 50)
			continue;
		CU_ASSERT_EQUAL(try_read(copy), ST_FORMAT);
	}
	CU_ASSERT_EQUAL(try_read(NULL), ST_FORMAT);
	free(copy);
	journal_free(&made);
	buffer_free(&text);
	end();
}

/* A byte that is another one is refused, or a value that could have been written as well. */
static void no_flip_does_harm(void)
{
	struct buffer text = BUFFER_INIT, again = BUFFER_INIT;
	struct store_migration stored = {.number = 4};
	struct journal made, read;
	size_t taken = 0, refused = 0;

	begin();
	make(&made);
	write_to(&made, &text);
	/* Most of it is certificates, whose bytes are all alike to the reader. */
	for (size_t i = 0; i < text.len; i += i < 600 || i + 1200 > text.len ? 1 : 17) {
		const uint8_t good = text.data[i];

		text.data[i] = (uint8_t)(good ^ (1u << (i % 7)));
		if (text.data[i] == '\0')
			text.data[i] = 1;
		stored.journal = (char *)text.data;
		read = (struct journal){.number = 0};
		if (journal_read(&stored, &read, &err) == ST_OK) {
			taken++;
			CU_ASSERT_EQUAL(journal_write(&read, &again, &err), ST_OK);
		} else {
			refused++;
		}
		journal_free(&read);
		text.data[i] = good;
	}
	CU_ASSERT_TRUE(taken > 0);
	CU_ASSERT_TRUE(refused > 300);
	journal_free(&made);
	buffer_free(&text);
	buffer_free(&again);
	end();
}

/* ---- one change each ---------------------------------------------------------------------------
 */

/* What PATH ("steps/0/list/sasts") names in JSON. */
static json_t *get(json_t *json, const char *path)
{
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *part = strtok_r(copy, "/", &save); part != NULL && json != NULL;
	     part = strtok_r(NULL, "/", &save))
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(part))
					   : json_object_get(json, part);
	return json;
}

/* Sets MEMBER of the object at PATH to VALUE (JSON; NULL: takes it out), and reads the whole. */
static void with(const char *path, const char *member, const char *value, const char *what)
{
	struct buffer text = BUFFER_INIT;
	struct journal made;
	json_t *json, *object;
	char *changed;

	begin();
	make(&made);
	write_to(&made, &text);
	json = json_loads((char *)text.data, 0, NULL);
	object = get(json, path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(object);
	if (value == NULL)
		json_object_del(object, member);
	else
		json_object_set_new(object, member, json_loads(value, JSON_DECODE_ANY, NULL));
	changed = json_dumps(json, JSON_COMPACT);
	CU_ASSERT_EQUAL(try_read(changed), what != NULL ? ST_FORMAT : ST_OK);
	if (what != NULL && strstr(err.what, what) == NULL)
		printf("# %s/%s: %s: %s\n", path, member, err.where, err.what);
	if (what != NULL) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, what));
		CU_ASSERT_STRING_EQUAL(
		    err.hint, "see whether the state file is whole: ctlsign audit verify");
	}
	free(changed);
	json_decref(json);
	journal_free(&made);
	buffer_free(&text);
	end();
}

static void members_are_those_that_there_are(void)
{
	with("", "more", "1", "a member is not known");
	with("wish", "more", "null", "a member is not known");
	with("sasts/1", "more", "null", "a member is not known");
	with("steps/1", "more", "null", "a member is not known");
	with("steps/1/list", "more", "null", "a member is not known");
	with("from", "more", "null", "a member is not known");
	with("", "base", NULL, "a member is missing");
	with("steps/0", "who", NULL, "a member is missing");
	with("", "wish", "[]", "an object is missing");
	with("", "steps", "{}", "an array is missing");
}

static void numbers_are_in_their_ranges(void)
{
	with("", "base", "8", NULL);
	with("", "base", "-1", "a number is out of range");
	with("", "base", "\"7\"", "a number is out of range");
	with("", "base", "7.0", "a number is out of range");
	with("", "format", "2", "a number is out of range");
	with("", "format", "0", "a number is out of range");
	with("", "before", "1", "done");
	with("", "before", "3", "a number is out of range");
	with("", "replanned", "10001", "a number is out of range");
	with("steps/0", "generation", "-5", "a number is out of range");
	with("steps/1", "generation", "9", "done that come after one that is not");
}

static void sets_are_of_the_sasts(void)
{
	with("from", "sasts", "[0,1,2]", NULL);
	with("from", "sasts", "[0,1,4]", "a number is out of range");
	with("from", "sasts", "[1,0]", "do not ascend");
	with("from", "sasts", "[0,0,1]", "do not ascend");
	with("from", "sasts", "[0,1,2,3,3]", "too long");
	with("from", "tokens", "[2]", "not among its SASTs");
	with("from", "trust", "[3]", "not among its SASTs");
	with("from", "callmanager", "2", "not among its SASTs");
	with("from", "signer", "31", "a number is out of range");
	with("from", "signer", "null", NULL);
	with("steps/0/list", "signer", "null", "a step has no signer");
	with("steps/1/list", "tokens", "[2]", "a tokenless list has tokens");
	with("steps/1/list", "signing", "\"none\"", "a word is not known");
}

static void certificates_are_whole_and_once(void)
{
	with("sasts/0", "kind", "\"server\"", "a word is not known");
	with("sasts/0", "certificate", "null", "a step lists a SAST without its certificate");
	with("sasts/0", "certificate", "\"AAAA\"", "a certificate cannot be read");
	with("sasts/0", "certificate", "\"AAA\"", "base64 is damaged");
	with("sasts/0", "certificate", "\"A===\"", "base64 is damaged");
	with("sasts/0", "certificate", "\"AA =\"", "base64 is damaged");
	with("sasts/0", "certificate", "\"\"", "a certificate cannot be read");
	with("sasts/0", "key", "\"AAAA\"", "a key is not that of its certificate");
	with("sasts/0", "name", "\"a\\u0007b\"", "not printable");
	with("", "who", "5", "a text is missing");
	with("wish", "end", "\"nowhere\"", "a word is not known");
	with("wish", "signer", "\"callmanager\"", "a word is not known");
}

static void same_certificate_twice(const char *array)
{
	struct buffer text = BUFFER_INIT;
	struct journal made;
	json_t *json, *list;
	char *changed;

	begin();
	make(&made);
	write_to(&made, &text);
	json = json_loads((char *)text.data, 0, NULL);
	list = get(json, array);
	json_array_append(list, json_array_get(list, 0));
	changed = json_dumps(json, JSON_COMPACT);
	CU_ASSERT_EQUAL(try_read(changed), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "a certificate stands there twice"));
	free(changed);
	json_decref(json);
	journal_free(&made);
	buffer_free(&text);
	end();
}

static void no_certificate_stands_twice(void)
{
	same_certificate_twice("sasts");
	same_certificate_twice("wish/lost");
}

/* ---- a new plan --------------------------------------------------------------------------------
 */

static void new_plan_keeps_what_is_done(void)
{
	struct buffer text = BUFFER_INIT;
	struct migrate_plan again = {.found = true, .n_steps = 1};
	struct journal journal;

	begin();
	make(&journal);
	journal.steps[0].generation = 8;
	/* Somebody added a token by hand; the plan goes on from there. */
	problem.current = plan.steps[0];
	problem.current.sasts |= 1u << UNUSED;
	problem.current.tokens |= 1u << UNUSED;
	again.steps[0] = plan.steps[1];
	again.steps[0].signer = CALLMANAGER;
	CU_ASSERT_EQUAL_FATAL(journal_replan(&journal, &problem, &again, 9, &err), ST_OK);
	CU_ASSERT_EQUAL(journal.n_steps, 2);
	CU_ASSERT_EQUAL(journal.n_before, 1);
	CU_ASSERT_EQUAL(journal.n_replanned, 1);
	CU_ASSERT_EQUAL(journal.base, 9);
	CU_ASSERT_EQUAL(journal.n_sasts, 5);
	CU_ASSERT_EQUAL(journal.steps[0].generation, 8);
	CU_ASSERT_EQUAL(journal.from.sasts, 3);
	CU_ASSERT_EQUAL(journal.steps[0].list.sasts, 15);
	CU_ASSERT_EQUAL(journal.now.sasts, 31);
	CU_ASSERT_EQUAL(journal.steps[1].list.sasts, 12);
	CU_ASSERT_EQUAL(journal.steps[1].list.signer, 2);
	CU_ASSERT_EQUAL(journal_before(&journal, 1)->sasts, 31);
	CU_ASSERT_EQUAL(journal_before(&journal, 0)->sasts, 3);
	write_to(&journal, &text);
	CU_ASSERT_EQUAL(try_read((char *)text.data), ST_OK);
	again.n_steps = MIGRATE_STEPS_MAX;
	for (size_t i = 0; i < MIGRATE_STEPS_MAX; i++)
		again.steps[i] = again.steps[0];
	CU_ASSERT_EQUAL(journal_replan(&journal, &problem, &again, 9, &err), ST_LIMIT);
	CU_ASSERT_EQUAL(journal.n_steps, 2);
	CU_ASSERT_EQUAL(journal.n_replanned, 1);
	journal_free(&journal);
	buffer_free(&text);
	end();
}

static void step_needs_certificates(void)
{
	struct migrate_wish wish = {.end = MIGRATE_TOKENLESS};
	struct journal journal;

	begin();
	problem.sasts[TOKEN_2].certificate = NULL;
	CU_ASSERT_EQUAL(journal_begin(&problem, &plan, &wish, 7, "a", &journal, &err), ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "no certificate in its record of token CN=SAST-2"));
	journal_free(&journal);
	end();
}

static void phones_see_a_step(void)
{
	struct phone_list offer;
	struct journal journal;

	begin();
	make(&journal);
	CU_ASSERT_EQUAL_FATAL(journal_offer(&journal, 0, TL_SHA256, &offer, &err), ST_OK);
	CU_ASSERT_TRUE(offer.valid);
	CU_ASSERT_EQUAL(offer.digest, TL_SHA256);
	CU_ASSERT_EQUAL(offer.key_bits, 1024);
	CU_ASSERT_EQUAL(offer.n_sasts, 4);
	CU_ASSERT_EQUAL(offer.n_certificates, 4);
	CU_ASSERT_TRUE(bytes_equal(offer.signer.serial, problem.sasts[TOKEN_2].anchor.serial));
	CU_ASSERT_TRUE(phone_list_knows(&offer, &problem.sasts[ITLRECOVERY].anchor));
	CU_ASSERT_FALSE(phone_list_knows(&offer, &problem.sasts[UNUSED].anchor));
	phone_list_free(&offer);
	journal_free(&journal);
	end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what is written comes back", it_comes_back},
	    {"no part of it is taken for the whole", no_prefix_is_taken},
	    {"no changed byte does harm", no_flip_does_harm},
	    {"members are those that there are", members_are_those_that_there_are},
	    {"numbers are in their ranges", numbers_are_in_their_ranges},
	    {"sets are of the SASTs", sets_are_of_the_sasts},
	    {"certificates and words are whole", certificates_are_whole_and_once},
	    {"no certificate stands twice", no_certificate_stands_twice},
	    {"a new plan keeps what is done", new_plan_keeps_what_is_done},
	    {"a step needs certificates", step_needs_certificates},
	    {"phones see a step", phones_see_a_step},
	};

	return harness_main("migrate journal", tests, HARNESS_COUNT(tests));
}
