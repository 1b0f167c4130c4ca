/*
 * A token's key for TLS, as the files that make it one share it.
 *
 * Private to tokens/.  tls_key.c logs in and signs; tls_provider.c is what OpenSSL calls: a
 * provider (provider(7)) whose only key is this one, in a library context of its own, so that
 * nothing else in the process meets it; tls_padding.c makes what RSA signs.
 *
 * libp11 would make such a key, too: one that calls the module on the thread of whoever makes the
 * handshake, without a deadline and without anybody else's calls being kept out.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_TLS_KEY_H
#define CTLSIGN_TOKENS_TLS_KEY_H

#include "base/signer.h"
#include "tokens/tokens.h"

/* Counted: everybody who holds one gives it back. */
struct token_tls *tls_key_hold(struct token_tls *tls);
void tls_key_release(struct token_tls *tls); /* takes NULL */

/* A hash that TLS may want signed. */
struct tls_hash {
	const char *name; /* OpenSSL's */
	size_t len;
	struct bytes prefix;	 /* of its DigestInfo */
	unsigned long mechanism; /* CKM_SHA256 */
	unsigned long mgf;	 /* CKG_MGF1_SHA256 */
};

/* NULL for any other. */
const struct tls_hash *tls_hash_find(const char *name);

/* The DigestInfo of DIGEST, appended. */
void tls_digest_info(const struct tls_hash *hash, struct bytes digest, struct buffer *out);

/*
 * DIGEST padded as EMSA-PSS (RFC 8017, 9.1.1) wants it, with a salt of the hash's length, for a
 * modulus of BITS bits; appended.  False when the key is too small, or OpenSSL fails.
 */
bool tls_pss_encode(
    const struct tls_hash *hash, struct bytes digest, unsigned bits, struct buffer *out);

struct tls_signature_request {
	const struct tls_hash *hash;
	struct bytes digest;
	bool pss; /* else PKCS#1 v1.5 */
};

/*
 * One signature, checked in software.  Any thread may call it; ST_OK, or the error is kept for
 * token_tls_failure().
 */
enum status tls_key_sign(struct token_tls *tls, const struct tls_signature_request *request,
    uint8_t signature[SIGNER_MAX_SIGNATURE], size_t *len);

/* The provider's: TLS as a key of OpenSSL, with the public half of CERTIFICATE.  NULL: it fails. */
EVP_PKEY *tls_provider_key(struct token_tls *tls, const X509 *certificate);

/* The other way round: NULL for any other key.  Borrowed from KEY. */
struct token_tls *tls_provider_token(const EVP_PKEY *key);

#endif
