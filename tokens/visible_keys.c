/*
 * Reads the key objects that a token shows to everybody, by PKCS#11's own functions: libp11 wants
 * more of a key than one that is only looked at has to tell.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/visible_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEYS    64 /* of a kind: no token holds more */
#define MAX_ID	    255
#define MAX_MODULUS 2048 /* bytes: 16384 bits */

struct key_object {
	uint8_t id[MAX_ID];
	size_t id_len;
	bool rsa;
	uint8_t modulus[MAX_MODULUS];
	size_t modulus_len; /* without leading zeros; 0: it does not tell */
};

struct keys_job {
	struct module_job base;
	CK_SLOT_ID slot;
	struct key_object *list;
	size_t n;
};

static void keys_clear(struct module_job *base)
{
	free(((struct keys_job *)base)->list);
}

/* The length of the value, 0 when the object does not tell or it does not fit. */
static size_t read_value(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, void *value, size_t room)
{
	CK_ATTRIBUTE attribute = {type, value, room};

	if (f->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
	    attribute.ulValueLen > room)
		return 0;
	return attribute.ulValueLen;
}

static void read_key(
    CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, struct key_object *key)
{
	CK_KEY_TYPE type = 0;
	size_t zeros = 0;

	memset(key, 0, sizeof(*key));
	key->id_len = read_value(f, session, object, CKA_ID, key->id, sizeof(key->id));
	key->rsa =
	    read_value(f, session, object, CKA_KEY_TYPE, &type, sizeof(type)) == sizeof(type) &&
	    type == CKK_RSA;
	if (!key->rsa)
		return;
	key->modulus_len =
	    read_value(f, session, object, CKA_MODULUS, key->modulus, sizeof(key->modulus));
	while (zeros < key->modulus_len && key->modulus[zeros] == 0)
		zeros++;
	key->modulus_len -= zeros;
	memmove(key->modulus, key->modulus + zeros, key->modulus_len);
}

static struct bytes id_of(const struct key_object *key)
{
	return (struct bytes){key->id, key->id_len};
}

static struct bytes modulus_of(const struct key_object *key)
{
	return (struct bytes){key->modulus, key->modulus_len};
}

/* The other half of a key that is in the list: the same id, or none and the same modulus. */
static bool is_known(const struct keys_job *job, const struct key_object *key)
{
	for (size_t i = 0; i < job->n; i++) {
		const struct key_object *k = &job->list[i];

		if (!bytes_equal(id_of(k), id_of(key)) || k->rsa != key->rsa)
			continue;
		if (k->modulus_len == 0 || key->modulus_len == 0 ||
		    bytes_equal(modulus_of(k), modulus_of(key)))
			return true;
	}
	return false;
}

/* Adds the keys of a class. */
static CK_RV add_keys(struct keys_job *job, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	CK_FUNCTION_LIST *f = job->base.module->functions;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE found[MAX_KEYS];
	CK_ULONG n = 0;
	CK_RV rv;

	module_calling(job->base.module, "C_FindObjects");
	rv = f->C_FindObjectsInit(session, &template, 1);
	if (rv != CKR_OK)
		return rv;
	rv = f->C_FindObjects(session, found, MAX_KEYS, &n);
	f->C_FindObjectsFinal(session);
	if (rv != CKR_OK || n > MAX_KEYS)
		return rv != CKR_OK ? rv : CKR_GENERAL_ERROR;
	module_calling(job->base.module, "C_GetAttributeValue");
	for (CK_ULONG i = 0; i < n; i++) {
		read_key(f, session, found[i], &job->list[job->n]);
		if (!is_known(job, &job->list[job->n]))
			job->n++;
	}
	return CKR_OK;
}

static enum status keys_work(struct module_job *base)
{
	struct keys_job *job = (struct keys_job *)base;
	CK_FUNCTION_LIST *f = base->module->functions;
	CK_SESSION_HANDLE session;
	CK_RV rv;

