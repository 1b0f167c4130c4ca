/*
 * Migrations in the state file: one is open at a time, and the log seals its journal.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "fixture_vfs.h"
#include "harness.h"

#include "base/text.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOURNAL "{\"goal\": \"tokenless\", \"note\": \"Z\xC3\xBCrich\\n\"}"

static struct error err;

static enum status begin(struct store *store, const char *journal)
{
	struct audit_entry entry = store_entry("begins a migration");
	int64_t number = 99;
	enum status st = store_migration_begin(store, journal, &number, &entry, &err);

	CU_ASSERT_EQUAL(number != 0, st == ST_OK);
	return st;
}

static enum status put(
    struct store *store, int64_t number, enum migration_state state, const char *journal)
{
	struct audit_entry entry = store_entry("goes on");

	return store_migration_write(store, number, state, journal, &entry, &err);
}

static void assert_is(
    struct store *store, int64_t number, enum migration_state state, const char *journal)
{
	struct store_migration got = {0};

	CU_ASSERT_EQUAL(store_migration(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, number);
	CU_ASSERT_EQUAL(got.state, state);
	CU_ASSERT_PTR_NOT_NULL_FATAL(got.journal);
	CU_ASSERT_STRING_EQUAL(got.journal, journal);
	CU_ASSERT_TRUE(got.begun > 1700000000 && got.begun <= time(NULL));
	store_migration_free(&got);
	CU_ASSERT_PTR_NULL(got.journal);
}

static int64_t verified(struct store *store)
{
	char last[65];
	int64_t n = -1;

	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	return n;
}

static void it_comes_back(void)
{
	struct store_migration got = {0};
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(store_migration(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(put(store, 0, MIGRATION_DONE, "{}"), ST_FAILED);
	CU_ASSERT_EQUAL(begin(store, JOURNAL), ST_OK);
	store_close(store);
	store = store_opened(STORE_CHANGE);
	assert_is(store, 1, MIGRATION_OPEN, JOURNAL);
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_OPEN, "{\"step\": 2}"), ST_OK);
	assert_is(store, 1, MIGRATION_OPEN, "{\"step\": 2}");
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_DONE, "{\"step\": 3}"), ST_OK);
	assert_is(store, 1, MIGRATION_DONE, "{\"step\": 3}");
	CU_ASSERT_EQUAL(verified(store), 3);
	store_close(store);
	store_remove();
}

static void one_is_open(void)
{
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(begin(store, "{}"), ST_OK);
	CU_ASSERT_EQUAL(begin(store, "{\"a\": 1}"), ST_EXISTS);
	CU_ASSERT_STRING_EQUAL(err.what, "migration 1 is not finished");
	CU_ASSERT_STRING_EQUAL(err.where, store_path());
	CU_ASSERT_STRING_NOT_EQUAL(err.hint, "");
	CU_ASSERT_EQUAL(put(store, 2, MIGRATION_OPEN, "{}"), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "migration 2 is not open");
	assert_is(store, 1, MIGRATION_OPEN, "{}");
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_ABORTED, "{\"why\": 1}"), ST_OK);
	/* What ended is over. */
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_OPEN, "{}"), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "migration 1 is not open");
	CU_ASSERT_EQUAL(begin(store, "{\"b\": 1}"), ST_OK);
	assert_is(store, 2, MIGRATION_OPEN, "{\"b\": 1}");
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_DONE, "{}"), ST_FAILED);
	CU_ASSERT_EQUAL(put(store, 2, MIGRATION_DONE, "{}"), ST_OK);
	assert_is(store, 2, MIGRATION_DONE, "{}");
	/* Nothing that was refused is in the log. */
	CU_ASSERT_EQUAL(verified(store), 4);
	store_close(store);
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT group_concat(number || ':' || state) FROM migration"), "1:2,2:1");
	store_remove();
}

static void long_journals(void)
{
	struct store *store = store_opened(STORE_CHANGE);
	char *journal = malloc(STORE_JOURNAL_MAX + 2);

	CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
	memset(journal, 'x', STORE_JOURNAL_MAX + 1);
	journal[STORE_JOURNAL_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(begin(store, journal), ST_LIMIT);
	CU_ASSERT_STRING_EQUAL(err.what,
	    "the journal of this migration would have 1048577 bytes: 1048576 are allowed");
	CU_ASSERT_EQUAL(verified(store), 0);
	journal[STORE_JOURNAL_MAX] = '\0';
	CU_ASSERT_EQUAL(begin(store, journal), ST_OK);
	assert_is(store, 1, MIGRATION_OPEN, journal);
	journal[STORE_JOURNAL_MAX] = 'x';
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_DONE, journal), ST_LIMIT);
	CU_ASSERT_EQUAL(verified(store), 1);
	free(journal);
	store_close(store);
	store_remove();
}

