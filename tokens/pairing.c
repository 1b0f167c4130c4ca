/*
 * Finds the private key of a certificate.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/pairing.h"

#include "base/bytes.h"
#include "base/text.h"
#include "tokens/key_facts.h"

#include <libp11.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ID sizeof(((struct paired_key *)0)->id)

struct pair_job {
	struct module_job base;
	struct token_identity id;
	/* copies: the job may outlive its caller */
	struct buffer *public_halves; /* a DER RSAPublicKey each; empty for other keys */
	size_t n_candidates;
	bool known;
	struct buffer key_id;	  /* of the known certificate */
	struct buffer want_id;	  /* with has_want_id */
	struct buffer want_label; /* with has_want_label */
	bool has_want_id;
	bool has_want_label;

	struct paired_key key; /* its candidate is n_candidates: none yet */
	bool several;
	unsigned n_rsa;
	unsigned n_other;
	bool exponent_hidden;
};

static void pair_clear(struct module_job *base)
{
	struct pair_job *job = (struct pair_job *)base;

	for (size_t i = 0; job->public_halves != NULL && i < job->n_candidates; i++)
		buffer_free(&job->public_halves[i]);
	free(job->public_halves);
	buffer_free(&job->key_id);
	buffer_free(&job->want_id);
	buffer_free(&job->want_label);
}

/* The DER RSAPublicKey of an RSA key on the token. */
static void add_public_half(const EVP_PKEY *key, struct buffer *out)
{
	unsigned char *der = NULL;
	int len;

	len = i2d_PublicKey(key, &der);
	if (len > 0)
		buffer_add(out, der, (size_t)len);
	OPENSSL_free(der);
}

/* The same of a certificate, which holds it in this form; nothing for a key that is not RSA. */
static void add_certified_half(const X509 *certificate, struct buffer *out)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate);
	const EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key != NULL && bits != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		buffer_add(out, ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
}

static struct bytes key_id(const PKCS11_KEY *key)
{
	return (struct bytes){key->id, key->id_len <= MAX_ID ? key->id_len : 0};
}

/* The candidate with this public half, or n_candidates. */
static size_t candidate_of(const struct pair_job *job, struct bytes half)
{
	for (size_t i = 0; i < job->n_candidates; i++)
		if (half.len > 0 && bytes_equal(half, buffer_bytes(&job->public_halves[i])))
			return i;
	return job->n_candidates;
}

static bool wanted(const struct pair_job *job, const PKCS11_KEY *key)
{
	struct bytes label = text_bytes(key->label == NULL ? "" : key->label);

	return (!job->has_want_id || bytes_equal(buffer_bytes(&job->want_id), key_id(key))) &&
	       (!job->has_want_label || bytes_equal(buffer_bytes(&job->want_label), label));
}

/* Looks at one RSA key; notes it when it belongs to a candidate. */
static void try_key(struct pair_job *job, PKCS11_KEY *key)
{
	struct module *m = job->base.module;
	struct buffer half = BUFFER_INIT;
	struct bytes id = key_id(key);
	struct key_facts facts;
	EVP_PKEY *pkey;
	size_t i;

	key_facts_read(m, id, &facts);
	if (facts.exponent_hidden) {
		job->exponent_hidden = true;
		return;
	}
	module_calling(m, "C_GetAttributeValue");
	pkey = PKCS11_get_private_key(key);
	if (pkey == NULL)
		return;
	add_public_half(pkey, &half);
	EVP_PKEY_free(pkey);
	i = candidate_of(job, buffer_bytes(&half));
	buffer_free(&half);
	if (i == job->n_candidates || i == job->key.candidate)
		return;
	if (job->key.candidate != job->n_candidates) {
		job->several = true;
		return;
	}
	job->key.candidate = i;
	job->key.always_authenticate = facts.always_authenticate;
	job->key.id_len = id.len;
	memcpy(job->key.id, id.data, id.len);
}

/* Tries the keys whose CKA_ID is the known certificate's, or those whose CKA_ID is not. */
static void try_keys(struct pair_job *job, PKCS11_KEY *keys, unsigned n, bool with_its_id)
{
	struct bytes its_id = buffer_bytes(&job->key_id);

	for (unsigned i = 0; i < n; i++) {
		bool has_its_id = its_id.len > 0 && bytes_equal(its_id, key_id(&keys[i]));

		if (has_its_id == with_its_id && PKCS11_get_key_type(&keys[i]) == EVP_PKEY_RSA &&
		    wanted(job, &keys[i]))
			try_key(job, &keys[i]);
	}
}

enum status pairing_nothing_named(struct bytes id, struct bytes label, struct error *err)
{
	struct buffer hex = BUFFER_INIT;
	char name[256];
	const char *text;

