/*
 * Reads attributes of private keys by PKCS#11's own functions.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/key_facts.h"

#include <string.h>

#define MAX_KEYS     64
#define MAX_MODULUS  2048 /* bytes: 16384 bits */
#define MAX_EXPONENT 64

/* The number of objects that fit the template, at most MAX_KEYS. */
static CK_ULONG find_objects(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
    CK_ULONG n_template, CK_OBJECT_HANDLE found[MAX_KEYS])
{
	CK_ULONG n = 0;

	if (f->C_FindObjectsInit(session, template, n_template) != CKR_OK)
		return 0;
	if (f->C_FindObjects(session, found, MAX_KEYS, &n) != CKR_OK || n > MAX_KEYS)
		n = 0;
	f->C_FindObjectsFinal(session);
	return n;
}

/* False when the object does not tell or the value does not fit. */
static bool read_attribute(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE *attribute)
{
	CK_ULONG room = attribute->ulValueLen;

	return f->C_GetAttributeValue(session, object, attribute, 1) == CKR_OK &&
	       attribute->ulValueLen <= room;
}

static bool tells_exponent(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	unsigned char value[MAX_EXPONENT];
	CK_ATTRIBUTE attribute = {CKA_PUBLIC_EXPONENT, value, sizeof(value)};

	if (!read_attribute(f, session, object, &attribute))
		return false;
	for (CK_ULONG i = 0; i < attribute.ulValueLen; i++)
		if (value[i] != 0)
			return true;
	return false;
}

/* Whether a public key object has the private key's modulus; the modulus must be readable, too. */
static bool has_public_half(
    CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_key)
{
	unsigned char modulus[MAX_MODULUS];
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE found[MAX_KEYS];
	CK_ATTRIBUTE template[2] = {
	    {CKA_CLASS, &class, sizeof(class)}, {CKA_MODULUS, modulus, sizeof(modulus)}};

	if (!read_attribute(f, session, private_key, &template[1]))
		return false;
	return find_objects(f, session, template, 2, found) > 0;
}

static bool always_authenticates(
    CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BBOOL always = CK_FALSE;
	CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always)};

	return read_attribute(f, session, key, &attribute) && always == CK_TRUE;
}

/* The RSA private keys with this CKA_ID, or all of them when it is empty. */
static CK_ULONG find_private_keys(
    struct module *module, struct bytes id, CK_OBJECT_HANDLE found[MAX_KEYS])
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE template[3] = {{CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_ID, (void *)id.data, id.len}};

	module_calling(module, "C_FindObjects");
	return find_objects(
	    module->functions, module->session, template, id.len > 0 ? 3 : 2, found);
}

void key_facts_read(struct module *module, struct bytes id, struct key_facts *facts)
{
	CK_FUNCTION_LIST *f = module->functions;
	CK_SESSION_HANDLE session = module->session;
	CK_OBJECT_HANDLE keys[MAX_KEYS];
	CK_ULONG n;

	*facts = (struct key_facts){false, false};
	n = find_private_keys(module, id, keys);
	module_calling(module, "C_GetAttributeValue");
	for (CK_ULONG i = 0; i < n; i++) {
		if (always_authenticates(f, session, keys[i]))
			facts->always_authenticate = true;
		if (!tells_exponent(f, session, keys[i]) && !has_public_half(f, session, keys[i]))
			facts->exponent_hidden = true;
	}
}

bool key_always_authenticates(struct module *module, CK_OBJECT_HANDLE key)
{
	module_calling(module, "C_GetAttributeValue");
	return always_authenticates(module->functions, module->session, key);
}

static struct bytes without_zeros(const unsigned char *data, size_t len)
{
	while (len > 0 && *data == 0) {
		data++;
		len--;
	}
	return (struct bytes){data, len};
}

CK_OBJECT_HANDLE key_handle(struct module *module, struct bytes id, struct bytes modulus)
{
	CK_OBJECT_HANDLE keys[MAX_KEYS], silent = CK_INVALID_HANDLE;
	unsigned char value[MAX_MODULUS];
	CK_ULONG n, n_silent = 0;

	n = find_private_keys(module, id, keys);
	module_calling(module, "C_GetAttributeValue");
	for (CK_ULONG i = 0; i < n; i++) {
		CK_ATTRIBUTE attribute = {CKA_MODULUS, value, sizeof(value)};
		struct bytes its = {NULL, 0};

		if (read_attribute(module->functions, module->session, keys[i], &attribute))
			its = without_zeros(value, attribute.ulValueLen);
		if (its.len == 0) {
			silent = keys[i];
			n_silent++;
		} else if (bytes_equal(its, modulus)) {
			return keys[i];
		}
	}
	return n_silent == 1 ? silent : CK_INVALID_HANDLE;
}
