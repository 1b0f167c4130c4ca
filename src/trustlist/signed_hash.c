/*
 * The hash that a list's signature is over.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/digest_info.h"

#include <openssl/evp.h>

enum status tl_signed_hash(const struct trustlist *list, struct buffer *out, struct error *err)
{
	struct digester digester = {0};
	struct digest_info info;
	enum status st = digest_info_make(&digester, list, &info, err);

	if (st == ST_OK) {
		/* A DigestInfo ends with the hash. */
		const size_t size = (size_t)EVP_MD_get_size(digester.md[list->digest]);

		buffer_add(out, info.der + info.len - size, size);
		st = buffer_status(out, err);
	}
	digester_free(&digester);
	return st;
}
