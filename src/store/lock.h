/*
 * The lock of a changing run: a file of its own beside the state file.  The state file itself is
 * never opened by us, as closing it again would drop SQLite's locks on it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_LOCK_H
#define CTLSIGN_STORE_LOCK_H

#include "store/handle.h"

/*
 * Takes the lock of STORE->path and writes COMMAND into it, or waits WAIT_MS for it; a signal ends
 * the wait.  ST_FAILED names who has it.
 */
enum status lock_take(
    struct store *store, const char *command, unsigned wait_ms, struct error *err);
void lock_release(struct store *store); /* takes one without lock */

#endif
