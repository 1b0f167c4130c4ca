/*
 * What RSA signs for TLS: a hash as DigestInfo, or padded as PSS wants it for tokens that leave
 * that to us.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/tls_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

#define PREFIX(last, len)                                                                          \
	{                                                                                          \
		0x30, 0x11 + (len), 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,    \
		    0x04, 0x02, last, 0x05, 0x00, 0x04, len                                        \
	}

static const uint8_t sha256[] = PREFIX(0x01, 32);
static const uint8_t sha384[] = PREFIX(0x02, 48);
static const uint8_t sha512[] = PREFIX(0x03, 64);

static const struct tls_hash hashes[] = {
    {"SHA256", 32, {sha256, sizeof(sha256)}, CKM_SHA256, CKG_MGF1_SHA256},
    {"SHA384", 48, {sha384, sizeof(sha384)}, CKM_SHA384, CKG_MGF1_SHA384},
    {"SHA512", 64, {sha512, sizeof(sha512)}, CKM_SHA512, CKG_MGF1_SHA512},
};

const struct tls_hash *tls_hash_find(const char *name)
{
	const struct tls_hash *found = NULL;
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);

	/* OpenSSL has several names for each. */
	for (size_t i = 0; md != NULL && i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (EVP_MD_is_a(md, hashes[i].name))
			found = &hashes[i];
	EVP_MD_free(md);
	return found;
}

void tls_digest_info(const struct tls_hash *hash, struct bytes digest, struct buffer *out)
{
	buffer_add(out, hash->prefix.data, hash->prefix.len);
	buffer_add(out, digest.data, digest.len);
}

static bool hash_parts(
    const struct tls_hash *hash, const struct bytes *parts, size_t n, uint8_t *out)
{
	EVP_MD *md = EVP_MD_fetch(NULL, hash->name, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = md != NULL && ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

	for (size_t i = 0; i < n && good; i++)
		good = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
	good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return good;
}

/* XORs LEN bytes of OUT with MGF1 over SEED (RFC 8017, B.2.1). */
static bool mask(const struct tls_hash *hash, const uint8_t *seed, uint8_t *out, size_t len)
{
	uint8_t block[EVP_MAX_MD_SIZE];

	for (uint32_t i = 0; (size_t)i * hash->len < len; i++) {
		const uint8_t counter[4] = {
		    (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		const struct bytes parts[] = {{seed, hash->len}, {counter, sizeof(counter)}};

		if (!hash_parts(hash, parts, 2, block))
			return false;
		for (size_t j = 0; j < hash->len && i * hash->len + j < len; j++)
			out[i * hash->len + j] ^= block[j];
	}
	return true;
}

bool tls_pss_encode(
    const struct tls_hash *hash, struct bytes digest, unsigned bits, struct buffer *out)
{
	static const uint8_t zeros[8];
	/* The block has one bit less than the modulus, so that it is the smaller number. */
	const size_t len = (bits - 1 + 7) / 8, whole = (bits + 7) / 8;
	uint8_t block[SIGNER_MAX_SIGNATURE] = {0}, salt[EVP_MAX_MD_SIZE];
	const struct bytes parts[] = {{zeros, sizeof(zeros)}, digest, {salt, hash->len}};
	size_t db;
	bool good;

	if (bits < 512 || whole > sizeof(block) || digest.len != hash->len ||
	    len < 2 * hash->len + 2)
		return false;
	db = len - hash->len - 1;
	good = RAND_bytes(salt, (int)hash->len) == 1 && hash_parts(hash, parts, 3, block + db);
	block[db - hash->len - 1] = 0x01;
	memcpy(block + db - hash->len, salt, hash->len);
	block[len - 1] = 0xbc;
	good = good && mask(hash, block + db, block, db);
	block[0] &= (uint8_t)(0xff >> (8 * len - (bits - 1)));
	if (good) {
		/* Raw RSA takes as many bytes as the modulus has. */
		buffer_add(out, zeros, whole - len);
		buffer_add(out, block, len);
	}
	OPENSSL_cleanse(salt, sizeof(salt));
	return good && !out->failed;
}
