/*
 * Makes the two SoftHSM tokens behind the fault-injecting module, and drives them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_p11mock.h"
#include "harness.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT "sixteen octets.."

static CK_FUNCTION_LIST *module;

static bool wrapped_module_exists(void)
{
	const char *path = getenv("P11MOCK_MODULE");

	return access(path != NULL ? path : "/usr/lib/softhsm/libsofthsm2.so", R_OK) == 0 &&
	       system("softhsm2-util --version >/dev/null 2>&1") == 0;
}

static bool load_module(const char *path)
{
	CK_C_GetFunctionList get_list;
	void *handle, *symbol;

	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	symbol = dlsym(handle, "C_GetFunctionList");
	memcpy(&get_list, &symbol, sizeof(get_list));
	return symbol != NULL && get_list(&module) == CKR_OK;
}

static bool write_configuration(void)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tokens", harness_directory());
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/control", harness_directory());
	mkdir(path, 0700);
	setenv("P11MOCK_DIR", path, 1);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", harness_directory());
	setenv("SOFTHSM2_CONF", path, 1);
	f = fopen(path, "w");
	if (f == NULL)
		return false;
	fprintf(f, "directories.tokendir = %s/tokens\nobjectstore.backend = file\n",
	    harness_directory());
	return fclose(f) == 0;
}

static bool make_objects(CK_SLOT_ID slot)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_ULONG bits = 1024, type = CKC_X_509;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BYTE subject[] = {0x30, 0x00};
	CK_ATTRIBUTE public_key[] = {
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_MODULUS_BITS, &bits, sizeof(bits)},
	};
	CK_ATTRIBUTE private_key[] = {
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_SIGN, &yes, sizeof(yes)},
	};
	CK_ATTRIBUTE certificate[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &no, sizeof(no)},
	    {CKA_LABEL, (void *)"signer", 6},
	    {CKA_SUBJECT, subject, sizeof(subject)},
	    {CKA_VALUE, (void *)FIXTURE_VALUE, strlen(FIXTURE_VALUE)},
	};
	CK_OBJECT_HANDLE a, b;
	CK_SESSION_HANDLE session = p11mock_session(slot);
	bool ok = p11mock_login(session, CKU_USER, FIXTURE_PIN) == CKR_OK &&
		  module->C_GenerateKeyPair(
		      session, &mechanism, public_key, 2, private_key, 2, &a, &b) == CKR_OK &&
		  module->C_CreateObject(session, certificate, 7, &a) == CKR_OK;

	module->C_CloseSession(session);
	return ok;
}

static bool make_tokens(void)
{
	const char *command =
	    "for t in 'mock A' 'mock B'; do softhsm2-util --init-token --free "
	    "--label \"$t\" --so-pin 12345678 --pin " FIXTURE_PIN " >/dev/null || exit 1; done";
	bool ok;

	if (system(command) != 0 || module->C_Initialize(NULL) != CKR_OK)
		return false;
	ok = make_objects(p11mock_slot("mock A")) && make_objects(p11mock_slot("mock B"));
	return module->C_Finalize(NULL) == CKR_OK && ok;
}

bool p11mock_start(CK_FUNCTION_LIST **functions)
{
	const char *path = getenv("CTLSIGN_TEST_P11MOCK");
	char command[PATH_MAX];

	if (path == NULL || !wrapped_module_exists()) {
		harness_skip(path == NULL ? "CTLSIGN_TEST_P11MOCK names no module"
					  : "SoftHSM is not installed");
		return false;
	}
	if (module == NULL && (!write_configuration() || !load_module(path) || !make_tokens())) {
		CU_FAIL_FATAL("the module or its tokens could not be set up");
	}
	snprintf(command, sizeof(command), "rm -f %s/control/*", harness_directory());
	CU_ASSERT_FATAL(system(command) == 0);
	CU_ASSERT_EQUAL_FATAL(module->C_Initialize(NULL), CKR_OK);
	*functions = module;
	return true;
}

void p11mock_stop(void)
{
	CK_RV rv = module->C_Finalize(NULL);

	CU_ASSERT(rv == CKR_OK || rv == CKR_CRYPTOKI_NOT_INITIALIZED);
}

static FILE *open_control(const char *name, const char *mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/control/%s", harness_directory(), name);
	return fopen(path, mode);
}

void p11mock_control(const char *name, const char *text)
{
	FILE *f = open_control(name, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

void p11mock_uncontrol(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/control/%s", harness_directory(), name);
	CU_ASSERT_EQUAL(unlink(path), 0);
}

bool p11mock_control_is(const char *name, const char *text)
{
	char have[256] = "";
	FILE *f = open_control(name, "r");
	size_t n;

	if (f == NULL)
		return false;
	n = fread(have, 1, sizeof(have) - 1, f);
	fclose(f);
	return n == strlen(text) && memcmp(have, text, n) == 0;
}

unsigned p11mock_log_count(const char *line)
{
	char have[256];
	FILE *f = open_control("log", "r");
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(have, sizeof(have), f) != NULL) {
		have[strcspn(have, "\n")] = '\0';
		n += strcmp(have, line) == 0;
	}
	fclose(f);
	return n;
}

CK_SLOT_ID p11mock_slot(const char *label)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;
	CK_TOKEN_INFO info;
	size_t len = strlen(label);

	if (module->C_GetSlotList(CK_TRUE, slots, &n) != CKR_OK)
		return CK_UNAVAILABLE_INFORMATION;
	for (CK_ULONG i = 0; i < n; i++) {
		if (module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    memcmp(info.label, label, len) == 0 && info.label[len] == ' ')
			return slots[i];
	}
	return CK_UNAVAILABLE_INFORMATION;
}

CK_FLAGS p11mock_flags(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO info = {.flags = 0};

	CU_ASSERT_EQUAL(module->C_GetTokenInfo(slot, &info), CKR_OK);
	return info.flags;
}

CK_SESSION_HANDLE p11mock_session(CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE session;

	return module->C_OpenSession(
		   slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) == CKR_OK
		   ? session
		   : 0;
}

CK_RV p11mock_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
	CK_UTF8CHAR copy[64];

	if (pin == NULL)
		return module->C_Login(session, user, NULL, 0);
	memcpy(copy, pin, strlen(pin));
	return module->C_Login(session, user, copy, strlen(pin));
}

CK_ULONG p11mock_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *first)
{
	CK_ATTRIBUTE match = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE object;
	CK_ULONG n, total = 0;

	if (module->C_FindObjectsInit(session, &match, 1) != CKR_OK)
		return 0;
	while (module->C_FindObjects(session, &object, 1, &n) == CKR_OK && n == 1) {
		if (total++ == 0)
			*first = object;
	}
	CU_ASSERT_EQUAL(module->C_FindObjectsFinal(session), CKR_OK);
	return total;
}

CK_RV p11mock_sign_init(CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	CK_OBJECT_HANDLE key = 0;

	CU_ASSERT_EQUAL(p11mock_find(session, CKO_PRIVATE_KEY, &key), 1);
	return module->C_SignInit(session, &mechanism, key);
}

CK_RV p11mock_sign(CK_SESSION_HANDLE session, unsigned char *out, CK_ULONG *len)
{
	return module->C_Sign(session, (CK_BYTE *)TEXT, sizeof(TEXT) - 1, out, len);
}

CK_RV p11mock_sign_only(CK_SESSION_HANDLE session)
{
	unsigned char signature[512];
	CK_ULONG len = sizeof(signature);

	return p11mock_sign(session, signature, &len);
}

CK_SESSION_HANDLE p11mock_signing_session(void)
{
	CK_SESSION_HANDLE session = p11mock_session(p11mock_slot("mock A"));

	CU_ASSERT_EQUAL_FATAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(p11mock_sign_init(session), CKR_OK);
	return session;
}
