/*
 * Inside the store: the open state file, its connection to SQLite, and how its errors are told.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_HANDLE_H
#define CTLSIGN_STORE_HANDLE_H

#include "store/store.h"

#include <sqlite3.h>

/* The most that a CTL may have, and a line of text.  More in a file is damage. */
#define STORE_CTL_MAX  (1024 * 1024)
#define STORE_TEXT_MAX 65536

struct store {
	sqlite3 *db;
	char *name; /* as it was given, for messages */
	char *path; /* absolute, links followed */
	enum store_access access;
	int lock; /* -1: none */
};

/*
 * Opens STORE->path for its access with all that makes a hostile file harmless.  Until
 * connection_trust() a close leaves the file as it is, even what stands in its write-ahead log.
 */
enum status connection_open(struct store *store, struct error *err);
void connection_trust(struct store *store);

/* Puts the file into WAL mode, which it keeps. */
enum status connection_wal(struct store *store, struct error *err);

/*
 * ST_FORMAT when SQLite finds the pages of the file damaged.  Reads all of it, but the phones only
 * if it is to be the WHOLE file.
 */
enum status connection_check(struct store *store, bool whole, struct error *err);

/* Closes it; what is in the write-ahead log moves to the file.  Takes a closed one. */
void connection_close(struct store *store);

/*
 * Makes a new, migrated state file at STORE->path, which the caller has locked: at a second name
 * first, so that PATH is there whole or not at all.
 */
enum status create_state(struct store *store, struct error *err);

/* ST_IO, ST_FORMAT, ... for SQLite's result code RC, with the file, the reason and what to do. */
enum status store_sqlite_error(struct store *store, int rc, struct error *err);

/* ST_FORMAT: something stands in the file that no ctlsign wrote there. */
enum status store_damaged(struct store *store, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts the file's name in front of the place of ERR. */
enum status store_where(struct store *store, enum status st, struct error *err);

/*
 * A transaction: store_transaction() begins one that may write, store_snapshot() one that only
 * reads.  store_end() commits it if ST is ST_OK and undoes it otherwise; returns ST or what the
 * commit said.
 */
enum status store_transaction(struct store *store, struct error *err);
enum status store_snapshot(struct store *store, struct error *err);
enum status store_end(struct store *store, enum status st, struct error *err);

#endif
