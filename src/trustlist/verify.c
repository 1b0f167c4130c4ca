/*
 * Whether the signature holds by the record that the header names.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/digest_info.h"
#include "trustlist/elements.h"
#include "trustlist/record.h"
#include "trustlist/signer_keys.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct tl_verifier {
	struct digester digester;
	struct signer_keys keys;
};

struct tl_verifier *tl_verifier_new(void)
{
	return calloc(1, sizeof(struct tl_verifier));
}

void tl_verifier_free(struct tl_verifier *verifier)
{
	if (verifier == NULL)
		return;
	digester_free(&verifier->digester);
	signer_keys_free(&verifier->keys);
	free(verifier);
}

/* How many SAST records the header's serial and issuer name. */
static size_t count_named(const struct trustlist *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n_records; i++)
		if (record_is_signer(&list->records[i], list))
			n++;
	return n;
}

static enum status fail_no_signer(struct error *err)
{
	error_set(err, ST_NOT_VERIFIED, "%s",
	    _("no SAST record has the serial and issuer that the header names as the "
	      "signer's"));
	error_hint(err, "%s",
	    _("compare the header with the SAST records, then sign the list "
	      "again with a key that stands in it"));
	return ST_NOT_VERIFIED;
}

/* Adds to what is wrong with the certificate where it stands and what can be done. */
static void fail_certificate(
    const struct trustlist *list, const struct tl_record *signer, struct error *err)
{
	error_where(err, _("record %zu, offset %zu"), record_number(list, signer), signer->offset);
	error_hint(err, "%s", _("sign the list again with a key whose certificate stands in it"));
}

static enum status fail_signature(
    const struct trustlist *list, const struct tl_record *signer, struct error *err)
{
	size_t number = record_number(list, signer);
	size_t named = count_named(list);

	if (named > 1) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the signature is not valid by record %zu, the first of %zu "
		      "SAST records with the signer's serial and issuer; only the first counts"),
		    number, named);
		error_hint(
		    err, "%s", _("remove the records that do not belong there and sign again"));
		return ST_NOT_VERIFIED;
	}
	error_set(err, ST_NOT_VERIFIED,
	    _("the signature is wrong: the list was changed after it was signed, or "
	      "not signed by the key in record %zu"),
	    number);
	error_hint(err, "%s", _("fetch the list anew from where it was signed, or sign it again"));
	return ST_NOT_VERIFIED;
}

/* The header's algorithm, modulus code and signature length must describe the key. */
static enum status check_sizes(
    const struct trustlist *list, const struct signer_key *key, struct error *err)
{
	size_t size = modulus_size(list->modulus_code);

	if (list->signature_algorithm != 0) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the header names signature algorithm %u, and only 0 (RSA) is "
		      "known"),
		    list->signature_algorithm);
	} else if (size == 0) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the header names modulus code %u, and only 0 to 3 are known"),
		    list->modulus_code);
	} else if (list->signature.len != size) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the signature has %zu bytes, and the header's modulus code "
		      "says %zu"),
		    list->signature.len, size);
	} else if (list->signature.len != key->size) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the signature has %zu bytes, and the signer's key makes %zu"),
		    list->signature.len, key->size);
	} else {
		return ST_OK;
	}
	error_hint(err, "%s", _("sign the list again"));
	return ST_NOT_VERIFIED;
}

static bool signature_holds(
    const struct signer_key *key, struct bytes signature, const struct digest_info *expected)
{
	uint8_t recovered[SIGNER_MAX_SIGNATURE];
	size_t len = sizeof(recovered);

	if (EVP_PKEY_verify_recover(key->context, recovered, &len, signature.data, signature.len) !=
	    1) {
		ERR_clear_error();
		return false;
	}
	/* Exactly the DigestInfo and nothing behind it: what follows a hash is where forgeries
	 * hide. */
	return len == expected->len && CRYPTO_memcmp(recovered, expected->der, len) == 0;
}

enum status tl_verify(struct tl_verifier *verifier, const struct trustlist *list, struct error *err)
{
	const struct tl_record *signer = tl_signer_record(list);
	const struct signer_key *key;
	struct digest_info expected;
	enum status status;

	if (signer == NULL)
		return fail_no_signer(err);
	status = signer_keys_get(&verifier->keys, signer, &key, err);
	if (status == ST_FORMAT)
		fail_certificate(list, signer, err);
	if (status == ST_OK)
		status = check_sizes(list, key, err);
	if (status == ST_OK)
		status = digest_info_make(&verifier->digester, list, &expected, err);
	if (status == ST_OK && !signature_holds(key, list->signature, &expected))
		status = fail_signature(list, signer, err);
	return status;
}
