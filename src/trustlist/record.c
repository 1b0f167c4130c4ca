/*
 * Looking at records: stored strings, the signer's record, the certificate.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/record.h"

#include <openssl/err.h>
#include <openssl/x509.h>

struct bytes tl_string(struct bytes stored)
{
	if (stored.len > 0 && stored.data[stored.len - 1] == '\0')
		stored.len--;
	return stored;
}

bool record_is_signer(const struct tl_record *record, const struct trustlist *list)
{
	return record->has_role && record->role == TL_ROLE_SAST && record->serial.data != NULL &&
	       record->issuer.data != NULL && bytes_equal(record->serial, list->signer_serial) &&
	       bytes_equal(record->issuer, list->signer_issuer);
}

const struct tl_record *tl_signer_record(const struct trustlist *list)
{
	for (size_t i = 0; i < list->n_records; i++)
		if (record_is_signer(&list->records[i], list))
			return &list->records[i];
	return NULL;
}

enum status tl_record_x509(const struct tl_record *record, X509 **out, struct error *err)
{
	const unsigned char *p = record->certificate.data;
	X509 *certificate;

	*out = NULL;
	if (p == NULL) {
		error_set(err, ST_FORMAT, "%s", _("the record has no certificate"));
		error_where(err, _("offset %zu"), record->offset);
		return ST_FORMAT;
	}
	certificate = d2i_X509(NULL, &p, (long)record->certificate.len);
	if (certificate == NULL || p != record->certificate.data + record->certificate.len) {
		X509_free(certificate);
		ERR_clear_error();
		error_set(err, ST_FORMAT, "%s", _("the record's certificate is no X.509 DER"));
		error_where(err, _("record at offset %zu"), record->offset);
		return ST_FORMAT;
	}
	*out = certificate;
	return ST_OK;
}
