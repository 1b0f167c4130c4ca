/*
 * The signer that is a token: one login, one signature.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/choice.h"
#include "tokens/ckr.h"
#include "tokens/pairing.h"

#include "base/text.h"

#include <libp11.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

struct token_signer {
	struct signer base;
	struct tokens *tokens;
	struct login login;
	struct pairing pairing;
	X509 *certificate; /* ours; NULL until it is known */
	X509 *candidate;   /* the known certificate as pairing's list of one */
	bool open;	   /* logged in with the key found */
	unsigned session;  /* the module's session that was */
	bool always_authenticate;
	uint8_t key_id[256];   /* CKA_ID of the known certificate */
	struct buffer want_id; /* the selector's object */
	struct buffer want_label;
	char label[sizeof(((struct token *)0)->text.label)];
	char serial[sizeof(((struct token *)0)->text.serial)];
	char reader[sizeof(((struct token *)0)->text.reader)];
};

/* Logs out and forgets; the snapshot goes with libp11's list of slots. */
static void end_session(struct token_signer *s)
{
	login_end(&s->login);
	s->open = false;
}

/* Logs in and finds the key; afterwards the certificate is known. */
static enum status start_session(struct token_signer *s, struct error *err)
{
	struct module *m = s->login.id.module;
	enum status status;
	size_t chosen = 0;

	status = login_start(&s->login, err);
	if (status != ST_OK)
		return status;
	status = pairing_find(&s->login, &s->pairing, &chosen, &s->always_authenticate, err);
	if (status == ST_OK && s->certificate == NULL) {
		X509_up_ref(s->pairing.candidates[chosen]);
		s->certificate = s->pairing.candidates[chosen];
	}
	if (status != ST_OK) {
		end_session(s);
		return status;
	}
	if (!s->always_authenticate)
		login_forget_pin(&s->login);
	s->open = true;
	s->session = m->session;
	return ST_OK;
}

struct sign_job {
	struct module_job base;
	struct buffer digest_info;
	unsigned long ckr;
	uint8_t signature[SIGNER_MAX_SIGNATURE];
	size_t len;
};

static void sign_clear(struct module_job *base)
{
	buffer_free(&((struct sign_job *)base)->digest_info);
}

static enum status sign_work(struct module_job *base)
{
	struct sign_job *job = (struct sign_job *)base;
	struct module *m = base->module;
	EVP_PKEY_CTX *ctx;
	bool done;

	if (EVP_PKEY_get_size(m->key) > SIGNER_MAX_SIGNATURE)
		return error_set(
		    &base->error, ST_LIMIT, _("the key is too large for a trust list's signature"));
	module_calling(m, "C_Sign");
	error_clear(&m->context_error);
	ctx = EVP_PKEY_CTX_new(m->key, NULL);
	job->len = sizeof(job->signature);
	done = ctx != NULL && EVP_PKEY_sign_init(ctx) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
	       EVP_PKEY_sign(
		   ctx, job->signature, &job->len, job->digest_info.data, job->digest_info.len) > 0;
	EVP_PKEY_CTX_free(ctx);
	if (done && job->len <= sizeof(job->signature))
		return ST_OK;
	job->ckr = ckr_queue_take();
	if (m->context_error.status != ST_OK) {
		base->error = m->context_error;
		return base->error.status;
	}
	return ckr_error(&base->error, job->ckr, "C_Sign");
}

static enum status explain(
    struct token_signer *s, unsigned long ckr, enum status status, struct error *err)
{
	const struct ckr_meaning *m = ckr_lookup(ckr);
	CK_TOKEN_INFO token;
	struct error gone;

	if (ckr == CKR_USER_NOT_LOGGED_IN) {
		error_set(err, ST_TOKEN,
		    _("C_Sign failed: the key wants its PIN again for each signature and does not "
		      "announce it (%s, 0x%lx)"),
		    m->name, ckr);
		error_hint(err, _("have CKA_ALWAYS_AUTHENTICATE set on the key, or use a newer "
				  "version of the token's PKCS#11 module"));
	} else if (m->status == ST_PIN_WRONG || m->status == ST_PIN_LOCKED) {
		return login_explain(&s->login, ckr, "C_Login", err);
	} else if (m->status == ST_TOKEN_REMOVED) {
		return slots_removed(&s->login.id, err);
	} else if (status == ST_TOKEN &&
		   slots_find_again(&s->login.id, &token, &gone) == ST_TOKEN_REMOVED) {
		*err = gone;
		return ST_TOKEN_REMOVED;
	}
	error_where(err, "%s", s->login.id.name);
	return err->status;
}

