/*
 * Hashes as lower-case hex.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/hash.h"

#include "base/text.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status hash_hex(const char *algorithm, struct bytes data, char **out, struct error *err)
{
	EVP_MD *md = EVP_MD_fetch(NULL, algorithm, NULL);
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct buffer hex = BUFFER_INIT;
	enum status st = ST_OK;
	unsigned len = 0;

	free(*out);
	*out = NULL;
	if (md == NULL && strcmp(algorithm, "MD5") != 0) {
		st = error_openssl(err, ST_CRYPTO, _("cannot compute %s"), algorithm);
	} else if (md == NULL) {
		ERR_clear_error();
	} else if (EVP_Digest(data.len > 0 ? (const void *)data.data : "", data.len, digest, &len,
		       md, NULL) != 1) {
		st = error_openssl(err, ST_CRYPTO, _("cannot compute %s"), algorithm);
	}
	if (st == ST_OK) {
		text_hex(&hex, (struct bytes){digest, len}, 0, true);
		*out = buffer_text(&hex) != NULL ? strdup(buffer_text(&hex)) : NULL;
		if (*out == NULL)
			st = error_no_memory(err);
	}
	buffer_free(&hex);
	EVP_MD_free(md);
	return st;
}

void hash_text(struct buffer *form, struct bytes field)
{
	buffer_add_u32(form, (uint32_t)field.len);
	buffer_add(form, field.data, field.len);
}

void hash_number(struct buffer *form, int64_t field)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, field);
	hash_text(form, text_bytes(digits));
}

enum status hash_form(struct buffer *form, char out[HASH_HEX + 1], struct error *err)
{
	char *hash = NULL;
	enum status st = buffer_status(form, err);

	if (st == ST_OK)
		st = hash_hex("SHA256", buffer_bytes(form), &hash, err);
	if (st == ST_OK)
		memcpy(out, hash, HASH_HEX + 1);
	free(hash);
	buffer_free(form);
	return st;
}
