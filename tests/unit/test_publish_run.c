/*
 * Publishing on every target.
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
#include <time.h>

static struct publish_result result;
static struct error err;

static void end(void)
{
	fixture_publish_end_whole(&result);
}

static void run_is(enum status expected)
{
	fixture_publish_expect(fixture_publish_run(&result, &err), expected, &err);
}

static void test_all(void)
{
	fixture_publish_two(2);
	run_is(ST_OK);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	CU_ASSERT_TRUE(result.current);
	CU_ASSERT_TRUE(result.changed);
	CU_ASSERT_EQUAL(result.generation, 2);
	CU_ASSERT_EQUAL(result.n_rows, 3);
	for (size_t i = 0; i < result.n_rows; i++) {
		CU_ASSERT_EQUAL(result.rows[i].step, PUBLISH_DONE);
		CU_ASSERT_EQUAL(result.rows[i].holds, PUBLISH_NEW);
		CU_ASSERT_FALSE(result.rows[i].phones);
	}
	CU_ASSERT_EQUAL(fixture_publish_staged(), 0);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_NONE);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT what FROM audit ORDER BY number DESC LIMIT 1"),
	    "generation 2: is on 3 targets: cucm-pub (mem:pub), sub1 (mem:sub1), sub2 (mem:sub2)");
	/* There is nothing left to be published. */
	run_is(ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "no generation is waiting to be published");
	end();
}

static void test_first(void)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_pending("CTL 1", 1);
	run_is(ST_OK);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	end();
}

static void test_stage_fails(void)
{
	/* Looking, staging; a target that is down answers to nothing from then on. */
	for (unsigned op = 0; op < 2; op++)
		for (int wrong = 0; wrong < FIXTURE_N_WRONG; wrong++) {
			fixture_publish_two(2);
			fixture_publish_timeout(100);
			fixture_publish_wrong("mem:sub1", op, (enum fixture_wrong)wrong);
			run_is(ST_FAILED);
			CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
			CU_ASSERT_FALSE(result.changed);
			CU_ASSERT_FALSE(result.current);
			CU_ASSERT_EQUAL(
			    fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_FAILED);
			CU_ASSERT_EQUAL(
			    fixture_publish_row(&result, "mem:sub2")->step, PUBLISH_WAITING);
			CU_ASSERT_EQUAL(
			    fixture_publish_row(&result, "mem:sub2")->holds, PUBLISH_OLD);
			CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_SIGNED);
			if (wrong != FIXTURE_DOWN_AFTER || op == 0)
				CU_ASSERT_EQUAL(fixture_publish_staged(), 0);
			CU_ASSERT_STRING_EQUAL(err.where, "sub1: mem:sub1");
			CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "nothing was changed anywhere"));
			fixture_publish_heal();
			run_is(ST_OK);
			CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));
			end();
		}
}

static void test_hangs(void)
{
	struct timespec began, ended;

	fixture_publish_two(2);
	fixture_publish_timeout(200);
	fixture_publish_wrong("mem:sub2", 1, FIXTURE_HANGS);
	clock_gettime(CLOCK_MONOTONIC, &began);
	run_is(ST_FAILED);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	CU_ASSERT_TRUE(ended.tv_sec - began.tv_sec < 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "it took longer than 0.2 seconds"));
	CU_ASSERT_STRING_EQUAL(err.where, "sub2: mem:sub2");
	end();
}

