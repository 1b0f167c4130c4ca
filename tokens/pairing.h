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

#include <openssl/types.h>

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

struct paired_key {
	size_t candidate;	  /* whose it is */
	bool always_authenticate; /* wants the PIN for each signature */
	uint8_t id[255];	  /* its CKA_ID */
	size_t id_len;
};

/*
 * After login_start(): finds the key.  ST_NO_KEY when none fits, ST_AMBIGUOUS when keys of several
 * candidates do.
 */
enum status pairing_find(
    struct login *login, const struct pairing *pairing, struct paired_key *key, struct error *err);

/*
 * ST_NO_KEY, for a selector with this id= and object= ({NULL, 0} for one that it does not have)
 * that fits nothing with which somebody on the list could sign.
 */
enum status pairing_nothing_named(struct bytes id, struct bytes label, struct error *err);

#endif
