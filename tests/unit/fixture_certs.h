/*
 * Keys, certificates and a signer for tests, made in memory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_CERTS_H
#define CTLSIGN_TESTS_FIXTURE_CERTS_H

#include "base/signer.h"

#include <openssl/types.h>

/* Keys that can sign; made when first asked for, kept until the program ends. */
enum fixture_key_id {
	FIXTURE_RSA_1024_A,
	FIXTURE_RSA_1024_B,
	FIXTURE_RSA_2048,
	FIXTURE_EC_P256,
	FIXTURE_ED25519,
	FIXTURE_N_KEYS,
};

EVP_PKEY *fixture_key(enum fixture_key_id id);

/* An RSA public key of BITS bits that nobody has the private half of: quick at any size. */
EVP_PKEY *fixture_public_key(int bits);

struct fixture_cert_spec {
	const char *const *subject; /* type, value, type, value, ..., NULL */
	const char *const *issuer;  /* NULL: the subject */
	EVP_PKEY *key;
	EVP_PKEY *issuer_key; /* NULL: KEY */
	struct bytes serial;  /* big-endian */
	size_t der_size;      /* padded to exactly this with an nsComment; 0: as it comes */
};

/* A new certificate, valid from 2020 to 2049.  Aborts when it cannot be made. */
X509 *fixture_cert(const struct fixture_cert_spec *spec);

/* What the fixture's signer does when asked to sign. */
enum fixture_fault {
	FIXTURE_SIGNS,
	FIXTURE_SIGNS_WRONG,	    /* right length, wrong bytes */
	FIXTURE_SIGNS_OTHER_DIGEST, /* a valid signature of another DigestInfo */
	FIXTURE_SIGNS_SHORT,	    /* one byte too few */
	FIXTURE_SIGNS_NOT,	    /* ST_TOKEN_REMOVED */
};

/* A signer over KEY; all borrowed; signer_free() only counts. */
struct fixture_signer {
	struct signer base;
	EVP_PKEY *key;
	X509 *certificate;
	enum fixture_fault fault;
	unsigned signed_times;
	unsigned freed_times;
};

void fixture_signer_init(
    struct fixture_signer *signer, EVP_PKEY *key, X509 *certificate, enum fixture_fault fault);

#endif
