/*
 * A token's key as OpenSSL wants to see keys: a provider with one kind of key and one kind of
 * signature.
 *
 * The private half never leaves the token, so there is no export: OpenSSL then signs with the
 * provider that the key came from, and not with its own.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/tls_key.h"

#include "tokens/tls_signature.h"

#include <openssl/bn.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PROVIDER    "ctlsign-token"
#define PARAM_TOKEN "ctlsign-token"

/* ---- keys ------------------------------------------------------------------------------------ */

static void *key_new(void *provider)
{
	(void)provider;
	return calloc(1, sizeof(struct tls_key));
}

static void key_free(void *data)
{
	struct tls_key *key = data;

	if (key == NULL)
		return;
	BN_free(key->n);
	BN_free(key->e);
	tls_key_release(key->token);
	free(key);
}

static int key_has(const void *data, int selection)
{
	const struct tls_key *key = data;

	if (key == NULL)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && key->token == NULL)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 && key->n == NULL)
		return 0;
	return 1;
}

/* The private half goes with the public one. */
static int key_match(const void *data_a, const void *data_b, int selection)
{
	const struct tls_key *a = data_a, *b = data_b;

	(void)selection;
	return a->n != NULL && b->n != NULL && BN_cmp(a->n, b->n) == 0 && BN_cmp(a->e, b->e) == 0;
}

/* Ours, with the token; and public ones of other providers, which are to be compared with it. */
static int key_import(void *data, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *n = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_N);
	const OSSL_PARAM *e = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E);
	const OSSL_PARAM *token = OSSL_PARAM_locate_const(params, PARAM_TOKEN);
	struct tls_key *key = data;
	const void *pointer = NULL;
	size_t len;

	(void)selection;
	if (n == NULL || e == NULL || OSSL_PARAM_get_BN(n, &key->n) != 1 ||
	    OSSL_PARAM_get_BN(e, &key->e) != 1)
		return 0;
	if (token != NULL) {
		if (OSSL_PARAM_get_octet_ptr(token, &pointer, &len) != 1 || pointer == NULL)
			return 0;
		key->token = tls_key_hold((struct token_tls *)(uintptr_t)pointer);
	}
	return 1;
}

static const OSSL_PARAM *key_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
	    OSSL_PARAM_octet_ptr(PARAM_TOKEN, NULL, 0),
	    OSSL_PARAM_END,
	};

	(void)selection;
	return types;
}

static bool set_int(OSSL_PARAM params[], const char *name, int value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return p == NULL || OSSL_PARAM_set_int(p, value) == 1;
}

static int key_get_params(void *data, OSSL_PARAM params[])
{
	OSSL_PARAM *token = OSSL_PARAM_locate(params, PARAM_TOKEN);
	const struct tls_key *key = data;
	const int bits = BN_num_bits(key->n);

	if (token != NULL && OSSL_PARAM_set_octet_ptr(token, key->token, sizeof(void *)) != 1)
		return 0;
	return set_int(params, OSSL_PKEY_PARAM_BITS, bits) &&
	       set_int(params, OSSL_PKEY_PARAM_SECURITY_BITS, BN_security_bits(bits, -1)) &&
	       set_int(params, OSSL_PKEY_PARAM_MAX_SIZE, (bits + 7) / 8);
}

static const OSSL_PARAM *key_gettable(void *provider)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_octet_ptr(PARAM_TOKEN, NULL, 0),
	    OSSL_PARAM_END,
	};

	(void)provider;
	return types;
}

static const OSSL_DISPATCH key_functions[] = {
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))key_new},
    {OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))key_free},
    {OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))key_has},
    {OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))key_match},
    {OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))key_import},
    {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))key_import_types},
    {OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))key_get_params},
    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))key_gettable},
    {0, NULL},
};

/* ---- the provider ---------------------------------------------------------------------------- */

static const OSSL_ALGORITHM keys[] = {
    {"RSA:rsaEncryption", "provider=" PROVIDER, key_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signatures[] = {
    {"RSA:rsaEncryption", "provider=" PROVIDER, tls_signature_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return keys;
	return operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	    {0, NULL},
	};

	(void)in;
	*out = functions;
	*context = (void *)(uintptr_t)handle;
	return 1;
}

/*
 * Stays until the process ends: other keys may hold what they were compared in, and be freed at any
 * time.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;

static void start(void)
{
	library = OSSL_LIB_CTX_new();
	if (library == NULL)
		return;
	if (OSSL_PROVIDER_add_builtin(library, PROVIDER, provider_init) == 1 &&
	    OSSL_PROVIDER_load(library, PROVIDER) != NULL)
		return;
	OSSL_LIB_CTX_free(library);
	library = NULL;
}

static EVP_PKEY *make_key(OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *tls_provider_key(struct token_tls *tls, const X509 *certificate)
{
	const EVP_PKEY *public = X509_get0_pubkey(certificate);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = NULL, *e = NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	pthread_once(&once, start);
	if (library != NULL && build != NULL && public != NULL &&
	    EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    OSSL_PARAM_BLD_push_octet_ptr(build, PARAM_TOKEN, tls, sizeof(void *)) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL)
		key = make_key(params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

struct token_tls *tls_provider_token(const EVP_PKEY *key)
{
	void *token = NULL;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_ptr(PARAM_TOKEN, &token, 0), OSSL_PARAM_construct_end()};
	const OSSL_PROVIDER *provider = key != NULL ? EVP_PKEY_get0_provider(key) : NULL;

	/* Only ours knows what the parameter is. */
	if (provider == NULL || library == NULL ||
	    strcmp(OSSL_PROVIDER_get0_name(provider), PROVIDER) != 0 ||
	    EVP_PKEY_get_params(key, params) != 1)
		return NULL;
	return token;
}
