/*
 * Asking the fleet: groups, the worst that a phone may hold, classes without a fleet, the officer's
 * word.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "phone/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

/* Lists A to E, by index; list I knows the signers of the bits in its mask. */
#define N_LISTS 5

static struct error err;
static struct phone_families *families;
static struct fleet_list items[N_LISTS];
static struct phone_anchor anchors[N_LISTS][8];
static struct fleet_lists lists;
static struct phone_list offered;

static struct phone_anchor anchor(char name)
{
	static const char names[] = "ABCDEFGH";
	const uint8_t *at = (const uint8_t *)strchr(names, name);

	return (struct phone_anchor){{at, 1}, {at, 1}, {at, 1}, {at, 1}};
}

static void make_list(
    struct phone_list *list, int64_t generation, const char *sasts, struct phone_anchor *room)
{
	*list = (struct phone_list){.generation = generation,
	    .size = 1000,
	    .digest = TL_SHA1,
	    .key_bits = 2048,
	    .valid = true,
	    .signer = anchor(sasts[0]),
	    .sasts = room,
	    .n_sasts = strlen(sasts)};
	for (size_t i = 0; i < list->n_sasts; i++)
		room[i] = anchor(sasts[i]);
	snprintf(list->md5, sizeof(list->md5), "%032x", (unsigned)generation);
	snprintf(list->sha1, sizeof(list->sha1), "%040x", (unsigned)generation);
}

/*
 * N generations, made and on every server a day apart from day 10 on; SASTS[i] are the signers that
 * list i knows.
 */
static void make_lists(size_t n, const char *const *sasts)
{
	lists = (struct fleet_lists){items, n};
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct fleet_list){
		    .made = (time_t)(10 + i) * DAY, .done = (time_t)(10 + i) * DAY, .served = true};
		make_list(&items[i].list, (int64_t)i + 1, sasts[i], anchors[i]);
		snprintf(items[i].name, sizeof(items[i].name), "generation %zu", i + 1);
	}
}

/* What SIGNER offers. */
static void offer(char signer)
{
	static struct phone_anchor room[8];
	const char sasts[] = {signer, '\0'};

	make_list(&offered, 0, sasts, room);
	offered.md5[0] = offered.sha1[0] = '\0';
}

static struct store *fleet(const struct store_phone *phones, size_t n)
{
	const struct audit_entry audit = store_entry("phones");
	struct store_phones_count count;
	struct store_phones *import = NULL;
	struct store *store;

	store_remove();
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL_FATAL(store_phones_begin(store, true, &import, &err), ST_OK);
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL_FATAL(store_phones_put(import, &phones[i], &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(store_phones_commit(import, &audit, &count, &err), ST_OK);
	return store;
}

static struct fleet_question question_of(struct store *store)
{
	return (struct fleet_question){.store = store,
	    .families = families,
	    .lists = &lists,
	    .offer = {.list = &offered},
	    .now = 20 * DAY,
	    .straggler_days = 30};
}

/* The checksum of a generation, as phones show it. */
static const char *md5(int generation)
{
	static char text[8][33];

	snprintf(text[generation], sizeof(text[0]), "%032x", (unsigned)generation);
	return text[generation];
}

/* Asks of one phone with CTL, seen at SEEN; the answer is "outcome why judged since". */
static const char *verdict_of(
    const char *model, const char *ctl, const char *itl, time_t seen, int64_t phones_hold)
{
	static char text[128];
	const struct store_phone phone = {"A", model, ctl, itl, seen};
	struct store *store = fleet(&phone, 1);
	struct fleet_question question = question_of(store);
	struct fleet_answer answer;

	question.phones_hold = phones_hold;
	CU_ASSERT_EQUAL_FATAL(fleet_ask(&question, &answer, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(answer.n_groups, 1);
	CU_ASSERT_EQUAL(answer.by_outcome[answer.groups[0].verdict.outcome], 1);
	snprintf(text, sizeof(text), "%s %s %zu %zu",
	    phone_outcome_name(answer.groups[0].verdict.outcome),
	    phone_why_name(answer.groups[0].verdict.why), answer.groups[0].judged,
	    answer.groups[0].since);
	fleet_answer_free(&answer);
	store_close(store);
	return text;
}

/* The same of a model that asks nobody. */
static const char *of_7940(const char *ctl, time_t seen, int64_t phones_hold)
{
	return verdict_of("Cisco 7940", ctl, "none", seen, phones_hold);
}

static const char *const bridge[] = {"A", "AB", "B"};

static void test_worst_of(void)
{
	make_lists(3, bridge);
	/* Seen before generation 2: it may hold 1, 2 or 3; A signs: 3 rejects it. */
	offer('A');
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 10 * DAY + 5, 0), "rejected no-sbd 2 1");
	/* B signs: 1 rejects it, as it was seen with that. */
	offer('B');
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 10 * DAY + 5, 0), "rejected no-sbd 0 1");
	/* It was seen with 2, and may have 3. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 11 * DAY + 5, 0), "sast  1 2");
	/* Seen with the newest: there is none that it may have got since. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(3), 12 * DAY + 5, 0), "sast  2 3");
	/* Seen without CTL, while 2 was served: 2 or 3 by now. */
	offer('A');
	CU_ASSERT_STRING_EQUAL(of_7940("none", 11 * DAY + 5, 0), "rejected no-sbd 2 1");
	/* Of an old CTL that nobody knows it cannot be told, where what followed is fine. */
	offer('B');
	CU_ASSERT_STRING_EQUAL(
	    of_7940("00112233445566778899aabbccddeeff", 11 * DAY + 5, 0), "unknown which-ctl 3 1");
}

