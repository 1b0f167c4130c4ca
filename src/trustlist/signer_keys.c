/*
 * The cache of signer keys.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/signer_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static void forget(struct signer_key *key)
{
	EVP_PKEY_CTX_free(key->context);
	key->context = NULL;
	buffer_reset(&key->certificate);
}

void signer_keys_free(struct signer_keys *keys)
{
	for (size_t i = 0; i < SIGNER_KEYS_MAX; i++) {
		forget(&keys->keys[i]);
		buffer_free(&keys->keys[i].certificate);
	}
}

static const struct signer_key *find(const struct signer_keys *keys, struct bytes certificate)
{
	for (size_t i = 0; i < SIGNER_KEYS_MAX; i++)
		if (keys->keys[i].context != NULL &&
		    bytes_equal(buffer_bytes(&keys->keys[i].certificate), certificate))
			return &keys->keys[i];
	return NULL;
}

/* Fills KEY, which is empty, from the certificate's public key. */
static enum status prepare(struct signer_key *key, const X509 *certificate, struct error *err)
{
	EVP_PKEY *public_key = X509_get0_pubkey(certificate);
	EVP_PKEY_CTX *context;

	if (public_key == NULL)
		return error_openssl(err, ST_FORMAT, "%s",
		    _("the public key in the signer's certificate cannot be read"));
	if (!EVP_PKEY_is_a(public_key, "RSA")) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the signer's certificate has a key of type %s, and only RSA signs trust "
		      "lists"),
		    EVP_PKEY_get0_type_name(public_key));
		error_hint(err, "%s", _("sign the list with an RSA key"));
		return ST_NOT_VERIFIED;
	}
	context = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
	if (context == NULL || EVP_PKEY_verify_recover_init(context) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1) {
		EVP_PKEY_CTX_free(context);
		return error_openssl(err, ST_CRYPTO, "%s",
		    _("OpenSSL cannot check signatures with the signer's key"));
	}
	key->context = context;
	key->size = (size_t)EVP_PKEY_get_size(public_key);
	return ST_OK;
}

enum status signer_keys_get(struct signer_keys *keys, const struct tl_record *record,
    const struct signer_key **out, struct error *err)
{
	struct signer_key *key = &keys->keys[keys->next];
	X509 *certificate;
	enum status status;

	*out = record->certificate.data != NULL ? find(keys, record->certificate) : NULL;
	if (*out != NULL)
		return ST_OK;
	status = tl_record_x509(record, &certificate, err);
	if (status != ST_OK)
		return status;
	forget(key);
	buffer_add(&key->certificate, record->certificate.data, record->certificate.len);
	status = buffer_status(&key->certificate, err);
	if (status == ST_OK)
		status = prepare(key, certificate, err);
	X509_free(certificate);
	if (status != ST_OK) {
		forget(key);
		return status;
	}
	keys->next = (keys->next + 1) % SIGNER_KEYS_MAX;
	*out = key;
	return ST_OK;
}
