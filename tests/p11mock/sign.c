/*
 * Signing: keys that ask for a login each time, and signatures that are wrong, short or long.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <string.h>

/* RSA with 16384 bits, SoftHSM's most. */
#define SIGNATURE_MAX 2048

static bool asks_each_time(const struct mock_token *token)
{
	return control_names("always-auth", token) || control_names("always-auth-hidden", token);
}

CK_RV mock_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_SignInit");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_SignInit(session, mechanism, key);
	if (rv == CKR_OK)
		session_set_context(
		    session, asks_each_time(&slot.token) ? MOCK_CONTEXT_NEEDED : MOCK_NO_CONTEXT);
	return control_log("C_SignInit", rv, NULL);
}

/* A refused C_Sign ends the operation, so the wrapped module has to end its own as well. */
static CK_RV refuse(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len)
{
	CK_BYTE scratch[SIGNATURE_MAX];
	CK_ULONG len = sizeof(scratch);

	mock_real()->C_Sign(session, data, data_len, scratch, &len);
	memset(scratch, 0, sizeof(scratch));
	session_set_context(session, MOCK_NO_CONTEXT);
	return CKR_USER_NOT_LOGGED_IN;
}

static void spoil(const struct mock_token *token, CK_BYTE *signature, CK_ULONG *len, CK_ULONG room)
{
	if (*len == 0)
		return;
	if (control_names("wrong-signature", token))
		signature[*len / 2] ^= 0x01;
	if (control_names("short-signature", token))
		*len -= 1;
	if (control_names("long-signature", token)) {
		/* Without room the module only claims the byte: callers must not believe it. */
		if (*len < room)
			signature[*len] = 0;
		*len += 1;
	}
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
    CK_ULONG *signature_len)
{
	struct mock_slot slot;
	CK_ULONG room;
	CK_RV rv = session_slot(session, &slot);

	if (rv != CKR_OK)
		return rv;
	if (signature == NULL || signature_len == NULL)
		return mock_real()->C_Sign(session, data, data_len, signature, signature_len);
	if (session_context(session) == MOCK_CONTEXT_NEEDED)
		return refuse(session, data, data_len);
	room = *signature_len;
	rv = mock_real()->C_Sign(session, data, data_len, signature, signature_len);
	if (rv != CKR_BUFFER_TOO_SMALL)
		session_set_context(session, MOCK_NO_CONTEXT);
	if (rv == CKR_OK)
		spoil(&slot.token, signature, signature_len, room);
	return rv;
}

CK_RV mock_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
    CK_ULONG *signature_len)
{
	CK_RV rv = fault_at("C_Sign");

	if (rv == CKR_OK)
		rv = sign(session, data, data_len, signature, signature_len);
	return control_log("C_Sign", rv, NULL);
}

/* Real eTokens have no signatures in parts, and here they would pass by the faults of C_Sign. */
CK_RV mock_sign_update(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	(void)session;
	(void)part;
	(void)part_len;
	return control_log("C_SignUpdate", CKR_FUNCTION_NOT_SUPPORTED, NULL);
}

CK_RV mock_sign_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len)
{
	(void)session;
	(void)signature;
	(void)signature_len;
	return control_log("C_SignFinal", CKR_FUNCTION_NOT_SUPPORTED, NULL);
}
