/*
 * Hashing the signed bytes and wrapping the hash.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/digest_info.h"

#include "trustlist/elements.h"

#include <openssl/evp.h>
#include <string.h>

/* RFC 8017, section 9.2, note 1: everything of a DigestInfo before the hash itself. */
static const uint8_t sha1_prefix[] = {
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
static const uint8_t sha256_prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t sha512_prefix[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

static const struct {
	const char *openssl_name;
	struct bytes prefix;
	size_t hash_len;
} digests[] = {
    [TL_SHA1] = {"SHA1", {sha1_prefix, sizeof(sha1_prefix)}, 20},
    [TL_SHA256] = {"SHA256", {sha256_prefix, sizeof(sha256_prefix)}, 32},
    [TL_SHA512] = {"SHA512", {sha512_prefix, sizeof(sha512_prefix)}, 64},
};

void digester_free(struct digester *digester)
{
	for (size_t i = 0; i < sizeof(digester->md) / sizeof(digester->md[0]); i++)
		EVP_MD_free(digester->md[i]);
	EVP_MD_CTX_free(digester->context);
	memset(digester, 0, sizeof(*digester));
}

static enum status prepare(struct digester *digester, unsigned digest, struct error *err)
{
	if (digester->context == NULL)
		digester->context = EVP_MD_CTX_new();
	if (digester->context == NULL)
		return error_no_memory(err);
	if (digester->md[digest] == NULL)
		digester->md[digest] = EVP_MD_fetch(NULL, digests[digest].openssl_name, NULL);
	if (digester->md[digest] == NULL)
		return error_openssl(
		    err, ST_CRYPTO, _("OpenSSL does not offer %s here"), tl_digest_name(digest));
	return ST_OK;
}

enum status digest_info_make(struct digester *digester, const struct trustlist *list,
    struct digest_info *out, struct error *err)
{
	const uint8_t *file = list->file.data;
	size_t rest = list->signature_offset + ELEMENT_HEAD + list->signature.len;
	struct bytes prefix;
	enum status status;

	if (tl_digest_name(list->digest) == NULL) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the header names digest algorithm %u, which is none of SHA-1, SHA-256 and "
		      "SHA-512"),
		    list->digest);
		error_hint(err, "%s", _("sign the list again"));
		return ST_NOT_VERIFIED;
	}
	status = prepare(digester, list->digest, err);
	if (status != ST_OK)
		return status;
	prefix = digests[list->digest].prefix;
	memcpy(out->der, prefix.data, prefix.len);
	if (EVP_DigestInit_ex2(digester->context, digester->md[list->digest], NULL) != 1 ||
	    EVP_DigestUpdate(digester->context, file, list->signature_offset) != 1 ||
	    EVP_DigestUpdate(digester->context, file + rest, list->file.len - rest) != 1 ||
	    EVP_DigestFinal_ex(digester->context, out->der + prefix.len, NULL) != 1)
		return error_openssl(err, ST_CRYPTO, "%s", _("hashing the list failed"));
	out->len = prefix.len + digests[list->digest].hash_len;
	return ST_OK;
}
