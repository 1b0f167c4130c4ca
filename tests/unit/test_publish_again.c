/*
 * Delivering the current generation again, to the targets that hold something else.
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

/* The publisher and two subscribers, each with a target; generation 1 everywhere. */
static void begin(void)
{
	fixture_publish_begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "mem:pub");
	fixture_publish_subscribers(2);
	fixture_publish_current("CTL 1", 1, true);
}

static void end(void)
{
	int64_t n;
	char last[65];

	CU_ASSERT_EQUAL(store_audit_verify(fixture_publish_store(), NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(fixture_publish_phase(NULL), DELIVERY_NONE);
	publish_result_free(&result);
	fixture_publish_end();
}

static void again_is(enum status expected, bool look_only)
{
	enum status st;

	publish_result_free(&result);
	error_clear(&err);
	st = publish_again_by(
	    fixture_publish_request(), fixture_publish_means(), look_only, &result, &err);
	CU_ASSERT_EQUAL(st, expected);
	if (st != expected)
		printf("# %s: %s\n", err.where, err.what);
}

static unsigned entries(void)
{
	return (unsigned)atoi(store_ask("SELECT count(*) FROM audit"));
}

static const char *entry(const char *column, unsigned from_last)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT %s FROM audit ORDER BY number DESC LIMIT 1 OFFSET %u",
	    column, from_last);
	return store_ask(sql);
}

static void test_nothing_to_do(void)
{
	unsigned before;

	begin();
	before = entries();
	again_is(ST_OK, false);
	CU_ASSERT_FALSE(result.changed);
	CU_ASSERT_TRUE(result.current);
	CU_ASSERT_EQUAL(result.generation, 1);
	CU_ASSERT_EQUAL(result.n_rows, 3);
	for (size_t i = 0; i < result.n_rows; i++) {
		CU_ASSERT_EQUAL(result.rows[i].step, PUBLISH_DONE);
		CU_ASSERT_EQUAL(result.rows[i].holds, PUBLISH_NEW);
		CU_ASSERT_FALSE(result.rows[i].changed);
		CU_ASSERT_FALSE(result.rows[i].place->files[0].odd);
	}
	/* Nothing was done, and the log has nothing of it. */
	CU_ASSERT_EQUAL(entries(), before);
	end();
}

static void test_odd_ones(void)
{
	unsigned before;

	begin();
	before = entries();
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "strange");
	fixture_publish_put("mem:sub2", PUBLISH_CTL, NULL);
	again_is(ST_OK, false);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
	CU_ASSERT_TRUE(result.changed);
	CU_ASSERT_FALSE(fixture_publish_row(&result, "mem:pub")->changed);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:sub1")->changed);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:sub2")->changed);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:sub1")->place->files[0].odd);
	CU_ASSERT_EQUAL(fixture_publish_staged(), 0);
	CU_ASSERT_EQUAL(entries(), before + 2);
	CU_ASSERT_STRING_EQUAL(entry("what", 1),
	    "generation 1, the current one: goes again to sub1 (mem:sub1: CTLFile.tlv), sub2 "
	    "(mem:sub2: CTLFile.tlv)");
	CU_ASSERT_STRING_EQUAL(entry("outcome", 1), "started");
	CU_ASSERT_STRING_EQUAL(entry("what", 0),
	    "generation 1, the current one: is again on sub1 (mem:sub1: CTLFile.tlv), sub2 "
	    "(mem:sub2: CTLFile.tlv)");
	CU_ASSERT_STRING_EQUAL(entry("outcome", 0), "done");
	again_is(ST_OK, false);
	CU_ASSERT_FALSE(result.changed);
	end();
}

static void test_look_only(void)
{
	unsigned before;

	begin();
	before = entries();
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "strange");
	fixture_publish_heal();
	again_is(ST_OK, true);
	CU_ASSERT_STRING_EQUAL(fixture_publish_holds("mem:sub1", PUBLISH_CTL), "strange");
	CU_ASSERT_FALSE(result.changed);
	CU_ASSERT_EQUAL(fixture_publish_row(&result, "mem:sub1")->holds, PUBLISH_OLD);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:sub1")->place->files[0].odd);
	CU_ASSERT_FALSE(fixture_publish_row(&result, "mem:sub2")->place->files[0].odd);
	/* One call each: it was read. */
	CU_ASSERT_EQUAL(fixture_publish_calls("mem:sub1"), 1);
	CU_ASSERT_EQUAL(fixture_publish_calls("mem:sub2"), 1);
	CU_ASSERT_EQUAL(entries(), before);
	fixture_publish_wrong("mem:sub2", 0, FIXTURE_DOWN_BEFORE);
	again_is(ST_FAILED, true);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "not every target could be asked"));
	CU_ASSERT_EQUAL(entries(), before);
	end();
}

static void test_phones_files(void)
{
	begin();
	fixture_publish_phone("001122AABBCC");
	again_is(ST_OK, false);
	CU_ASSERT_STRING_EQUAL(
	    fixture_publish_holds("mem:sub1", "CTLSEP001122AABBCC.tlv"), "CTL 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(entry("what", 0), "pub (mem:pub: 1 of phones)"));
	CU_ASSERT_FALSE(fixture_publish_row(&result, "mem:sub1")->place->files[0].odd);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:sub1")->place->files[1].odd);
	end();
}

/* The CTL of these tests names no certificate at all. */
static void test_capf_of_another_ctl(void)
{
	begin();
	fixture_cluster_certificate(
	    &fixture_publish_inventory()->nodes[0].capf, fixture_cluster_cert("CAPF-lab", 0));
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "strange");
	again_is(ST_OK, false);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
	CU_ASSERT_PTR_NULL(fixture_publish_holds("mem:sub1", PUBLISH_CAPF_DER));
	CU_ASSERT_PTR_NOT_NULL_FATAL(result.note);
	CU_ASSERT_PTR_NOT_NULL(strstr(result.note, "is not in generation 1, and is not delivered"));
	end();
}

