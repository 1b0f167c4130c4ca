/*
 * Finds, reads and destroys objects, and believes no module more than it must.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/objects.h"

#include "tokens/unable.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define MAX_MODULUS  2048 /* bytes: 16384 bits */
#define MAX_EXPONENT 64
#define STEP	     64

static enum status absurd(struct module_job *job, const char *what)
{
	return error_set(&job->error, ST_TOKEN, "%s", what);
}

static enum status collect(struct module_job *job, struct objects *out)
{
	CK_FUNCTION_LIST *f = job->module->functions;
	CK_OBJECT_HANDLE part[STEP];
	CK_ULONG n;
	CK_RV rv;

	out->n = 0;
	for (;;) {
		n = 0;
		rv = f->C_FindObjects(job->module->session, part, STEP, &n);
		if (rv != CKR_OK)
			return module_failed_with(job, rv);
		if (n == 0)
			return ST_OK;
		if (n > STEP || out->n + n > OBJECTS_MAX)
			return absurd(job, _("the token claims to hold absurdly many objects"));
		for (CK_ULONG i = 0; i < n; i++)
			out->list[out->n++] = part[i];
	}
}

enum status objects_find(
    struct module_job *job, CK_OBJECT_CLASS class, struct bytes id, struct objects *out)
{
	struct module *m = job->module;
	CK_ATTRIBUTE template[2] = {
	    {CKA_CLASS, &class, sizeof(class)}, {CKA_ID, (void *)id.data, id.len}};
	enum status status;
	CK_RV rv;

	module_calling(m, "C_FindObjectsInit");
	rv = m->functions->C_FindObjectsInit(m->session, template, id.len > 0 ? 2 : 1);
	if (rv != CKR_OK)
		return module_failed_with(job, rv);
	module_calling(m, "C_FindObjects");
	status = collect(job, out);
	m->functions->C_FindObjectsFinal(m->session);
	return status;
}

static bool not_told(CK_RV rv, CK_ULONG len)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
	       (rv == CKR_OK && (len == 0 || len == CK_UNAVAILABLE_INFORMATION));
}

enum status objects_read(struct module_job *job, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
    size_t max, struct buffer *out)
{
	struct module *m = job->module;
	CK_ATTRIBUTE attribute = {type, NULL, max};
	CK_RV rv;

	buffer_reset(out);
	if (!buffer_reserve(out, max))
		return error_no_memory(&job->error);
	attribute.pValue = out->data;
	module_calling(m, "C_GetAttributeValue");
	rv = m->functions->C_GetAttributeValue(m->session, object, &attribute, 1);
	if (not_told(rv, attribute.ulValueLen))
		return ST_OK;
	if (rv != CKR_OK)
		return module_failed_with(job, rv);
	if (attribute.ulValueLen > max)
		return absurd(job, _("the token claims an absurd length for an attribute"));
	out->len = attribute.ulValueLen;
	return ST_OK;
}

static EVP_PKEY *rsa_key(struct bytes modulus, struct bytes exponent)
{
	BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	BIGNUM *e = BN_bin2bn(exponent.data, (int)exponent.len, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (n != NULL && e != NULL && build != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	BN_free(n);
	return key;
}

enum status objects_read_rsa(struct module_job *job, CK_OBJECT_HANDLE object, EVP_PKEY **out)
{
	struct buffer modulus = BUFFER_INIT, exponent = BUFFER_INIT;
	enum status status;

	*out = NULL;
	status = objects_read(job, object, CKA_MODULUS, MAX_MODULUS, &modulus);
	if (status == ST_OK)
		status = objects_read(job, object, CKA_PUBLIC_EXPONENT, MAX_EXPONENT, &exponent);
	if (status == ST_OK && modulus.len > 0 && exponent.len > 0) {
		*out = rsa_key(buffer_bytes(&modulus), buffer_bytes(&exponent));
		if (*out == NULL)
			status = error_openssl(
			    &job->error, ST_TOKEN, _("the token's public key is no RSA key"));
	}
	buffer_free(&modulus);
	buffer_free(&exponent);
	return status;
}

static bool contains(const struct objects *list, CK_OBJECT_HANDLE object)
{
	for (size_t i = 0; list != NULL && i < list->n; i++)
		if (list->list[i] == object)
			return true;
	return false;
}

enum status objects_destroy(
    struct module_job *job, const struct objects *list, const struct objects *except)
{
	struct module *m = job->module;
	CK_RV rv;

	for (size_t i = 0; i < list->n; i++) {
		if (contains(except, list->list[i]))
			continue;
		if (!module_calling_once(job, "C_DestroyObject"))
			return job->error.status;
		rv = m->functions->C_DestroyObject == NULL
			 ? CKR_FUNCTION_NOT_SUPPORTED
			 : m->functions->C_DestroyObject(m->session, list->list[i]);
		if (rv != CKR_OK)
			return unable_or_failed(job, rv);
	}
	return ST_OK;
}
