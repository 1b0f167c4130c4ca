/*
 * The tables of the state file, and how a file of an older version gets them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_SCHEMA_H
#define CTLSIGN_STORE_SCHEMA_H

#include "store/handle.h"

/* "CTLs": PRAGMA application_id of a state file. */
#define SCHEMA_APPLICATION_ID 0x43544C73

/* Step I, which is SQL, makes version I + 1 of version I.  Version 0 has nothing. */
extern const char *const schema_steps[];
extern const size_t schema_n_steps;

/*
 * The file's version in *VERSION.  ST_FORMAT for a file of another program, ST_FAILED for one that
 * is newer than version N.
 */
enum status schema_version(struct store *store, size_t n, int64_t *version, struct error *err);

/* Takes the steps of STEPS that are missing, all in one transaction. */
enum status schema_migrate(
    struct store *store, const char *const *steps, size_t n, struct error *err);

/* ST_FORMAT unless the file has just the tables that STEPS make. */
enum status schema_compare(
    struct store *store, const char *const *steps, size_t n, struct error *err);

#endif
