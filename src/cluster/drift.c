/*
 * Drift: compares the CTL in use with the one that the cluster calls for.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/drift_parts.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum status encode_certificates(struct drift_work *work, struct error *err)
{
	const struct cluster_plan *plan = work->request->plan;

	for (size_t i = 0; i < plan->n; i++) {
		unsigned char *der = NULL;
		int len;

		if (plan->entries[i].certificate == NULL)
			continue;
		len = i2d_X509(plan->entries[i].certificate, &der);
		if (len <= 0)
			return error_openssl(err, ST_CRYPTO, _("cannot encode a certificate"));
		work->ders[i].data = der;
		work->ders[i].len = (size_t)len;
	}
	return ST_OK;
}

static size_t *all_none(size_t n)
{
	size_t *numbers = calloc(n + 1, sizeof(*numbers));

	for (size_t i = 0; numbers != NULL && i < n; i++)
		numbers[i] = DRIFT_NONE;
	return numbers;
}

static enum status begin(struct drift_work *work, struct error *err)
{
	const struct drift_request *request = work->request;
	const char *domain = request->inventory->domain;

	work->domain_changed = request->domain != NULL &&
			       strcasecmp(request->domain, domain != NULL ? domain : "") != 0;
	work->ders = calloc(request->plan->n + 1, sizeof(*work->ders));
	work->record_of = all_none(request->plan->n);
	work->entry_of = all_none(request->current != NULL ? request->current->n_records : 0);
	if (work->ders == NULL || work->record_of == NULL || work->entry_of == NULL)
		return error_no_memory(err);
	return encode_certificates(work, err);
}

static void end(struct drift_work *work)
{
	for (size_t i = 0; work->ders != NULL && i < work->request->plan->n; i++)
		OPENSSL_free((void *)(uintptr_t)work->ders[i].data);
	free(work->ders);
	free(work->record_of);
	free(work->entry_of);
	free(work->found);
}

enum status cluster_drift(const struct drift_request *request, struct drift *out, struct error *err)
{
	struct drift_work work = {.request = request};
	enum status status;

	memset(out, 0, sizeof(*out));
	status = begin(&work, err);
	if (status == ST_OK && request->current != NULL) {
		drift_match(&work);
		drift_servers(&work);
		drift_surplus(&work);
		drift_certificates(&work);
		drift_sast(&work);
	}
	if (status == ST_OK) {
		drift_settings(&work);
		drift_expiry(&work);
		status = drift_hand_over(&work, out, err);
	}
	end(&work);
	return status;
}
