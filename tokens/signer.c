/*
 * The signer that is a token: one login, one signature.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/choice.h"
#include "tokens/pairing.h"
#include "tokens/signature.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct token_signer {
	struct signer base;
	struct tokens *tokens;
	struct login login;
	struct pairing pairing;
	X509 *certificate;   /* ours; NULL until it is known */
	X509 *candidate;     /* the known certificate as pairing's list of one */
	bool open;	     /* logged in with the key found */
	unsigned generation; /* of the module's list of slots then */
	struct paired_key key;
	uint8_t id[256];       /* CKA_ID of the known certificate */
	struct buffer want_id; /* the selector's object */
	struct buffer want_label;
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

	status = login_start(&s->login, err);
	if (status != ST_OK)
		return status;
	status = pairing_find(&s->login, &s->pairing, &s->key, err);
	if (status == ST_OK && s->certificate == NULL) {
		s->certificate = s->pairing.candidates[s->key.candidate];
		X509_up_ref(s->certificate);
	}
	if (status != ST_OK) {
		end_session(s);
		return status;
	}
	if (!s->key.always_authenticate)
		login_forget_pin(&s->login);
	s->open = true;
	s->generation = m->generation;
	return ST_OK;
}

static enum status sign(struct token_signer *s, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	struct secret pin = SECRET_INIT;
	const struct signature_request request = {
	    .digest_info = digest_info,
	    .key = X509_get0_pubkey(s->certificate),
	    .key_id = {s->key.id, s->key.id_len},
	    .pin = &pin,
	    .always_authenticate = s->key.always_authenticate,
	};
	enum status status = ST_OK;

	if (s->key.always_authenticate)
		status = login_pin_again(&s->login, &pin, err);
	if (status == ST_OK)
		status = signature_make(&s->login, &request, signature, len, err);
	secret_wipe(&pin);
	return status;
}

static enum status op_sign(struct signer *signer, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	struct token_signer *s = (struct token_signer *)signer;
	enum status status = ST_OK;

	if (s->open && s->generation != s->login.id.module->generation)
		s->open = false;
	if (!s->open)
		status = start_session(s, err);
	if (status == ST_OK)
		status = sign(s, digest_info, signature, len, err);
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
	memcpy(s->id, certificate->id.data, certificate->id.len);
	s->pairing = (struct pairing){
	    .candidates = &s->candidate,
	    .n_candidates = 1,
	    .known = true,
	    .id = {s->id, certificate->id.len},
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
	login_init(&s->login, token, pins);
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
