/*
 * The element PUBLICKEY of a certificate.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/public_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* An uncompressed point of the largest curve that fits (P-521): 04, x, y. */
#define POINT_MAX 256

static enum status add_point(struct buffer *out, EVP_PKEY *key, struct error *err)
{
	EVP_PKEY *copy = EVP_PKEY_dup(key);
	unsigned char point[POINT_MAX];
	size_t len = 0;
	enum status status = ST_OK;

	if (copy == NULL ||
	    EVP_PKEY_set_utf8_string_param(
		copy, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1 ||
	    EVP_PKEY_get_octet_string_param(
		copy, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) != 1)
		status = error_openssl(
		    err, ST_CRYPTO, "%s", _("the point of the certificate's EC key cannot be had"));
	else
		buffer_add(out, point, len);
	EVP_PKEY_free(copy);
	return status;
}

enum status public_key_element(const X509 *certificate, struct buffer *out, struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate);

	if (key == NULL)
		return error_openssl(
		    err, ST_FORMAT, "%s", _("the certificate's public key cannot be read"));
	if (EVP_PKEY_is_a(key, "EC"))
		return add_point(out, key, err);
	if (!EVP_PKEY_is_a(key, "RSA")) {
		error_set(err, ST_LIMIT, _("a key of type %s cannot stand in a trust list"),
		    EVP_PKEY_get0_type_name(key));
		error_hint(err, "%s", _("use a certificate with an RSA or EC key"));
		return ST_LIMIT;
	}
	/* The certificate holds an RSA key as PKCS#1 RSAPublicKey, just as the record wants it. */
	buffer_add(out, ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
	return ST_OK;
}
