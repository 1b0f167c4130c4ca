/*
 * What a signature covers: the hash of the signed bytes, as a DER DigestInfo.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_DIGEST_INFO_H
#define CTLSIGN_TRUSTLIST_DIGEST_INFO_H

#include "trustlist/trustlist.h"

/* SHA-512's is the longest: 19 bytes of DER and 64 of hash. */
#define DIGEST_INFO_MAX 83u

/* OpenSSL's digests and a context, fetched when first needed and kept.  Start from all zeros. */
struct digester {
	EVP_MD_CTX *context;
	EVP_MD *md[TL_SHA512 + 1]; /* by enum tl_digest */
};

struct digest_info {
	uint8_t der[DIGEST_INFO_MAX];
	size_t len;
};

void digester_free(struct digester *digester);

/*
 * Hashes the signed bytes of LIST (the file without element 12) with the digest that its header
 * names.  ST_NOT_VERIFIED when the digest code is none that is known.
 */
enum status digest_info_make(struct digester *digester, const struct trustlist *list,
    struct digest_info *out, struct error *err);

#endif
