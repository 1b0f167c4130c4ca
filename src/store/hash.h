/*
 * Hashes as lower-case hex.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_HASH_H
#define CTLSIGN_STORE_HASH_H

#include "base/bytes.h"

/* The hex digits of SHA-256. */
#define HASH_HEX 64

/*
 * The hash of DATA by ALGORITHM ("SHA256", "SHA1", "MD5"), owned by the caller; *OUT is freed
 * first.  "" where this OpenSSL does not have MD5, as under FIPS.
 */
enum status hash_hex(const char *algorithm, struct bytes data, char **out, struct error *err);

/*
 * SHA-256 over a form: a title such as "ctlsign audit 1\n", then fields, each as its length in
 * bytes (32 bits, big-endian) and its bytes; a number is its decimal digits.  hash_form() frees it.
 */
void hash_text(struct buffer *form, struct bytes field);
void hash_number(struct buffer *form, int64_t field);
enum status hash_form(struct buffer *form, char out[HASH_HEX + 1], struct error *err);

#endif
