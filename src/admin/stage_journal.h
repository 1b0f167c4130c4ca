/*
 * The journal of files that are being moved to their places, and taking them back.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_STAGE_JOURNAL_H
#define CTLSIGN_ADMIN_STAGE_JOURNAL_H

#include "base/bytes.h"

#include <stdbool.h>

#define JOURNAL_NAME "journal"

/*
 * Appends a line for NAME in the folder FD: what tells it from any other file that may get its
 * name, wherever it is moved.  False with errno.
 */
bool journal_add(struct buffer *journal, int fd, const char *name);

/*
 * Takes back what a run left in DIR: its hidden folder NAME, and what its journal says was moved
 * out of it, unless all was.  True when there is nothing (any more); false with errno.
 */
bool journal_take_back(int dir, const char *name);

#endif