/* Who holds a list and was seen long after a newer one was served has not fetched it yet. */
static void test_behind(void)
{
	const struct store_phone phones[] = {{"A", "Cisco 7940", md5(1), "none", 15 * DAY},
	    {"B", "Cisco 7940", md5(3), "none", 16 * DAY},
	    {"C", "Cisco 7940", "", "none", 14 * DAY}};
	struct store *store;
	struct fleet_question question;
	struct fleet_answer answer;

	make_lists(3, bridge);
	offer('B');
	store = fleet(phones, 3);
	question = question_of(store);
	CU_ASSERT_EQUAL_FATAL(fleet_ask(&question, &answer, &err), ST_OK);
	CU_ASSERT_TRUE(answer.has_fleet);
	CU_ASSERT_EQUAL(answer.n, 3);
	CU_ASSERT_EQUAL(answer.behind, 2);
	CU_ASSERT_EQUAL(answer.oldest, 14 * DAY);
	CU_ASSERT_EQUAL(answer.newest, 16 * DAY);
	CU_ASSERT_EQUAL(answer.groups[0].verdict.outcome, PHONE_REJECTED);
	CU_ASSERT_EQUAL(answer.groups[0].since, 2);
	CU_ASSERT_EQUAL(answer.groups[1].verdict.outcome, PHONE_UNKNOWN);
	CU_ASSERT_EQUAL(answer.groups[2].verdict.outcome, PHONE_BY_SAST);
	fleet_answer_free(&answer);
	store_close(store);
}

/* Generation 3 was taken back on day 20, when 2 was served again: so it stands before that. */
static void take_back(void)
{
	const struct fleet_list third = items[2];

	items[2] = items[1];
	items[1] = third;
	items[1].withdrawn = true;
	items[1].done = 20 * DAY;
}

static void test_withdrawn(void)
{
	make_lists(3, bridge);
	offer('A');
	take_back();
	/* Before that it may have got it, whatever it held. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 15 * DAY, 0), "rejected no-sbd 1 1");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 20 * DAY, 0), "rejected no-sbd 1 1");
	/* Later it holds what it was seen with, or what is served again. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 20 * DAY + 1, 0), "sast  2 3");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 20 * DAY + 1, 0), "sast  0 2");
	CU_ASSERT_STRING_EQUAL(of_7940("none", 20 * DAY + 1, 0), "first  3 2");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(3), 25 * DAY, 0), "rejected no-sbd 1 2");
	/* Who is said to hold 2 may have had 3, too, but not 1. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 25 * DAY, 2), "rejected no-sbd 1 1");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 25 * DAY, 2), "sast  2 3");
}

static void test_pending(void)
{
	make_lists(3, bridge);
	/* Who has the one that is on its way has it; another may not have got it. */
	offer('B');
	items[2].pending = true;
	items[2].done = 0;
	CU_ASSERT_STRING_EQUAL(of_7940("none", 15 * DAY, 0), "first  3 1");
	/* What was not served at all is nothing that anybody got. */
	offer('A');
	items[2].served = false;
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 15 * DAY, 0), "sast  1 3");
}

