/*
 * The tables of the state file, and how a file of an older version gets them.
 *
 * A step that was released is never changed: a new version is a new step.  A step that changes a
 * table makes a new one and copies, as what ALTER TABLE leaves in the schema depends on SQLite's
 * version, and schema_compare() looks at every letter.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/schema.h"

#include "store/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * The triggers are for accidents: whoever can write to the file can also drop them.  The hashes in
 * the audit log are what tells.  A generation's bytes stand last in its row, so that a listing does
 * not read them.
 */
static const char step_1[] =
    "CREATE TABLE audit ("
    " number INTEGER PRIMARY KEY CHECK (number > 0),"
    " at INTEGER NOT NULL,"
    " generation INTEGER NOT NULL,"
    " who TEXT NOT NULL,"
    " act TEXT NOT NULL,"
    " what TEXT NOT NULL,"
    " signer TEXT NOT NULL,"
    " digest TEXT NOT NULL,"
    " outcome TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " seal TEXT NOT NULL,"
    " before TEXT NOT NULL CHECK (length(before) = 64),"
    " hash TEXT NOT NULL CHECK (length(hash) = 64));"
    "CREATE TABLE audit_head ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " count INTEGER NOT NULL,"
    " hash TEXT NOT NULL CHECK (length(hash) = 64));"
    "INSERT INTO audit_head VALUES (1, 0, "
    "'0000000000000000000000000000000000000000000000000000000000000000');"
    "CREATE TABLE generation ("
    " number INTEGER PRIMARY KEY CHECK (number > 0),"
    " state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),"
    " made INTEGER NOT NULL,"
    " begun INTEGER NOT NULL REFERENCES audit (number),"
    " ended INTEGER REFERENCES audit (number),"
    " md5 TEXT NOT NULL,"
    " sha1 TEXT NOT NULL,"
    " sha256 TEXT NOT NULL,"
    " signer TEXT NOT NULL,"
    " signer_serial TEXT NOT NULL,"
    " digest TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " who TEXT NOT NULL,"
    " origins TEXT NOT NULL,"
    " release TEXT NOT NULL,"
    " domain TEXT NOT NULL,"
    " file TEXT NOT NULL,"
    " mode INTEGER NOT NULL CHECK (mode IN (0, 1)),"
    " signing INTEGER NOT NULL CHECK (signing IN (0, 1)),"
    " ctl BLOB NOT NULL,"
    " CHECK ((state = 0) = (ended IS NULL)));"
    "CREATE UNIQUE INDEX generation_pending ON generation (state) WHERE state = 0;"
    "CREATE TABLE setting ("
    " name TEXT NOT NULL PRIMARY KEY,"
    " value TEXT NOT NULL);"
    "CREATE TABLE trusted ("
    " number INTEGER PRIMARY KEY,"
    " certificate BLOB NOT NULL UNIQUE,"
    " added INTEGER NOT NULL,"
    " note TEXT NOT NULL);"
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never changed'); END;"
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never removed'); END;"
    "CREATE TRIGGER audit_head_is_kept BEFORE DELETE ON audit_head"
    " BEGIN SELECT RAISE(ABORT, 'the end of the audit log is never removed'); END;"
    "CREATE TRIGGER generation_stays BEFORE UPDATE ON generation"
    " WHEN old.state <> 0 OR old.number <> new.number OR old.ctl <> new.ctl"
    " BEGIN SELECT RAISE(ABORT, 'a generation is never changed'); END;"
    "CREATE TRIGGER generation_is_kept BEFORE DELETE ON generation"
    " BEGIN SELECT RAISE(ABORT, 'a generation is never removed'); END;";

/*
 * What a delivery has to remember until it is over, and which generations servers may have had;
 * `old` is NULL where there was no file.  Without a rowid there is one tree, all of which is read:
 * damage in it is found.
 */
static const char step_2[] = "CREATE TABLE delivery ("
			     " one INTEGER PRIMARY KEY CHECK (one = 1),"
			     " generation INTEGER NOT NULL REFERENCES generation (number),"
			     " phase INTEGER NOT NULL CHECK (phase BETWEEN 1 AND 4));"
			     "CREATE TABLE delivery_file ("
			     " target TEXT NOT NULL,"
			     " name TEXT NOT NULL,"
			     " old BLOB,"
			     " PRIMARY KEY (target, name)) WITHOUT ROWID;"
			     "CREATE TABLE served ("
			     " generation INTEGER PRIMARY KEY REFERENCES generation (number));";

/*
 * The fleet, and migrations.  A phone is one row of one tree in the order of names, which is the
 * order in which it is read and written; what phones share stands beside it under a number (0 of a
 * checksum: nobody knows).  There are no foreign keys and no second tree: with a million phones
 * each would cost as much as the rows.
 */
static const char step_3[] =
    "CREATE TABLE phone ("
    " name TEXT NOT NULL PRIMARY KEY,"
    " model INTEGER NOT NULL,"
    " ctl INTEGER NOT NULL,"
    " itl INTEGER NOT NULL,"
    " seen INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE phone_checksum ("
    " number INTEGER PRIMARY KEY,"
    " text TEXT NOT NULL);"
    "CREATE TABLE phone_model ("
    " number INTEGER PRIMARY KEY,"
    " text TEXT NOT NULL);"
    "CREATE TABLE migration ("
    " number INTEGER PRIMARY KEY CHECK (number > 0),"
    " state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),"
    " begun INTEGER NOT NULL,"
    " journal TEXT NOT NULL);"
    "CREATE UNIQUE INDEX migration_open ON migration (state) WHERE state = 0;"
    "CREATE TRIGGER migration_stays BEFORE UPDATE ON migration"
    " WHEN old.state <> 0 OR old.number <> new.number OR old.begun <> new.begun"
    " BEGIN SELECT RAISE(ABORT, 'a migration that ended is never changed'); END;"
    "CREATE TRIGGER migration_is_kept BEFORE DELETE ON migration"
    " BEGIN SELECT RAISE(ABORT, 'a migration is never removed'); END;";

