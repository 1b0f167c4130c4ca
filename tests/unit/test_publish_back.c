/*
 * Taking a generation back from every target.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_publish.h"
#include "fixture_store.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct publish_result result;
static struct error err;

/* The same, and a run that could not commit on sub1. */
static void begin_half(unsigned count)
{
	fixture_publish_two(count);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_REFUSES);
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_FAILED);
	fixture_publish_heal();
}

static void end(void)
{
	fixture_publish_end_whole(&result);
}

static void back_is(enum status expected)
{
	fixture_publish_expect(fixture_publish_back(&result, &err), expected, &err);
}

/* All is as it was before generation 2. */
static void is_back(void)
{
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
	CU_ASSERT_EQUAL(fixture_publish_staged(), 0);
	CU_ASSERT_EQUAL(fixture_publish_pending_number(), 0);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_NONE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture_publish_ctl_file());
	CU_ASSERT_STRING_EQUAL(fixture_publish_ctl_file(), "CTL 1");
}

static void test_half(void)
{
	begin_half(2);
	back_is(ST_OK);
	is_back();
	CU_ASSERT_TRUE(result.changed);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_OLD);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->holds, PUBLISH_OLD);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->step, PUBLISH_DONE);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT outcome FROM audit ORDER BY number DESC LIMIT 1"),
	    "abandoned: it was taken back");
	back_is(ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "no generation is waiting to be published");
	end();
}

static void test_first(void)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_subscribers(1);
	fixture_publish_pending("CTL 1", 1);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_REFUSES);
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_FAILED);
	fixture_publish_heal();
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:pub", PUBLISH_CTL), "CTL 1");
	back_is(ST_OK);
	CU_ASSERT_TRUE(fixture_publish_all_hold(NULL));
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:pub")->holds, PUBLISH_NONE);
	CU_ASSERT_PTR_NULL(fixture_publish_ctl_file());
	CU_ASSERT_EQUAL(fixture_publish_pending_number(), 0);
	end();
}

static void test_signed_only(void)
{
	/* Nothing can have changed: a target that is away is only told. */
	fixture_publish_two(2);
	fixture_publish_wrong("mem:sub1", 0, FIXTURE_DOWN_BEFORE);
	back_is(ST_OK);
	CU_ASSERT_FALSE(result.changed);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_WAITING);
	CU_ASSERT_STRING_EQUAL(fixture_publish_row(&result, "mem:sub1")->err.what,
	    "no answer; it was never changed, but a temporary file may be left there");
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_UNKNOWN);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->err.status, ST_IO);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->err.status, ST_OK);
	is_back();
	end();

	fixture_publish_two(1);
	fixture_publish_target(&fixture_publish_inventory()->nodes[1].deliver, "mem:unusable");
	back_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:unusable")->step, PUBLISH_WAITING);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(fixture_publish_row(&result, "mem:unusable")->err.what, "never changed"));
	CU_ASSERT_EQUAL(fixture_publish_pending_number(), 0);
	end();
}

/* A node that never comes back: how to end it is said, and works. */
static void test_gone_for_good(void)
{
	struct inventory_node *sub;

	begin_half(2);
	fixture_publish_wrong("mem:sub2", 0, FIXTURE_DOWN_BEFORE);
	back_is(ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'ctlsign publish --back'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "gone for good, take its target out"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'ctlsign publish --resume'"));
	sub = &fixture_publish_inventory()->nodes[2];
	sub->services = 0;
	free(sub->deliver.list[0].text);
	sub->deliver.n = 0;
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_every_call(void)
{
	/* Look, put back, look again, unstage: each goes wrong in each way. */
	for (unsigned op = 0; op < 4; op++)
		for (int wrong = 0; wrong < FIXTURE_N_WRONG; wrong++) {
			enum status st;

			begin_half(2);
			fixture_publish_timeout(100);
			fixture_publish_wrong("mem:sub2", op, (enum fixture_wrong)wrong);
			st = fixture_publish_back(&result, &err);
			if (st != ST_OK) {
				CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_BACK);
				CU_ASSERT_EQUAL(
				    fixture_publish_row(&result, "mem:sub2")->step, PUBLISH_FAILED);
				CU_ASSERT_STRING_EQUAL(
				    fixture_publish_holds("mem:pub", PUBLISH_CTL), "CTL 1");
				CU_ASSERT_EQUAL(fixture_publish_pending_number(), 2);
				CU_ASSERT_STRING_EQUAL(err.where, "sub2: mem:sub2");
				fixture_publish_heal();
				fixture_publish_reopen();
				back_is(ST_OK);
			}
			/* A lost answer of putting back is asked for. */
			if (op == 1 && wrong == FIXTURE_LOSES)
				CU_ASSERT_EQUAL(st, ST_OK);
			if (wrong == FIXTURE_DOWN_BEFORE)
				CU_ASSERT_EQUAL(st, ST_FAILED);
			is_back();
			end();
		}
}

static void test_forward_after_back(void)
{
	begin_half(2);
	fixture_publish_wrong("mem:sub2", 0, FIXTURE_DOWN_BEFORE);
	back_is(ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_BACK);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:pub", PUBLISH_CTL), "CTL 1");
	fixture_publish_heal();
	/* What is being taken back does not become current by hand. */
	publish_result_free(&result);
	CU_ASSERT_EQUAL(publish_by_hand_by(fixture_publish_request(), fixture_publish_means(), true,
			    &result, &err),
	    ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_OK);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));
	CU_ASSERT_EQUAL(fixture_publish_pending_number(), 0);
	end();
}

