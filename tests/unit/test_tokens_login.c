/*
 * PINs and codes, over the fault-injecting module: what a failed login or signature is told as.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_tokens_left.h"
#include "harness.h"

#include <string.h>

static void test_one_of_each(void)
{
	if (!left_start())
		return;
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Initialize 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_SignInit"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Sign 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Logout"), 1);
}

static void test_wrong_pin(void)
{
	if (!left_start())
		return;
	softhsm_control("retries", "3 3 left\n");
	left.pins.text = "wrong";
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	CU_ASSERT(
	    left_says(left.err.what, "C_Login failed: the PIN is wrong (CKR_PIN_INCORRECT, 0xa0)"));
	CU_ASSERT(left_says(left.err.what, "some tries are used"));
	CU_ASSERT(left_says(left.err.where, left.a));
	CU_ASSERT(!left.pins.last.count_low && !left.pins.last.final_try);

	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
	CU_ASSERT(left_says(left.err.what, "one more wrong PIN locks the token"));
	CU_ASSERT(left.pins.last.count_low && !left.pins.last.final_try);

	CU_ASSERT_EQUAL(left_sign(), ST_PIN_LOCKED);
	CU_ASSERT(left_says(left.err.what, "the token is now locked"));
	CU_ASSERT(left_says(left.err.hint, "SO PIN or PUK"));
	CU_ASSERT(left.pins.last.count_low && left.pins.last.final_try);
	CU_ASSERT_EQUAL(left.pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 3);

	/* Locked: nobody is asked, and no PIN is sent. */
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 3);
	CU_ASSERT(left_says(left.err.hint, "SO PIN or PUK"));
}

static void test_right_pin_resets(void)
{
	struct tokens *tokens;

	if (!left_start())
		return;
	softhsm_control("retries", "1 3 left\n");
	tokens = softhsm_open(left.module, 0);
	for (size_t i = 0; i < tokens_count(tokens); i++)
		CU_ASSERT_EQUAL(tokens_at(tokens, i)->pin_final_try,
		    strcmp(tokens_at(tokens, i)->label, "left") == 0);
	tokens_close(tokens);
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT(left.pins.last.final_try);
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT(!left.pins.last.final_try && !left.pins.last.count_low);
}

/* The flags are those of the moment of asking, not of the snapshot. */
static void test_flags_are_fresh(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!left_start())
		return;
	signer = left_open(&tokens);
	softhsm_control("retries", "0 3 left\n");
	CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	left_close(signer, tokens);
}

static void test_general_error(void)
{
	if (!left_start())
		return;
	softhsm_control("retries", "2 3 left\n");
	softhsm_control("login-general-error", "");
	left.pins.text = "wrong";
	CU_ASSERT_EQUAL(left_sign(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "CKR_GENERAL_ERROR, 0x5"));
	CU_ASSERT(left_says(left.err.hint, "count this as a wrong PIN"));
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	/* The one that locks says so, whatever the code. */
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 2);
}

/* Codes that OpenSSL's error queue would cut to those of wrong PINs and cancellations. */
static void test_codes_are_whole(void)
{
	static const struct {
		const char *fail, *says;
	} cases[] = {
	    {"C_Sign 0x800000a0\n", "C_Sign failed: an error that only the token's vendor can "
				    "explain (CKR_VENDOR_DEFINED, 0x800000a0)"},
	    {"C_SignInit 0x80000050\n", "C_SignInit failed: an error that only"},
	    {"C_SignInit 0x800000a4\n", "(CKR_VENDOR_DEFINED, 0x800000a4)"},
	    {"C_Login 0x800000a0\n", "C_Login failed: an error that only the token's vendor"},
	    {"C_Login 0x80000050\n", "(CKR_VENDOR_DEFINED, 0x80000050)"},
	    {"C_Login 0x80000032\n", "(CKR_VENDOR_DEFINED, 0x80000032)"},
	    {"C_FindObjectsInit 0x800000a0 1\n",
		"C_FindObjects failed: an error of the token's vendor, of whose code only the end "
		"is known (0xa0)"},
	};

	if (!left_start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		bool login = strncmp(cases[i].fail, "C_Login", 7) == 0;
		struct tokens *tokens;
		struct signer *signer;

		softhsm_control_reset();
		signer = left_open(&tokens);
		softhsm_control("fail", cases[i].fail);
		CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_TOKEN);
		CU_ASSERT(left_says(left.err.what, cases[i].says));
		CU_ASSERT(left_says(left.err.where, left.a));
		CU_ASSERT_EQUAL(strstr(left.err.hint, "count this as a wrong PIN") != NULL, login);
		left_close(signer, tokens);
	}
	/* A locked token says so, with the code as it came. */
	left_start();
	softhsm_control("retries", "1 3 left\n");
	softhsm_control("login-general-error", "");
	left.pins.text = "wrong";
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_LOCKED);
	CU_ASSERT(left_says(left.err.what, "(CKR_GENERAL_ERROR, 0x5); the token is now locked"));
}

