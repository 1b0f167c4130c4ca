/*
 * State files to test with.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"

#include "harness.h"

#include "base/text.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *store_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/state.db", harness_directory());
	return path;
}

void store_remove(void)
{
	static const char *const endings[] = {
	    "", "-wal", "-shm", "-journal", ".lock", ".new", ".new-journal"};
	char path[160];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", store_path(), endings[i]);
		unlink(path);
	}
}

struct store *store_opened(enum store_access access)
{
	struct store *store = NULL;
	struct error err;

	if (store_open(store_path(), access, "test", 0, &store, &err) != ST_OK)
		printf("# %s: %s\n", err.where, err.what);
	CU_ASSERT_PTR_NOT_NULL_FATAL(store);
	return store;
}

struct audit_entry store_entry(const char *what)
{
	struct audit_entry entry;

	memset(&entry, 0, sizeof(entry));
	entry.who = "anna (uid 1000) on host adm1";
	entry.act = "test";
	entry.what = what;
	entry.outcome = "done";
	return entry;
}

struct generation store_generation_of(const char *text)
{
	struct generation generation = GENERATION_INIT;

	buffer_add(&generation.ctl, text, strlen(text));
	generation.signer = strdup("token 'SAST-1' (serial 4a21)");
	generation.signer_serial = strdup("70cafe");
	generation.digest = strdup("SHA-512");
	generation.reason = strdup("update --add-token");
	generation.who = strdup("anna (uid 1000) on host adm1");
	generation.origins = strdup("TTCI");
	generation.release = strdup("12.5(1)");
	generation.domain = strdup("lab.example");
	generation.file = strdup("/srv/tftp/CTLFile.tlv");
	generation.mode = 1;
	return generation;
}

void store_fill(struct store *store, int n)
{
	struct audit_entry entry = store_entry("fills");
	struct generation generation;
	struct error err;
	char text[32];

	for (int i = 1; i <= n; i++) {
		snprintf(text, sizeof(text), "CTL %d", i);
		generation = store_generation_of(text);
		CU_ASSERT_EQUAL(store_begin(store, &generation, &entry, &err), ST_OK);
		CU_ASSERT_EQUAL(store_finish(store, generation.number, &entry, &err), ST_OK);
		generation_free(&generation);
	}
}

static void run(sqlite3 *db, const char *sql)
{
	char *said = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK) {
		printf("# %s: %s\n", sql, said != NULL ? said : "");
		CU_FAIL("SQL");
	}
	sqlite3_free(said);
}

static int collect(void *context, int n, char **values, char **names)
{
	struct buffer *out = context;

	(void)n;
	(void)names;
	buffer_printf(out, "%s;", values[0]);
	return 0;
}

void store_tamper(const char *sql)
{
	static const char drop[] =
	    "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept; DROP TRIGGER audit_head_is_kept;"
	    "DROP TRIGGER generation_stays; DROP TRIGGER generation_is_kept;"
	    "DROP TRIGGER migration_stays; DROP TRIGGER migration_is_kept;";
	struct buffer triggers = BUFFER_INIT;
	sqlite3 *db = NULL;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(store_path(), &db), SQLITE_OK);
	run(db, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;");
	CU_ASSERT_EQUAL(sqlite3_exec(db, "SELECT sql FROM sqlite_master WHERE type = 'trigger'",
			    collect, &triggers, NULL),
	    SQLITE_OK);
	run(db, drop);
	run(db, sql);
	run(db, buffer_text(&triggers));
	sqlite3_close(db);
	buffer_free(&triggers);
}

void store_downgrade(int version)
{
	static const char *const steps[] = {NULL,
	    "DROP TABLE served; DROP TABLE delivery_file; DROP TABLE delivery;"
	    "PRAGMA user_version = 1;",
	    "DROP TABLE migration; DROP TABLE phone; DROP TABLE phone_model;"
	    "DROP TABLE phone_checksum; PRAGMA user_version = 2;"};
	sqlite3 *db = NULL;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(store_path(), &db), SQLITE_OK);
	for (int i = (int)HARNESS_COUNT(steps) - 1; i >= version; i--)
		run(db, steps[i]);
	sqlite3_close(db);
}

const char *store_ask(const char *sql)
{
	static char answer[256];
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	answer[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(store_path(), &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		snprintf(answer, sizeof(answer), "%s", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return answer;
}
