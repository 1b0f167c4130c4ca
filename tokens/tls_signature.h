/*
 * Signatures by a token, as OpenSSL asks its providers for them.
 *
 * Private to tokens/tls_*.c.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_TLS_SIGNATURE_H
#define CTLSIGN_TOKENS_TLS_SIGNATURE_H

#include "tokens/tls_key.h"

#include <openssl/core.h>

/* A key of our provider. */
struct tls_key {
	BIGNUM *n, *e;
	struct token_tls *token; /* held; NULL: a public key only */
};

extern const OSSL_DISPATCH tls_signature_functions[];

#endif
