/*
 * Families of phones: which model can do what.
 *
 * The built-in table says only what Cisco's documents say; a model that none of them names is in no
 * family.  A site adds what it knows in a file (the setting phone-families of ctlsign.conf), whose
 * rows go before the built-in ones:
 *
 *     family "Lab phones" {
 *       models = {"8811", "88*"}           # as below
 *       security-by-default = yes          # yes, no, unknown
 *       digests = {SHA-1, SHA-256, SHA-512} # that its firmware knows for sure; SHA-1 always is
 *       no-digests = {}                    # that it does not know for sure
 *       largest-key = 2048                 # bits: 512 to 4096
 *     }
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_FAMILIES_H
#define CTLSIGN_PHONE_FAMILIES_H

#include "phone/phone.h"

struct phone_families;

/* The built-in table, after the rows of the file PATH (NULL: none). */
enum status phone_families_open(const char *path, struct phone_families **out, struct error *err);
void phone_families_close(struct phone_families *families); /* takes NULL */

/*
 * The family of MODEL, as sites' tools write it: "Cisco 7940", "CP-7940G", "7940",
 * "Cisco Unified IP Phone 7940": case, blanks, "Cisco", "Unified", "IP", "Phone", "CP-" and the
 * like do not count.  Patterns may hold '*' and '?'.  NULL: it is in none.  Borrowed.
 */
const struct phone_family *phone_family_of(
    const struct phone_families *families, const char *model);

/* The rows in their order, for those who list them; NULL behind the last.  PATTERNS (may be NULL)
 * gets its models with ", " between, borrowed. */
const struct phone_family *phone_families_at(
    const struct phone_families *families, size_t index, const char **patterns);

/*
 * The two families of a check without a fleet: phones of which nothing is known but that they ask
 * TVS, or do not.  They know every digest and key.
 */
extern const struct phone_family phone_family_with_sbd;
extern const struct phone_family phone_family_without_sbd;

#endif