const char *const schema_steps[] = {step_1, step_2, step_3};
const size_t schema_n_steps = sizeof(schema_steps) / sizeof(schema_steps[0]);

/* The number that SQL gives. */
static enum status ask_number(struct store *store, const char *sql, int64_t *out, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	enum status st = statement_open(&s, store, sql, err);
	bool row = false;

	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK)
		st = column_number(&s, 0, INT64_MIN, INT64_MAX, out, err);
	statement_close(&s);
	return st;
}

static enum status not_ours(struct store *store, struct error *err)
{
	struct stat sb;

	if (stat(store->path, &sb) == 0 && sb.st_size == 0) {
		error_set(err, ST_FORMAT, "%s", _("the state file is empty"));
		error_hint(err, "%s",
		    _("restore it from a backup, or remove it to begin without a history"));
	} else {
		error_set(err, ST_FORMAT, "%s",
		    _("this is a database of another program, no state file of ctlsign"));
		error_hint(err, "%s", _("check \"state\" in ctlsign.conf"));
	}
	return store_where(store, ST_FORMAT, err);
}

enum status schema_version(struct store *store, size_t n, int64_t *version, struct error *err)
{
	int64_t application = 0;
	enum status st;

	*version = 0;
	st = ask_number(store, "PRAGMA application_id", &application, err);
	if (st == ST_OK)
		st = ask_number(store, "PRAGMA user_version", version, err);
	if (st != ST_OK)
		return st;
	if (application != SCHEMA_APPLICATION_ID)
		return not_ours(store, err);
	if (*version < 1)
		return store_damaged(store, err, _("its version is %jd"), (intmax_t)*version);
	if ((uint64_t)*version > n) {
		error_set(err, ST_FAILED,
		    _("the state file was made by a newer ctlsign (version %jd, this one knows "
		      "%zu)"),
		    (intmax_t)*version, n);
		error_hint(err, "%s", _("install that ctlsign here; the file is left as it is"));
		return store_where(store, ST_FAILED, err);
	}
	return ST_OK;
}

/* Runs all statements of SQL. */
static enum status run_all(struct store *store, const char *sql, struct error *err)
{
	int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ST_OK : store_sqlite_error(store, rc, err);
}

enum status schema_migrate(
    struct store *store, const char *const *steps, size_t n, struct error *err)
{
	char sql[128];
	int64_t version = 0;
	enum status st;

	st = store_transaction(store, err);
	if (st != ST_OK)
		return st;
	st = ask_number(store, "PRAGMA user_version", &version, err);
	for (size_t i = (size_t)version; st == ST_OK && i < n; i++)
		st = run_all(store, steps[i], err);
	if (st == ST_OK) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu; PRAGMA application_id = %d",
		    n, SCHEMA_APPLICATION_ID);
		st = run_all(store, sql, err);
	}
	return store_end(store, st, err);
}

/* What ANALYZE adds does no harm and may stay. */
static const char list_schema[] =
    "SELECT type, name, tbl_name, coalesce(sql, '')"
    " FROM sqlite_master WHERE name NOT LIKE 'sqlite!_stat%' ESCAPE '!'"
    " ORDER BY type, name";

/* Whether the next rows of both say the same.  *ROW is false behind the last ones. */
static enum status same_row(
    struct statement *is, struct statement *should, bool *row, bool *same, struct error *err)
{
	struct bytes a = {NULL, 0}, b = {NULL, 0};
	enum status st;
	bool other = false;

	st = statement_step(is, row, err);
	if (st == ST_OK)
		st = statement_step(should, &other, err);
	*same = st == ST_OK && *row == other;
	for (int i = 0; st == ST_OK && *row && *same && i < 4; i++) {
		st = column_bytes(is, i, SQLITE_TEXT, STORE_TEXT_MAX, &a, err);
		if (st == ST_OK)
			st = column_bytes(should, i, SQLITE_TEXT, STORE_TEXT_MAX, &b, err);
		*same = st == ST_OK && bytes_equal(a, b);
	}
	return st;
}

enum status schema_compare(
    struct store *store, const char *const *steps, size_t n, struct error *err)
{
	struct store model = {.name = store->name, .path = store->path, .lock = -1};
	struct statement is = STATEMENT_INIT, should = STATEMENT_INIT;
	bool row = true, same = true;
	enum status st = ST_OK;
	int rc;

	rc = sqlite3_open_v2(":memory:", &model.db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		st = store_sqlite_error(&model, rc, err);
	if (st == ST_OK)
		st = schema_migrate(&model, steps, n, err);
	if (st == ST_OK)
		st = statement_open(&should, &model, list_schema, err);
	if (st == ST_OK)
		st = statement_open(&is, store, list_schema, err);
	while (st == ST_OK && row && same)
		st = same_row(&is, &should, &row, &same, err);
	if (st == ST_OK && !same)
		st = store_damaged(
		    store, err, "%s", _("its tables are not those that ctlsign makes"));
	statement_close(&is);
	statement_close(&should);
	connection_close(&model);
	return st;
}
