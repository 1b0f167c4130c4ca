/*
 * The phones in the state file: all of an import or nothing; and damage is told with its place.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_phones.h"
#include "fixture_store.h"
#include "fixture_vfs.h"
#include "harness.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct error err;

/* ---- all or nothing -------------------------------------------------------------------------- */

#define MANY 4000

/* Phones 0 to MANY - 1 with checksum number KIND each; every name that is left out is removed. */
static enum status put_many(struct store_phones *import, unsigned kind)
{
	char name[32], ctl[40];
	struct store_phone phone = {name, "Cisco 8845", ctl, "none", PHONES_T + kind};
	enum status st = ST_OK;

	snprintf(ctl, sizeof(ctl), "%032x", kind);
	for (unsigned i = 0; st == ST_OK && i < MANY; i++) {
		/* Some late. */
		snprintf(name, sizeof(name), "SEP%012X", i % 7 == 0 ? MANY - i : i);
		st = store_phones_put(import, &phone, &err);
	}
	return st;
}

static enum status import_many(unsigned kind)
{
	struct audit_entry entry = store_entry("imports many");
	struct store_phones_count count;
	struct store_phones *import = NULL;
	struct store *store = NULL;
	enum status st = store_open(store_path(), STORE_CHANGE, "test", 0, &store, &err);

	if (st == ST_OK)
		st = store_phones_begin(store, true, &import, &err);
	if (st == ST_OK)
		st = put_many(import, kind);
	if (st == ST_OK)
		st = store_phones_commit(import, &entry, &count, &err);
	else
		store_phones_abort(import);
	store_close(store);
	return st;
}

static void abort_and_kill(void)
{
	struct store *store = phones_with_three(), *reading;
	struct store_phones *import = phones_begun(store, true);
	int status = 0;
	char last[65];
	int64_t n;
	pid_t pid;

	CU_ASSERT_EQUAL(put_many(import, 1), ST_OK);
	/* Others read what was before. */
	reading = store_opened(STORE_READ);
	phones_assert_listed(reading, PHONES_THREE);
	store_close(reading);
	store_phones_abort(import);
	store_phones_abort(NULL);
	phones_assert_listed(store, PHONES_THREE);
	/* And the state can be changed again. */
	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, phones_three, 3), "+0 ~0 =3 -0");
	store_close(store);

	pid = fork();
	if (pid == 0) {
		store = store_opened(STORE_CHANGE);
		_exit(put_many(phones_begun(store, true), 1) == ST_OK ? 0 : 1);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	store = store_opened(STORE_CHANGE);
	phones_assert_listed(store, PHONES_THREE);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 2);
	store_close(store);
	store_remove();
}

/* All three phones of before, or all of import KIND; *NEW says which. */
static void assert_whole(unsigned kind, bool *new)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM phone JOIN phone_checksum ON number = ctl WHERE text = '%032x'",
	    kind);
	*new = strcmp(store_ask("SELECT count(*) FROM phone"), "3") != 0;
	CU_ASSERT_STRING_EQUAL(
	    store_ask(sql), *new ? store_ask("SELECT count(*) FROM phone") : "0");
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM audit"), *new ? "2" : "1");
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA integrity_check"), "ok");
}

static void kill_everywhere(void)
{
	static const enum vfs_fault faults[] = {VFS_KILL_BEFORE, VFS_KILL_TORN, VFS_KILL_AFTER};
	bool new = false, was_old = false;
	int status = 0;
	unsigned point;
	pid_t pid;

	vfs_install();
	for (point = 1; point < 2000; point += point < 20 ? 1 : 3) {
		store_remove();
		vfs_arm(VFS_NONE, 0, false);
		store_close(phones_with_three());
		pid = fork();
		if (pid == 0) {
			vfs_arm(faults[point % 3], point, false);
			_exit(import_many(2) == ST_OK ? 0 : 1);
		}
		CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
		if (WEXITSTATUS(status) == 0)
			break;
		CU_ASSERT_EQUAL(WEXITSTATUS(status), VFS_KILLED);
		store_close(store_opened(STORE_CHANGE));
		assert_whole(2, &new);
		was_old = was_old || !new;
	}
	printf("# killed at points up to %u\n", point - 1);
	CU_ASSERT_TRUE(was_old && new &&point > 50 && point < 2000);
	store_remove();
}

