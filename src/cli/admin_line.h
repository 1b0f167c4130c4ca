/*
 * A line of the admin shell as words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_ADMIN_LINE_H
#define CTLSIGN_CLI_ADMIN_LINE_H

#include "base/error.h"

#include <stddef.h>

#define ADMIN_LINE_MAX	1024 /* bytes of a line */
#define ADMIN_WORDS_MAX 32

struct admin_line {
	char text[ADMIN_LINE_MAX + 1]; /* what the words are in */
	char *words[ADMIN_WORDS_MAX];
	size_t starts[ADMIN_WORDS_MAX]; /* where each begins in the line as it was typed */
	size_t n;
};

/*
 * Splits RAW at blanks.  What stands in 'single' or "double" quotes stays together, and there is
 * no other way to escape.  A line that begins with # has no words.  ST_USAGE for a quote that is
 * not closed and for control characters, ST_LIMIT for a line that is too long.
 */
enum status admin_line_split(const char *raw, struct admin_line *out, struct error *err);

#endif
