/*
 * Stores certificates on a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/session.h"
#include "tokens/unable.h"

#include <openssl/x509.h>
#include <string.h>

#define MAX_CERTIFICATE 65536

struct store_job {
	struct module_job base;
	uint8_t id[SESSION_MAX_ID];
	size_t id_len;
	struct buffer label;
	struct buffer der;
	struct buffer subject; /* DER, as the next two */
	struct buffer issuer;
	struct buffer serial;
	struct buffer value;
	struct objects before; /* the certificates on the token */
	struct objects after;
};

static void store_clear(struct module_job *base)
{
	struct store_job *job = (struct store_job *)base;

	buffer_free(&job->label);
	buffer_free(&job->der);
	buffer_free(&job->subject);
	buffer_free(&job->issuer);
	buffer_free(&job->serial);
	buffer_free(&job->value);
}

/* Whether our certificate is among LIST. */
static enum status look_for_it(struct store_job *job, const struct objects *list, bool *there)
{
	enum status status = ST_OK;

	*there = false;
	for (size_t i = 0; i < list->n && status == ST_OK && !*there; i++) {
		status = objects_read(
		    &job->base, list->list[i], CKA_VALUE, MAX_CERTIFICATE, &job->value);
		*there = status == ST_OK &&
			 bytes_equal(buffer_bytes(&job->value), buffer_bytes(&job->der));
	}
	return status;
}

/* With PLAIN, without what some modules refuse, or find out for themselves. */
static CK_RV call(struct store_job *job, bool plain)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_ID, job->id, job->id_len},
	    {CKA_LABEL, job->label.data, job->label.len},
	    {CKA_SUBJECT, job->subject.data, job->subject.len},
	    {CKA_VALUE, job->der.data, job->der.len},
	    {CKA_PRIVATE, &no, sizeof(no)},
	    {CKA_ISSUER, job->issuer.data, job->issuer.len},
	    {CKA_SERIAL_NUMBER, job->serial.data, job->serial.len},
	};
	struct module *m = job->base.module;
	CK_OBJECT_HANDLE object;

	if (m->functions->C_CreateObject == NULL)
		return CKR_FUNCTION_NOT_SUPPORTED;
	return m->functions->C_CreateObject(m->session, template, plain ? 7 : 10, &object);
}

static enum status create(struct store_job *job)
{
	CK_RV rv;

	if (!module_calling_once(&job->base, "C_CreateObject"))
		return job->base.error.status;
	rv = call(job, false);
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_TEMPLATE_INCONSISTENT ||
	    rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_ATTRIBUTE_READ_ONLY) {
		if (!module_calling_once(&job->base, "C_CreateObject"))
			return job->base.error.status;
		rv = call(job, true);
	}
	return rv == CKR_OK ? ST_OK : unable_or_failed(&job->base, rv);
}

/* Under its id, and as it was given. */
static enum status read_back(struct store_job *job)
{
	enum status status;
	bool there = false;

	status = objects_find(
	    &job->base, CKO_CERTIFICATE, (struct bytes){job->id, job->id_len}, &job->after);
	if (status == ST_OK)
		status = look_for_it(job, &job->after, &there);
	if (status == ST_OK && !there)
		status = error_set(&job->base.error, ST_TOKEN,
		    _("the certificate that was stored reads back different from what was "
		      "written"));
	return status;
}

/* Removes the certificates under the id that were not there before. */
static void clean_up(struct store_job *job)
{
	const struct error reason = job->base.error;

	if (objects_find(&job->base, CKO_CERTIFICATE, (struct bytes){job->id, job->id_len},
		&job->after) == ST_OK)
		objects_destroy(&job->base, &job->after, &job->before);
	job->base.error = reason;
}

static enum status store_work(struct module_job *base)
{
	struct store_job *job = (struct store_job *)base;
	enum status status;
	bool there = false;

	status = objects_find(base, CKO_CERTIFICATE, (struct bytes){NULL, 0}, &job->before);
	if (status == ST_OK)
		status = look_for_it(job, &job->before, &there);
	if (status == ST_OK && there)
		return error_set(
		    &base->error, ST_EXISTS, _("the token holds this certificate already"));
	if (status != ST_OK)
		return status;
	status = create(job);
	if (status == ST_OK)
		status = read_back(job);
	if (status != ST_OK)
		clean_up(job);
	return status;
}

/* Appends what an i2d function made; *DER is freed. */
static bool add_der(struct buffer *out, unsigned char *der, int len)
{
	if (len > 0)
		buffer_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return len > 0 && !out->failed;
}

static bool fill(struct store_job *job, X509 *certificate, const char *label)
{
	unsigned char *der = NULL, *subject = NULL, *issuer = NULL, *serial = NULL;
	const int der_len = i2d_X509(certificate, &der);
	const int subject_len = i2d_X509_NAME(X509_get_subject_name(certificate), &subject);
	const int issuer_len = i2d_X509_NAME(X509_get_issuer_name(certificate), &issuer);
	const int serial_len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &serial);
	bool ok;

	buffer_add(&job->label, label, strlen(label));
	ok = add_der(&job->der, der, der_len);
	ok = add_der(&job->subject, subject, subject_len) && ok;
	ok = add_der(&job->issuer, issuer, issuer_len) && ok;
	ok = add_der(&job->serial, serial, serial_len) && ok;
	return ok && !job->label.failed && job->der.len <= MAX_CERTIFICATE;
}

enum status token_session_store(struct token_session *session, X509 *certificate, struct bytes id,
    const char *label, struct error *err)
{
	struct store_job *job;

	if (session_check_id(id, err) != ST_OK)
		return ST_USAGE;
	job = module_job_new(sizeof(*job), session->login.id.module, store_work, store_clear);
	if (job == NULL)
		return error_no_memory(err);
	memcpy(job->id, id.data, id.len);
	job->id_len = id.len;
	if (!fill(job, certificate, label)) {
		module_job_end(&job->base, NULL);
		return error_openssl(err, ST_CRYPTO, _("cannot encode the certificate"));
	}
	if (!session_run(session, &job->base, 0, err))
		return err->status;
	return session_end(session, &job->base, err);
}
