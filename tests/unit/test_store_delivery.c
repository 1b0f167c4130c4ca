/*
 * The journal of a delivery: what is put into it comes out, and it ends with its generation.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static struct error err;

/* Generation N is pending. */
static struct store *with_pending(void)
{
	struct generation put = store_generation_of("abc");
	struct audit_entry entry = store_entry("begins");
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL_FATAL(store_begin(store, &put, &entry, &err), ST_OK);
	generation_free(&put);
	return store;
}

static struct delivery_file held(const char *target, const char *name, const char *old)
{
	struct delivery_file file = {.target = (char *)(uintptr_t)target,
	    .name = (char *)(uintptr_t)name,
	    .there = old != NULL};

	if (old != NULL)
		buffer_add(&file.old, old, strlen(old));
	return file;
}

static enum delivery_phase phase_of(struct store *store)
{
	struct delivery got = {0};
	enum delivery_phase phase;

	CU_ASSERT_EQUAL(store_delivery(store, &got, &err), ST_OK);
	phase = got.phase;
	delivery_free(&got);
	return phase;
}

static void it_comes_back(void)
{
	struct store *store = with_pending();
	struct delivery_file files[] = {held("/srv/tftp", "CTLFile.tlv", "old one"),
	    held("sftp://a/b", "CTLFile.tlv", NULL), held("/srv/tftp", "capf.cer", "")};
	struct audit_entry entry = store_entry("all have it");
	struct delivery got = {0};

	CU_ASSERT_EQUAL(phase_of(store), DELIVERY_NONE);
	CU_ASSERT_EQUAL(store_deliver(store, 1, DELIVERY_SIGNED, NULL, 0, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(phase_of(store), DELIVERY_SIGNED);
	CU_ASSERT_EQUAL(
	    store_deliver(store, 1, DELIVERY_COMMIT, files, HARNESS_COUNT(files), &entry, &err),
	    ST_OK);
	store_close(store);

	store = store_opened(STORE_READ);
	CU_ASSERT_EQUAL(store_delivery(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.phase, DELIVERY_COMMIT);
	CU_ASSERT_EQUAL(got.generation, 1);
	CU_ASSERT_EQUAL_FATAL(got.n_files, 3);
	CU_ASSERT_STRING_EQUAL(got.files[0].target, "/srv/tftp");
	CU_ASSERT_STRING_EQUAL(got.files[0].name, "CTLFile.tlv");
	CU_ASSERT_TRUE(got.files[0].there);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&got.files[0].old), text_bytes("old one")));
	/* An empty file is not the same as none. */
	CU_ASSERT_STRING_EQUAL(got.files[1].name, "capf.cer");
	CU_ASSERT_TRUE(got.files[1].there);
	CU_ASSERT_EQUAL(got.files[1].old.len, 0);
	CU_ASSERT_STRING_EQUAL(got.files[2].target, "sftp://a/b");
	CU_ASSERT_FALSE(got.files[2].there);
	delivery_free(&got);
	store_close(store);
	store_remove();
	buffer_free(&files[0].old);
	buffer_free(&files[2].old);
}

/* What a target held before the first try is what it goes back to. */
static void the_first_word_counts(void)
{
	struct store *store = with_pending();
	struct delivery_file first = held("/a", "CTLFile.tlv", "before"),
			     again[] = {
				 held("/a", "CTLFile.tlv", "new"), held("/b", "CTLFile.tlv", "b")};
	struct delivery got = {0};

	CU_ASSERT_EQUAL(store_deliver(store, 1, DELIVERY_COMMIT, &first, 1, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(store_deliver(store, 1, DELIVERY_COMMIT, again, 2, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(store_delivery(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(got.n_files, 2);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&got.files[0].old), text_bytes("before")));
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&got.files[1].old), text_bytes("b")));
	delivery_free(&got);
	store_close(store);
	store_remove();
	buffer_free(&first.old);
	buffer_free(&again[0].old);
	buffer_free(&again[1].old);
}

