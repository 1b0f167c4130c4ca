/*
 * Names of models: what of them counts, and which patterns fit.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/families_parts.h"

#include <ctype.h>
#include <string.h>

/* Words that are left out: every phone has them, or the same one has them in one tool only. */
static const char *const idle[] = {"CISCO", "UNIFIED", "IP", "PHONE", "CP", "SIP", "SCCP", "SERIES",
    "WIRELESS", "CONFERENCE", "K9"};

static bool is_idle(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (strlen(idle[i]) == len && memcmp(idle[i], word, len) == 0)
			return true;
	return false;
}

/* Letters of other scripts count, byte by byte. */
static bool counts(unsigned char c, bool pattern)
{
	return isalnum(c) != 0 || c >= 0x80 || (pattern && (c == '*' || c == '?'));
}

char *model_fold(char out[FAMILY_MODEL_MAX], const char *model, bool pattern)
{
	size_t n = 0, word = 0;

	for (; *model != '\0' && n + 1 < FAMILY_MODEL_MAX; model++) {
		const unsigned char c = (unsigned char)*model;

		if (counts(c, pattern)) {
			out[n++] = (char)toupper(c);
			continue;
		}
		if (is_idle(out + word, n - word))
			n = word;
		word = n;
	}
	if (is_idle(out + word, n - word))
		n = word;
	out[n] = '\0';
	return out;
}

bool model_fits(const char *pattern, const char *model)
{
	const char *star = NULL, *behind = NULL;

	/* Only the last '*' has to be tried again: those before it took the least. */
	while (*model != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			behind = model;
		} else if (*pattern == '?' || *pattern == *model) {
			pattern++;
			model++;
		} else if (star != NULL) {
			pattern = star + 1;
			model = ++behind;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