/* Signed on day 11, and by hand on every server on day 18. */
static void test_done_late(void)
{
	make_lists(3, bridge);
	items[1].done = 18 * DAY;
	items[2].made = items[2].done = 19 * DAY;
	offer('B');
	/* 1 was served beside it all the time. */
	CU_ASSERT_STRING_EQUAL(of_7940("none", 15 * DAY, 0), "rejected no-sbd 0 0");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 15 * DAY, 0), "rejected no-sbd 0 0");
	CU_ASSERT_STRING_EQUAL(of_7940("none", 18 * DAY + 1, 0), "first  3 1");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(2), 18 * DAY + 1, 0), "sast  1 2");
	/* What was signed before it was seen, and done after, it may have got since. */
	offer('A');
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 15 * DAY, 0), "rejected no-sbd 2 1");
	/* The clock went backwards: then rather more may be held. */
	items[1].done = 8 * DAY;
	offer('B');
	CU_ASSERT_STRING_EQUAL(of_7940("none", 9 * DAY, 0), "first  3 1");
	items[0].done = 10 * DAY;
	items[1].done = 18 * DAY;
	items[2].done = 12 * DAY;
	CU_ASSERT_STRING_EQUAL(of_7940("none", 17 * DAY, 0), "rejected no-sbd 0 0");
}

/* The CTL file of this machine is none of the history: A signed it, and it knows nobody else. */
static void test_foreign(void)
{
	struct fleet_question question;
	struct fleet_answer answer;

	make_lists(4, (const char *const[]){"A", "AB", "B", "A"});
	items[3].foreign = true;
	items[3].list.generation = 0;
	items[3].made = items[3].done = 20 * DAY;
	CU_ASSERT_EQUAL(fleet_newest(&lists), 2);
	offer('B');
	/* Any phone may have got it; it is no newer than the current generation. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(3), 15 * DAY, 0), "rejected no-sbd 3 3");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(4), 15 * DAY, 0), "rejected no-sbd 3 2");
	/* The officer's word is not about it. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(3), 15 * DAY, 3), "rejected no-sbd 3 3");
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 15 * DAY, 3), "rejected no-sbd 3 2");
	question = question_of(NULL);
	question.phones_hold = 3;
	question.now = 400 * DAY;
	CU_ASSERT_EQUAL_FATAL(fleet_ask(&question, &answer, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(answer.n_groups, 4);
	CU_ASSERT_EQUAL(answer.groups[0].list, 3);
	CU_ASSERT_EQUAL(answer.groups[0].verdict.outcome, PHONE_REJECTED);
	CU_ASSERT_EQUAL(answer.groups[2].list, 2);
	CU_ASSERT_EQUAL(answer.groups[2].verdict.outcome, PHONE_BY_SAST);
	fleet_answer_free(&answer);
	/* An older generation that stands there again. */
	items[3].list.generation = 1;
	CU_ASSERT_STRING_EQUAL(of_7940(md5(3), 15 * DAY, 3), "rejected no-sbd 3 3");
}

static void test_phones_hold(void)
{
	struct fleet_question question;
	struct fleet_answer answer;

	make_lists(3, bridge);
	offer('B');
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 10 * DAY + 5, 2), "sast  1 1");
	CU_ASSERT_STRING_EQUAL(of_7940("", 10 * DAY + 5, 3), "sast  2 2");
	/* Not even one that was served when it was seen with it. */
	CU_ASSERT_STRING_EQUAL(of_7940(md5(3), 10 * DAY + 5, 3), "sast  2 3");
	CU_ASSERT_STRING_EQUAL(of_7940("none", 10 * DAY + 5, 2), "sast  1 1");
	/* It is no help where a later one is in the way. */
	offer('A');
	CU_ASSERT_STRING_EQUAL(of_7940(md5(1), 10 * DAY + 5, 2), "rejected no-sbd 2 1");
	question = question_of(NULL);
	question.phones_hold = 9;
	CU_ASSERT_EQUAL(fleet_ask(&question, &answer, &err), ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "generation 9"));
	fleet_answer_free(&answer);
}

