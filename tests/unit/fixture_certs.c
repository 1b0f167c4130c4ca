/*
 * Keys, certificates and a signer for tests.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *keys[FIXTURE_N_KEYS];

static void *must(void *p, const char *what)
{
	if (p == NULL) {
		fprintf(stderr, "fixture: %s failed\n", what);
		abort();
	}
	return p;
}

static void must_be_true(int ok, const char *what)
{
	if (ok <= 0)
		must(NULL, what);
}

static void free_keys(void)
{
	for (size_t i = 0; i < FIXTURE_N_KEYS; i++)
		EVP_PKEY_free(keys[i]);
}

EVP_PKEY *fixture_key(enum fixture_key_id id)
{
	static bool registered;

	if (!registered)
		atexit(free_keys);
	registered = true;
	if (keys[id] != NULL)
		return keys[id];
	switch (id) {
	case FIXTURE_RSA_2048:
		keys[id] = EVP_RSA_gen(2048);
		break;
	case FIXTURE_EC_P256:
		keys[id] = EVP_EC_gen("P-256");
		break;
	case FIXTURE_ED25519:
		keys[id] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case FIXTURE_RSA_1024_A:
	case FIXTURE_RSA_1024_B:
	default:
		keys[id] = EVP_RSA_gen(1024);
		break;
	}
	return must(keys[id], "making a key");
}

EVP_PKEY *fixture_public_key(int bits)
{
	OSSL_PARAM_BLD *builder = must(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new");
	BIGNUM *n = must(BN_new(), "BN_new");
	EVP_PKEY_CTX *context = must(EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL), "context");
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	must_be_true(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), "BN_rand");
	must_be_true(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), "n");
	must_be_true(OSSL_PARAM_BLD_push_ulong(builder, OSSL_PKEY_PARAM_RSA_E, 65537), "e");
	params = must(OSSL_PARAM_BLD_to_param(builder), "OSSL_PARAM_BLD_to_param");
	must_be_true(EVP_PKEY_fromdata_init(context), "EVP_PKEY_fromdata_init");
	must_be_true(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), "fromdata");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	BN_free(n);
	return key;
}

static void set_name(X509_NAME *name, const char *const *attributes)
{
	for (size_t i = 0; attributes[i] != NULL; i += 2)
		must_be_true(X509_NAME_add_entry_by_txt(name, attributes[i], MBSTRING_UTF8,
				 (const unsigned char *)attributes[i + 1], -1, -1, 0),
		    "X509_NAME_add_entry_by_txt");
}

static void add_comment(X509 *cert, size_t len)
{
	ASN1_IA5STRING *comment = must(ASN1_IA5STRING_new(), "ASN1_IA5STRING_new");
	char *text = must(malloc(len + 1), "malloc");

	memset(text, 'x', len);
	must_be_true(ASN1_STRING_set(comment, text, (int)len), "ASN1_STRING_set");
	must_be_true(X509_add1_ext_i2d(cert, NID_netscape_comment, comment, 0, 0), "nsComment");
	free(text);
	ASN1_IA5STRING_free(comment);
}

static X509 *make_cert(const struct fixture_cert_spec *spec, size_t comment)
{
	X509 *cert = must(X509_new(), "X509_new");
	EVP_PKEY *issuer_key = spec->issuer_key != NULL ? spec->issuer_key : spec->key;
	BIGNUM *serial = must(BN_bin2bn(spec->serial.data, (int)spec->serial.len, NULL), "serial");

	must_be_true(X509_set_version(cert, X509_VERSION_3), "X509_set_version");
	must(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)), "BN_to_ASN1_INTEGER");
	BN_free(serial);
	set_name(X509_get_subject_name(cert), spec->subject);
	set_name(X509_get_issuer_name(cert), spec->issuer != NULL ? spec->issuer : spec->subject);
	must_be_true(ASN1_TIME_set_string(X509_getm_notBefore(cert), "200101000000Z"), "notBefore");
	must_be_true(ASN1_TIME_set_string(X509_getm_notAfter(cert), "491231235959Z"), "notAfter");
	must_be_true(X509_set_pubkey(cert, spec->key), "X509_set_pubkey");
	if (comment > 0)
		add_comment(cert, comment);
	must_be_true(
	    X509_sign(cert, issuer_key, EVP_PKEY_is_a(issuer_key, "ED25519") ? NULL : EVP_sha256()),
	    "X509_sign");
	return cert;
}

X509 *fixture_cert(const struct fixture_cert_spec *spec)
{
	size_t comment = spec->der_size != 0 ? 20 : 0;

	/* A longer comment may lengthen the lengths around it, so it takes some rounds. */
	for (int round = 0; round < 8; round++) {
		X509 *cert = make_cert(spec, comment);
		size_t len = (size_t)i2d_X509(cert, NULL);

		if (spec->der_size == 0 || len == spec->der_size)
			return cert;
		X509_free(cert);
		if (comment + spec->der_size <= len)
			break;
		comment = comment + spec->der_size - len;
	}
	must(NULL, "padding a certificate");
	return NULL;
}

static enum status sign(struct signer *base, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	struct fixture_signer *signer = (struct fixture_signer *)base;
	EVP_PKEY_CTX *context;
	uint8_t content[128];

	signer->signed_times++;
	if (signer->fault == FIXTURE_SIGNS_NOT)
		return error_set(err, ST_TOKEN_REMOVED, "the fixture was removed");
	memcpy(content, digest_info.data, digest_info.len);
	if (signer->fault == FIXTURE_SIGNS_OTHER_DIGEST)
		content[digest_info.len - 1] ^= 1;
	context = must(EVP_PKEY_CTX_new_from_pkey(NULL, signer->key, NULL), "signing context");
	*len = SIGNER_MAX_SIGNATURE;
	must_be_true(EVP_PKEY_sign_init(context), "EVP_PKEY_sign_init");
	must_be_true(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), "padding");
	must_be_true(EVP_PKEY_sign(context, signature, len, content, digest_info.len), "sign");
	EVP_PKEY_CTX_free(context);
	if (signer->fault == FIXTURE_SIGNS_WRONG)
		signature[*len / 2] ^= 1;
	if (signer->fault == FIXTURE_SIGNS_SHORT)
		(*len)--;
	return ST_OK;
}

static X509 *certificate(struct signer *base)
{
	return ((struct fixture_signer *)base)->certificate;
}

static const char *describe(struct signer *base)
{
	(void)base;
	return "token 'FIXTURE' (serial 0011)";
}

static void count_free(struct signer *base)
{
	((struct fixture_signer *)base)->freed_times++;
}

void fixture_signer_init(
    struct fixture_signer *signer, EVP_PKEY *key, X509 *cert, enum fixture_fault fault)
{
	static const struct signer_ops ops = {sign, certificate, describe, count_free};

	*signer = (struct fixture_signer){
	    .base = {&ops}, .key = key, .certificate = cert, .fault = fault};
}
