/*
 * Phones in state files to test with.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_PHONES_H
#define CTLSIGN_TESTS_FIXTURE_PHONES_H

#include "store/store.h"

#define PHONES_MD5  "0123456789abcdef0123456789abcdef"
#define PHONES_SHA1 "0123456789abcdef0123456789abcdef01234567"
#define PHONES_T    1790000000

/* Three phones, and how they are listed. */
extern const struct store_phone phones_three[3];
#define PHONES_THREE                                                                               \
	"SEP001122AABB01|Cisco 7960|" PHONES_MD5 "|none|0\n"                                       \
	"SEP001122AABB02|Cisco 8845|" PHONES_MD5 "|" PHONES_SHA1 "|1\n"                            \
	"SEP001122AABB03||none||2\n"

/* A new state file that has them, with one entry in its log. */
struct store *phones_with_three(void);

/* Begins an import; a failure fails the test. */
struct store_phones *phones_begun(struct store *store, bool replace);

/* Commits it, and says what was counted ("+1 ~0 =2 -0") or the name of its status. */
const char *phones_committed(struct store_phones *import);

/* An import of N phones. */
const char *phones_imported(
    struct store *store, bool replace, const struct store_phone *phones, size_t n);

/* All phones of STORE are listed as SHOULD, a line each: name|model|ctl|itl|seen after PHONES_T. */
void phones_assert_listed(struct store *store, const char *should);

#endif
