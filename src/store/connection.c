/*
 * The connection to SQLite: how the state file is opened, and what a file that somebody else wrote
 * is kept from doing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/handle.h"

#include "store/statement.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* SQLite's own locks are held for moments only; this is for a slow disk. */
#define BUSY_MS 5000

/* Nothing that is stored is larger; checks of the whole file need a little room. */
#define LENGTH_MAX (4 * 1024 * 1024)

/* The switches of a connection, and what each is set to. */
static const struct {
	int option;
	int value;
} switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
};

/* For the PATH of a URI: "?", "#" and "%" have a meaning there. */
static char *immutable_uri(const char *path)
{
	struct buffer uri = BUFFER_INIT;
	char *copy;

	buffer_printf(&uri, "file://");
	for (; *path != '\0'; path++) {
		if (strchr("?#%", *path) != NULL)
			buffer_printf(&uri, "%%%02X", (unsigned)*path);
		else
			buffer_add_u8(&uri, (unsigned char)*path);
	}
	buffer_printf(&uri, "?immutable=1");
	copy = buffer_text(&uri) != NULL ? strdup(buffer_text(&uri)) : NULL;
	buffer_free(&uri);
	return copy;
}

static int run(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL);
}

/* Opens the file and reads its first page. */
static int connect_to(struct store *store, const char *name, int flags)
{
	int rc = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(switches) / sizeof(switches[0]); i++)
		rc = sqlite3_db_config(store->db, switches[i].option, switches[i].value, NULL);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
	if (rc == SQLITE_OK)
		rc = run(store, "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
				"PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
				"PRAGMA synchronous = FULL;");
	if (rc == SQLITE_OK && store->access == STORE_READ)
		rc = run(store, "PRAGMA query_only = ON;");
	if (rc == SQLITE_OK)
		rc = run(store, "SELECT count(*) FROM sqlite_master;");
	return rc;
}

static bool has_content(const char *path, const char *ending)
{
	struct buffer name = BUFFER_INIT;
	struct stat sb;
	bool has = true;

	buffer_printf(&name, "%s%s", path, ending);
	if (buffer_text(&name) != NULL)
		has = stat(buffer_text(&name), &sb) == 0 && sb.st_size > 0;
	buffer_free(&name);
	return has;
}

/*
 * A file in WAL mode is read with the help of two files beside it, which a directory that cannot be
 * written to does not get, nor a full disk.  Nobody else changes the file there either, so it can
 * be read alone, unless a log or a journal was left there whose content belongs to it.
 */
static bool can_be_read_alone(const struct store *store, int rc)
{
	return store->access == STORE_READ &&
	       ((rc & 0xFF) == SQLITE_CANTOPEN || rc == SQLITE_READONLY_DIRECTORY ||
		   rc == SQLITE_READONLY_CANTINIT || rc == SQLITE_IOERR_SHMSIZE) &&
	       !has_content(store->path, "-wal") && !has_content(store->path, "-journal");
}

enum status connection_open(struct store *store, struct error *err)
{
	enum status st = ST_OK;
	char *uri;
	int rc;

	/*
	 * Who only looks opens it for writing, too, if permitted (SQLite falls back by itself), and
	 * then forbids itself to write: so what a killed run left half done is undone, and the last
	 * one to close takes the log beside the file away.
	 */
	rc = connect_to(store, store->path, SQLITE_OPEN_READWRITE);
	if (rc != SQLITE_OK)
		st = store_sqlite_error(store, rc, err);
	if (can_be_read_alone(store, rc)) {
		connection_close(store);
		uri = immutable_uri(store->path);
		if (uri == NULL)
			return error_no_memory(err);
		rc = connect_to(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
		st = rc != SQLITE_OK ? store_sqlite_error(store, rc, err) : ST_OK;
		free(uri);
	}
	/* Opened for changes and yet read-only: SQLite falls back when it may not write. */
	if (st == ST_OK && store->access == STORE_CHANGE && sqlite3_db_readonly(store->db, "main"))
		st = store_sqlite_error(store, SQLITE_READONLY, err);
	if (st != ST_OK)
		connection_close(store);
	return st;
}

void connection_trust(struct store *store)
{
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

enum status connection_wal(struct store *store, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	const char *mode;
	bool row = false, wal = false;
	enum status st;

	st = statement_open(&s, store, "PRAGMA journal_mode = WAL", err);
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK && row) {
		mode = (const char *)sqlite3_column_text(s.stmt, 0);
		wal = mode != NULL && strcmp(mode, "wal") == 0;
	}
	statement_close(&s);
	if (st == ST_OK && !wal) {
		error_set(err, ST_IO, "%s",
		    _("the state file cannot have a write-ahead log on this file system"));
		error_hint(err, "%s", _("put it on a local disk, with \"state\" in ctlsign.conf"));
		st = store_where(store, ST_IO, err);
	}
	return st;
}

/* What SQLite says of the pages of TABLE, or of the whole file if that is NULL. */
static enum status check_pages(struct store *store, const char *table, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	char *said = NULL;
	bool row = false;
	enum status st;

	st = statement_open(&s, store,
	    table != NULL ? "SELECT quick_check FROM pragma_quick_check(?)"
			  : "PRAGMA quick_check(1)",
	    err);
	if (st == ST_OK && table != NULL)
		statement_text(&s, text_bytes(table));
	if (st == ST_OK)
		st = statement_step(&s, &row, err);
	if (st == ST_OK)
		st = column_line(&s, 0, &said, err);
	if (st == ST_OK && strcmp(said, "ok") != 0)
		st = store_damaged(store, err, "%s", said);
	free(said);
	statement_close(&s);
	return st;
}

/*
 * All but the phones, of which there may be a million: their rows are checked where they are read.
 * With the schema goes the list of free pages.
 */
static enum status check_tables(struct store *store, struct error *err)
{
	struct statement s = STATEMENT_INIT;
	char *name = NULL;
	bool row = true;
	enum status st = check_pages(store, "sqlite_schema", err);

	if (st == ST_OK)
		st = statement_open(&s, store,
		    "SELECT name FROM sqlite_schema WHERE type = 'table'"
		    " AND name NOT IN ('phone', 'phone_model', 'phone_checksum')",
		    err);
	while (st == ST_OK) {
		st = statement_step(&s, &row, err);
		if (st != ST_OK || !row)
			break;
		st = column_line(&s, 0, &name, err);
		if (st == ST_OK)
			st = check_pages(store, name, err);
	}
	free(name);
	statement_close(&s);
	return st;
}

enum status connection_check(struct store *store, bool whole, struct error *err)
{
	/* The pages only: values are checked where they are read, and told with their place. */
	enum status st = statement_do(store, "PRAGMA ignore_check_constraints = ON", err);

	if (st == ST_OK)
		st = whole ? check_pages(store, NULL, err) : check_tables(store, err);
	run(store, "PRAGMA ignore_check_constraints = OFF");
	return st;
}

void connection_close(struct store *store)
{
	sqlite3_close_v2(store->db);
	store->db = NULL;
}
