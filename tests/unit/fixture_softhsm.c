/*
 * Makes SoftHSM tokens by PKCS#11 calls.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_softhsm.h"

#include "fixture_certs.h"
#include "harness.h"

#include <dlfcn.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ATTRIBUTES 24

static void *handle;
static CK_FUNCTION_LIST *p11;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s failed\n", what);
	abort();
}

static void must_work(CK_RV rv, const char *call)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "fixture: %s gave 0x%lx\n", call, rv);
	abort();
}

static void write_configuration(void)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tokens", harness_directory());
	must(mkdir(path, 0700) == 0, "mkdir");
	snprintf(path, sizeof(path), "%s/softhsm2.conf", harness_directory());
	setenv("SOFTHSM2_CONF", path, 1);
	f = fopen(path, "w");
	must(f != NULL, "fopen");
	fprintf(f, "directories.tokendir = %s/tokens\nobjectstore.backend = file\n",
	    harness_directory());
	must(fclose(f) == 0, "fclose");
}

const char *softhsm_module(void)
{
	const char *path = getenv("CTLSIGN_TEST_SOFTHSM");

	if (path == NULL || path[0] == '\0')
		path = "/usr/lib/softhsm/libsofthsm2.so";
	if (access(path, R_OK) != 0) {
		harness_skip("SoftHSM is not installed");
		return NULL;
	}
	return path;
}

void softhsm_begin(void)
{
	CK_C_GetFunctionList get_list;
	static bool configured;
	void *symbol;

	if (!configured)
		write_configuration();
	configured = true;
	handle = dlopen(softhsm_module(), RTLD_NOW | RTLD_LOCAL);
	must(handle != NULL, "dlopen");
	symbol = dlsym(handle, "C_GetFunctionList");
	memcpy(&get_list, &symbol, sizeof(get_list));
	must_work(get_list(&p11), "C_GetFunctionList");
	must_work(p11->C_Initialize(NULL), "C_Initialize");
}

void softhsm_end(void)
{
	must_work(p11->C_Finalize(NULL), "C_Finalize");
	dlclose(handle);
}

/* The slot of the token with this serial; the uninitialised one for NULL. */
static CK_SLOT_ID find_slot(const char *serial)
{
	CK_TOKEN_INFO info;
	CK_SLOT_ID slots[64];
	CK_ULONG n = 0;

	/* Asking for the number makes SoftHSM offer a new empty token. */
	must_work(p11->C_GetSlotList(CK_FALSE, NULL, &n), "C_GetSlotList");
	must(n <= 64, "room for the slots");
	must_work(p11->C_GetSlotList(CK_FALSE, slots, &n), "C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++) {
		must_work(p11->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
		if (serial == NULL ? (info.flags & CKF_TOKEN_INITIALIZED) == 0
				   : memcmp(info.serialNumber, serial, 16) == 0)
			return slots[i];
	}
	must(false, "finding a token");
	return 0;
}

static CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_USER_TYPE user, const char *pin)
{
	CK_SESSION_HANDLE session;

	must_work(
	    p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
	    "C_OpenSession");
	must_work(p11->C_Login(session, user, (CK_UTF8CHAR *)pin, strlen(pin)), "C_Login");
	return session;
}

