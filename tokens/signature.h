/*
 * One signature, made by PKCS#11's own functions.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_SIGNATURE_H
#define CTLSIGN_TOKENS_SIGNATURE_H

#include "base/bytes.h"
#include "tokens/login.h"

#include <openssl/types.h>

struct signature_request {
	struct bytes digest_info; /* what is signed; with a mechanism of its own, what that wants */
	unsigned long mechanism;  /* CKM_...; 0: CKM_RSA_PKCS */
	struct bytes parameter;	  /* of the mechanism */
	const EVP_PKEY *key;	  /* its public half */
	struct bytes key_id;	  /* CKA_ID of the key; empty: it has none */
	/* For a key that wants a PIN for this signature; may be none with a PIN pad.  Taken over.
	 */
	struct secret *pin;
	bool always_authenticate; /* that may happen: on a PIN pad, it takes a person's time */
};

/*
 * After login_start(): C_SignInit with the mechanism, C_Login for a key that wants the PIN again,
 * C_Sign, each called once.  SIGNATURE has room for SIGNER_MAX_SIGNATURE bytes.  A failure is told
 * with the function that failed and the code that it gave.
 */
enum status signature_make(struct login *login, const struct signature_request *request,
    uint8_t *signature, size_t *len, struct error *err);

/*
 * Appends the modulus of an RSA key, without leading zeros, to the empty OUT; false for a key of
 * another kind or one that is larger than any signature of a trust list.
 */
bool signature_modulus(const EVP_PKEY *key, struct buffer *out);

#endif
