/*
 * Removes one certificate from a token, and nothing else.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/session.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

#define MAX_CERTIFICATE 65536

struct remove_job {
	struct module_job base;
	struct buffer der;
	struct buffer value;
	struct objects all;
	struct objects same;
};

static void remove_clear(struct module_job *base)
{
	struct remove_job *job = (struct remove_job *)base;

	buffer_free(&job->der);
	buffer_free(&job->value);
}

static enum status remove_work(struct module_job *base)
{
	struct remove_job *job = (struct remove_job *)base;
	enum status status;

	status = objects_find(base, CKO_CERTIFICATE, (struct bytes){NULL, 0}, &job->all);
	for (size_t i = 0; i < job->all.n && status == ST_OK; i++) {
		status =
		    objects_read(base, job->all.list[i], CKA_VALUE, MAX_CERTIFICATE, &job->value);
		if (status == ST_OK &&
		    bytes_equal(buffer_bytes(&job->value), buffer_bytes(&job->der)))
			job->same.list[job->same.n++] = job->all.list[i];
	}
	if (status == ST_OK && job->same.n == 0)
		return error_set(
		    &base->error, ST_NO_TOKEN, _("the token does not hold this certificate"));
	return status == ST_OK ? objects_destroy(base, &job->same, NULL) : status;
}

enum status token_session_remove_certificate(
    struct token_session *session, const X509 *certificate, struct error *err)
{
	struct remove_job *job;
	unsigned char *der = NULL;
	const int len = i2d_X509(certificate, &der);

	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, _("cannot encode the certificate"));
	job = module_job_new(sizeof(*job), session->login.id.module, remove_work, remove_clear);
	if (job != NULL)
		buffer_add(&job->der, der, (size_t)len);
	OPENSSL_free(der);
	if (job == NULL)
		return error_no_memory(err);
	if (buffer_status(&job->der, err) != ST_OK) {
		module_job_end(&job->base, NULL);
		return ST_NO_MEMORY;
	}
	if (!session_run(session, &job->base, 0, err))
		return err->status;
	return session_end(session, &job->base, err);
}
