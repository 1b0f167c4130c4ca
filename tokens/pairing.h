/*
 * Which private key on a token belongs to which certificate.
 *
 * Keys are found by CKA_ID first and by their public half then, never by label; and whatever found
 * one, its public half must be the certificate's.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_PAIRING_H
#define CTLSIGN_TOKENS_PAIRING_H

#include "base/bytes.h"
#include "tokens/login.h"

struct pairing {
	X509 *const *candidates;
	size_t n_candidates;
	/* The certificate is known: candidates[0] is the only one, and id its CKA_ID. */
	bool known;
	struct bytes id;
	/* The certificate is not known: only keys with these; {NULL, 0} for any. */
	struct bytes want_id;
	struct bytes want_label;
};

/*
 * After login_start(): finds the key, leaves it in module->key, and tells the candidate that it
 * belongs to and whether it wants the PIN for each signature (true, too, where that is not known).
 * ST_NO_KEY when none fits, ST_AMBIGUOUS when keys of several candidates do.
 */
enum status pairing_find(struct login *login, const struct pairing *pairing, size_t *candidate,
    bool *always_authenticate, struct error *err);

#endif
