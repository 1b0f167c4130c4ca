/*
 * The objects: certificates that are hidden or replaced by junk, and private keys that say, or do
 * not say, that they ask for a login each time.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "p11mock.h"

#include <stdio.h>
#include <string.h>

#define OBJECT_LABEL_MAX 256
#define VALUE_MAX	 65536

static CK_OBJECT_CLASS class_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_CLASS class = CK_UNAVAILABLE_INFORMATION;
	CK_ATTRIBUTE attribute = {CKA_CLASS, &class, sizeof(class)};

	if (mock_real()->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK)
		return CK_UNAVAILABLE_INFORMATION;
	return class;
}

/* Whether a control file names the certificate: its token, or a line "object=LABEL". */
static bool names_certificate(const char *file, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    const struct mock_token *token)
{
	char text[CONTROL_SIZE], *cursor = text, *line;
	char label[OBJECT_LABEL_MAX] = "";
	CK_ATTRIBUTE attribute = {CKA_LABEL, label, sizeof(label) - 1};

	if (!control_exists(file) || class_of(session, object) != CKO_CERTIFICATE)
		return false;
	if (control_names(file, token))
		return true;
	if (mock_real()->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK ||
	    !control_read(file, text, sizeof(text)))
		return false;
	while ((line = control_line(&cursor)) != NULL) {
		if (strncmp(line, "object=", 7) == 0 && strcmp(line + 7, label) == 0)
			return true;
	}
	return false;
}

CK_RV mock_find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *match, CK_ULONG n)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_FindObjectsInit");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_FindObjectsInit(session, match, n);
	return control_log("C_FindObjectsInit", rv, NULL);
}

static CK_RV find_unhidden(CK_SESSION_HANDLE session, const struct mock_token *token,
    CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count)
{
	CK_ULONG found, kept;
	CK_RV rv;

	do {
		rv = mock_real()->C_FindObjects(session, objects, max, &found);
		if (rv != CKR_OK)
			return rv;
		kept = 0;
		for (CK_ULONG i = 0; i < found; i++) {
			if (!names_certificate("no-certificates", session, objects[i], token))
				objects[kept++] = objects[i];
		}
		/* To answer none would mean that there is no more. */
	} while (found > 0 && kept == 0);
	*count = kept;
	return CKR_OK;
}

CK_RV mock_find_objects(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_FindObjects");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = find_unhidden(session, &slot.token, objects, max, count);
	return control_log("C_FindObjects", rv, NULL);
}

CK_RV mock_find_objects_final(CK_SESSION_HANDLE session)
{
	struct mock_slot slot;
	CK_RV rv = fault_at("C_FindObjectsFinal");

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK)
		rv = mock_real()->C_FindObjectsFinal(session);
	return control_log("C_FindObjectsFinal", rv, NULL);
}

/* The bytes of `garbage-value`, or else as many as there were, none of them the right one. */
static CK_RV put_garbage(CK_ATTRIBUTE *attribute, CK_ULONG room)
{
	unsigned char value[VALUE_MAX];
	CK_BYTE *out = attribute->pValue;
	ssize_t n = control_bytes("garbage-value", value, sizeof(value));

	if (n < 0) {
		for (CK_ULONG i = 0; out != NULL && i < attribute->ulValueLen; i++)
			out[i] ^= 0xa5;
		return CKR_OK;
	}
	attribute->ulValueLen = (CK_ULONG)n;
	if (out == NULL)
		return CKR_OK;
	if ((CK_ULONG)n > room) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	memcpy(out, value, (size_t)n);
	return CKR_OK;
}

/* ROOM is the caller's buffer, which the wrapped module has overwritten with the true length. */
static CK_RV change_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    const struct mock_token *token, CK_ATTRIBUTE *attribute, CK_ULONG room)
{
	if (attribute->type == CKA_VALUE &&
	    (attribute->ulValueLen != CK_UNAVAILABLE_INFORMATION || attribute->pValue != NULL) &&
	    names_certificate("garbage-certificates", session, object, token)) {
		if (attribute->ulValueLen == CK_UNAVAILABLE_INFORMATION &&
		    !control_exists("garbage-value"))
			return CKR_OK;
		return put_garbage(attribute, room);
	}
	if (attribute->type == CKA_MODULUS && control_names("absurd-length", token)) {
		attribute->ulValueLen = 0x7fffffff;
		return CKR_OK;
	}
	if (attribute->type == CKA_ALWAYS_AUTHENTICATE &&
	    class_of(session, object) == CKO_PRIVATE_KEY) {
		if (control_names("always-auth-hidden", token)) {
			attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
			return CKR_ATTRIBUTE_TYPE_INVALID;
		}
		if (control_names("always-auth", token) && attribute->pValue != NULL &&
		    attribute->ulValueLen == sizeof(CK_BBOOL))
			*(CK_BBOOL *)attribute->pValue = CK_TRUE;
	}
	return CKR_OK;
}

CK_RV mock_get_attribute_value(
    CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	struct mock_slot slot;
	CK_ULONG room[32];
	CK_RV changed, rv = fault_at("C_GetAttributeValue");
	bool missing = false;

	if (rv == CKR_OK)
		rv = session_slot(session, &slot);
	if (rv == CKR_OK && n > sizeof(room) / sizeof(room[0]))
		rv = CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return control_log("C_GetAttributeValue", rv, NULL);

	for (CK_ULONG i = 0; i < n; i++)
		room[i] = attributes[i].ulValueLen;
	rv = mock_real()->C_GetAttributeValue(session, object, attributes, n);
	for (CK_ULONG i = 0; i < n; i++) {
		if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL && rv != CKR_ATTRIBUTE_SENSITIVE &&
		    rv != CKR_ATTRIBUTE_TYPE_INVALID)
			break;
		changed = change_attribute(session, object, &slot.token, &attributes[i], room[i]);
		if (changed != CKR_OK)
			rv = changed;
		if (attributes[i].ulValueLen == CK_UNAVAILABLE_INFORMATION)
			missing = true;
	}
	/* A buffer too small for the true value, yet large enough for what stands in its place. */
	if (rv == CKR_BUFFER_TOO_SMALL && !missing)
		rv = CKR_OK;
	return control_log("C_GetAttributeValue", rv, NULL);
}
