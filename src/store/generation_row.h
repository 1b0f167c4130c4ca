/*
 * Inside the store: a row of the table of generations.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_GENERATION_ROW_H
#define CTLSIGN_STORE_GENERATION_ROW_H

#include "store/hash.h"
#include "store/statement.h"

/* What generation_row_read() wants selected; ", ctl" may follow. */
#define GENERATION_COLUMNS                                                                         \
	"number, state, made, begun, ended, mode, signing, md5, sha1, sha256, signer, "            \
	"signer_serial, digest, reason, who, origins, release, domain, file, "                     \
	"(SELECT at FROM audit WHERE audit.number = generation.ended)"

/* The audit entries of a generation; ended is 0 while it is pending. */
struct generation_entries {
	int64_t begun;
	int64_t ended;
};

/*
 * The seal of what GENERATION has in all columns but `begun` and `ended`, when its state is STATE;
 * its bytes by way of their SHA-256.  store.h has the form.
 */
enum status generation_seal(const struct generation *generation, enum generation_state state,
    char seal[HASH_HEX + 1], struct error *err);

/* The row that S stands on, with its ctl if WITH_CTL.  OUT is freed first; ENTRIES may be NULL. */
enum status generation_row_read(struct statement *s, struct generation *out, bool with_ctl,
    struct generation_entries *entries, struct error *err);

#endif
