/*
 * Signing: one call of the signer, and nothing is believed before it is verified.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/digest_info.h"
#include "trustlist/record.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* Whatever can be known to fail is found before the signer is asked: a token's PIN is precious. */
static enum status check_signer(
    const struct trustlist *list, struct signer *signer, struct error *err)
{
	const struct tl_record *record = tl_signer_record(list);
	EVP_PKEY *key = X509_get0_pubkey(signer_certificate(signer));
	enum status status = ST_OK;

	if (record == NULL)
		return error_set(err, ST_NO_KEY, "%s",
		    _("no SAST record has the serial and issuer that the header names"));
	if (!record_has_certificate(record, signer_certificate(signer)))
		status = error_set(err, ST_NO_KEY,
		    _("%s does not hold the certificate that the list names as its signer's"),
		    signer_describe(signer));
	else if (key == NULL || (size_t)EVP_PKEY_get_size(key) != list->signature.len)
		status = error_set(err, ST_NO_KEY,
		    _("the list has no room for a signature by %s: %zu bytes"),
		    signer_describe(signer), list->signature.len);
	if (status != ST_OK)
		error_hint(err, "%s", _("build the list anew for this signer"));
	return status;
}

/* Reads and verifies a copy of the list with the new signature in its place. */
static enum status check_signature(const struct trustlist *list, const uint8_t *signature,
    const char *who, struct tl_verifier *verifier, struct error *err)
{
	size_t signature_at = (size_t)(list->signature.data - list->file.data);
	struct trustlist signed_list = TRUSTLIST_INIT;
	struct buffer copy = BUFFER_INIT;
	enum status status;

	buffer_add(&copy, list->file.data, list->file.len);
	status = buffer_status(&copy, err);
	if (status != ST_OK)
		goto out;
	memcpy(copy.data + signature_at, signature, list->signature.len);
	status = tl_read(&signed_list, buffer_bytes(&copy), err);
	if (status == ST_OK)
		status = tl_verify(verifier, &signed_list, err);
	if (status == ST_NOT_VERIFIED) {
		error_set(err, ST_NOT_VERIFIED,
		    _("the signature that %s made does not verify with the certificate in the "
		      "list; nothing was changed"),
		    who);
		error_hint(err, "%s", _("check that the private key belongs to the certificate"));
	}
out:
	buffer_free(&copy);
	tl_free(&signed_list);
	return status;
}

enum status tl_sign(
    struct buffer *file, struct signer *signer, struct tl_verifier *verifier, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct digester digester = {0};
	struct digest_info info;
	uint8_t signature[SIGNER_MAX_SIGNATURE];
	size_t len = 0;
	enum status status;

	status = tl_read(&list, buffer_bytes(file), err);
	if (status == ST_OK)
		status = check_signer(&list, signer, err);
	if (status == ST_OK)
		status = digest_info_make(&digester, &list, &info, err);
	if (status == ST_OK)
		status =
		    signer_sign(signer, (struct bytes){info.der, info.len}, signature, &len, err);
	if (status != ST_OK)
		goto out;
	if (len != list.signature.len) {
		status = error_set(err, ST_NOT_VERIFIED,
		    _("%s made a signature of %zu bytes where %zu belong; nothing was changed"),
		    signer_describe(signer), len, list.signature.len);
		error_hint(err, "%s", _("check that the private key belongs to the certificate"));
		goto out;
	}
	status = check_signature(&list, signature, signer_describe(signer), verifier, err);
	if (status == ST_OK)
		memcpy(file->data + (list.signature.data - list.file.data), signature, len);
out:
	digester_free(&digester);
	tl_free(&list);
	return status;
}
