/*
 * Whether one list's signer is trusted by another list, as a phone decides it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/record.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * OLD's own certificate decides when it has one, else the PUBLICKEY element.  The signer's key is
 * always its certificate's, for that is what the signature is checked with.
 */
static bool same_key(const struct tl_record *old, const X509 *signer)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(signer);
	EVP_PKEY *key = X509_get0_pubkey(signer);
	X509 *certificate;
	bool same;

	if (key == NULL) {
		ERR_clear_error();
		return false;
	}
	if (old->certificate.data == NULL)
		return bytes_equal(old->public_key,
		    (struct bytes){ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits)});
	if (tl_record_x509(old, &certificate, NULL) != ST_OK)
		return false;
	same = X509_get0_pubkey(certificate) != NULL &&
	       EVP_PKEY_eq(X509_get0_pubkey(certificate), key) == 1;
	X509_free(certificate);
	ERR_clear_error();
	return same;
}

/* Whether OLD has a SAST of the signer's serial and issuer; *SAME: with the same certificate. */
static bool find_named(const struct trustlist *list, const struct trustlist *old,
    const struct tl_record *signer, bool *same)
{
	bool named = false;

	*same = false;
	for (size_t i = 0; i < old->n_records && !*same; i++) {
		const struct tl_record *record = &old->records[i];

		if (!record_is_signer(record, list))
			continue;
		named = true;
		*same = record->certificate.data != NULL &&
			bytes_equal(record->certificate, signer->certificate);
	}
	return named;
}

/* The same among keys: a certificate that was renewed with its name, serial and key. */
static bool find_key(
    const struct trustlist *list, const struct trustlist *old, const X509 *certificate)
{
	for (size_t i = 0; i < old->n_records; i++) {
		const struct tl_record *record = &old->records[i];

		if (record_is_signer(record, list) && same_key(record, certificate))
			return true;
	}
	return false;
}

enum status tl_trusted_by(
    const struct trustlist *list, const struct trustlist *old, struct error *err)
{
	const struct tl_record *signer = tl_signer_record(list);
	X509 *certificate;
	bool named, trusted;
	enum status status;

	if (signer == NULL)
		return error_set(err, ST_NOT_VERIFIED, "%s",
		    _("no SAST record of the new list has the serial and issuer that "
		      "its header names as the signer's"));
	named = find_named(list, old, signer, &trusted);
	if (named && !trusted) {
		status = tl_record_x509(signer, &certificate, err);
		if (status != ST_OK)
			return status;
		trusted = find_key(list, old, certificate);
		X509_free(certificate);
	}
	if (trusted)
		return ST_OK;
	if (named)
		error_set(err, ST_NOT_VERIFIED, "%s",
		    _("the old list has a SAST record with the signer's serial and "
		      "issuer, but with another public key"));
	else
		error_set(err, ST_NOT_VERIFIED, "%s",
		    _("the new list's signer is no SAST of the old list"));
	error_hint(err, "%s", _("sign with a key that is a SAST of the list that the phones hold"));
	return ST_NOT_VERIFIED;
}
