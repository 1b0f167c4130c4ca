/*
 * Signs without libp11: it would cut the codes of failures (see tokens/ckr.h), and not tell which
 * of the three functions failed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/signature.h"

#include "base/signer.h"
#include "tokens/ckr.h"
#include "tokens/key_facts.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

struct sign_job {
	struct module_job base;
	/* copies: the job may outlive its caller */
	struct buffer digest_info;
	struct buffer parameter;
	struct buffer modulus;
	struct buffer key_id;
	struct secret pin;
	CK_MECHANISM_TYPE mechanism;
	bool always_authenticate;

	CK_RV rv; /* of what failed */
	uint8_t signature[SIGNER_MAX_SIGNATURE];
	CK_ULONG len;
};

static void sign_clear(struct module_job *base)
{
	struct sign_job *job = (struct sign_job *)base;

	buffer_free(&job->digest_info);
	buffer_free(&job->parameter);
	buffer_free(&job->modulus);
	buffer_free(&job->key_id);
	secret_wipe(&job->pin);
}

static enum status failed(struct sign_job *job, CK_RV rv)
{
	job->rv = rv;
	return module_failed_with(&job->base, rv);
}

/* C_Login between C_SignInit and C_Sign, as CKA_ALWAYS_AUTHENTICATE demands. */
static enum status log_in_again(struct sign_job *job)
{
	struct module *m = job->base.module;
	CK_RV rv;

	module_progress(&job->base, PROGRESS_PIN_SENT);
	if (!module_calling_once(&job->base, "C_Login"))
		return job->base.error.status;
	rv = m->functions->C_Login(
	    m->session, CKU_CONTEXT_SPECIFIC, (CK_UTF8CHAR *)job->pin.text, job->pin.len);
	if (rv != CKR_OK)
		return failed(job, rv);
	module_progress(&job->base, PROGRESS_PIN_PROVED);
	return ST_OK;
}

static enum status sign_work(struct module_job *base)
{
	struct sign_job *job = (struct sign_job *)base;
	CK_MECHANISM mechanism = {job->mechanism, job->parameter.data, job->parameter.len};
	struct module *m = base->module;
	CK_OBJECT_HANDLE key;
	bool again;
	CK_RV rv;

	key = key_handle(m, buffer_bytes(&job->key_id), buffer_bytes(&job->modulus));
	if (key == CK_INVALID_HANDLE) {
		module_calling(m, "C_FindObjects");
		return failed(job, CKR_KEY_HANDLE_INVALID);
	}
	again = job->always_authenticate && key_always_authenticates(m, key);
	module_calling(m, "C_SignInit");
	rv = m->functions->C_SignInit(m->session, &mechanism, key);
	if (rv != CKR_OK)
		return failed(job, rv);
	if (again && log_in_again(job) != ST_OK)
		return base->error.status;
	if (!module_calling_once(base, "C_Sign"))
		return base->error.status;
	job->len = sizeof(job->signature);
	rv = m->functions->C_Sign(
	    m->session, job->digest_info.data, job->digest_info.len, job->signature, &job->len);
	if (rv == CKR_OK && job->len > sizeof(job->signature))
		rv = CKR_BUFFER_TOO_SMALL;
	return rv == CKR_OK ? ST_OK : failed(job, rv);
}

static enum status explain(
    struct login *login, CK_RV rv, const char *function, unsigned reached, struct error *err)
{
	const bool sent = (reached & PROGRESS_PIN_SENT) != 0;
	const bool proved = (reached & PROGRESS_PIN_PROVED) != 0;
	const struct ckr_meaning *m = ckr_lookup(rv);

	if (sent && !proved)
		return login_failed(login, rv, function, err);
	if (m->status == ST_PIN_WRONG || m->status == ST_PIN_LOCKED) {
		login_explain(login, rv, function, err);
		login_tell(login, sent ? PIN_REFUSED : PIN_UNUSED);
		return err->status;
	}
	login_tell(login, sent ? PIN_ACCEPTED : PIN_UNUSED);
	if (m->status == ST_TOKEN_REMOVED)
		return slots_removed(&login->id, err);
	if (rv == CKR_USER_NOT_LOGGED_IN) {
		error_set(err, ST_TOKEN,
		    _("%s failed: the key wants its PIN again for each signature and does not "
		      "announce it (%s, 0x%lx)"),
		    function, m->name, rv);
		error_hint(err, _("have CKA_ALWAYS_AUTHENTICATE set on the key, or use a newer "
				  "version of the token's PKCS#11 module"));
	} else if (login_ckr_error(login, rv, function, err) == ST_TOKEN &&
		   slots_gone(&login->id, err)) {
		return ST_TOKEN_REMOVED;
	}
	error_where(err, "%s", login->id.name);
	return err->status;
}

bool signature_modulus(const EVP_PKEY *key, struct buffer *out)
{
	unsigned char bytes[SIGNER_MAX_SIGNATURE];
	BIGNUM *n = NULL;

	if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    BN_num_bytes(n) <= (int)sizeof(bytes))
		buffer_add(out, bytes, (size_t)BN_bn2bin(n, bytes));
	BN_free(n);
	return out->len > 0;
}

static bool fill(struct sign_job *job, const struct signature_request *request)
{
	buffer_add(&job->digest_info, request->digest_info.data, request->digest_info.len);
	buffer_add(&job->parameter, request->parameter.data, request->parameter.len);
	buffer_add(&job->key_id, request->key_id.data, request->key_id.len);
	job->mechanism = request->mechanism != 0 ? request->mechanism : CKM_RSA_PKCS;
	signature_modulus(request->key, &job->modulus);
	job->pin = *request->pin;
	*request->pin = (struct secret)SECRET_INIT;
	return !job->digest_info.failed && !job->parameter.failed && !job->key_id.failed &&
	       !job->modulus.failed;
}

enum status signature_make(struct login *login, const struct signature_request *request,
    uint8_t *signature, size_t *len, struct error *err)
{
	struct module *m = login->id.module;
	struct sign_job *job = module_job_new(sizeof(*job), m, sign_work, sign_clear);
	const char *function;
	enum status status;
	unsigned reached;
	CK_RV rv;

	if (job == NULL)
		return error_no_memory(err);
	job->always_authenticate = request->always_authenticate;
	if (!fill(job, request)) {
		module_job_end(&job->base, NULL);
		return error_no_memory(err);
	}
	if (job->modulus.len == 0) {
		module_job_end(&job->base, NULL);
		return error_set(
		    err, ST_LIMIT, _("the key is too large for a trust list's signature"));
	}
	if (request->always_authenticate)
		login_tell(login, PIN_SENT);
	if (!module_run(&job->base, request->always_authenticate ? login_timeout(login) : 0, err))
		return login_timed_out(login, err);
	memcpy(signature, job->signature, job->base.status == ST_OK ? job->len : 0);
	*len = job->len;
	rv = job->rv;
	reached = m->reached;
	function = atomic_load(&m->calling);
	status = module_job_end(&job->base, err);
	if (status != ST_OK)
		return explain(login, rv, function, reached, err);
	login_tell(login, (reached & PROGRESS_PIN_SENT) != 0 ? PIN_ACCEPTED : PIN_UNUSED);
	return ST_OK;
}
