/*
 * Looking at records: stored strings, the signer's record, certificates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/record.h"

#include <openssl/crypto.h>
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

size_t record_number(const struct trustlist *list, const struct tl_record *record)
{
	return (size_t)(record - list->records) + 1;
}

bool record_has_certificate(const struct tl_record *record, const X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	bool same;

	same = len > 0 && bytes_equal(record->certificate, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	return same;
}

/* NULL unless DER is a certificate and nothing else. */
static X509 *decode(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *certificate = d2i_X509(NULL, &p, (long)der.len);

	if (certificate != NULL && p == der.data + der.len)
		return certificate;
	X509_free(certificate);
	ERR_clear_error();
	return NULL;
}

enum status tl_record_x509(const struct tl_record *record, X509 **out, struct error *err)
{
	*out = record->x509;
	if (*out != NULL) {
		X509_up_ref(*out);
		return ST_OK;
	}
	if (record->certificate.data == NULL) {
		error_set(err, ST_FORMAT, "%s", _("the record has no certificate"));
		error_where(err, _("record at offset %zu"), record->offset);
		return ST_FORMAT;
	}
	*out = decode(record->certificate);
	if (*out == NULL) {
		error_set(err, ST_FORMAT, "%s", _("the record's certificate is no X.509 DER"));
		error_where(err, _("record at offset %zu"), record->offset);
		return ST_FORMAT;
	}
	return ST_OK;
}

/* How many records back an equal certificate is looked for: a server's entries stand together. */
#define LOOK_BACK 8

static X509 *find_decoded(
    const struct trustlist *list, size_t index, X509 *const *known, size_t n_known)
{
	const struct tl_record *record = &list->records[index];

	/* The list that was just built has its certificates in the order of KNOWN. */
	if (index < n_known && known[index] != NULL && record_has_certificate(record, known[index]))
		return known[index];
	for (size_t i = index; i > 0 && index - i < LOOK_BACK; i--) {
		const struct tl_record *before = &list->records[i - 1];

		if (before->x509 != NULL && bytes_equal(before->certificate, record->certificate))
			return before->x509;
	}
	return NULL;
}

enum status tl_decode_certificates(
    struct trustlist *list, X509 *const *known, size_t n_known, struct error *err)
{
	for (size_t i = 0; i < list->n_records; i++) {
		struct tl_record *record = &list->records[i];

		if (record->certificate.data == NULL || record->x509 != NULL)
			continue;
		record->x509 = find_decoded(list, i, known, n_known);
		if (record->x509 == NULL)
			record->x509 = decode(record->certificate);
		else if (X509_up_ref(record->x509) != 1)
			return error_openssl(
			    err, ST_CRYPTO, "%s", _("a certificate cannot be shared"));
	}
	return ST_OK;
}

void records_forget_certificates(struct trustlist *list)
{
	for (size_t i = 0; i < list->n_records; i++) {
		X509_free(list->records[i].x509);
		list->records[i].x509 = NULL;
	}
}
