/*
 * What SQLite reports, in words that say which file, why, and what to do.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/handle.h"

#include <errno.h>
#include <stdio.h>

enum status store_where(struct store *store, enum status st, struct error *err)
{
	error_where_prefix(err, store->name);
	return st;
}

static void hint_backup(struct error *err)
{
	error_hint(err, "%s", _("restore it from a backup"));
}

enum status store_damaged(struct store *store, struct error *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(err, ST_FORMAT, _("the state file is damaged: %s"), text);
	hint_backup(err);
	return store_where(store, ST_FORMAT, err);
}

static enum status no_space(struct error *err)
{
	error_set(err, ST_IO, "%s", _("no space left on the disk for the state file"));
	error_hint(err, "%s", _("make room and run it again: what it held before is whole"));
	return ST_IO;
}

/* A read, a write or an opening that the system refused. */
static enum status system_refused(struct store *store, int rc, struct error *err)
{
	int errnum = store->db != NULL ? sqlite3_system_errno(store->db) : 0;

	if (errnum == ENOSPC || errnum == EDQUOT)
		return no_space(err);
	if ((rc & 0xFF) == SQLITE_CANTOPEN && errnum != 0)
		error_errno(err, ST_IO, errnum, "%s", _("cannot open the state file"));
	else if ((rc & 0xFF) == SQLITE_CANTOPEN)
		error_set(err, ST_IO, "%s", _("cannot open the state file"));
	else if (errnum != 0)
		error_errno(err, ST_IO, errnum, _("cannot read or write the state file (%s)"),
		    sqlite3_errstr(rc));
	else
		error_set(
		    err, ST_IO, _("cannot read or write the state file: %s"), sqlite3_errstr(rc));
	error_hint(err, "%s", _("check the disk, the directory and their permissions"));
	return ST_IO;
}

static enum status describe(struct store *store, int rc, struct error *err)
{
	switch (rc & 0xFF) {
	case SQLITE_NOMEM:
		return error_no_memory(err);
	case SQLITE_FULL:
		return no_space(err);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return system_refused(store, rc, err);
	case SQLITE_PERM:
	case SQLITE_READONLY:
		error_set(err, ST_IO, "%s", _("the state file cannot be written to"));
		error_hint(err, "%s", _("check its permissions and those of its directory"));
		return ST_IO;
	case SQLITE_NOTADB:
		error_set(err, ST_FORMAT, "%s", _("this is no state file of ctlsign"));
		error_hint(err, "%s", _("check \"state\" in ctlsign.conf"));
		return ST_FORMAT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		error_set(err, ST_FAILED, "%s", _("another program keeps the state file locked"));
		error_hint(err, "%s", _("end what has it open, and run it again"));
		return ST_FAILED;
	case SQLITE_CORRUPT:
	case SQLITE_CONSTRAINT:
	case SQLITE_SCHEMA:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
	case SQLITE_ERROR: /* a table or a column is not there */
		error_set(err, ST_FORMAT, _("the state file is damaged: %s"),
		    store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc));
		hint_backup(err);
		return ST_FORMAT;
	default:
		error_set(err, ST_FAILED, _("cannot use the state file: %s"), sqlite3_errstr(rc));
		error_hint(err, "%s", _("check \"state\" in ctlsign.conf"));
		return ST_FAILED;
	}
}

enum status store_sqlite_error(struct store *store, int rc, struct error *err)
{
	return store_where(store, describe(store, rc, err), err);
}