/* Only a PIN pad has a key for that; elsewhere the PIN was sent, and may have been counted. */
static void test_cancelled_without_pin_pad(void)
{
	if (!left_start())
		return;
	softhsm_control("fail", "C_Login 0x50\n");
	CU_ASSERT_EQUAL(left_sign(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "it has no keypad (CKR_FUNCTION_CANCELED, 0x50)"));
	CU_ASSERT(left_says(left.err.hint, "count this as a wrong PIN"));
	softhsm_control("fail", "C_Sign 0x50\n");
	CU_ASSERT_EQUAL(left_sign(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "C_Sign failed: "));
	CU_ASSERT(strstr(left.err.hint, "count") == NULL);
}

static void test_codes_of_others(void)
{
	if (!left_start())
		return;
	softhsm_control("fail", "C_Sign 0xa0\n");
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
	CU_ASSERT(
	    left_says(left.err.what, "C_Sign failed: the PIN is wrong (CKR_PIN_INCORRECT, 0xa0)"));
	left_start();
	softhsm_control("always-auth", "left\n");
	softhsm_control("fail", "C_Login 0xa0 1 1\n");
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
	CU_ASSERT(
	    left_says(left.err.what, "C_Login failed: the PIN is wrong (CKR_PIN_INCORRECT, 0xa0)"));
	CU_ASSERT_EQUAL(softhsm_log_count("C_Sign "), 0);
	left_start();
	softhsm_control("fail", "C_Login 0x12345\n");
	CU_ASSERT_EQUAL(left_sign(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "(CKR_?, 0x12345)"));
}

static void test_pin_source_says_no(void)
{
	if (!left_start())
		return;
	left.pins.status = ST_CANCELLED;
	CU_ASSERT_EQUAL(left_sign(), ST_CANCELLED);
	left.pins.status = ST_PIN_NEEDED;
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_NEEDED);
	left.pins.status = ST_OK;
	left.pins.text = NULL;
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_NEEDED);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
}

static void test_no_login_required(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!left_start())
		return;
	/* The key is private, so it stays unseen; but nobody is asked. */
	softhsm_control("flags", "clear 0x4 left\n");
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL(
	    softhsm_signer(tokens, "left", &left.cert_a, 1, &left.pins, &signer, &left.err), ST_OK);
	CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_NO_KEY);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
	left_close(signer, tokens);
}

static void test_pin_pad(void)
{
	if (!left_start())
		return;
	left.pins.text = NULL;
	softhsm_control("pinpad", SOFTHSM_PIN "\nleft\n");
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 1);
	CU_ASSERT(left.pins.last.pin_pad);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	softhsm_control("pinpad", "cancel\nleft\n");
	CU_ASSERT_EQUAL(left_sign(), ST_CANCELLED);
	CU_ASSERT(
	    left_says(left.err.what, "cancelled on the reader (CKR_FUNCTION_CANCELED, 0x50)"));
	softhsm_control("pinpad", "wrong\nleft\n");
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
	softhsm_control("pinpad", "timeout\nleft\n");
	CU_ASSERT_EQUAL(left_sign(), ST_TOKEN);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 4);
}

static void test_always_authenticate(void)
{
	if (!left_start())
		return;
	softhsm_control("always-auth", "left\n");
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0"), 2);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0 context"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Sign 0x0"), 1);

	/* Where the key does not announce it, libp11 cannot know. */
	left_start();
	softhsm_control("always-auth-hidden", "left\n");
	CU_ASSERT_EQUAL(left_sign(), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "CKR_USER_NOT_LOGGED_IN, 0x101"));
	CU_ASSERT(left_says(left.err.hint, "CKA_ALWAYS_AUTHENTICATE"));

	/* On a PIN pad the person is told both times. */
	left_start();
	left.pins.text = NULL;
	softhsm_control("always-auth", "left\n");
	softhsm_control("pinpad", SOFTHSM_PIN "\nleft\n");
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT_EQUAL(left.pins.last.purpose, PIN_CONTEXT);
	CU_ASSERT(left.pins.last.pin_pad);

	/* The login was right, so the second question must not warn of the last try any more. */
	left_start();
	left.pins.text = NULL;
	softhsm_control("retries", "1 3 left\n");
	softhsm_control("always-auth", "left\n");
	softhsm_control("pinpad", SOFTHSM_PIN "\nleft\n");
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT_EQUAL(left.pins.last.purpose, PIN_CONTEXT);
	CU_ASSERT(!left.pins.last.final_try && !left.pins.last.count_low);
}