static void it_ends_with_its_generation(bool finish)
{
	struct store *store = with_pending();
	struct delivery_file file = held("/a", "CTLFile.tlv", "before");
	struct audit_entry entry = store_entry("ends");

	CU_ASSERT_EQUAL(store_deliver(store, 1, DELIVERY_COMMIT, &file, 1, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(
	    finish ? store_finish(store, 1, &entry, &err) : store_abandon(store, 1, &entry, &err),
	    ST_OK);
	CU_ASSERT_EQUAL(phase_of(store), DELIVERY_NONE);
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM delivery_file"), "0");
	store_remove();
	buffer_free(&file.old);
}

static void finished(void)
{
	it_ends_with_its_generation(true);
}

static void abandoned(void)
{
	it_ends_with_its_generation(false);
}

static void only_of_the_pending_one(void)
{
	struct store *store = store_opened(STORE_CHANGE);

	store_fill(store, 2);
	CU_ASSERT_EQUAL(store_deliver(store, 2, DELIVERY_SIGNED, NULL, 0, NULL, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "generation 2 is not pending");
	CU_ASSERT_EQUAL(store_deliver(store, 0, DELIVERY_SIGNED, NULL, 0, NULL, &err), ST_FAILED);
	CU_ASSERT_EQUAL(phase_of(store), DELIVERY_NONE);
	store_close(store);
	store_remove();
}

/* ---- what servers may have had --------------------------------------------------------------- */

/* Collects the numbers that it is called for. */
static enum status note_number(void *context, const struct generation *g, struct error *e)
{
	(void)e;
	buffer_printf(context, "%lld%s ", (long long)g->number, g->ctl.len > 0 ? "!" : "");
	return ST_OK;
}

static void assert_numbers(struct store *store, const char *history, const char *withdrawn)
{
	struct buffer all = BUFFER_INIT, back = BUFFER_INIT;

	CU_ASSERT_EQUAL(store_history(store, note_number, &all, &err), ST_OK);
	CU_ASSERT_EQUAL(store_withdrawn(store, note_number, &back, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(all.len > 0 ? buffer_text(&all) : "", history);
	CU_ASSERT_STRING_EQUAL(back.len > 0 ? buffer_text(&back) : "", withdrawn);
	buffer_free(&all);
	buffer_free(&back);
}

static void begin(struct store *store, enum delivery_phase phase)
{
	struct generation put = store_generation_of("abc");
	struct audit_entry entry = store_entry("begins");

	CU_ASSERT_EQUAL_FATAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_deliver(store, put.number, phase, NULL, 0, NULL, &err), ST_OK);
	generation_free(&put);
}

/* Phones may hold what was taken back, until a later list is there. */
static void what_was_taken_back_is_remembered(void)
{
	struct audit_entry entry = store_entry("ends");
	struct store *store = store_opened(STORE_CHANGE);

	store_fill(store, 1);
	begin(store, DELIVERY_SIGNED);
	assert_numbers(store, "1 2 ", "");
	CU_ASSERT_EQUAL(store_abandon(store, 2, &entry, &err), ST_OK);
	assert_numbers(store, "1 ", "");
	begin(store, DELIVERY_COMMIT);
	assert_numbers(store, "1 3 ", "");
	CU_ASSERT_EQUAL(store_abandon(store, 3, &entry, &err), ST_OK);
	assert_numbers(store, "1 3 ", "3! ");
	begin(store, DELIVERY_CARRY);
	assert_numbers(store, "1 3 4 ", "3! ");
	CU_ASSERT_EQUAL(store_finish(store, 4, &entry, &err), ST_OK);
	assert_numbers(store, "1 3 4 ", "");
	store_close(store);
	store_remove();
}

/* A phase that no ctlsign wrote, or one without its generation's number. */
static void damage(void)
{
	struct delivery got = {0};
	struct store *store = with_pending();

	CU_ASSERT_EQUAL(store_deliver(store, 1, DELIVERY_SIGNED, NULL, 0, NULL, &err), ST_OK);
	store_close(store);
	store_tamper("PRAGMA ignore_check_constraints = 1; UPDATE delivery SET phase = 9");
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_delivery(store, &got, &err), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, store_path());
	delivery_free(&got);
	store_close(store);
	store_remove();
}

/* The files of version 1 get the two tables, and keep what they have. */
static void a_state_of_version_1(void)
{
	struct generation got = GENERATION_INIT;
	struct store *store = store_opened(STORE_CHANGE);

	store_fill(store, 2);
	store_close(store);
	store_downgrade(1);
	CU_ASSERT_EQUAL(store_open(store_path(), STORE_READ, "test", 0, &store, &err), ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "of an older ctlsign"));
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(phase_of(store), DELIVERY_NONE);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 2);
	generation_free(&got);
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA user_version"), "3");
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what is put into it comes back", it_comes_back},
	    {"what a target held before the first try stays", the_first_word_counts},
	    {"it ends when its generation is finished", finished},
	    {"it ends when its generation is abandoned", abandoned},
	    {"only the pending generation has one", only_of_the_pending_one},
	    {"what was taken back is remembered", what_was_taken_back_is_remembered},
	    {"damage is told", damage},
	    {"a state of version 1 is brought up to date", a_state_of_version_1},
	};

	return harness_main("store delivery", tests, HARNESS_COUNT(tests));
}
