/*
 * Values of a journal's JSON: each is checked before it is used, and what is wrong is ST_FORMAT
 * with the place.  JSON may be NULL.
 *
 * Private to src/migrate/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_JOURNAL_VALUES_H
#define CTLSIGN_MIGRATE_JOURNAL_VALUES_H

#include "migrate/journal_parts.h"

struct reading {
	struct journal *out;
	struct error *err;
	char where[96]; /* "steps[2]" */
};

/* ST_FORMAT: WHAT is wrong at the place. */
enum status value_bad(struct reading *r, const char *what);

/* Whether JSON is an object with these members and no others. */
enum status value_members(
    struct reading *r, const json_t *json, const char *const *names, size_t n);

/* Whether JSON is an array of at most MOST. */
enum status value_array_of(struct reading *r, const json_t *json, size_t most);

/* From 0 to MOST. */
enum status value_number(struct reading *r, const json_t *json, int64_t most, int64_t *out);

/* One printable line that fits. */
enum status value_line(struct reading *r, const json_t *json, char *out, size_t size);

/* The place of a word among N. */
enum status value_word(
    struct reading *r, const json_t *json, const char *const *words, size_t n, size_t *out);

/* Into OUT, which is emptied first. */
enum status value_base64(struct reading *r, const json_t *json, struct buffer *out);

/* X509_free() by the caller; null is none for the second. */
enum status value_certificate(struct reading *r, const json_t *json, X509 **out);
enum status value_maybe_certificate(struct reading *r, const json_t *json, X509 **out);

#endif