static void full_disk(void)
{
	bool new = false;
	unsigned failures = 0, point;

	vfs_install();
	for (point = 1; point < 2000; point += point < 20 ? 1 : 5) {
		store_remove();
		vfs_arm(VFS_NONE, 0, false);
		store_close(phones_with_three());
		vfs_arm(VFS_FULL, point, true);
		error_clear(&err);
		if (import_many(2) != ST_OK) {
			failures++;
			CU_ASSERT_EQUAL(err.status, ST_IO);
			CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "no space"));
		}
		if (!vfs_fired())
			break;
		vfs_arm(VFS_NONE, 0, false);
		store_close(store_opened(STORE_CHANGE));
		assert_whole(2, &new);
	}
	vfs_arm(VFS_NONE, 0, false);
	CU_ASSERT_TRUE(failures > 10 && point < 2000);
	store_remove();
}

/* ---- damage ---------------------------------------------------------------------------------- */

static enum status ignore(void *context, const struct store_phone_row *row, struct error *e)
{
	(void)context;
	(void)row;
	(void)e;
	return ST_OK;
}

static void damaged_rows(void)
{
	static const struct {
		const char *sql, *what;
	} cases[] = {
	    {"UPDATE phone SET seen = -1 WHERE name LIKE '%02'",
		"phone \"SEP001122AABB02\" has a value that cannot be there"},
	    {"UPDATE phone SET seen = 'x' WHERE name LIKE '%03'",
		"phone \"SEP001122AABB03\" has a value that cannot be there"},
	    {"UPDATE phone SET model = 0 WHERE name LIKE '%01'",
		"phone \"SEP001122AABB01\" has a value that cannot be there"},
	    {"UPDATE phone SET ctl = 4194305 WHERE name LIKE '%01'",
		"phone \"SEP001122AABB01\" has a value that cannot be there"},
	    {"UPDATE phone SET itl = x'00' WHERE name LIKE '%01'",
		"phone \"SEP001122AABB01\" has a value that cannot be there"},
	    {"UPDATE phone SET name = 'SEP001122AABB02' || char(10) WHERE name LIKE '%02'",
		"the phone after \"SEP001122AABB01\" has a name that cannot be there"},
	    {"UPDATE phone SET name = 'A' || char(0) WHERE name LIKE '%02'",
		"the first phone has a name that cannot be there"},
	    {"UPDATE phone SET name = printf('%.*c', 129, 'T') WHERE name LIKE '%02'",
		"the phone after \"SEP001122AABB03\" has a name that cannot be there"},
	    {"UPDATE phone SET name = x'41' WHERE name LIKE '%01'",
		"the phone after \"SEP001122AABB03\" has a name that cannot be there"},
	    {"UPDATE phone SET name = '' WHERE name LIKE '%01'",
		"the first phone has a name that cannot be there"},
	};

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		struct store *store = phones_with_three();

		store_close(store);
		store_tamper(cases[i].sql);
		store = store_opened(STORE_CHANGE);
		error_clear(&err);
		CU_ASSERT_EQUAL(store_phones_each(store, ignore, NULL, &err), ST_FORMAT);
		if (strstr(err.what, cases[i].what) == NULL)
			printf("# %s: %s\n", cases[i].sql, err.what);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, cases[i].what));
		CU_ASSERT_STRING_EQUAL(err.where, store_path());
		CU_ASSERT_STRING_NOT_EQUAL(err.hint, "");
		store_close(store);
		store_remove();
	}
}

