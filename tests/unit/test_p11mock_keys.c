/*
 * The fault-injecting PKCS#11 module: PINs, keys, signatures and certificates do what its README
 * says.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "fixture_p11mock.h"

#include <string.h>

static CK_FUNCTION_LIST *p11;

static void test_signatures(void)
{
	unsigned char good[512] = {0}, bad[512] = {0};
	CK_ULONG len = sizeof(good);
	unsigned flipped = 0;

	if (!p11mock_start(&p11))
		return;
	CK_SESSION_HANDLE session = p11mock_signing_session();

	CU_ASSERT_EQUAL(p11mock_sign(session, good, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, FIXTURE_SIGNATURE);

	p11mock_control("wrong-signature", "mock A\n");
	len = sizeof(bad);
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_sign(session, bad, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, FIXTURE_SIGNATURE);
	for (size_t i = 0; i < FIXTURE_SIGNATURE; i++)
		flipped += (unsigned)__builtin_popcount(good[i] ^ bad[i]);
	CU_ASSERT_EQUAL(flipped, 1);

	/* Another token's name: this one signs well. */
	p11mock_control("wrong-signature", "mock B\n");
	len = sizeof(bad);
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_sign(session, bad, &len), CKR_OK);
	CU_ASSERT_EQUAL(memcmp(good, bad, sizeof(good)), 0);

	p11mock_control("short-signature", "");
	len = sizeof(bad);
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_sign(session, bad, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, FIXTURE_SIGNATURE - 1);
	p11mock_uncontrol("short-signature");

	p11mock_control("long-signature", "");
	len = FIXTURE_SIGNATURE;
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_sign(session, bad, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, FIXTURE_SIGNATURE + 1);
	p11mock_stop();
}

static void test_retries(void)
{
	const CK_FLAGS all = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;

	if (!p11mock_start(&p11))
		return;
	slot = p11mock_slot("mock A");
	session = p11mock_session(slot);
	p11mock_control("retries", "9 9\n3 3 mock A\n");
	CU_ASSERT_EQUAL(p11mock_flags(slot) & all, 0);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, "0000"), CKR_PIN_INCORRECT);
	CU_ASSERT(p11mock_control_is("retries", "9 9\n2 3 mock A\n"));
	CU_ASSERT_EQUAL(p11mock_flags(slot) & all, CKF_USER_PIN_COUNT_LOW);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), CKR_OK);
	CU_ASSERT(p11mock_control_is("retries", "9 9\n3 3 mock A\n"));
	CU_ASSERT_EQUAL(p11->C_Logout(session), CKR_OK);

	p11mock_control("retries", "2 3\n");
	p11mock_control("login-general-error", "");
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, "0000"), CKR_GENERAL_ERROR);
	p11mock_uncontrol("login-general-error");
	CU_ASSERT_EQUAL(p11mock_flags(slot) & all, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, "0000"), CKR_PIN_LOCKED);
	CU_ASSERT_EQUAL(p11mock_flags(slot) & all, CKF_USER_PIN_LOCKED);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), CKR_PIN_LOCKED);
	CU_ASSERT(p11mock_control_is("retries", "0 3\n"));
	p11mock_stop();
}

static void test_pin_pad(void)
{
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;

	if (!p11mock_start(&p11))
		return;
	slot = p11mock_slot("mock A");
	session = p11mock_session(slot);
	CU_ASSERT_EQUAL(p11mock_flags(slot) & CKF_PROTECTED_AUTHENTICATION_PATH, 0);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, NULL), CKR_ARGUMENTS_BAD);
	p11mock_control("pinpad", "cancel\nmock A\n");
	CU_ASSERT_EQUAL(p11mock_flags(slot) & CKF_PROTECTED_AUTHENTICATION_PATH,
	    CKF_PROTECTED_AUTHENTICATION_PATH);
	CU_ASSERT_EQUAL(
	    p11mock_flags(p11mock_slot("mock B")) & CKF_PROTECTED_AUTHENTICATION_PATH, 0);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, NULL), CKR_FUNCTION_CANCELED);
	p11mock_control("pinpad", "timeout\n");
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, NULL), CKR_FUNCTION_FAILED);
	p11mock_control("pinpad", "0000\n");
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, NULL), CKR_PIN_INCORRECT);
	p11mock_control("pinpad", FIXTURE_PIN "\n");
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, NULL), CKR_OK);
	p11mock_stop();
}

static CK_RV always_authenticate(CK_SESSION_HANDLE session, CK_BBOOL *value)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, value, sizeof(*value)};

	CU_ASSERT_EQUAL(p11mock_find(session, CKO_PRIVATE_KEY, &key), 1);
	return p11->C_GetAttributeValue(session, key, &attribute, 1);
}

