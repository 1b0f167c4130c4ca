/*
 * What the parts of a journal share.
 *
 * Private to src/migrate/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_JOURNAL_PARTS_H
#define CTLSIGN_MIGRATE_JOURNAL_PARTS_H

#include "migrate/journal.h"
#include "migrate/problem_parts.h"

#include <jansson.h>

#define JOURNAL_FORMAT 1 /* of the JSON */

/* Names in JSON: one table for writing and reading. */
extern const char *const journal_kinds[4];    /* by enum migrate_kind */
extern const char *const journal_signings[2]; /* by enum cluster_signing */
extern const char *const journal_signers[2];  /* by enum tokenless_signer */

/* A list of nothing, from nobody. */
struct migrate_list journal_no_list(void);

/* SAST INDEX as words call it; "?" where there is none (-1). */
const char *journal_name(const struct journal *journal, int index);

/* The first step of the present plan that is not done; n_steps: all are. */
size_t journal_next(const struct journal *journal);

#endif