static void test_commit_fails(void)
{
	size_t files;

	fixture_publish_two(2);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_REFUSES);
	run_is(ST_FAILED);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:sub1", PUBLISH_CTL), "CTL 1");
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:sub2", PUBLISH_CTL), "CTL 2");
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_OLD);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->step, PUBLISH_DONE);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->holds, PUBLISH_NEW);
	CU_ASSERT_TRUE(result.changed);
	CU_ASSERT_EQUAL(fixture_publish_phase(&files), DELIVERY_COMMIT);
	CU_ASSERT_EQUAL(files, 3);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "--resume"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "--back"));
	/* What has it is not staged again: look, clean up, look again for the check. */
	fixture_publish_heal();
	run_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_calls("mem:sub2"), 3);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_answer_lost(void)
{
	fixture_publish_two(2);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_LOSES);
	run_is(ST_OK);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_dies_in_commit(void)
{
	fixture_publish_two(2);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_DOWN_AFTER);
	run_is(ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_UNKNOWN);
	CU_ASSERT_TRUE(result.changed);
	/* A second run that cannot begin leaves the journal as it was. */
	run_is(ST_FAILED);
	CU_ASSERT_FALSE(result.changed);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_COMMIT);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub2")->holds, PUBLISH_NEW);
	fixture_publish_heal();
	run_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_phones(void)
{
	fixture_publish_two(1);
	fixture_publish_url(&fixture_publish_inventory()->nodes[1].verify, "http://mem:sub1");
	run_is(ST_OK);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:sub1")->phones);
	CU_ASSERT_FALSE(fixture_publish_row(&result, "mem:pub")->phones);
	end();

	fixture_publish_two(1);
	fixture_publish_url(&fixture_publish_inventory()->nodes[1].verify, "http://mem:sub1");
	fixture_publish_phones_get("CTL 1");
	run_is(ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_NEW);
	CU_ASSERT_STRING_EQUAL(err.where, "sub1: http://mem:sub1");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(err.what, "all targets have generation 2, but phones would not get it there"));
	CU_ASSERT_STRING_EQUAL(err.hint, "restart TFTP there, then run 'ctlsign publish --resume'");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(fixture_publish_row(&result, "mem:sub1")->err.hint, "restarted"));
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_COMMIT);
	fixture_publish_phones_get(NULL);
	run_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_mode(void)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "https://10.1.2.3");
	fixture_publish_current("CTL 1", 0, true);
	fixture_publish_pending("CTL 2", 1);
	/* Look, stage, commit, then the mode. */
	fixture_publish_wrong("https://10.1.2.3", 3, FIXTURE_REFUSES);
	run_is(ST_FAILED);
	CU_ASSERT_EQUAL(result.rows[0].holds, PUBLISH_NEW);
	CU_ASSERT_EQUAL(fixture_publish_mode("https://10.1.2.3"), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "but not all know the mode"));
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	fixture_publish_heal();
	run_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_mode("https://10.1.2.3"), 1);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void by_hand_is(enum status expected, bool even_targets)
{
	publish_result_free(&result);
	fixture_publish_expect(publish_by_hand_by(fixture_publish_request(),
				   fixture_publish_means(), even_targets, &result, &err),
	    expected, &err);
}

static void test_by_hand(void)
{
	fixture_publish_two(1);
	fixture_cluster_node(
	    fixture_publish_inventory(), NODE_SUBSCRIBER, "far", "10.1.2.8", SERVICE_CALLMANAGER);
	run_is(ST_OK);
	CU_ASSERT_FALSE(result.current);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_CARRY);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));

	/* Somebody changes a target meanwhile: it is not everywhere. */
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "CTL 0");
	publish_result_free(&result);
	CU_ASSERT_EQUAL(publish_by_hand_by(fixture_publish_request(), fixture_publish_means(),
			    false, &result, &err),
	    ST_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_OTHER);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);

	/* Nor does anybody's word count for it: it was read. */
	by_hand_is(ST_FAILED, true);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_FAILED);
	CU_ASSERT_FALSE(result.current);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	CU_ASSERT_STRING_EQUAL(err.where, "sub1: mem:sub1");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "1 target was read, and has not"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'ctlsign publish --resume'"));

	fixture_publish_put("mem:sub1", PUBLISH_CTL, "CTL 2");
	by_hand_is(ST_OK, false);
	CU_ASSERT_TRUE(result.current);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT what FROM audit ORDER BY number DESC LIMIT 1"),
	    "generation 2: was carried by hand to: far; is on: cucm-pub (mem:pub), sub1 "
	    "(mem:sub1)");
	end();
}

