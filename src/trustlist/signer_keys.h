/*
 * Signer keys, ready for checking signatures, remembered by the certificate they came from: most
 * files of a fleet have the same few signers, and decoding a certificate costs more than checking a
 * signature.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_SIGNER_KEYS_H
#define CTLSIGN_TRUSTLIST_SIGNER_KEYS_H

#include "trustlist/trustlist.h"

#define SIGNER_KEYS_MAX 16

struct signer_key {
	struct buffer certificate; /* DER, copied */
	EVP_PKEY_CTX *context;	   /* initialised for verify-recover with PKCS#1 v1.5 */
	size_t size;		   /* of a signature, in bytes */
};

/* Start from all zeros.  When it is full, the oldest key makes room. */
struct signer_keys {
	struct signer_key keys[SIGNER_KEYS_MAX];
	size_t next;
};

void signer_keys_free(struct signer_keys *keys);

/*
 * The key of RECORD's certificate; *OUT is good until the next call.  ST_FORMAT when the
 * certificate is missing or cannot be decoded, ST_NOT_VERIFIED when its key is not RSA.
 */
enum status signer_keys_get(struct signer_keys *keys, const struct tl_record *record,
    const struct signer_key **out, struct error *err);

#endif