	job->list = calloc(2 * (size_t)MAX_KEYS, sizeof(*job->list));
	if (job->list == NULL)
		return error_no_memory(&base->error);
	module_calling(base->module, "C_OpenSession");
	rv = f->C_OpenSession(job->slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
	if (rv != CKR_OK)
		return module_failed_with(base, rv);
	rv = add_keys(job, session, CKO_PUBLIC_KEY);
	if (rv == CKR_OK)
		rv = add_keys(job, session, CKO_PRIVATE_KEY);
	f->C_CloseSession(session);
	return rv == CKR_OK ? ST_OK : module_failed_with(base, rv);
}

static bool same_key(const struct key_object *key, const X509 *certificate)
{
	const EVP_PKEY *public_key = X509_get0_pubkey(certificate);
	unsigned char n[MAX_MODULUS];
	BIGNUM *modulus = NULL;
	bool same = false;

	if (key->modulus_len == 0 || public_key == NULL ||
	    EVP_PKEY_get_bn_param(public_key, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1)
		return false;
	if (BN_num_bytes(modulus) <= MAX_MODULUS)
		same =
		    bytes_equal(modulus_of(key), (struct bytes){n, (size_t)BN_bn2bin(modulus, n)});
	BN_free(modulus);
	return same;
}

static bool same_id(const struct key_object *key, const struct token_certificate *c)
{
	return key->id_len > 0 && bytes_equal(c->id, id_of(key));
}

/* Whether the key is the certificate's, as far as the key tells. */
static bool fits(const struct key_object *key, const struct token_certificate *c)
{
	return same_key(key, c->x509) || (same_id(key, c) && key->modulus_len == 0);
}

static const struct token_certificate *certificate_of(
    const struct surveyed_token *t, const struct key_object *key)
{
	const struct token_certificate *found = NULL;

	for (size_t i = 0; i < t->n_certificates; i++) {
		const struct token_certificate *c = &t->certificates[i];

		if (fits(key, c) && (found == NULL || same_id(key, c)))
			found = c;
	}
	return found;
}

static unsigned bits_of(const struct key_object *key)
{
	unsigned bits = 0;

	for (unsigned top = key->modulus_len > 0 ? key->modulus[0] : 0; top != 0; top >>= 1)
		bits++;
	return bits == 0 ? 0 : bits + 8 * (unsigned)(key->modulus_len - 1);
}

void visible_keys_free(struct surveyed_token *t)
{
	for (size_t i = 0; i < t->n_keys; i++)
		free((uint8_t *)t->keys[i].id.data);
	free(t->keys);
	free(t->has_key);
	t->keys = NULL;
	t->has_key = NULL;
	t->n_keys = 0;
}

static bool add_key(struct surveyed_token *t, const struct key_object *key)
{
	uint8_t *id = malloc(key->id_len + 1);

	if (id == NULL)
		return false;
	memcpy(id, key->id, key->id_len);
	t->keys[t->n_keys++] = (struct token_key){.id = {id, key->id_len},
	    .rsa = key->rsa,
	    .bits = bits_of(key),
	    .certificate = certificate_of(t, key)};
	for (size_t i = 0; i < t->n_certificates; i++)
		t->has_key[i] = t->has_key[i] || fits(key, &t->certificates[i]);
	return true;
}

/* What the token gets of the job's keys. */
static enum status hand_out(struct surveyed_token *t, const struct keys_job *job, struct error *err)
{
	t->keys = calloc(job->n + 1, sizeof(*t->keys));
	t->has_key = calloc(t->n_certificates + 1, sizeof(*t->has_key));
	if (t->keys == NULL || t->has_key == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < job->n; i++)
		if (!add_key(t, &job->list[i]))
			return error_no_memory(err);
	return ST_OK;
}

enum status visible_keys_read(struct surveyed_token *t, struct error *err)
{
	const struct token_identity *identity = &token_of(t->info)->identity;
	struct keys_job *job =
	    module_job_new(sizeof(*job), identity->module, keys_work, keys_clear);
	enum status status;

	if (job == NULL)
		return error_no_memory(err);
	job->slot = identity->slot_id;
	if (!module_run(&job->base, 0, err))
		return slots_blame(identity, ST_TOKEN_TIMEOUT, err);
	if (job->base.status == ST_OK && hand_out(t, job, &job->base.error) != ST_OK)
		job->base.status = ST_NO_MEMORY;
	status = module_job_end(&job->base, err);
	return status == ST_OK ? ST_OK : slots_blame(identity, status, err);
}