static void test_always_authenticate(void)
{
	CK_BBOOL value = CK_TRUE;

	if (!p11mock_start(&p11))
		return;
	p11mock_control("log", "");
	CK_SESSION_HANDLE session = p11mock_session(p11mock_slot("mock A"));

	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), CKR_OK);
	CU_ASSERT_EQUAL(always_authenticate(session, &value), CKR_OK);
	CU_ASSERT_EQUAL(value, CK_FALSE);
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_sign_only(session), CKR_OK);

	p11mock_control("always-auth", "");
	CU_ASSERT_EQUAL(always_authenticate(session, &value), CKR_OK);
	CU_ASSERT_EQUAL(value, CK_TRUE);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_CONTEXT_SPECIFIC, FIXTURE_PIN),
	    CKR_OPERATION_NOT_INITIALIZED);
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_sign_only(session), CKR_USER_NOT_LOGGED_IN);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
		CU_ASSERT_EQUAL(p11mock_login(session, CKU_CONTEXT_SPECIFIC, FIXTURE_PIN), CKR_OK);
		CU_ASSERT_EQUAL(p11mock_sign_only(session), CKR_OK);
	}
	CU_ASSERT_EQUAL(p11mock_log_count("C_Login 0x0 context"), 2);
	CU_ASSERT_EQUAL(p11mock_log_count("C_Login 0x0"), 1);

	p11mock_uncontrol("always-auth");
	p11mock_control("always-auth-hidden", "");
	p11mock_control("retries", "3 3\n");
	CU_ASSERT_EQUAL(always_authenticate(session, &value), CKR_ATTRIBUTE_TYPE_INVALID);
	CU_ASSERT_EQUAL(p11mock_sign_init(session), CKR_OK);
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_CONTEXT_SPECIFIC, "0000"), CKR_PIN_INCORRECT);
	CU_ASSERT(p11mock_control_is("retries", "2 3\n"));
	/* The wrong PIN has dropped the login. */
	CU_ASSERT_EQUAL(p11mock_login(session, CKU_USER, FIXTURE_PIN), CKR_OK);
	p11mock_stop();
}

static void test_certificates(void)
{
	char value[128] = "";
	CK_ATTRIBUTE attribute = {CKA_VALUE, value, sizeof(value)};
	CK_OBJECT_HANDLE object = 0;

	if (!p11mock_start(&p11))
		return;
	CK_SESSION_HANDLE session = p11mock_session(p11mock_slot("mock A"));

	CU_ASSERT_EQUAL(p11mock_find(session, CKO_CERTIFICATE, &object), 1);
	CU_ASSERT_EQUAL(p11->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	CU_ASSERT_STRING_EQUAL(value, FIXTURE_VALUE);

	p11mock_control("garbage-certificates", "object=other\nobject=signer\n");
	memset(value, 0, sizeof(value));
	attribute.ulValueLen = sizeof(value);
	CU_ASSERT_EQUAL(p11->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	CU_ASSERT_EQUAL(attribute.ulValueLen, strlen(FIXTURE_VALUE));
	CU_ASSERT_NOT_EQUAL(memcmp(value, FIXTURE_VALUE, 1), 0);
	p11mock_control("garbage-value", "short");
	attribute.ulValueLen = 5; /* too small for the true value */
	CU_ASSERT_EQUAL(p11->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
	CU_ASSERT_EQUAL(attribute.ulValueLen, 5);
	CU_ASSERT_EQUAL(memcmp(value, "short", 5), 0);

	p11mock_control("no-certificates", "mock B\n");
	CU_ASSERT_EQUAL(p11mock_find(session, CKO_CERTIFICATE, &object), 1);
	p11mock_control("no-certificates", "object=signer\n");
	CU_ASSERT_EQUAL(p11mock_find(session, CKO_CERTIFICATE, &object), 0);
	CU_ASSERT_EQUAL(p11mock_find(session, CKO_PUBLIC_KEY, &object), 1);
	p11mock_stop();
}

static const struct harness_test tests[] = {
    {"signatures are wrong, short or long", test_signatures},
    {"wrong PINs count down to a locked PIN", test_retries},
    {"the PIN pad types, cancels and times out", test_pin_pad},
    {"a key asks for a login for each signature", test_always_authenticate},
    {"certificates are hidden or replaced by junk", test_certificates},
};

int main(void)
{
	return harness_main("p11mock_keys", tests, HARNESS_COUNT(tests));
}
