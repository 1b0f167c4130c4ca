/*
 * Whether one list's signer is trusted by another list, as a phone decides it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/describe.h"
#include "trustlist/record.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

/* How many SASTs of the old list a hint names. */
#define NAMES_MOST 3

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

/* Names the SASTs as they call themselves: a host may have several. */
void tl_sast_names(const struct trustlist *list, struct buffer *out)
{
	char name[DESCRIBE_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[i];
		bool has_subject = tl_string(record->subject).len > 0;

		if (!record->has_role || record->role != TL_ROLE_SAST || n++ >= NAMES_MOST)
			continue;
		describe_name_into(name, sizeof(name), has_subject ? record->subject : record->dns);
		buffer_printf(out, "%s%s", n > 1 ? ", " : "", name);
	}
	if (n > NAMES_MOST)
		buffer_printf(out,
		    ngettext(", and %zu more", ", and %zu more", (unsigned long)(n - NAMES_MOST)),
		    n - NAMES_MOST);
}

static void hint_signers(const struct trustlist *old, struct error *err)
{
	struct buffer names = BUFFER_INIT;
	const char *text;

	tl_sast_names(old, &names);
	text = buffer_text(&names);
	if (text != NULL && text[0] != '\0')
		error_hint(err, _("sign with one of the old list's SASTs: %s"), text);
	else
		error_hint(err, "%s", _("check that the old list is the one that the phones hold"));
	buffer_free(&names);
}

const struct tl_record *tl_find_sast(const struct trustlist *list, const X509 *certificate)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(certificate, &der);
	const struct tl_record *found = NULL;

	for (size_t i = 0; i < list->n_records && found == NULL && len > 0; i++) {
		const struct tl_record *record = &list->records[i];

		if (!record->has_role || record->role != TL_ROLE_SAST)
			continue;
		if (record->certificate.data != NULL
			? bytes_equal(record->certificate, (struct bytes){der, (size_t)len})
			: same_key(record, certificate))
			found = record;
	}
	OPENSSL_free(der);
	return found;
}

static enum status fail_untrusted(
    const struct trustlist *list, const struct trustlist *old, bool named, struct error *err)
{
	char signer[DESCRIBE_ENTRY_MAX];

	if (err == NULL)
		return ST_NOT_VERIFIED;
	describe_signer(signer, list);
	if (named)
		error_set(err, ST_NOT_VERIFIED,
		    _("the old list has a SAST with the serial and issuer of the new list's "
		      "signer %s, but with another public key"),
		    signer);
	else
		error_set(err, ST_NOT_VERIFIED,
		    _("the new list's signer %s is no SAST of the old list"), signer);
	hint_signers(old, err);
	return ST_NOT_VERIFIED;
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
	return trusted ? ST_OK : fail_untrusted(list, old, named, err);
}
