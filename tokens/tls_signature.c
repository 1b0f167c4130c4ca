/*
 * Signatures by a token, as OpenSSL asks its providers for them: data comes in pieces, is hashed
 * here, and the hash goes to the token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/tls_signature.h"

#include <openssl/bn.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

struct signing {
	const struct tls_key *key; /* borrowed: who asks holds it */
	const struct tls_hash *hash;
	EVP_MD_CTX *digest;
	bool pss;
};

static void *signing_new(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return calloc(1, sizeof(struct signing));
}

static void signing_free(void *context)
{
	struct signing *s = context;

	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->digest);
	free(s);
}

static void *signing_dup(void *context)
{
	const struct signing *s = context;
	struct signing *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *s;
	copy->digest = NULL;
	if (s->digest != NULL) {
		copy->digest = EVP_MD_CTX_new();
		if (copy->digest == NULL || EVP_MD_CTX_copy_ex(copy->digest, s->digest) != 1) {
			signing_free(copy);
			return NULL;
		}
	}
	return copy;
}

/* RSA_PKCS1_PADDING and the like, as a number or as a word; 0: neither. */
static int padding_of(const OSSL_PARAM *p)
{
	const char *word = NULL;
	int padding = 0;

	if (p->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_int(p, &padding) == 1 ? padding : 0;
	if (OSSL_PARAM_get_utf8_string_ptr(p, &word) != 1)
		return 0;
	if (strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0)
		return RSA_PKCS1_PSS_PADDING;
	return strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0 ? RSA_PKCS1_PADDING : 0;
}

/* The salt is always as long as the hash, as TLS wants it. */
static bool is_our_salt(const struct signing *s, const OSSL_PARAM *p)
{
	const char *word = NULL;
	int len = 0;

	if (p->data_type == OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_utf8_string_ptr(p, &word) == 1 &&
		       strcmp(word, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0;
	return OSSL_PARAM_get_int(p, &len) == 1 &&
	       (len == RSA_PSS_SALTLEN_DIGEST || (s->hash != NULL && len == (int)s->hash->len));
}

static bool is_our_hash(const struct signing *s, const OSSL_PARAM *p)
{
	const char *name = NULL;

	return OSSL_PARAM_get_utf8_string_ptr(p, &name) == 1 && tls_hash_find(name) == s->hash;
}

static int signing_set(void *context, const OSSL_PARAM params[])
{
	struct signing *s = context;
	const OSSL_PARAM *p;
	int padding;

	if (params == NULL)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p != NULL) {
		padding = padding_of(p);
		if (padding != RSA_PKCS1_PSS_PADDING && padding != RSA_PKCS1_PADDING)
			return 0;
		s->pss = padding == RSA_PKCS1_PSS_PADDING;
	}
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (p != NULL && !is_our_salt(s, p))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	return p == NULL || is_our_hash(s, p);
}

static const OSSL_PARAM *signing_settable(void *context, void *provider)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL),
	    OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
	    OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return types;
}

static int signing_begin(void *context, const char *hash, void *key, const OSSL_PARAM params[])
{
	struct signing *s = context;
	EVP_MD *md;
	bool good;

	if (key != NULL)
		s->key = key;
	s->hash = tls_hash_find(hash != NULL && hash[0] != '\0' ? hash : "SHA256");
	s->pss = false;
	if (s->key == NULL || s->key->token == NULL || s->hash == NULL)
		return 0;
	EVP_MD_CTX_free(s->digest);
	s->digest = EVP_MD_CTX_new();
	md = EVP_MD_fetch(NULL, s->hash->name, NULL);
	good = s->digest != NULL && md != NULL && EVP_DigestInit_ex2(s->digest, md, NULL) == 1;
	EVP_MD_free(md);
	return good && signing_set(s, params);
}

static int signing_update(void *context, const unsigned char *data, size_t len)
{
	struct signing *s = context;

	return s->digest != NULL && EVP_DigestUpdate(s->digest, data, len) == 1;
}

static int signing_final(void *context, unsigned char *out, size_t *len, size_t size)
{
	struct signing *s = context;
	uint8_t digest[EVP_MAX_MD_SIZE], signature[SIGNER_MAX_SIGNATURE];
	struct tls_signature_request request = {.hash = s->hash, .pss = s->pss};
	size_t wanted;

	if (s->digest == NULL)
		return 0;
	wanted = (size_t)BN_num_bytes(s->key->n);
	if (out == NULL) {
		*len = wanted;
		return 1;
	}
	if (size < wanted || EVP_DigestFinal_ex(s->digest, digest, NULL) != 1)
		return 0;
	request.digest = (struct bytes){digest, s->hash->len};
	if (tls_key_sign(s->key->token, &request, signature, len) != ST_OK || *len != wanted)
		return 0;
	memcpy(out, signature, *len);
	return 1;
}

static int signing_whole(void *context, unsigned char *out, size_t *len, size_t size,
    const unsigned char *data, size_t n)
{
	if (out != NULL && !signing_update(context, data, n))
		return 0;
	return signing_final(context, out, len, size);
}

const OSSL_DISPATCH tls_signature_functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))signing_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signing_free},
    {OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signing_dup},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))signing_begin},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*)(void))signing_update},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*)(void))signing_final},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))signing_whole},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signing_set},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))signing_settable},
    {0, NULL},
};