static void test_somebody_else(void)
{
	begin_half(2);
	fixture_publish_put("mem:sub2", PUBLISH_CTL, "CTL ?");
	back_is(ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->step, PUBLISH_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->holds, PUBLISH_OTHER);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:sub2", PUBLISH_CTL), "CTL ?");
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:pub", PUBLISH_CTL), "CTL 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "is left alone"));
	/* Also before the very first one is published: what was there then counts. */
	fixture_publish_put("mem:sub2", PUBLISH_CTL, "CTL 1");
	back_is(ST_OK);
	is_back();
	end();
}

static void test_left(void)
{
	struct inventory_node *sub;

	begin_half(2);
	sub = &fixture_publish_inventory()->nodes[2];
	strcpy(sub->deliver.list[0].text, "mem:new2");
	back_is(ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.where, "mem:sub2");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "nothing was changed"));
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:pub", PUBLISH_CTL), "CTL 2");
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_COMMIT);
	strcpy(sub->deliver.list[0].text, "mem:sub2");
	/* One that joined has nothing to be taken back. */
	fixture_publish_target(&sub->deliver, "mem:new2");
	back_is(ST_OK);
	CU_ASSERT_PTR_NULL(fixture_publish_holds("mem:new2", PUBLISH_CTL));
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:sub2", PUBLISH_CTL), "CTL 1");
	end();
}

static void test_phone_left(void)
{
	struct inventory_publish *publish;

	fixture_publish_begin();
	publish = &fixture_publish_inventory()->publish;
	fixture_publish_phone("001122AABBCC");
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_current("CTL 1", 0, true);
	fixture_publish_pending("CTL 2", 1);
	fixture_publish_url(&fixture_publish_inventory()->nodes[0].verify, "http://away");
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:pub", "CTLSEP001122AABBCC.tlv"), "CTL 2");
	/* The phone is asked for no more, but its file was made by this generation. */
	publish->n_phones = 0;
	back_is(ST_OK);
	publish->n_phones = 1;
	CU_ASSERT_PTR_NULL(fixture_publish_holds("mem:pub", "CTLSEP001122AABBCC.tlv"));
	is_back();
	end();
}

static void test_mode(void)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "https://10.1.2.3");
	fixture_publish_subscribers(1);
	fixture_publish_current("CTL 1", 0, true);
	fixture_publish_pending("CTL 2", 1);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_REFUSES);
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_mode("https://10.1.2.3"), 1);
	fixture_publish_heal();
	back_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_mode("https://10.1.2.3"), 0);
	is_back();
	end();
}

static void test_carry(void)
{
	fixture_publish_two(1);
	fixture_cluster_node(
	    fixture_publish_inventory(), NODE_SUBSCRIBER, "far", "10.1.2.8", SERVICE_CALLMANAGER);
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_CARRY);
	back_is(ST_OK);
	is_back();
	end();
}

static void test_foreign_ctl_file(void)
{
	FILE *file;

	/* No generation before, and the CTL file is none that we wrote: it is not removed. */
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_pending("CTL 1", 1);
	file = fopen(fixture_publish_inventory()->ctl_file, "w");
	fputs("foreign", file);
	fclose(file);
	back_is(ST_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture_publish_ctl_file());
	CU_ASSERT_STRING_EQUAL(fixture_publish_ctl_file(), "foreign");
	end();
}

static const struct harness_test tests[] = {
    {"what was published on some is taken back from all", test_half},
    {"a first generation leaves nothing behind", test_first},
    {"nothing was published: who is away does no harm", test_signed_only},
    {"a node that is gone for good: the way out is told, and works", test_gone_for_good},
    {"every call may go wrong, and the next run ends it", test_every_call},
    {"what is being taken back may be published after all", test_forward_after_back},
    {"what somebody else wrote is left alone", test_somebody_else},
    {"a target that left the inventory stops it before anything is done", test_left},
    {"a phone that left the inventory has its file taken back", test_phone_left},
    {"CTL Providers get the mode back", test_mode},
    {"what waits to be carried can be taken back", test_carry},
    {"a CTL file that is not ours stays", test_foreign_ctl_file},
};

int main(void)
{
	return harness_main("publish_back", tests, HARNESS_COUNT(tests));
}