static void test_tvs_and_itl(void)
{
	make_lists(1, bridge);
	offer('H');
	CU_ASSERT_STRING_EQUAL(
	    verdict_of("Cisco 8841", md5(1), "none", 15 * DAY, 0), "rejected no-itl 0 1");
	CU_ASSERT_STRING_EQUAL(
	    verdict_of("Cisco 8841", md5(1), md5(5), 15 * DAY, 0), "rejected no-tvs 0 1");
	CU_ASSERT_STRING_EQUAL(
	    verdict_of("no such model", md5(1), md5(5), 15 * DAY, 0), "rejected no-tvs 0 1");
	offered = items[0].list;
	CU_ASSERT_STRING_EQUAL(verdict_of("", md5(1), "", 15 * DAY, 0), "unchanged  0 1");
}

/* ---- groups --------------------------------------------------------------------------------- */

static enum status note(void *context, const struct fleet_phone *phone, struct error *e)
{
	(void)e;
	buffer_printf(context, "%s %s %d;", phone->name, phone->ctl[0] != '\0' ? "ctl" : "-",
	    (int)phone->group->n);
	return ST_OK;
}

static void test_groups(void)
{
	char names[60][16];
	struct store_phone phones[60];
	struct buffer out = BUFFER_INIT;
	struct fleet_question question;
	struct fleet_answer answer;
	struct store *store;

	make_lists(3, bridge);
	offer('B');
	for (int i = 0; i < 60; i++) {
		snprintf(names[i], sizeof(names[i]), "P%02d", i);
		/* 40 hold 3 (half of them told by SHA-1), 10 hold 2, 10 hold 1. */
		phones[i] = (struct store_phone){
		    names[i], "Cisco 7940", i >= 40 ? md5(i % 2 + 1) : md5(3), "none", 15 * DAY};
		if (i < 20)
			phones[i].ctl = items[2].list.sha1;
	}
	store = fleet(phones, 60);
	question = question_of(store);
	CU_ASSERT_EQUAL_FATAL(fleet_ask(&question, &answer, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(answer.n_groups, 3);
	CU_ASSERT_EQUAL(answer.groups[0].n, 10);
	CU_ASSERT_EQUAL(answer.groups[0].list, 0);
	CU_ASSERT_EQUAL(answer.groups[1].n, 40);
	CU_ASSERT_EQUAL(answer.groups[2].n, 10);
	CU_ASSERT_EQUAL(answer.by_outcome[PHONE_REJECTED], 10);
	CU_ASSERT_EQUAL(answer.by_outcome[PHONE_BY_SAST], 50);
	CU_ASSERT_STRING_EQUAL(answer.groups[0].model, "Cisco 7940");
	CU_ASSERT_PTR_NOT_NULL(answer.groups[0].family);
	fleet_group_text(&answer.groups[0], &lists, &out);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "Cisco 7940 phones that hold generation 1");
	buffer_reset(&out);
	CU_ASSERT_EQUAL(fleet_each(&question, &answer, note, &out, &err), ST_OK);
	CU_ASSERT_EQUAL(strncmp(buffer_text(&out), "P00 ctl 40;P01 ctl 40;", 22), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "P58 ctl 10;P59 ctl 10;"));
	fleet_answer_free(&answer);
	/* Nothing is offered. */
	question.offer.list = NULL;
	CU_ASSERT_EQUAL_FATAL(fleet_ask(&question, &answer, &err), ST_OK);
	CU_ASSERT_EQUAL(answer.by_outcome[PHONE_UNKNOWN], 60);
	CU_ASSERT_EQUAL(answer.groups[0].verdict.why, PHONE_WHY_NOTHING);
	fleet_answer_free(&answer);
	buffer_free(&out);
	store_close(store);
}

/* ---- without a fleet ------------------------------------------------------------------------ */

