/*
 * A token's key for TLS: one login, and a signature for every handshake.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/tls_key.h"

#include "tokens/choice.h"
#include "tokens/pairing.h"
#include "tokens/signature.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct token_tls {
	atomic_uint holders;
	X509 *certificate;
	EVP_PKEY *key;	       /* holds this, too; gone once it is closed */
	CK_MECHANISM_TYPE pss; /* CKM_RSA_PKCS_PSS, CKM_RSA_X_509 to pad ourselves, or 0: neither */

	pthread_mutex_t lock; /* for what follows: one signature after the other */
	bool open;
	struct login login;
	unsigned generation; /* of the module's list of slots at login */
	struct paired_key paired;
	struct error failure; /* of a signature; ST_OK: none */
};

struct token_tls *tls_key_hold(struct token_tls *tls)
{
	atomic_fetch_add(&tls->holders, 1);
	return tls;
}

void tls_key_release(struct token_tls *tls)
{
	if (tls == NULL || atomic_fetch_sub(&tls->holders, 1) != 1)
		return;
	pthread_mutex_destroy(&tls->lock);
	X509_free(tls->certificate);
	free(tls);
}

/* ---- opening --------------------------------------------------------------------------------- */

struct mechanism_job {
	struct module_job base;
	CK_SLOT_ID slot;
	CK_MECHANISM_TYPE pss;
};

static bool signs_with(struct module *m, CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism)
{
	CK_MECHANISM_INFO info = {0};

	module_calling(m, "C_GetMechanismInfo");
	return m->functions->C_GetMechanismInfo(slot, mechanism, &info) == CKR_OK &&
	       (info.flags & CKF_SIGN) != 0;
}

static enum status mechanism_work(struct module_job *base)
{
	struct mechanism_job *job = (struct mechanism_job *)base;

	if (signs_with(base->module, job->slot, CKM_RSA_PKCS_PSS))
		job->pss = CKM_RSA_PKCS_PSS;
	else if (signs_with(base->module, job->slot, CKM_RSA_X_509))
		job->pss = CKM_RSA_X_509;
	return ST_OK;
}

static enum status find_mechanism(struct token_tls *tls, struct error *err)
{
	struct mechanism_job *job =
	    module_job_new(sizeof(*job), tls->login.id.module, mechanism_work, NULL);

	if (job == NULL)
		return error_no_memory(err);
	job->slot = tls->login.id.slot_id;
	if (!module_run(&job->base, 0, err))
		return slots_blame(&tls->login.id, ST_TOKEN_TIMEOUT, err);
	tls->pss = job->pss;
	return module_job_end(&job->base, err);
}

/* What a signer's error says of trust lists is said of a client certificate. */
static enum status no_key(const struct login *login, struct error *err)
{
	error_set(err, ST_NO_KEY, "%s",
	    _("the token has no RSA key that belongs to the client certificate"));
	error_where(err, "%s", login->id.name);
	error_hint(err, "%s",
	    _("name the token with the certificate's key, and with id= the key if it has several"));
	return ST_NO_KEY;
}

static enum status wants_pin_always(const struct login *login, struct error *err)
{
	error_set(err, ST_NO_KEY, "%s",
	    _("the key wants its PIN for each signature, so each connection would ask for it"));
	error_where(err, "%s", login->id.name);
	error_hint(err, "%s", _("use a key for authentication, not one for signing documents"));
	return ST_NO_KEY;
}

static enum status log_in(struct token_tls *tls, const struct pairing *pairing, struct error *err)
{
	enum status status = login_start(&tls->login, err);

	if (status != ST_OK)
		return status;
	tls->open = true;
	tls->generation = tls->login.id.module->generation;
	status = pairing_find(&tls->login, pairing, &tls->paired, err);
	login_forget_pin(&tls->login);
	if (status == ST_NO_KEY)
		return no_key(&tls->login, err);
	if (status == ST_OK && tls->paired.always_authenticate)
		return wants_pin_always(&tls->login, err);
	if (status == ST_OK) {
		tls->certificate = pairing->candidates[tls->paired.candidate];
		X509_up_ref(tls->certificate);
		status = find_mechanism(tls, err);
	}
	return status;
}

/* As a signer's key is looked for; CERTIFICATE is the one on the token, or NULL. */
static enum status log_in_for(struct token_tls *tls, const struct token_signer_request *request,
    const struct token_certificate *certificate, size_t candidate, struct error *err)
{
	X509 *known;
	struct pairing pairing = {.known = certificate != NULL};

	if (certificate != NULL) {
		known = request->candidates[candidate];
		pairing.candidates = &known;
		pairing.n_candidates = 1;
		pairing.id = certificate->id;
	} else {
		pairing.candidates = request->candidates;
		pairing.n_candidates = request->n_candidates;
		selector_object(request->selector, &pairing.want_id, &pairing.want_label);
	}
	return log_in(tls, &pairing, err);
}

enum status token_tls_open(struct tokens *tokens, const struct token_signer_request *request,
    struct token_tls **out, struct error *err)
{
	const struct token_certificate *certificate;
	const struct token_info *info;
	struct token_tls *tls;
	enum status status;
	size_t candidate = 0;

