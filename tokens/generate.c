/*
 * Makes an RSA key pair on a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/signer.h"
#include "base/text.h"
#include "tokens/key_facts.h"
#include "tokens/session.h"
#include "tokens/unable.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define MIN_BITS 1024
#define MAX_BITS (SIGNER_MAX_SIGNATURE * 8)

struct generate_job {
	struct module_job base;
	uint8_t id[SESSION_MAX_ID];
	size_t id_len;
	struct buffer label;
	unsigned bits;
	struct objects found;

	EVP_PKEY *key;
	bool left; /* what C_GenerateKeyPair made could not be removed again */
};

static void generate_clear(struct module_job *base)
{
	struct generate_job *job = (struct generate_job *)base;

	buffer_free(&job->label);
	EVP_PKEY_free(job->key);
}

static struct bytes id_of(const struct generate_job *job)
{
	return (struct bytes){job->id, job->id_len};
}

static enum status exists(struct generate_job *job)
{
	struct buffer hex = BUFFER_INIT;
	const char *text;

	text_hex(&hex, id_of(job), 0, true);
	text = buffer_text(&hex);
	error_set(&job->base.error, ST_EXISTS, _("the token holds a key or certificate with id %s"),
	    text != NULL ? text : "?");
	error_hint(&job->base.error, _("choose another id"));
	buffer_free(&hex);
	return ST_EXISTS;
}

static enum status must_be_empty(struct generate_job *job)
{
	struct token_objects found = {0};
	enum status status = session_count(&job->base, id_of(job), &found);

	if (status == ST_OK &&
	    found.n_private_keys + found.n_public_keys + found.n_certificates > 0)
		return exists(job);
	return status;
}

/*
 * With PLAIN, without what some modules refuse although it says no more than what they do: the last
 * attributes of each.  Then no attribute asks for a key that stays on the token, so that is looked
 * at afterwards.
 */
static CK_RV call(struct generate_job *job, bool plain)
{
	static const unsigned char f4[] = {0x01, 0x00, 0x01};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bits = job->bits;
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE public_key[] = {
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_MODULUS_BITS, &bits, sizeof(bits)},
	    {CKA_PUBLIC_EXPONENT, (void *)f4, sizeof(f4)},
	    {CKA_ID, job->id, job->id_len},
	    {CKA_LABEL, job->label.data, job->label.len},
	    {CKA_VERIFY, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &no, sizeof(no)},
	};
	CK_ATTRIBUTE private_key[] = {
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_ID, job->id, job->id_len},
	    {CKA_LABEL, job->label.data, job->label.len},
	    {CKA_SIGN, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, &no, sizeof(no)},
	};
	struct module *m = job->base.module;
	CK_OBJECT_HANDLE a, b;

	if (m->functions->C_GenerateKeyPair == NULL)
		return CKR_FUNCTION_NOT_SUPPORTED;
	/* The handles are not used: what counts is what can be found under the id. */
	return m->functions->C_GenerateKeyPair(
	    m->session, &mechanism, public_key, plain ? 5 : 7, private_key, plain ? 5 : 7, &a, &b);
}

static bool about_template(CK_RV rv)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_TEMPLATE_INCONSISTENT ||
	       rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_ATTRIBUTE_READ_ONLY;
}

static enum status make(struct generate_job *job)
{
	CK_RV rv;

	module_progress(&job->base, PROGRESS_CHANGING);
	if (!module_calling_once(&job->base, "C_GenerateKeyPair"))
		return job->base.error.status;
	rv = call(job, false);
	if (about_template(rv)) {
		if (!module_calling_once(&job->base, "C_GenerateKeyPair"))
			return job->base.error.status;
		rv = call(job, true);
	}
	if (rv != CKR_OK)
		return unable_or_failed(&job->base, rv);
	module_progress(&job->base, PROGRESS_CHANGED);
	return ST_OK;
}

static enum status refuse(struct generate_job *job, const char *why)
{
	return error_set(&job->base.error, ST_TOKEN, "%s", why);
}

/* The public half, from whichever object tells it. */
static enum status read_key(struct generate_job *job)
{
	static const CK_OBJECT_CLASS classes[] = {CKO_PUBLIC_KEY, CKO_PRIVATE_KEY};
	enum status status = ST_OK;

	for (size_t c = 0; c < 2 && status == ST_OK && job->key == NULL; c++) {
		status = objects_find(&job->base, classes[c], id_of(job), &job->found);
		for (size_t i = 0; i < job->found.n && status == ST_OK && job->key == NULL; i++)
			status = objects_read_rsa(&job->base, job->found.list[i], &job->key);
	}
	if (status == ST_OK && job->key == NULL)
		return refuse(job, _("the token made a key and does not show its public half"));
	return status;
}

static bool is_sound(const EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new((EVP_PKEY *)key, NULL);
	bool sound = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return sound;
}

static enum status check_key(struct generate_job *job)
{
	BIGNUM *e = NULL;
	bool is_f4;

