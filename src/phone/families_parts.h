/*
 * What the files of the table of families share; private to them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_FAMILIES_PARTS_H
#define CTLSIGN_PHONE_FAMILIES_PARTS_H

#include "phone/families.h"

/* A model's name and a pattern are no longer than this; what is, is cut. */
#define FAMILY_MODEL_MAX 96

struct family_row {
	struct phone_family family;
	char **patterns; /* folded, as model_fold() leaves them */
	size_t n_patterns;
	char *models; /* as written, printable, with ", " between */
};

struct phone_families {
	struct family_row *rows; /* as many as there are */
	size_t n;
};

/*
 * What of a model's name counts: "7940G" of "Cisco Unified IP Phone CP-7940G".  PATTERN: '*' and
 * '?' stay.  Returns OUT, which may be empty.
 */
char *model_fold(char out[FAMILY_MODEL_MAX], const char *model, bool pattern);

/* Whether PATTERN fits all of MODEL; both folded. */
bool model_fits(const char *pattern, const char *model);

/* Adds a row; the N patterns are copied and folded. */
enum status families_add(struct phone_families *families, const struct phone_family *family,
    const char *const *patterns, size_t n, struct error *err);

/* Adds those of the file PATH; the built-in ones. */
enum status families_add_file(struct phone_families *families, const char *path, struct error *err);
enum status families_add_builtin(struct phone_families *families, struct error *err);

#endif