/* ---- the seal -------------------------------------------------------------------------------- */

static void add_field(struct buffer *form, const char *field)
{
	buffer_add_u32(form, (uint32_t)strlen(field));
	buffer_add(form, field, strlen(field));
}

/* As the header describes it, made here once more. */
static void seal_of(
    const char *number, const char *state, long long begun, const char *journal, struct buffer *hex)
{
	struct buffer form = BUFFER_INIT;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char digits[32];

	snprintf(digits, sizeof(digits), "%lld", begun);
	buffer_printf(&form, "ctlsign migration 1\n");
	add_field(&form, number);
	add_field(&form, state);
	add_field(&form, digits);
	add_field(&form, journal);
	SHA256(form.data, form.len, digest);
	text_hex(hex, (struct bytes){digest, sizeof(digest)}, 0, true);
	buffer_free(&form);
}

static void the_seal(void)
{
	struct store *store = store_opened(STORE_CHANGE);
	struct buffer hex = BUFFER_INIT;
	long long begun;

	CU_ASSERT_EQUAL(begin(store, JOURNAL), ST_OK);
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_ABORTED, "{}"), ST_OK);
	store_close(store);
	begun = atoll(store_ask("SELECT begun FROM migration"));
	seal_of("1", "0", begun, JOURNAL, &hex);
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT seal FROM audit WHERE number = 1"), buffer_text(&hex));
	buffer_reset(&hex);
	seal_of("1", "2", begun, "{}", &hex);
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT seal FROM audit WHERE number = 2"), buffer_text(&hex));
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT group_concat(subject || generation) FROM audit"),
	    "migration 10,migration 10");
	buffer_free(&hex);
	store_remove();
}

/* Migration 1 is done and migration 2 open. */
static void make_two(void)
{
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(begin(store, "{\"a\": 1}"), ST_OK);
	CU_ASSERT_EQUAL(put(store, 1, MIGRATION_DONE, "{\"a\": 2}"), ST_OK);
	CU_ASSERT_EQUAL(begin(store, "{\"b\": 1}"), ST_OK);
	CU_ASSERT_EQUAL(verified(store), 3);
	store_close(store);
}

static void changes_are_noticed(void)
{
	static const struct {
		const char *sql, *where, *what;
	} cases[] = {
	    {"UPDATE migration SET journal = '{\"b\": 2}' WHERE number = 2", "migration 2",
		"it was changed: it is not what entry 3 made it"},
	    {"UPDATE migration SET journal = '{\"a\": 1}' WHERE number = 1", "migration 1",
		"it was changed: it is not what entry 2 made it"},
	    {"UPDATE migration SET state = 2 WHERE number = 2", "migration 2",
		"it was changed: it is not what entry 3 made it"},
	    {"UPDATE migration SET begun = begun - 1 WHERE number = 1", "migration 1",
		"it was changed: it is not what entry 2 made it"},
	    {"DELETE FROM migration WHERE number = 1", "entry 2",
		"the migration that it tells of is gone"},
	    {"UPDATE migration SET number = 3 WHERE number = 2", "entry 3",
		"the migration that it tells of is gone"},
	    {"INSERT INTO migration VALUES (3, 1, 1790000000, '{}')", "migration 3",
		"no entry of the log tells how it came here"},
	};
	struct store *store;
	char where[256], last[65];
	int64_t n;

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		make_two();
		store_tamper(cases[i].sql);
		store = store_opened(STORE_READ);
		CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_NOT_VERIFIED);
		snprintf(where, sizeof(where), "%s: %s", store_path(), cases[i].where);
		CU_ASSERT_STRING_EQUAL(err.where, where);
		CU_ASSERT_STRING_EQUAL(err.what, cases[i].what);
		store_close(store);
		store_remove();
	}
}

/* What a slip with another program would do is refused by the file itself. */
static void the_file_keeps_them(void)
{
	make_two();
	store_ask("UPDATE migration SET journal = '{}' WHERE number = 1");
	store_ask("DELETE FROM migration");
	store_ask("UPDATE migration SET begun = 1 WHERE number = 2");
	store_ask("INSERT INTO migration VALUES (3, 0, 1790000000, '{}')");
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT group_concat(number || journal) FROM migration WHERE begun > 1"),
	    "1{\"a\": 2},2{\"b\": 1}");
	store_remove();
}