	text_hex(&hex, id, 0, true);
	text = buffer_text(&hex);
	text_printable_into(name, sizeof(name), label);
	if (text == NULL)
		error_no_memory(err);
	else if (label.data == NULL)
		error_set(err, ST_NO_KEY,
		    _("the token has no key with id %s that belongs to a signer of the list"),
		    text);
	else if (id.data == NULL)
		error_set(err, ST_NO_KEY,
		    _("the token has no key with the label '%s' that belongs to a signer of the "
		      "list"),
		    name);
	else
		error_set(err, ST_NO_KEY,
		    _("the token has no key with id %s and the label '%s' that belongs to a signer "
		      "of the list"),
		    text, name);
	buffer_free(&hex);
	if (err->status == ST_NO_KEY && id.data != NULL)
		error_hint(err, _("write the id as in the URI that `ctlsign token show` prints, "
				  "such as id=%%01"));
	else if (err->status == ST_NO_KEY)
		error_hint(err, _("write object= as in the URI that `ctlsign token show` prints"));
	return err->status;
}

static enum status no_key(struct pair_job *job)
{
	struct error *err = &job->base.error;

	if (job->n_rsa == 0 && job->n_other > 0) {
		error_set(err, ST_NO_KEY,
		    _("the token has no RSA key, and trust lists are signed with RSA"));
		error_hint(err, _("use a token with an RSA key"));
	} else if (job->n_rsa == 0) {
		error_set(err, ST_NO_KEY, _("the token shows no private key"));
		error_hint(err, _("use the token that holds the key"));
	} else if (job->exponent_hidden) {
		error_set(err, ST_NO_KEY,
		    _("a private key on the token does not tell its public exponent, and there is "
		      "no public key object that does"));
		error_hint(err, _("store the public key on the token, too"));
	} else if (job->known) {
		error_set(
		    err, ST_NO_KEY, _("no private key on the token belongs to its certificate"));
		error_hint(err, _("use the token that holds the key"));
	} else if (job->has_want_id || job->has_want_label) {
		return pairing_nothing_named(
		    job->has_want_id ? buffer_bytes(&job->want_id) : (struct bytes){NULL, 0},
		    job->has_want_label ? buffer_bytes(&job->want_label) : (struct bytes){NULL, 0},
		    err);
	} else {
		error_set(err, ST_NO_KEY,
		    _("no private key on the token belongs to a signer of the list"));
		error_hint(err, _("use a token of one of the list's signers"));
	}
	return ST_NO_KEY;
}

static enum status pair_work(struct module_job *base)
{
	struct pair_job *job = (struct pair_job *)base;
	struct module *m = base->module;
	PKCS11_KEY *keys;
	PKCS11_SLOT *slot = NULL;
	unsigned n;

	for (unsigned i = 0; i < m->n_slots; i++)
		if (PKCS11_get_slotid_from_slot(&m->slots[i]) == job->id.slot_id)
			slot = &m->slots[i];
	if (slot == NULL || slot->token == NULL)
		return slots_removed(&job->id, &base->error);
	module_calling(m, "C_FindObjects");
	if (PKCS11_enumerate_keys(slot->token, &keys, &n) != 0)
		return module_failed(base);
	for (unsigned i = 0; i < n; i++) {
		if (PKCS11_get_key_type(&keys[i]) == EVP_PKEY_RSA)
			job->n_rsa++;
		else
			job->n_other++;
	}
	job->key.candidate = job->n_candidates;
	try_keys(job, keys, n, true);
	if (job->key.candidate == job->n_candidates)
		try_keys(job, keys, n, false);
	if (job->key.candidate == job->n_candidates)
		return no_key(job);
	if (job->several) {
		error_set(&base->error, ST_AMBIGUOUS,
		    _("the token has keys of several signers of the list"));
		error_hint(&base->error, _("name one key with id= in the token's URI"));
		return ST_AMBIGUOUS;
	}
	return ST_OK;
}

static bool fill(struct pair_job *job, const struct pairing *p)
{
	bool failed;

	job->known = p->known;
	job->public_halves = calloc(p->n_candidates + 1, sizeof(*job->public_halves));
	if (job->public_halves == NULL)
		return false;
	job->n_candidates = p->n_candidates;
	buffer_add(&job->key_id, p->id.data, p->known ? p->id.len : 0);
	buffer_add(&job->want_id, p->want_id.data, p->want_id.len);
	buffer_add(&job->want_label, p->want_label.data, p->want_label.len);
	job->has_want_id = p->want_id.data != NULL;
	job->has_want_label = p->want_label.data != NULL;
	failed = job->key_id.failed || job->want_id.failed || job->want_label.failed;
	for (size_t i = 0; i < p->n_candidates; i++) {
		add_certified_half(p->candidates[i], &job->public_halves[i]);
		failed = failed || job->public_halves[i].failed;
	}
	return !failed;
}

enum status pairing_find(
    struct login *login, const struct pairing *pairing, struct paired_key *key, struct error *err)
{
	struct pair_job *job =
	    module_job_new(sizeof(*job), login->id.module, pair_work, pair_clear);

	if (job == NULL)
		return error_no_memory(err);
	job->id = login->id;
	if (!fill(job, pairing)) {
		module_job_end(&job->base, NULL);
		return error_no_memory(err);
	}
	if (!module_run(&job->base, 0, err))
		return slots_blame(&login->id, ST_TOKEN_TIMEOUT, err);
	*key = job->key;
	return slots_blame(&login->id, module_job_end(&job->base, err), err);
}