static enum status sign_open(struct token_signer *s, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	struct module *m = s->login.id.module;
	struct sign_job *job = module_job_new(sizeof(*job), m, sign_work, sign_clear);
	enum status status;
	unsigned long ckr;

	if (job == NULL)
		return error_no_memory(err);
	buffer_add(&job->digest_info, digest_info.data, digest_info.len);
	if (job->digest_info.failed) {
		module_job_end(&job->base, NULL);
		return error_no_memory(err);
	}
	m->pins = s->login.pins;
	m->request = s->login.request;
	if (!module_run(&job->base, s->always_authenticate ? login_timeout(&s->login) : 0, err))
		return slots_blame(&s->login.id, ST_TOKEN_TIMEOUT, err);
	memcpy(signature, job->signature, job->base.status == ST_OK ? job->len : 0);
	*len = job->len;
	ckr = job->ckr;
	status = module_job_end(&job->base, err);
	return status == ST_OK ? ST_OK : explain(s, ckr, status, err);
}

/* A PIN pad asks by itself for the PIN of each signature; somebody must say so first. */
static enum status announce_pin_pad(struct token_signer *s, struct error *err)
{
	struct pin_request request = s->login.request;
	struct secret none = SECRET_INIT;
	enum status status;

	if (!s->always_authenticate || !request.pin_pad || s->login.pins == NULL)
		return ST_OK;
	request.purpose = PIN_CONTEXT;
	status = s->login.pins->ask(s->login.pins->context, &request, &none, err);
	secret_wipe(&none);
	return status;
}

static enum status op_sign(struct signer *signer, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	struct token_signer *s = (struct token_signer *)signer;
	enum status status = ST_OK;

	if (s->open && s->session != s->login.id.module->session)
		s->open = false;
	if (!s->open)
		status = start_session(s, err);
	if (status == ST_OK)
		status = announce_pin_pad(s, err);
	if (status == ST_OK)
		status = sign_open(s, digest_info, signature, len, err);
	end_session(s);
	snapshot_drop(s->tokens);
	return status;
}

static X509 *op_certificate(struct signer *signer)
{
	return ((struct token_signer *)signer)->certificate;
}

static const char *op_describe(struct signer *signer)
{
	return ((struct token_signer *)signer)->login.id.name;
}

static void op_free(struct signer *signer)
{
	struct token_signer *s = (struct token_signer *)signer;

	if (s->open)
		end_session(s);
	X509_free(s->certificate);
	buffer_free(&s->want_id);
	buffer_free(&s->want_label);
	free(s);
}

static const struct signer_ops ops = {
    .sign = op_sign,
    .certificate = op_certificate,
    .describe = op_describe,
    .free = op_free,
};

static void set_certificate(
    struct token_signer *s, X509 *x509, const struct token_certificate *certificate)
{
	X509_up_ref(x509);
	s->certificate = x509;
	s->candidate = x509;
	memcpy(s->key_id, certificate->id.data, certificate->id.len);
	s->pairing = (struct pairing){
	    .candidates = &s->candidate,
	    .n_candidates = 1,
	    .known = true,
	    .id = {s->key_id, certificate->id.len},
	};
}

/* The certificate is not on the token: any candidate's key will do that the selector allows. */
static enum status set_candidates(
    struct token_signer *s, const struct token_signer_request *request, struct error *err)
{
	struct bytes id, label;

	selector_object(request->selector, &id, &label);
	buffer_add(&s->want_id, id.data, id.len);
	buffer_add(&s->want_label, label.data, label.len);
	if (s->want_id.failed || s->want_label.failed)
		return error_no_memory(err);
	s->pairing = (struct pairing){
	    .candidates = request->candidates,
	    .n_candidates = request->n_candidates,
	    .want_id = {id.data == NULL ? NULL : s->want_id.data, id.len},
	    .want_label = {label.data == NULL ? NULL : s->want_label.data, label.len},
	};
	return start_session(s, err);
}

static struct token_signer *signer_new(
    struct tokens *tokens, const struct token *token, const struct pin_source *pins)
{
	struct token_signer *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->base.ops = &ops;
	s->tokens = tokens;
	memcpy(s->label, token->text.label, sizeof(s->label));
	memcpy(s->serial, token->text.serial, sizeof(s->serial));
	memcpy(s->reader, token->text.reader, sizeof(s->reader));
	s->login = (struct login){
	    .id = token->identity,
	    .pins = pins,
	    .request = {.label = s->label, .serial = s->serial, .reader = s->reader},
	};
	return s;
}

enum status token_signer_open(struct tokens *tokens, const struct token_signer_request *request,
    struct signer **out, struct error *err)
{
	const struct token_certificate *certificate;
	const struct token_info *info;
	struct token_signer *s;
	enum status status;
	size_t candidate = 0;

	status = tokens_find(tokens, request->selector, &info, err);
	if (status == ST_OK)
		status = choice_make(token_of(info), request, &candidate, &certificate, err);
	if (status != ST_OK)
		return status;
	s = signer_new(tokens, token_of(info), request->pins);
	if (s == NULL)
		return error_no_memory(err);
	if (certificate != NULL)
		set_certificate(s, request->candidates[candidate], certificate);
	else
		status = set_candidates(s, request, err);
	if (status != ST_OK) {
		op_free(&s->base);
		return status;
	}
	*out = &s->base;
	return ST_OK;
}