	if ((unsigned)EVP_PKEY_get_bits(job->key) != job->bits)
		return error_set(&job->base.error, ST_TOKEN,
		    _("the token made an RSA key of %d bits, not of %u as it was asked"),
		    EVP_PKEY_get_bits(job->key), job->bits);
	is_f4 = EVP_PKEY_get_bn_param(job->key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
		BN_is_word(e, RSA_F4);
	BN_free(e);
	if (!is_f4)
		return refuse(job, _("the token made an RSA key with another exponent than 65537"));
	if (!is_sound(job->key))
		return refuse(job, _("what the token made is no sound RSA key"));
	return ST_OK;
}

/* The private half must be there, and stay there, as far as it tells. */
static enum status check_private(struct generate_job *job)
{
	struct buffer extractable = BUFFER_INIT, modulus = BUFFER_INIT;
	unsigned char bytes[SIGNER_MAX_SIGNATURE];
	CK_OBJECT_HANDLE handle;
	BIGNUM *n = NULL;
	enum status status;

	if (EVP_PKEY_get_bn_param(job->key, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
		return error_openssl(&job->base.error, ST_CRYPTO, _("cannot read the public key"));
	/* check_key() has looked at its size. */
	buffer_add(&modulus, bytes, (size_t)BN_bn2bin(n, bytes));
	BN_free(n);
	handle = key_handle(job->base.module, id_of(job), buffer_bytes(&modulus));
	buffer_free(&modulus);
	if (handle == CK_INVALID_HANDLE)
		return refuse(job, _("the token made a key and does not show its private half"));
	status = objects_read(&job->base, handle, CKA_EXTRACTABLE, sizeof(CK_BBOOL), &extractable);
	if (status == ST_OK && extractable.len == sizeof(CK_BBOOL) &&
	    extractable.data[0] != CK_FALSE)
		status = refuse(job, _("the token made a key that can be copied off it"));
	buffer_free(&extractable);
	return status;
}

/* Nothing stood under the id before, so whatever does now is what was made. */
static void clean_up(struct generate_job *job)
{
	const struct error reason = job->base.error;
	struct token_objects found = {0};

	/* What was made under another id cannot be told from what stood there before. */
	if (module_has(&job->base, PROGRESS_CHANGED) &&
	    (session_count(&job->base, id_of(job), &found) != ST_OK || found.n_private_keys == 0))
		job->left = true;
	if (session_destroy(&job->base, id_of(job)) != ST_OK)
		job->left = true;
	job->base.error = reason;
}

static enum status generate_work(struct module_job *base)
{
	struct generate_job *job = (struct generate_job *)base;
	enum status status;

	status = must_be_empty(job);
	if (status == ST_OK)
		status = make(job);
	if (status == ST_OK)
		status = read_key(job);
	if (status == ST_OK)
		status = check_key(job);
	if (status == ST_OK)
		status = check_private(job);
	if (status != ST_OK && module_has(base, PROGRESS_CHANGING))
		clean_up(job);
	return status;
}

static void hint_left(struct bytes id, struct error *err)
{
	struct buffer hex = BUFFER_INIT;
	const char *text;

	text_hex(&hex, id, 0, true);
	text = buffer_text(&hex);
	error_hint(err,
	    _("unplug the token, plug it in again, and look what it holds: the new key (id %s) may "
	      "be left on it"),
	    text != NULL ? text : "?");
	buffer_free(&hex);
}

enum status token_session_generate(struct token_session *session, unsigned bits, struct bytes id,
    const char *label, EVP_PKEY **public_key, struct error *err)
{
	struct generate_job *job;
	struct module *m = session->login.id.module;
	enum status status;
	EVP_PKEY *key;
	bool left;

	if (session_check_id(id, err) != ST_OK)
		return ST_USAGE;
	if (bits < MIN_BITS || bits > MAX_BITS)
		return error_set(err, ST_USAGE, _("an RSA key has %d to %d bits here, not %u"),
		    MIN_BITS, MAX_BITS, bits);
	job = module_job_new(sizeof(*job), m, generate_work, generate_clear);
	if (job == NULL)
		return error_no_memory(err);
	job->bits = bits;
	memcpy(job->id, id.data, id.len);
	job->id_len = id.len;
	buffer_add(&job->label, label, strlen(label));
	if (job->label.failed) {
		module_job_end(&job->base, NULL);
		return error_no_memory(err);
	}
	if (!session_run(session, &job->base, login_long_timeout(&session->login), err)) {
		if (err->status == ST_TOKEN_TIMEOUT && (m->reached & PROGRESS_CHANGING) != 0)
			hint_left(id, err);
		return err->status;
	}
	key = job->base.status == ST_OK ? job->key : NULL;
	job->key = key != NULL ? NULL : job->key;
	left = job->left;
	status = session_end(session, &job->base, err);
	*public_key = key;
	if (left)
		hint_left(id, err);
	return status;
}
