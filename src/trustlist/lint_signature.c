/*
 * Checks of who signed: the signer is among the SAST records, its key fits the codes in the header,
 * the signature is valid.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/lint.h"

#include "base/text.h"
#include "trustlist/describe.h"
#include "trustlist/elements.h"
#include "trustlist/record.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static bool is_blank(struct bytes signature)
{
	for (size_t i = 0; i < signature.len; i++)
		if (signature.data[i] != 0)
			return false;
	return true;
}

static void check_signer(struct lint *lint)
{
	char signer[DESCRIBE_ENTRY_MAX], issuer[DESCRIBE_NAME_MAX];

	if (lint->signer != NULL)
		return;
	lint_add(lint, LINT_SIGNER_NOT_SAST, TL_ERROR, 0,
	    _("build the list anew with the signer as a SAST entry"),
	    _("the signer %s, issued by %s, is none of the SAST records"),
	    describe_signer(signer, lint->list),
	    describe_name_into(issuer, sizeof(issuer), lint->list->signer_issuer));
}

/* The code in the header, the signature's length and the signer's key must tell the same size. */
static void check_modulus(struct lint *lint)
{
	const struct trustlist *list = lint->list;
	size_t size = modulus_size(list->modulus_code);
	X509 *cert = NULL;
	EVP_PKEY *key;

	if (size == 0)
		lint_add(lint, LINT_MODULUS_MISMATCH, TL_ERROR, 0, NULL,
		    _("SIGNATUREMODULUS is %u, which no phone knows"), list->modulus_code);
	else if (size != list->signature.len)
		lint_add(lint, LINT_MODULUS_MISMATCH, TL_ERROR, 0, NULL,
		    _("SIGNATUREMODULUS %u means %zu bytes, but the signature has %zu"),
		    list->modulus_code, size, list->signature.len);
	if (lint->signer == NULL || tl_record_x509(lint->signer, &cert, NULL) != ST_OK)
		return;
	key = X509_get0_pubkey(cert);
	if (key != NULL && (size_t)EVP_PKEY_get_size(key) != list->signature.len)
		lint_add(lint, LINT_MODULUS_MISMATCH, TL_ERROR, record_number(list, lint->signer),
		    NULL, _("the signature has %zu bytes, but the signer's key makes %d"),
		    list->signature.len, EVP_PKEY_get_size(key));
	X509_free(cert);
}

static void check_signature(struct lint *lint)
{
	struct tl_verifier *verifier;
	enum status status;
	struct error err;

	if (is_blank(lint->list->signature)) {
		lint_add(lint, LINT_UNSIGNED, TL_ERROR, 0, _("sign the list"),
		    _("the list is not signed yet: its signature is all zeros"));
		return;
	}
	/* Without a signer to check with, the signature can be neither good nor bad. */
	if (lint->signer == NULL)
		return;
	verifier = tl_verifier_new();
	if (verifier == NULL) {
		lint->failed = true;
		return;
	}
	error_clear(&err);
	status = tl_verify(verifier, lint->list, &err);
	if (status == ST_NO_MEMORY)
		lint->failed = true;
	else if (status != ST_OK)
		lint_add(lint, LINT_BAD_SIGNATURE, TL_ERROR, 0,
		    err.hint[0] != '\0' ? err.hint : NULL, "%s", err.what);
	tl_verifier_free(verifier);
}

void lint_signature(struct lint *lint)
{
	check_signer(lint);
	check_modulus(lint);
	check_signature(lint);
}