/* Targets that cannot be asked were carried to, too. */
static void test_even_targets(void)
{
	fixture_publish_two(1);
	fixture_cluster_node(
	    fixture_publish_inventory(), NODE_SUBSCRIBER, "far", "10.1.2.8", SERVICE_CALLMANAGER);
	fixture_publish_put("mem:pub", PUBLISH_CTL, "CTL 2");
	fixture_publish_wrong("mem:sub1", 0, FIXTURE_DOWN_BEFORE);
	by_hand_is(ST_FAILED, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'--even-targets'"));
	by_hand_is(ST_OK, true);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT what FROM audit ORDER BY number DESC LIMIT 1"),
	    "generation 2: was carried by hand to: far; is on: cucm-pub (mem:pub); and, not seen "
	    "there, by hand to: sub1 (mem:sub1)");
	end();

	/* All have targets, and one is away. */
	fixture_publish_two(1);
	fixture_publish_put("mem:pub", PUBLISH_CTL, "CTL 2");
	fixture_publish_wrong("mem:sub1", 0, FIXTURE_DOWN_BEFORE);
	by_hand_is(ST_OK, true);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT what FROM audit ORDER BY number DESC LIMIT 1"),
	    "generation 2: is on: cucm-pub (mem:pub); and, not seen there, by hand to: sub1 "
	    "(mem:sub1)");
	end();

	/* And none can be asked. */
	fixture_publish_two(0);
	fixture_publish_wrong("mem:pub", 0, FIXTURE_DOWN_BEFORE);
	by_hand_is(ST_OK, true);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT what FROM audit ORDER BY number DESC LIMIT 1"),
	    "generation 2: not seen there, by hand to: cucm-pub (mem:pub)");
	end();
}

/* A target that joined while it is carried by hand never had the file. */
static void test_joined_while_carried(void)
{
	fixture_publish_two(1);
	fixture_cluster_node(
	    fixture_publish_inventory(), NODE_SUBSCRIBER, "far", "10.1.2.8", SERVICE_CALLMANAGER);
	run_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_CARRY);
	fixture_publish_target(&fixture_publish_inventory()->nodes[1].deliver, "mem:new");
	fixture_publish_wrong("mem:new", 0, FIXTURE_DOWN_BEFORE);
	by_hand_is(ST_FAILED, false);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:new")->step, PUBLISH_FAILED);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	/* One that was served then, and is away now, is believed. */
	fixture_publish_heal();
	fixture_publish_put("mem:new", PUBLISH_CTL, "CTL 2");
	fixture_publish_wrong("mem:sub1", 0, FIXTURE_DOWN_BEFORE);
	by_hand_is(ST_OK, false);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_DONE);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

/* What is said of a run that could not even begin depends on what those before it did. */
static void test_told_of_earlier_runs(void)
{
	fixture_publish_two(2);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_DOWN_BEFORE);
	run_is(ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(
	    err.what, "some targets have the generation, and some are not known to have it"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "gone for good, take its target out"));
	run_is(ST_FAILED);
	CU_ASSERT_FALSE(result.changed);
	CU_ASSERT_PTR_NULL(strstr(err.what, "nothing was changed anywhere"));
	CU_ASSERT_PTR_NOT_NULL(strstr(
	    err.what, "this run changed nothing; some targets may have generation 2 already"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'ctlsign publish --resume'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'ctlsign publish --back'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "gone for good, take its target out"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(store_ask("SELECT what FROM audit ORDER BY number DESC LIMIT 1"),
		"this run changed nothing; some targets may have it already"));
	/* That way out works. */
	fixture_publish_inventory()->nodes[1].services = 0;
	free(fixture_publish_inventory()->nodes[1].deliver.list[0].text);
	fixture_publish_inventory()->nodes[1].deliver.n = 0;
	run_is(ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_no_target(void)
{
	fixture_publish_begin();
	fixture_publish_pending("CTL 1", 1);
	run_is(ST_OK);
	CU_ASSERT_FALSE(result.current);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_CARRY);
	publish_result_free(&result);
	CU_ASSERT_EQUAL(publish_by_hand_by(fixture_publish_request(), fixture_publish_means(),
			    false, &result, &err),
	    ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 1);
	end();
}

static void test_unusable(void)
{
	fixture_publish_two(1);
	fixture_publish_target(&fixture_publish_inventory()->nodes[1].deliver, "mem:unusable");
	run_is(ST_FAILED);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2") == false);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:sub1", PUBLISH_CTL), "CTL 1");
	CU_ASSERT_EQUAL(fixture_publish_staged(), 0);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:unusable")->step, PUBLISH_FAILED);
	end();
}

