/*
 * Finds a private key by its public half, and signs with it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/signer.h"
#include "tokens/key_facts.h"
#include "tokens/session.h"
#include "tokens/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

struct find_job {
	struct module_job base;
	struct buffer modulus; /* without leading zeros */
	struct buffer value;
	struct objects found;

	struct buffer id; /* of the key that was found */
	bool always_authenticate;
};

static void find_clear(struct module_job *base)
{
	struct find_job *job = (struct find_job *)base;

	buffer_free(&job->modulus);
	buffer_free(&job->value);
	buffer_free(&job->id);
}

static bool is_modulus(const struct find_job *job)
{
	struct bytes value = buffer_bytes(&job->value);

	while (value.len > 0 && value.data[0] == 0) {
		value.data++;
		value.len--;
	}
	return value.len > 0 && bytes_equal(value, buffer_bytes(&job->modulus));
}

/* The first key of the class with our modulus, and in job->id its CKA_ID. */
static enum status find_by_modulus(
    struct find_job *job, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out)
{
	enum status status = objects_find(&job->base, class, (struct bytes){NULL, 0}, &job->found);

	*out = CK_INVALID_HANDLE;
	for (size_t i = 0; i < job->found.n && status == ST_OK; i++) {
		status = objects_read(&job->base, job->found.list[i], CKA_MODULUS,
		    SIGNER_MAX_SIGNATURE * 4, &job->value);
		if (status != ST_OK || !is_modulus(job))
			continue;
		*out = job->found.list[i];
		return objects_read(&job->base, *out, CKA_ID, SESSION_MAX_ID, &job->id);
	}
	return status;
}

static enum status find_work(struct module_job *base)
{
	struct find_job *job = (struct find_job *)base;
	CK_OBJECT_HANDLE key;
	enum status status;

	status = find_by_modulus(job, CKO_PRIVATE_KEY, &key);
	/* A private key that does not tell its modulus: its public key object may. */
	if (status == ST_OK && key == CK_INVALID_HANDLE) {
		status = find_by_modulus(job, CKO_PUBLIC_KEY, &key);
		if (status == ST_OK && key != CK_INVALID_HANDLE)
			key = job->id.len == 0 ? CK_INVALID_HANDLE
					       : key_handle(base->module, buffer_bytes(&job->id),
						     buffer_bytes(&job->modulus));
	}
	if (status != ST_OK)
		return status;
	if (key != CK_INVALID_HANDLE) {
		job->always_authenticate = key_always_authenticates(base->module, key);
		return ST_OK;
	}
	error_set(&base->error, ST_NO_KEY, _("the token holds no private key that fits"));
	error_hint(&base->error, _("use the token that holds the key"));
	return ST_NO_KEY;
}

static enum status find(struct token_session *session, const EVP_PKEY *public_key,
    struct buffer *id, bool *always_authenticate, struct error *err)
{
	struct find_job *job =
	    module_job_new(sizeof(*job), session->login.id.module, find_work, find_clear);

	if (job == NULL)
		return error_no_memory(err);
	if (!signature_modulus(public_key, &job->modulus)) {
		module_job_end(&job->base, NULL);
		return error_set(err, ST_LIMIT, _("the key is no RSA key of at most %d bits"),
		    SIGNER_MAX_SIGNATURE * 8);
	}
	if (!session_run(session, &job->base, 0, err))
		return err->status;
	if (job->base.status == ST_OK)
		buffer_add(id, job->id.data, job->id.len);
	*always_authenticate = job->always_authenticate;
	return session_end(session, &job->base, err);
}

enum status token_session_find_key(
    struct token_session *session, const EVP_PKEY *public_key, struct buffer *id, struct error *err)
{
	bool always_authenticate;
	enum status status = find(session, public_key, id, &always_authenticate, err);

	return status == ST_OK ? buffer_status(id, err) : status;
}

/* Whether the signature, opened with the public key, is DIGEST_INFO. */
static bool verifies(const EVP_PKEY *key, struct bytes digest_info, struct bytes signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new((EVP_PKEY *)key, NULL);
	unsigned char opened[SIGNER_MAX_SIGNATURE];
	size_t len = sizeof(opened);
	bool good;

	good = ctx != NULL && signature.len == (size_t)EVP_PKEY_get_size(key) &&
	       EVP_PKEY_verify_recover_init(ctx) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
	       EVP_PKEY_verify_recover(ctx, opened, &len, signature.data, signature.len) > 0 &&
	       len == digest_info.len && CRYPTO_memcmp(opened, digest_info.data, len) == 0;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

static enum status wrong_signature(const struct login *login, struct error *err)
{
	error_set(err, ST_NOT_VERIFIED,
	    _("the signature that the token made does not verify with its public key"));
	error_where(err, "%s", login->id.name);
	error_hint(err, _("try again; if it happens again, do not use this token"));
	return ST_NOT_VERIFIED;
}

enum status token_session_sign(struct token_session *session, const EVP_PKEY *public_key,
    struct bytes digest_info, uint8_t *signature, size_t *len, struct error *err)
{
	struct login *login = &session->login;
	struct signature_request request = {.digest_info = digest_info, .key = public_key};
	struct secret pin = SECRET_INIT;
	struct buffer id = BUFFER_INIT;
	enum status status;

	request.pin = &pin;
	status = find(session, public_key, &id, &request.always_authenticate, err);
	if (status == ST_OK)
		status = buffer_status(&id, err);
	if (status == ST_OK && request.always_authenticate)
		status = login_pin_again(login, &pin, err);
	if (!request.always_authenticate)
		login_forget_pin(login);
	request.key_id = buffer_bytes(&id);
	if (status == ST_OK)
		status = signature_make(login, &request, signature, len, err);
	if (status == ST_OK && !verifies(public_key, digest_info, (struct bytes){signature, *len}))
		status = wrong_signature(login, err);
	secret_wipe(&pin);
	buffer_free(&id);
	return session_blame(session, status, err);
}