	status = tokens_find(tokens, request->selector, &info, err);
	if (status != ST_OK)
		return status;
	tls = calloc(1, sizeof(*tls));
	if (tls == NULL)
		return error_no_memory(err);
	atomic_init(&tls->holders, 1);
	pthread_mutex_init(&tls->lock, NULL);
	login_init(&tls->login, token_of(info), request->pins);
	status = choice_make(token_of(info), request, &candidate, &certificate, err);
	if (status == ST_OK)
		status = log_in_for(tls, request, certificate, candidate, err);
	else if (status == ST_NO_KEY)
		status = no_key(&tls->login, err);
	snapshot_drop(tokens);
	if (status == ST_OK) {
		tls->key = tls_provider_key(tls, tls->certificate);
		if (tls->key == NULL)
			status = error_openssl(
			    err, ST_CRYPTO, "%s", _("OpenSSL does not take the token's key"));
	}
	if (status != ST_OK) {
		token_tls_close(tls);
		return status;
	}
	*out = tls;
	return ST_OK;
}

EVP_PKEY *token_tls_key(struct token_tls *tls)
{
	return tls->key;
}

X509 *token_tls_certificate(struct token_tls *tls)
{
	return tls->certificate;
}

void token_tls_close(struct token_tls *tls)
{
	if (tls == NULL)
		return;
	pthread_mutex_lock(&tls->lock);
	/* What another one has opened since is not ours to close. */
	if (tls->open && tls->generation == tls->login.id.module->generation)
		login_end(&tls->login);
	tls->open = false;
	login_forget_pin(&tls->login);
	pthread_mutex_unlock(&tls->lock);
	EVP_PKEY_free(tls->key);
	tls_key_release(tls);
}

/* ---- signing --------------------------------------------------------------------------------- */

/* With the lock held. */
static enum status check_open(const struct token_tls *tls, struct error *err)
{
	if (tls->open && (tls->generation == tls->login.id.module->generation ||
			     watchdog_is_stuck(tls->login.id.module->dog)))
		return ST_OK;
	error_set(
	    err, ST_TOKEN, "%s", _("the login is over: something else has used the module since"));
	error_where(err, "%s", tls->login.id.name);
	error_hint(err, "%s", _("start again"));
	return ST_TOKEN;
}

static enum status make(struct token_tls *tls, const struct tls_signature_request *request,
    uint8_t *signature, size_t *len, struct error *err)
{
	CK_RSA_PKCS_PSS_PARAMS pss = {
	    request->hash->mechanism, request->hash->mgf, request->hash->len};
	struct secret pin = SECRET_INIT;
	struct buffer padded = BUFFER_INIT;
	struct signature_request wanted = {
	    .key = X509_get0_pubkey(tls->certificate),
	    .key_id = {tls->paired.id, tls->paired.id_len},
	    .pin = &pin,
	};
	enum status status = ST_OK;

	if (!request->pss) {
		tls_digest_info(request->hash, request->digest, &padded);
	} else if (tls->pss == CKM_RSA_PKCS_PSS) {
		wanted.mechanism = CKM_RSA_PKCS_PSS;
		wanted.parameter = (struct bytes){(const uint8_t *)&pss, sizeof(pss)};
		buffer_add(&padded, request->digest.data, request->digest.len);
	} else {
		wanted.mechanism = CKM_RSA_X_509;
		if (tls->pss != CKM_RSA_X_509 ||
		    !tls_pss_encode(request->hash, request->digest,
			(unsigned)EVP_PKEY_get_bits(wanted.key), &padded))
			status = error_openssl(err, ST_CRYPTO, "%s",
			    _("the token's key makes no signature as TLS 1.3 wants it"));
	}
	wanted.digest_info = buffer_bytes(&padded);
	if (status == ST_OK)
		status = buffer_status(&padded, err);
	if (status == ST_OK)
		status = signature_make(&tls->login, &wanted, signature, len, err);
	buffer_free(&padded);
	return status;
}

static bool verifies(const struct token_tls *tls, const struct tls_signature_request *request,
    struct bytes signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(tls->certificate), NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, request->hash->name, NULL);
	bool good;

	good =
	    ctx != NULL && md != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(
		ctx, request->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
	    (!request->pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1) &&
	    EVP_PKEY_verify(
		ctx, signature.data, signature.len, request->digest.data, request->digest.len) == 1;
	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* A wrong one must not get out: from some of them, the key can be computed. */
static enum status wrong_signature(const struct token_tls *tls, struct error *err)
{
	ERR_clear_error();
	error_set(err, ST_NOT_VERIFIED, "%s",
	    _("the signature that the token made does not verify with its public key"));
	error_where(err, "%s", tls->login.id.name);
	error_hint(err, "%s", _("try again; if it happens again, do not use this token"));
	return ST_NOT_VERIFIED;
}

enum status tls_key_sign(struct token_tls *tls, const struct tls_signature_request *request,
    uint8_t signature[SIGNER_MAX_SIGNATURE], size_t *len)
{
	struct error err;
	enum status status;

	error_clear(&err);
	pthread_mutex_lock(&tls->lock);
	status = check_open(tls, &err);
	if (status == ST_OK)
		status = make(tls, request, signature, len, &err);
	if (status == ST_OK && !verifies(tls, request, (struct bytes){signature, *len}))
		status = wrong_signature(tls, &err);
	if (status != ST_OK)
		tls->failure = err;
	pthread_mutex_unlock(&tls->lock);
	return status;
}

bool token_tls_pss(const EVP_PKEY *key)
{
	const struct token_tls *tls = tls_provider_token(key);

	return tls == NULL || tls->pss != 0;
}

bool token_tls_failure(const EVP_PKEY *key, struct error *err)
{
	struct token_tls *tls = tls_provider_token(key);
	bool failed = false;

	if (tls == NULL)
		return false;
	pthread_mutex_lock(&tls->lock);
	failed = tls->failure.status != ST_OK;
	if (failed) {
		*err = tls->failure;
		error_clear(&tls->failure);
	}
	pthread_mutex_unlock(&tls->lock);
	return failed;
}