static void damage(void)
{
	static const char *const cases[] = {
	    "UPDATE migration SET state = 3 WHERE number = 2",
	    "UPDATE migration SET state = 'x' WHERE number = 2",
	    "UPDATE migration SET number = 0 WHERE number = 2",
	    "UPDATE migration SET begun = -1 WHERE number = 2",
	    "UPDATE migration SET begun = 253402300800 WHERE number = 2",
	    "UPDATE migration SET journal = x'7B7D' WHERE number = 2",
	    "UPDATE migration SET journal = '{' || char(0) || '}' WHERE number = 2",
	    "UPDATE migration SET journal = printf('%.*c', 1048577, 'x') WHERE number = 2",
	};
	struct store_migration got = {0};
	struct store *store;
	char last[65];
	int64_t n;

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		make_two();
		store_tamper(cases[i]);
		store = store_opened(STORE_CHANGE);
		CU_ASSERT_EQUAL(store_migration(store, &got, &err), ST_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "damaged"));
		CU_ASSERT_STRING_EQUAL(err.where, store_path());
		CU_ASSERT_EQUAL(got.number, 0);
		CU_ASSERT_PTR_NULL(got.journal);
		CU_ASSERT_EQUAL(put(store, 2, MIGRATION_DONE, "{}"), ST_FORMAT);
		CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_FORMAT);
		store_close(store);
		store_remove();
	}
}

/* ---- killed ---------------------------------------------------------------------------------- */

static enum status go_on(void)
{
	struct store *store = NULL;
	enum status st = store_open(store_path(), STORE_CHANGE, "test", 0, &store, &err);

	if (st == ST_OK)
		st = put(store, 2, MIGRATION_DONE, "{\"b\": 2}");
	if (st == ST_OK)
		st = begin(store, "{\"c\": 1}");
	store_close(store);
	return st;
}

static void killed(void)
{
	struct store_migration got = {0};
	struct store *store;
	unsigned point, seen[5] = {0};
	int64_t entries;
	int status = 0;
	pid_t pid;

	vfs_install();
	for (point = 1; point < 500; point++) {
		store_remove();
		vfs_arm(VFS_NONE, 0, false);
		make_two();
		pid = fork();
		if (pid == 0) {
			vfs_arm(VFS_KILL_AFTER, point, false);
			_exit(go_on() == ST_OK ? 0 : 1);
		}
		CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
		if (WEXITSTATUS(status) == 0)
			break;
		CU_ASSERT_EQUAL(WEXITSTATUS(status), VFS_KILLED);
		store = store_opened(STORE_CHANGE);
		entries = verified(store);
		CU_ASSERT_TRUE_FATAL(entries >= 3 && entries <= 5);
		CU_ASSERT_EQUAL(store_migration(store, &got, &err), ST_OK);
		CU_ASSERT_EQUAL(got.number, entries == 5 ? 3 : 2);
		CU_ASSERT_EQUAL(got.state, entries == 4 ? MIGRATION_DONE : MIGRATION_OPEN);
		store_migration_free(&got);
		seen[entries - 1]++;
		store_close(store);
	}
	CU_ASSERT_TRUE(seen[2] > 0 && seen[3] > 0 && seen[4] > 0 && point < 500);
	store_remove();
}

/* ---- older files ----------------------------------------------------------------------------- */

static void a_state_of_version_2(void)
{
	struct store_migration got = {0};
	struct store *store = store_opened(STORE_CHANGE);

	store_fill(store, 1);
	store_close(store);
	store_downgrade(2);
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_migration(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(begin(store, "{}"), ST_OK);
	CU_ASSERT_EQUAL(verified(store), 3);
	store_close(store);
	store = store_opened(STORE_READ);
	assert_is(store, 1, MIGRATION_OPEN, "{}");
	CU_ASSERT_NOT_EQUAL(put(store, 1, MIGRATION_DONE, "{}"), ST_OK);
	store_close(store);
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what is put into it comes back", it_comes_back},
	    {"one is open at a time, and what ended is over", one_is_open},
	    {"a journal has its limit", long_journals},
	    {"the seal is what the header says", the_seal},
	    {"a journal that was changed is noticed, with its place", changes_are_noticed},
	    {"the file itself keeps what ended", the_file_keeps_them},
	    {"damage is told", damage},
	    {"killed at a write, it is at one step or the next", killed},
	    {"a state of version 2 has none", a_state_of_version_2},
	};

	return harness_main("store migration", tests, HARNESS_COUNT(tests));
}