static void test_left_and_joined(void)
{
	struct inventory_node *sub;

	fixture_publish_two(2);
	fixture_publish_wrong("mem:sub1", 2, FIXTURE_REFUSES);
	run_is(ST_FAILED);
	fixture_publish_heal();
	/* The target of sub2 becomes another one: the old one stays with what it has. */
	sub = &fixture_publish_inventory()->nodes[2];
	strcpy(sub->deliver.list[0].text, "mem:new2");
	strcpy(fixture_publish_inventory()->nodes[0].deliver.list[0].text, "mem:pu2");
	run_is(ST_OK);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:new2", PUBLISH_CTL), "CTL 2");
	CU_ASSERT_PTR_NOT_NULL_FATAL(result.note);
	CU_ASSERT_PTR_NOT_NULL(strstr(result.note, "no further ones: mem:pub, mem:sub2"));
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_same_target_twice(void)
{
	fixture_publish_two(1);
	fixture_publish_target(&fixture_publish_inventory()->nodes[1].deliver, "mem:pub");
	run_is(ST_OK);
	CU_ASSERT_EQUAL(result.n_rows, 3);
	CU_ASSERT_EQUAL(fixture_publish_current_number(), 2);
	end();
}

static void test_ctl_file(void)
{
	fixture_publish_two(1);
	remove(fixture_publish_inventory()->ctl_file);
	run_is(ST_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture_publish_ctl_file());
	CU_ASSERT_STRING_EQUAL(fixture_publish_ctl_file(), "CTL 2");
	end();
}

static void test_many(void)
{
	fixture_publish_two(16);
	for (unsigned i = 0; i < 40; i++) {
		char text[32];

		snprintf(text, sizeof(text), i < 4 ? "mem:host/%u" : "mem:more%u", i);
		fixture_publish_target(
		    &fixture_publish_inventory()->nodes[1 + i % 16].deliver, text);
	}
	run_is(ST_OK);
	CU_ASSERT_EQUAL(result.n_rows, 57);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 2"));
	CU_ASSERT_TRUE(fixture_publish_most_at_once() <= 32);
	CU_ASSERT_TRUE(fixture_publish_most_at_once() > 8);
	end();
}

static unsigned told;
/* The CTL of these tests names no certificate at all. */
static void test_capf_of_another_ctl(void)
{
	fixture_publish_two(1);
	fixture_cluster_certificate(
	    &fixture_publish_inventory()->nodes[0].capf, fixture_cluster_cert("CAPF-lab", 0));
	CU_ASSERT_EQUAL(fixture_publish_run(&result, &err), ST_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(result.note);
	CU_ASSERT_PTR_NOT_NULL(strstr(result.note, "is not in generation 2, and is not delivered"));
	publish_result_free(&result);
	end();
}

static void tell(void *context, const struct publish_row *rows, size_t n)
{
	told++;
	CU_ASSERT_PTR_NULL(context);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_STRING_EQUAL(rows[0].place->node, "cucm-pub");
}

static void test_progress(void)
{
	struct publish_request request;

	fixture_publish_two(2);
	request = *fixture_publish_request();
	request.progress = tell;
	told = 0;
	CU_ASSERT_EQUAL(publish_run_by(&request, fixture_publish_means(), &result, &err), ST_OK);
	CU_ASSERT_TRUE(told >= 3);
	end();
}

static const struct harness_test tests[] = {
    {"all targets get it, and it becomes current", test_all},
    {"the first CTL of a cluster is published", test_first},
    {"one that cannot be staged: nothing changes anywhere", test_stage_fails},
    {"a target that hangs is interrupted", test_hangs},
    {"one that cannot be committed: rows and journal say so, and it is resumed", test_commit_fails},
    {"a commit whose answer is lost is found to be done", test_answer_lost},
    {"a target that dies while it commits is unknown", test_dies_in_commit},
    {"what phones get is compared", test_phones},
    {"a CTL Provider is told the mode", test_mode},
    {"who is carried to keeps it from being current until it is said", test_by_hand},
    {"targets that cannot be asked may be carried to", test_even_targets},
    {"a target that joined since is not believed to have it", test_joined_while_carried},
    {"what earlier runs did is told, and a node that is gone", test_told_of_earlier_runs},
    {"without targets all is carried", test_no_target},
    {"a target that cannot be made stops it", test_unusable},
    {"a target that left is told of, one that joined is served", test_left_and_joined},
    {"a target that is named twice is served once", test_same_target_twice},
    {"the CTL file of this machine is written anew", test_ctl_file},
    {"CAPF's certificate is not in the CTL: it stays, and that is told", test_capf_of_another_ctl},
    {"57 targets at once, on no more than 32 threads", test_many},
    {"progress is told", test_progress},
};

int main(void)
{
	return harness_main("publish_run", tests, HARNESS_COUNT(tests));
}