/* What signing tells of its PINs. */
static void test_signing_tells(void)
{
	static const struct {
		const char *fail;
		enum pin_outcome outcome;
	} cases[] = {
	    {"C_Login 0xa0\n", PIN_REFUSED},
	    {"C_Login 0xa4\n", PIN_REFUSED},
	    {"C_Login 0x5\n", PIN_UNCERTAIN},
	    {"C_Login 0x50\n", PIN_UNCERTAIN},
	    {"C_Login 0x32\n", PIN_UNCERTAIN},
	    {"C_Login 0xa3\n", PIN_ACCEPTED},
	    {"C_Sign 0x30\n", PIN_ACCEPTED},
	};

	static const char *const unused[] = {
	    "C_Login 0x102\n", "C_Login 0x100\n", "C_Login 0x104\n"};

	if (!left_start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		left.pins.told = 0;
		softhsm_control("fail", cases[i].fail);
		CU_ASSERT_NOT_EQUAL(left_sign(), ST_OK);
		CU_ASSERT_EQUAL(left.pins.told, 1);
		CU_ASSERT_EQUAL(left.pins.told_of.purpose, PIN_LOGIN);
		CU_ASSERT_EQUAL(left.pins.outcome, cases[i].outcome);
	}
	/* No user PIN, somebody logged in already: nobody has looked at it. */
	for (size_t i = 0; i < HARNESS_COUNT(unused); i++) {
		left.pins.told = left.pins.sent = left.pins.unused = 0;
		softhsm_control("fail", unused[i]);
		CU_ASSERT_NOT_EQUAL(left_sign(), ST_OK);
		CU_ASSERT_EQUAL(left.pins.sent, 1);
		CU_ASSERT_EQUAL(left.pins.unused, 1);
		CU_ASSERT_EQUAL(left.pins.told, 0);
		CU_ASSERT(strstr(left.err.hint, "count this") == NULL);
	}
	softhsm_control_reset();
	softhsm_control("always-auth", "left\n");
	left.pins.told = left.pins.sent = 0;
	CU_ASSERT_EQUAL(left_sign(), ST_OK);
	CU_ASSERT_EQUAL(left.pins.sent, 2);
	CU_ASSERT_EQUAL(left.pins.told, 2);
	CU_ASSERT_EQUAL(left.pins.told_of.purpose, PIN_CONTEXT);
	CU_ASSERT_EQUAL(left.pins.outcome, PIN_ACCEPTED);
	left.pins.told = 0;
	softhsm_control("fail", "C_Login 0xa0 1 1\n");
	CU_ASSERT_EQUAL(left_sign(), ST_PIN_WRONG);
	CU_ASSERT_EQUAL(left.pins.told, 2);
	CU_ASSERT_EQUAL(left.pins.outcome, PIN_REFUSED);
	CU_ASSERT_STRING_EQUAL(left.pins.manufacturer, "SoftHSM project");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a signature is one C_Login and one C_Sign", test_one_of_each},
	    {"wrong PINs are sent once, and the tries left are said in words", test_wrong_pin},
	    {"the final try reaches who asks for the PIN", test_right_pin_resets},
	    {"a PIN that locked since the listing is not asked for", test_flags_are_fresh},
	    {"a general error at login counts as a try", test_general_error},
	    {"codes are told whole, a vendor's are nobody else's", test_codes_are_whole},
	    {"a cancellation without a PIN pad is a PIN that may be counted",
		test_cancelled_without_pin_pad},
	    {"a PIN code names the function that gave it", test_codes_of_others},
	    {"without a PIN there is no login", test_pin_source_says_no},
	    {"a token that wants no login gets none", test_no_login_required},
	    {"a PIN pad logs in without a PIN", test_pin_pad},
	    {"CKA_ALWAYS_AUTHENTICATE gets the same PIN again", test_always_authenticate},
	    {"signing tells of each PIN that was sent", test_signing_tells},
	};

	return harness_main("tokens login", tests, HARNESS_COUNT(tests));
}
