/*
 * The lines that were typed in the admin shell, from session to session:
 * $XDG_STATE_HOME/ctlsign/admin-history (~/.local/state when that is unset), for its owner only.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_ADMIN_HISTORY_H
#define CTLSIGN_CLI_ADMIN_HISTORY_H

#include "base/bytes.h"
#include "base/error.h"

#include <stddef.h>

#define ADMIN_HISTORY_MAX 500

/* Start from all zero. */
struct admin_history {
	char **lines; /* oldest first, as they were loaded; owned */
	size_t n;
	struct buffer path;
};

/* Loads the newest lines; a file that has grown over twice the number is cut.  No file is none. */
enum status admin_history_load(struct admin_history *history, struct error *err);

/* Appends LINE to the file; several shells may do so at once. */
enum status admin_history_add(struct admin_history *history, const char *line, struct error *err);

void admin_history_free(struct admin_history *history);

#endif