/* An import of the three; ST_OK when it found nothing. */
static enum status import_three(struct store *store)
{
	struct audit_entry entry = store_entry("imports phones");
	struct store_phones_count count;
	struct store_phones *import = NULL;
	enum status st = store_phones_begin(store, false, &import, &err);

	for (size_t i = 0; st == ST_OK && i < 3; i++)
		st = store_phones_put(import, &phones_three[i], &err);
	if (st == ST_OK)
		return store_phones_commit(import, &entry, &count, &err);
	store_phones_abort(import);
	return st;
}

static void damaged_words(void)
{
	static const struct {
		const char *sql, *what;
		bool in_words; /* else only an import sees it */
	} cases[] = {
	    {"DELETE FROM phone_model WHERE text = 'Cisco 8845'",
		"the model of phone \"SEP001122AABB02\" is gone", false},
	    {"DELETE FROM phone_checksum WHERE text = '" PHONES_SHA1 "'",
		"a checksum of phone \"SEP001122AABB02\" is gone", false},
	    {"UPDATE phone_checksum SET text = 'NONE' WHERE number = 2", "checksum 2", true},
	    {"UPDATE phone_checksum SET text = '' WHERE number = 2", "checksum 2", true},
	    {"UPDATE phone_checksum SET text = 'none' WHERE number < 3", "checksum 2", true},
	    {"UPDATE phone_checksum SET number = 4194305 WHERE number = 2", "\"number\"", true},
	    {"UPDATE phone_checksum SET number = -1 WHERE number = 2", "\"number\"", true},
	    {"UPDATE phone_model SET text = 'a' || char(27) WHERE number = 1", "model 1", true},
	    {"UPDATE phone_model SET text = x'41' WHERE number = 1", "\"text\"", true},
	    {"UPDATE phone_model SET number = 65536 WHERE number = 1", "\"number\"", true},
	};
	struct store_phone_words words;

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		struct store *store = phones_with_three();

		store_close(store);
		store_tamper(cases[i].sql);
		store = store_opened(STORE_CHANGE);
		CU_ASSERT_EQUAL(
		    store_phone_words(store, &words, &err), cases[i].in_words ? ST_FORMAT : ST_OK);
		store_phone_words_free(&words);
		error_clear(&err);
		CU_ASSERT_EQUAL(import_three(store), ST_FORMAT);
		if (strstr(err.what, cases[i].what) == NULL)
			printf("# %s: %s\n", cases[i].sql, err.what);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, cases[i].what));
		CU_ASSERT_STRING_EQUAL(err.where, store_path());
		store_close(store);
		store_remove();
	}
}

/* The pages of phones are not read when a state is opened; they hinder nothing else. */
static void a_damaged_page(void)
{
	struct audit_entry entry = store_entry("sets");
	struct store *store;
	long page;
	char last[65];
	int64_t n;
	FILE *f;

	CU_ASSERT_EQUAL(import_many(1), ST_OK);
	page = atol(store_ask("SELECT rootpage FROM sqlite_schema WHERE name = 'phone'"));
	f = fopen(store_path(), "r+");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fseek(f, (page - 1) * 4096, SEEK_SET), 0);
	for (int i = 0; i < 4096; i++)
		fputc(0xFF, f);
	fclose(f);
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_set(store, "mode", "mixed", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_phones_each(store, ignore, NULL, &err), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "damaged"));
	CU_ASSERT_EQUAL(import_three(store), ST_FORMAT);
	/* Whoever asks for all is told. */
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_FORMAT);
	store_close(store);
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"aborted or killed, it leaves all as it was", abort_and_kill},
	    {"killed at a write, it is there whole or not at all", kill_everywhere},
	    {"a full disk leaves all as it was", full_disk},
	    {"damaged rows are told with their place", damaged_rows},
	    {"damaged words are told with their place", damaged_words},
	    {"a damaged page is told to who reads it, and hinders nobody else", a_damaged_page},
	};

	return harness_main("store phones faults", tests, HARNESS_COUNT(tests));
}