static void test_mode(void)
{
	begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[0].deliver, "https://pub");
	fixture_publish_put("https://pub", PUBLISH_CTL, "CTL 1");
	/* A provider that has the files may not know the mode. */
	again_is(ST_OK, false);
	CU_ASSERT_EQUAL(fixture_publish_mode("https://pub"), 1);
	CU_ASSERT_FALSE(result.changed);
	end();
}

static void test_refused(void)
{
	fixture_publish_begin();
	again_is(ST_FAILED, false);
	CU_ASSERT_STRING_EQUAL(err.what, "there is no CTL yet");
	fixture_publish_current("CTL 1", 1, true);
	again_is(ST_FAILED, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "no server has a target"));
	publish_result_free(&result);
	fixture_publish_end();

	begin();
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "strange");
	fixture_publish_pending("CTL 2", 1);
	fixture_publish_heal();
	for (int look_only = 0; look_only < 2; look_only++) {
		again_is(ST_FAILED, look_only == 1);
		CU_ASSERT_PTR_NOT_NULL(
		    strstr(err.what, "generation 2 is signed and not published"));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "'ctlsign publish --back'"));
	}
	CU_ASSERT_EQUAL(fixture_publish_calls("mem:sub1"), 0);
	publish_result_free(&result);
	fixture_publish_end();
}

/* Every call of an odd target goes wrong in every way: it is old or current, whole, the other odd
 * one gets it, and the next run ends it. */
static void test_every_failure(void)
{
	for (unsigned op = 0; op < 4; op++)
		for (int wrong = 0; wrong < FIXTURE_N_WRONG; wrong++) {
			const char *held;
			enum status st;

			begin();
			fixture_publish_timeout(100);
			fixture_publish_put("mem:sub1", PUBLISH_CTL, "strange");
			fixture_publish_put("mem:sub2", PUBLISH_CTL, "strange");
			fixture_publish_wrong("mem:sub1", op, (enum fixture_wrong)wrong);
			/* A commit whose answer is lost is found to be done. */
			st = op == 2 && wrong == FIXTURE_LOSES ? ST_OK : ST_FAILED;
			again_is(st, false);
			held = fixture_publish_holds("mem:sub1", PUBLISH_CTL);
			CU_ASSERT_PTR_NOT_NULL_FATAL(held);
			CU_ASSERT_TRUE(strcmp(held, "strange") == 0 || strcmp(held, "CTL 1") == 0);
			CU_ASSERT_STRING_EQUAL(
			    fixture_publish_holds("mem:sub2", PUBLISH_CTL), "CTL 1");
			CU_ASSERT_EQUAL(
			    fixture_publish_row(&result, "mem:sub2")->step, PUBLISH_DONE);
			if (st != ST_OK) {
				CU_ASSERT_EQUAL(
				    fixture_publish_row(&result, "mem:sub1")->step, PUBLISH_FAILED);
				CU_ASSERT_STRING_EQUAL(err.where, "sub1: mem:sub1");
				CU_ASSERT_PTR_NOT_NULL(
				    strstr(err.hint, "'ctlsign publish --again'"));
				CU_ASSERT_PTR_NOT_NULL(
				    strstr(entry("what", 0), "failed at sub1 (mem:sub1)"));
				CU_ASSERT_PTR_NOT_NULL(
				    strstr(entry("what", 0), "sub2 (mem:sub2: CTLFile.tlv)"));
			}
			fixture_publish_heal();
			again_is(ST_OK, false);
			CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
			CU_ASSERT_EQUAL(fixture_publish_staged(), 0);
			end();
		}
}

static void test_phones_get_another(void)
{
	begin();
	fixture_publish_url(&fixture_publish_inventory()->nodes[0].verify, "http://mem:pub");
	fixture_publish_phones_get("old in its memory");
	again_is(ST_FAILED, false);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "phones would get another CTLFile.tlv"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(fixture_publish_row(&result, "mem:pub")->err.hint, "publish --again"));
	CU_ASSERT_FALSE(result.changed);
	fixture_publish_phones_get(NULL);
	again_is(ST_OK, false);
	CU_ASSERT_TRUE(fixture_publish_row(&result, "mem:pub")->phones);
	end();
}

/* Two nodes that share a folder: it gets the file once. */
static void test_shared_target(void)
{
	begin();
	fixture_publish_target(&fixture_publish_inventory()->nodes[1].deliver, "mem:pub");
	fixture_publish_put("mem:pub", PUBLISH_CTL, "strange");
	again_is(ST_OK, false);
	CU_ASSERT_TRUE(fixture_publish_all_hold("CTL 1"));
	CU_ASSERT_STRING_EQUAL(entry("what", 0),
	    "generation 1, the current one: is again on cucm-pub (mem:pub: CTLFile.tlv)");
	end();
}

static const struct harness_test tests[] = {
    {"nothing to do: nothing is changed or logged", test_nothing_to_do},
    {"the odd ones get it, the log says which and what", test_odd_ones},
    {"looking changes nothing", test_look_only},
    {"files of phones", test_phones_files},
    {"CAPF's certificate of another CTL is left out", test_capf_of_another_ctl},
    {"providers are told the mode", test_mode},
    {"refused: no CTL, no target, one that is pending", test_refused},
    {"every call fails in every way", test_every_failure},
    {"phones get another file", test_phones_get_another},
    {"two nodes share a target", test_shared_target},
};

int main(void)
{
	return harness_main("publish_again", tests, HARNESS_COUNT(tests));
}