void softhsm_new_token(const char *label, char serial[17])
{
	CK_SLOT_ID slot = find_slot(NULL);
	CK_UTF8CHAR padded[32];
	CK_SESSION_HANDLE session;
	CK_TOKEN_INFO info;

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	must_work(
	    p11->C_InitToken(slot, (CK_UTF8CHAR *)SOFTHSM_SO_PIN, strlen(SOFTHSM_SO_PIN), padded),
	    "C_InitToken");
	session = open_session(slot, CKU_SO, SOFTHSM_SO_PIN);
	must_work(
	    p11->C_InitPIN(session, (CK_UTF8CHAR *)SOFTHSM_PIN, strlen(SOFTHSM_PIN)), "C_InitPIN");
	must_work(p11->C_CloseSession(session), "C_CloseSession");
	must_work(p11->C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
	memcpy(serial, info.serialNumber, 16);
	serial[16] = '\0';
}

struct template
{
	CK_ATTRIBUTE list[MAX_ATTRIBUTES];
	CK_ULONG n;
};

static void add(struct template *t, CK_ATTRIBUTE_TYPE attribute, const void *bytes, size_t len)
{
	CK_ATTRIBUTE *a = &t->list[t->n++];

	must(t->n <= MAX_ATTRIBUTES, "room for attributes");
	a->type = attribute;
	a->ulValueLen = len;
	a->pValue = malloc(len + 1);
	must(a->pValue != NULL, "malloc");
	memcpy(a->pValue, bytes, len);
}

static void add_bool(struct template *t, CK_ATTRIBUTE_TYPE attribute, bool yes)
{
	CK_BBOOL b = yes ? CK_TRUE : CK_FALSE;

	add(t, attribute, &b, sizeof(b));
}

static void add_ulong(struct template *t, CK_ATTRIBUTE_TYPE attribute, CK_ULONG number)
{
	add(t, attribute, &number, sizeof(number));
}

static void add_bn(struct template *t, CK_ATTRIBUTE_TYPE attribute, EVP_PKEY *key, const char *name)
{
	unsigned char bytes[1024];
	BIGNUM *bn = NULL;
	int len;

	must(EVP_PKEY_get_bn_param(key, name, &bn) == 1, name);
	len = BN_bn2bin(bn, bytes);
	add(t, attribute, bytes, (size_t)len);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	BN_clear_free(bn);
}

/* What all objects have. */
static void begin_object(struct template *t, CK_OBJECT_CLASS class, int id, const char *label)
{
	unsigned char byte = (unsigned char)id;

	*t = (struct template){.n = 0};
	add_ulong(t, CKA_CLASS, class);
	add_bool(t, CKA_TOKEN, true);
	add_bool(t, CKA_PRIVATE, class == CKO_PRIVATE_KEY);
	add(t, CKA_LABEL, label, strlen(label));
	if (id >= 0)
		add(t, CKA_ID, &byte, 1);
}

static void create(struct template *t, const char *serial)
{
	CK_SESSION_HANDLE session = open_session(find_slot(serial), CKU_USER, SOFTHSM_PIN);
	CK_OBJECT_HANDLE object;

	must_work(p11->C_CreateObject(session, t->list, t->n, &object), "C_CreateObject");
	must_work(p11->C_CloseSession(session), "C_CloseSession");
	for (CK_ULONG i = 0; i < t->n; i++)
		free(t->list[i].pValue);
}

static void add_rsa(struct template *t, enum softhsm_key_kind kind, EVP_PKEY *key)
{
	add_ulong(t, CKA_KEY_TYPE, CKK_RSA);
	add_bn(t, CKA_MODULUS, key, OSSL_PKEY_PARAM_RSA_N);
	if (kind != SOFTHSM_PRIVATE_WITHOUT_EXPONENT)
		add_bn(t, CKA_PUBLIC_EXPONENT, key, OSSL_PKEY_PARAM_RSA_E);
	if (kind == SOFTHSM_PUBLIC)
		return;
	add_bool(t, CKA_SIGN, true);
	add_bn(t, CKA_PRIVATE_EXPONENT, key, OSSL_PKEY_PARAM_RSA_D);
	add_bn(t, CKA_PRIME_1, key, OSSL_PKEY_PARAM_RSA_FACTOR1);
	add_bn(t, CKA_PRIME_2, key, OSSL_PKEY_PARAM_RSA_FACTOR2);
	add_bn(t, CKA_EXPONENT_1, key, OSSL_PKEY_PARAM_RSA_EXPONENT1);
	add_bn(t, CKA_EXPONENT_2, key, OSSL_PKEY_PARAM_RSA_EXPONENT2);
	add_bn(t, CKA_COEFFICIENT, key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
}

static void add_ec(struct template *t, EVP_PKEY *key)
{
	static const unsigned char p256[] = {
	    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

	add_ulong(t, CKA_KEY_TYPE, CKK_EC);
	add(t, CKA_EC_PARAMS, p256, sizeof(p256));
	add_bn(t, CKA_VALUE, key, OSSL_PKEY_PARAM_PRIV_KEY);
	add_bool(t, CKA_SIGN, true);
}

void softhsm_put_key(
    const char *serial, enum softhsm_key_kind kind, EVP_PKEY *key, int id, const char *label)
{
	struct template t;

	begin_object(&t, kind == SOFTHSM_PUBLIC ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY, id, label);
	if (EVP_PKEY_is_a(key, "RSA"))
		add_rsa(&t, kind, key);
	else
		add_ec(&t, key);
	create(&t, serial);
}

void softhsm_put_certificate(const char *serial, X509 *certificate, int id, const char *label)
{
	unsigned char *der = NULL, *subject = NULL;
	int der_len = i2d_X509(certificate, &der);
	int subject_len = i2d_X509_NAME(X509_get_subject_name(certificate), &subject);
	struct template t;

	must(der_len > 0 && subject_len > 0, "i2d_X509");
	begin_object(&t, CKO_CERTIFICATE, id, label);
	add_ulong(&t, CKA_CERTIFICATE_TYPE, CKC_X_509);
	add(&t, CKA_SUBJECT, subject, (size_t)subject_len);
	add(&t, CKA_VALUE, der, (size_t)der_len);
	create(&t, serial);
	OPENSSL_free(der);
	OPENSSL_free(subject);
}
