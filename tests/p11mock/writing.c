/*
 * Making, storing and destroying objects; and a token that makes other keys than it was asked for.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ATTRIBUTES 24

/* Copies a template, without the attribute LEFT_OUT. */
static CK_ULONG copy(CK_ATTRIBUTE out[MAX_ATTRIBUTES], const CK_ATTRIBUTE *list, CK_ULONG n,
    CK_ATTRIBUTE_TYPE left_out)
{
	CK_ULONG kept = 0;

	for (CK_ULONG i = 0; i < n && kept < MAX_ATTRIBUTES - 1; i++)
		if (list[i].type != left_out)
			out[kept++] = list[i];
	return kept;
}

static CK_ATTRIBUTE *attribute_of(CK_ATTRIBUTE *list, CK_ULONG n, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (list[i].type == type)
			return &list[i];
	return NULL;
}

/* `strict-templates`: a module that refuses what another one would know by itself. */
static bool too_much_said(const struct mock_token *token, CK_ATTRIBUTE *list, CK_ULONG n)
{
	return control_names("strict-templates", token) &&
	       (attribute_of(list, n, CKA_EXTRACTABLE) != NULL ||
		   attribute_of(list, n, CKA_ISSUER) != NULL);
}

static CK_RV generate(CK_SESSION_HANDLE session, const struct mock_token *token,
    CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_key, CK_ULONG n_public, CK_ATTRIBUTE *private_key,
    CK_ULONG n_private, CK_OBJECT_HANDLE *a, CK_OBJECT_HANDLE *b)
{
	const bool no_id = control_names("generate-without-id", token);
	const bool copyable = control_names("generate-extractable", token);
	CK_ATTRIBUTE public_copy[MAX_ATTRIBUTES], private_copy[MAX_ATTRIBUTES], *size;
	CK_BBOOL yes = CK_TRUE;
	char text[64];
	CK_ULONG bits;

	if (too_much_said(token, private_key, n_private))
		return CKR_ATTRIBUTE_TYPE_INVALID;
	n_public =
	    copy(public_copy, public_key, n_public, no_id ? CKA_ID : CK_UNAVAILABLE_INFORMATION);
	n_private = copy(private_copy, private_key, n_private,
	    no_id      ? CKA_ID
	    : copyable ? CKA_EXTRACTABLE
		       : CK_UNAVAILABLE_INFORMATION);
	if (copyable)
		private_copy[n_private++] = (CK_ATTRIBUTE){CKA_EXTRACTABLE, &yes, sizeof(yes)};
	size = attribute_of(public_copy, n_public, CKA_MODULUS_BITS);
	if (size != NULL && control_read("generate-bits", text, sizeof(text))) {
		bits = strtoul(text, NULL, 0);
		*size = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)};
	}
	return mock_real()->C_GenerateKeyPair(
	    session, mechanism, public_copy, n_public, private_copy, n_private, a, b);
}

CK_RV mock_generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
    CK_ATTRIBUTE *public_key, CK_ULONG n_public, CK_ATTRIBUTE *private_key, CK_ULONG n_private,
    CK_OBJECT_HANDLE *a, CK_OBJECT_HANDLE *b)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_GenerateKeyPair");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = generate(session, &slot.token, mechanism, public_key, n_public, private_key,
		    n_private, a, b);
	if (rv == CKR_OK && control_names("generate-then-fail", &slot.token))
		rv = CKR_DEVICE_ERROR;
	return control_log("C_GenerateKeyPair", rv, NULL);
}

CK_RV mock_create_object(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG n, CK_OBJECT_HANDLE *object)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_CreateObject");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK && too_much_said(&slot.token, list, n))
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (rv == CKR_OK)
		rv = mock_real()->C_CreateObject(session, list, n, object);
	return control_log("C_CreateObject", rv, NULL);
}

CK_RV mock_destroy_object(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_DestroyObject");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK && !control_names("destroy-nothing", &slot.token))
		rv = mock_real()->C_DestroyObject(session, object);
	return control_log("C_DestroyObject", rv, NULL);
}
