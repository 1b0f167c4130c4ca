/*
 * Stamps of files, for what reads them and what keeps them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_CONTENT_STAMP_H
#define CTLSIGN_PROVIDER_CONTENT_STAMP_H

#include "provider/content.h"

#include <sys/stat.h>

/* What tells whether a file is the one that was read: inode, size, times to the nanosecond. */
void content_stamp_of(const struct stat *sb, struct content_stamp *out);
/* Whether the file has not changed between the two, as far as stamps can tell. */
bool content_stamp_equal(const struct content_stamp *a, const struct content_stamp *b);

#endif
