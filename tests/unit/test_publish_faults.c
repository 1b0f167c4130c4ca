/*
 * Every call of every target goes wrong in every way, in each kind of run: targets hold the old
 * file or the new one, the rows tell the truth, and the next run ends it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_publish.h"
#include "fixture_store.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define PROVIDER "https://10.1.3.3"

static const char *const targets[] = {"mem:pub", "mem:sub1", PROVIDER};
#define N_TARGETS 3

static struct publish_result result;
static struct error err;

static void begin(void)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_subscribers(1);
	fixture_publish_target(&fixture_publish_inventory()->nodes[1].deliver, PROVIDER);
	fixture_publish_current("CTL 1", 0, true);
	fixture_publish_pending("CTL 2", 1);
	fixture_publish_timeout(50);
}

static void end(void)
{
	fixture_publish_end_whole(&result);
}

static const char *held(const char *target)
{
	const char *text = fixture_publish_holds(target, PUBLISH_CTL);

	return text != NULL ? text : "nothing";
}

/* Old or new, whole; and the rows that say something say what is so. */
static void is_true(void)
{
	for (size_t i = 0; i < N_TARGETS; i++) {
		const char *text = held(targets[i]);
		const enum publish_holds told = fixture_publish_row(&result, targets[i])->holds;

		CU_ASSERT_TRUE(strcmp(text, "CTL 1") == 0 || strcmp(text, "CTL 2") == 0);
		CU_ASSERT_TRUE(
		    told == PUBLISH_UNKNOWN || told == PUBLISH_OLD || told == PUBLISH_NEW);
		if (told == PUBLISH_OLD)
			CU_ASSERT_STRING_EQUAL(text, "CTL 1");
		if (told == PUBLISH_NEW)
			CU_ASSERT_STRING_EQUAL(text, "CTL 2");
	}
}

/* All is one content, by the way that was asked for. */
static void is_one(bool forward)
{
	CU_ASSERT_TRUE(fixture_publish_all_hold(forward ? "CTL 2" : "CTL 1"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture_publish_ctl_file());
	CU_ASSERT_STRING_EQUAL(fixture_publish_ctl_file(), forward ? "CTL 2" : "CTL 1");
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_NONE);
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT max(number) FROM generation WHERE state = 1"), forward ? "2" : "1");
	if (forward || fixture_publish_mode(PROVIDER) >= 0)
		CU_ASSERT_EQUAL(fixture_publish_mode(PROVIDER), forward ? 1 : 0);
}

static enum status go(bool forward)
{
	return forward ? fixture_publish_run(&result, &err) : fixture_publish_back(&result, &err);
}

/* Until it ends: at most as often as there are things that are still wrong. */
static void end_it(bool forward)
{
	fixture_publish_heal();
	fixture_publish_reopen();
	CU_ASSERT_EQUAL(go(forward), ST_OK);
	is_one(forward);
}

/* A run with call OP of target AT going wrong; false when it does not come to that call. */
static bool with_fault(bool forward, size_t at, unsigned op, enum fixture_wrong wrong)
{
	const bool waits = fixture_publish_phase(NULL) != DELIVERY_NONE;
	enum status st;

	CU_ASSERT_TRUE(waits);
	fixture_publish_wrong(targets[at], op, wrong);
	st = go(forward);
	if (st == ST_OK && fixture_publish_calls(targets[at]) <= op)
		return false;
	is_true();
	if (st != ST_OK) {
		CU_ASSERT_NOT_EQUAL(fixture_publish_phase(NULL), DELIVERY_NONE);
		CU_ASSERT_FALSE(result.current);
		CU_ASSERT_EQUAL(fixture_publish_row(&result, targets[at])->step, PUBLISH_FAILED);
	}
	if (forward && st != ST_OK && fixture_publish_phase(NULL) == DELIVERY_SIGNED) {
		CU_ASSERT_FALSE(result.changed);
		CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
	}
	return true;
}

static void every_fault(bool half, bool forward)
{
	unsigned met = 0;

	for (size_t at = 0; at < N_TARGETS; at++)
		for (int wrong = 0; wrong < FIXTURE_N_WRONG; wrong++)
			for (unsigned op = 0;; op++) {
				const bool on = (at + (size_t)wrong + op) % 2 == 0;
				bool more;

				begin();
				if (half) {
					fixture_publish_wrong("mem:sub1", 2, FIXTURE_REFUSES);
					CU_ASSERT_EQUAL(go(true), ST_FAILED);
				}
				more = with_fault(forward, at, op, (enum fixture_wrong)wrong);
				if (fixture_publish_phase(NULL) != DELIVERY_NONE)
					end_it(on);
				else
					is_one(forward);
				end();
				if (!more)
					break;
				met++;
			}
	/* Each target has at least: look, stage or put back, look again. */
	CU_ASSERT_TRUE(met >= N_TARGETS * FIXTURE_N_WRONG * 2);
	printf("# %u calls went wrong\n", met);
}

static void test_run(void)
{
	every_fault(false, true);
}

static void test_resume(void)
{
	every_fault(true, true);
}

static void test_back(void)
{
	every_fault(true, false);
}

static void test_back_of_signed(void)
{
	every_fault(false, false);
}

static void test_28(void)
{
	struct inventory *inventory;

	for (unsigned op = 0; op < 5; op++) {
		fixture_publish_begin();
		inventory = fixture_publish_inventory();
		fixture_publish_target(&inventory->nodes[0].deliver, "mem:pub");
		fixture_publish_subscribers(16);
		for (unsigned i = 0; i < 11; i++) {
			char text[32];

			snprintf(text, sizeof(text), "mem:more%u", i);
			fixture_publish_target(&inventory->nodes[1 + i].deliver, text);
		}
		fixture_publish_current("CTL 1", 0, true);
		fixture_publish_pending("CTL 2", 1);
		fixture_publish_wrong("mem:sub9", op, FIXTURE_DOWN_BEFORE);
		CU_ASSERT_EQUAL(go(true), op < 4 ? ST_FAILED : ST_OK);
		CU_ASSERT_EQUAL(result.n_rows, 28);
		CU_ASSERT_EQUAL(result.changed, op >= 2);
		for (size_t i = 0; i < result.n_rows; i++) {
			const struct publish_row *row = &result.rows[i];
			const char *text =
			    fixture_publish_holds(row->place->target->text, PUBLISH_CTL);

			if (strcmp(row->place->target->text, "mem:sub9") == 0)
				continue;
			CU_ASSERT_STRING_EQUAL(text, op < 2 ? "CTL 1" : "CTL 2");
			CU_ASSERT_EQUAL(row->step, op < 2 ? PUBLISH_WAITING : PUBLISH_DONE);
		}
		fixture_publish_heal();
		if (op < 4) {
			CU_ASSERT_EQUAL(go(op % 2 == 0), ST_OK);
			CU_ASSERT_TRUE(fixture_publish_all_hold(op % 2 == 0 ? "CTL 2" : "CTL 1"));
		}
		end();
	}
}

static const struct harness_test tests[] = {
    {"a run: every call goes wrong in every way", test_run},
    {"a run that goes on: every call goes wrong in every way", test_resume},
    {"taking back: every call goes wrong in every way", test_back},
    {"taking back what was only signed: every call goes wrong in every way", test_back_of_signed},
    {"28 targets at once, and one goes down", test_28},
};

int main(void)
{
	return harness_main("publish_faults", tests, HARNESS_COUNT(tests));
}
