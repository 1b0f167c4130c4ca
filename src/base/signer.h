/*
 * The signer: something that holds an RSA private key and its certificate.  A token and a PEM file
 * implement it, and so do test doubles; the trust list code knows only this.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_SIGNER_H
#define CTLSIGN_BASE_SIGNER_H

#include "base/bytes.h"

#include <openssl/types.h>

/* The largest signature that a trust list can carry: RSA-4096. */
#define SIGNER_MAX_SIGNATURE 512

struct signer {
	const struct signer_ops *ops;
};

struct signer_ops {
	/*
	 * Signs DIGEST_INFO (the DER DigestInfo of the hash, made by the caller) with RSA PKCS#1
	 * v1.5.  SIGNATURE has room for SIGNER_MAX_SIGNATURE bytes; *LEN gets the real length.
	 * Called at most once on a signer.
	 */
	enum status (*sign)(struct signer *signer, struct bytes digest_info, uint8_t *signature,
	    size_t *len, struct error *err);

	/* The signer's certificate, known from the start; owned by the signer. */
	X509 *(*certificate)(struct signer *signer);

	/* Who signs, for messages: "token 'SAST-1' (serial 4a21...)", "key file ccm.pem". */
	const char *(*describe)(struct signer *signer);

	/* Logs out, wipes and frees. */
	void (*free)(struct signer *signer);
};

/* Shorthands; signer_free() takes NULL. */
enum status signer_sign(struct signer *signer, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err);
X509 *signer_certificate(struct signer *signer);
const char *signer_describe(struct signer *signer);
void signer_free(struct signer *signer);

#endif