static void check_class(const struct fleet_answer *answer, size_t at,
    const struct phone_family *family, size_t list, enum phone_outcome outcome)
{
	CU_ASSERT_FATAL(at < answer->n_groups);
	CU_ASSERT_PTR_EQUAL(answer->groups[at].family, family);
	CU_ASSERT_EQUAL(answer->groups[at].list, list);
	CU_ASSERT_EQUAL(answer->groups[at].verdict.outcome, outcome);
	CU_ASSERT_EQUAL(answer->groups[at].judged, list);
	CU_ASSERT_EQUAL(answer->groups[at].n, 0);
}

/* There are N classes; the first one holds LIST, SIZE_MAX for any. */
static void assert_classes(const struct fleet_question *question, size_t n, size_t list)
{
	struct fleet_answer answer;

	CU_ASSERT_EQUAL_FATAL(fleet_ask(question, &answer, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(answer.n_groups, n);
	if (list != SIZE_MAX)
		CU_ASSERT_EQUAL(answer.groups[0].list, list);
	fleet_answer_free(&answer);
}

static void test_classes(void)
{
	struct buffer out = BUFFER_INIT;
	struct fleet_question question;
	struct fleet_answer answer;

	make_lists(3, bridge);
	offer('B');
	question = question_of(NULL);
	question.offer.tvs = question.offer.vouched = true;
	CU_ASSERT_EQUAL_FATAL(fleet_ask(&question, &answer, &err), ST_OK);
	CU_ASSERT_FALSE(answer.has_fleet);
	CU_ASSERT_EQUAL_FATAL(answer.n_groups, 6);
	check_class(&answer, 0, &phone_family_without_sbd, 0, PHONE_REJECTED);
	check_class(&answer, 1, &phone_family_with_sbd, 2, PHONE_BY_SAST);
	check_class(&answer, 2, &phone_family_without_sbd, 2, PHONE_BY_SAST);
	check_class(&answer, 5, &phone_family_with_sbd, 0, PHONE_BY_TVS);
	CU_ASSERT_EQUAL(answer.by_outcome[PHONE_REJECTED], 0);
	fleet_group_text(&answer.groups[0], &lists, &out);
	CU_ASSERT_STRING_EQUAL(
	    buffer_text(&out), "phones without Security By Default that hold generation 1");
	buffer_free(&out);
	fleet_answer_free(&answer);
	/* 2 was on every server on day 11, so 1 was served until then. */
	question.now = 41 * DAY;
	assert_classes(&question, 4, SIZE_MAX);
	/* The newest is there however old it is. */
	question.now = 400 * DAY;
	assert_classes(&question, 2, 2);
	/* It was signed long before. */
	question.now = 41 * DAY;
	items[1].made = 0;
	items[1].done = 11 * DAY + 1;
	assert_classes(&question, 6, SIZE_MAX);
	/* The one that is on its way, and the current one, whatever came after that. */
	question.now = 400 * DAY;
	items[2].pending = true;
	items[2].done = 0;
	assert_classes(&question, 4, SIZE_MAX);
	items[2].pending = false;
	/* What was taken back on day 20 is there for 30 days. */
	take_back();
	question.now = 49 * DAY;
	assert_classes(&question, 4, SIZE_MAX);
	question.now = 50 * DAY;
	assert_classes(&question, 2, 2);
	make_lists(3, bridge);
	question.now = 20 * DAY;
	question.phones_hold = 2;
	assert_classes(&question, 4, SIZE_MAX);
	/* No list was ever served. */
	question.phones_hold = 0;
	lists.n = 0;
	assert_classes(&question, 0, SIZE_MAX);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the worst of what a phone may hold counts", test_worst_of},
	    {"phones that have not fetched the newest are counted", test_behind},
	    {"lists that were taken back", test_withdrawn},
	    {"lists that are on their way, or were not served", test_pending},
	    {"a list is served when servers have it, not when it is signed", test_done_late},
	    {"a CTL file that is none of the history is served now", test_foreign},
	    {"the officer's word goes before what was seen", test_phones_hold},
	    {"ITL, TVS and models that nobody knows", test_tvs_and_itl},
	    {"phones that are alike are one group", test_groups},
	    {"without a fleet classes are asked", test_classes},
	};
	int rc;

	if (phone_families_open(NULL, &families, &err) != ST_OK)
		return 99;
	rc = harness_main("fleet ask", tests, HARNESS_COUNT(tests));
	phone_families_close(families);
	return rc;
}
