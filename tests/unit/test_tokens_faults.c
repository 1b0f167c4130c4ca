/*
 * Tokens that fail, over the fault-injecting module: PINs, removals, lies.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_softhsm.h"
#include "harness.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two tokens, each with a 1024 bit key and its certificate. */
static struct {
	bool made;
	const char *module;
	char a[17]; /* "left" */
	char b[17]; /* "right" */
	X509 *cert_a, *cert_b;
} t;

static struct softhsm_pins pins;
static struct error err;

static void free_certificates(void)
{
	X509_free(t.cert_a);
	X509_free(t.cert_b);
}

static void make_tokens(void)
{
	EVP_PKEY *key_a = fixture_key(FIXTURE_RSA_1024_A);
	EVP_PKEY *key_b = fixture_key(FIXTURE_RSA_1024_B);

	t.cert_a = softhsm_certificate(key_a, "Left");
	t.cert_b = softhsm_certificate(key_b, "Right");
	atexit(free_certificates);
	softhsm_begin();
	softhsm_new_token("left", t.a);
	softhsm_put_key(t.a, SOFTHSM_PRIVATE, key_a, 1, "k");
	softhsm_put_certificate(t.a, t.cert_a, 1, "c");
	softhsm_new_token("right", t.b);
	softhsm_put_key(t.b, SOFTHSM_PRIVATE, key_b, 1, "k");
	softhsm_put_certificate(t.b, t.cert_b, 1, "c");
	softhsm_end();
	t.made = true;
}

/* False: skipped.  Else the mock does nothing bad yet, and `pins` knows the PIN. */
static bool start(void)
{
	t.module = softhsm_mock();
	if (t.module == NULL)
		return false;
	if (!t.made)
		make_tokens();
	softhsm_control_reset();
	softhsm_pins_init(&pins, SOFTHSM_PIN);
	return true;
}

/* Opens everything and a signer on "left". */
static struct signer *open_left(struct tokens **tokens)
{
	unsigned logins = softhsm_log_count("C_Login");
	struct signer *signer = NULL;

	pins.asked = 0;
	*tokens = softhsm_open(t.module, 0);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(*tokens, "left", &t.cert_a, 1, &pins, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), logins);
	return signer;
}

static void close_all(struct signer *signer, struct tokens *tokens)
{
	signer_free(signer);
	tokens_close(tokens);
	CU_ASSERT(!tokens_wedged());
	CU_ASSERT_EQUAL(softhsm_log_count("C_Initialize 0x0"), softhsm_log_count("C_Finalize 0x0"));
}

/* Signs with "left" once; the status. */
static enum status sign_left(void)
{
	struct tokens *tokens;
	struct signer *signer = open_left(&tokens);
	enum status status = softhsm_sign(signer, t.cert_a, &err);

	close_all(signer, tokens);
	return status;
}

static bool says(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		return true;
	fprintf(stderr, "# '%s' does not say '%s'\n", text, what);
	return false;
}

static void test_one_of_each(void)
{
	if (!start())
		return;
	CU_ASSERT_EQUAL(sign_left(), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Initialize"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_SignInit"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Sign 0x0"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Logout"), 1);
}

static void test_wrong_pin(void)
{
	if (!start())
		return;
	softhsm_control("retries", "3 3 left\n");
	pins.text = "wrong";
	CU_ASSERT_EQUAL(sign_left(), ST_PIN_WRONG);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	CU_ASSERT(says(err.what, "C_Login failed: the PIN is wrong (CKR_PIN_INCORRECT, 0xa0)"));
	CU_ASSERT(says(err.what, "some tries are used"));
	CU_ASSERT(says(err.where, t.a));
	CU_ASSERT(!pins.last.count_low && !pins.last.final_try);

	CU_ASSERT_EQUAL(sign_left(), ST_PIN_WRONG);
	CU_ASSERT(says(err.what, "one more wrong PIN locks the token"));
	CU_ASSERT(pins.last.count_low && !pins.last.final_try);

	CU_ASSERT_EQUAL(sign_left(), ST_PIN_LOCKED);
	CU_ASSERT(says(err.what, "the token is now locked"));
	CU_ASSERT(says(err.hint, "SO PIN or PUK"));
	CU_ASSERT(pins.last.count_low && pins.last.final_try);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 3);

	/* Locked: nobody is asked, and no PIN is sent. */
	CU_ASSERT_EQUAL(sign_left(), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(pins.asked, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 3);
	CU_ASSERT(says(err.hint, "SO PIN or PUK"));
}

static void test_right_pin_resets(void)
{
	struct tokens *tokens;

	if (!start())
		return;
	softhsm_control("retries", "1 3 left\n");
	tokens = softhsm_open(t.module, 0);
	for (size_t i = 0; i < tokens_count(tokens); i++)
		CU_ASSERT_EQUAL(tokens_at(tokens, i)->pin_final_try,
		    strcmp(tokens_at(tokens, i)->label, "left") == 0);
	tokens_close(tokens);
	CU_ASSERT_EQUAL(sign_left(), ST_OK);
	CU_ASSERT(pins.last.final_try);
	CU_ASSERT_EQUAL(sign_left(), ST_OK);
	CU_ASSERT(!pins.last.final_try && !pins.last.count_low);
}

/* The flags are those of the moment of asking, not of the snapshot. */
static void test_flags_are_fresh(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!start())
		return;
	signer = open_left(&tokens);
	softhsm_control("retries", "0 3 left\n");
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.cert_a, &err), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(pins.asked, 0);
	close_all(signer, tokens);
}

static void test_general_error(void)
{
	if (!start())
		return;
	softhsm_control("retries", "2 3 left\n");
	softhsm_control("login-general-error", "");
	pins.text = "wrong";
	CU_ASSERT_EQUAL(sign_left(), ST_TOKEN);
	CU_ASSERT(says(err.what, "CKR_GENERAL_ERROR, 0x5"));
	CU_ASSERT(says(err.hint, "count this as a wrong PIN"));
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	/* The one that locks says so, whatever the code. */
	CU_ASSERT_EQUAL(sign_left(), ST_PIN_LOCKED);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 2);
}

static void test_pin_source_says_no(void)
{
	if (!start())
		return;
	pins.status = ST_CANCELLED;
	CU_ASSERT_EQUAL(sign_left(), ST_CANCELLED);
	pins.status = ST_PIN_NEEDED;
	CU_ASSERT_EQUAL(sign_left(), ST_PIN_NEEDED);
	pins.status = ST_OK;
	pins.text = NULL;
	CU_ASSERT_EQUAL(sign_left(), ST_PIN_NEEDED);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
}

static void test_no_login_required(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!start())
		return;
	/* The key is private, so it stays unseen; but nobody is asked. */
	softhsm_control("flags", "clear 0x4 left\n");
	tokens = softhsm_open(t.module, 0);
	CU_ASSERT_EQUAL(softhsm_signer(tokens, "left", &t.cert_a, 1, &pins, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.cert_a, &err), ST_NO_KEY);
	CU_ASSERT_EQUAL(pins.asked, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 0);
	close_all(signer, tokens);
}

static void test_removed_before_login(void)
{
	struct tokens *tokens;
	struct signer *signer;
	char what[80];

	if (!start())
		return;
	snprintf(what, sizeof(what), "token 'left' (serial %s) was removed", t.a);
	signer = open_left(&tokens);
	softhsm_control("removed", "left\n");
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.cert_a, &err), ST_TOKEN_REMOVED);
	CU_ASSERT_STRING_EQUAL(err.what, what);
	CU_ASSERT(err.hint[0] != '\0');
	CU_ASSERT_EQUAL(pins.asked, 0);
	close_all(signer, tokens);
}

/* Pulled out while the PIN is typed, at each of the calls that follow, and during the signature. */
static void test_removed_in_the_middle(void)
{
	static const char *const moments[] = {
	    "C_OpenSession left\n", "C_Login left\n", "C_SignInit left\n", "C_Sign left\n"};
	struct tokens *tokens;
	struct signer *signer;

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(moments); i++) {
		softhsm_control_reset();
		signer = open_left(&tokens);
		softhsm_control("remove-at", moments[i]);
		CU_ASSERT_EQUAL(softhsm_sign(signer, t.cert_a, &err), ST_TOKEN_REMOVED);
		CU_ASSERT(says(err.what, "was removed"));
		CU_ASSERT(softhsm_log_count("C_Login") <= 1);
		close_all(signer, tokens);
	}
}

static void test_moved_to_another_state(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!start())
		return;
	/* Out and in again between opening and signing: that is no matter. */
	signer = open_left(&tokens);
	softhsm_control("removed", "left\n");
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	softhsm_control("removed", "nobody\n");
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.cert_a, &err), ST_OK);
	close_all(signer, tokens);
}

static void test_wrong_signature_passes(void)
{
	struct tokens *tokens;
	struct signer *signer;
	bool right = true;

	if (!start())
		return;
	softhsm_control("wrong-signature", "");
	signer = open_left(&tokens);
	CU_ASSERT_EQUAL(softhsm_try_sign(signer, t.cert_a, &right, &err), ST_OK);
	CU_ASSERT(!right);
	close_all(signer, tokens);
}

static void test_pin_pad(void)
{
	if (!start())
		return;
	pins.text = NULL;
	softhsm_control("pinpad", SOFTHSM_PIN "\nleft\n");
	CU_ASSERT_EQUAL(sign_left(), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT(pins.last.pin_pad);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	softhsm_control("pinpad", "cancel\nleft\n");
	CU_ASSERT_EQUAL(sign_left(), ST_CANCELLED);
	CU_ASSERT(says(err.what, "cancelled on the reader (CKR_FUNCTION_CANCELED, 0x50)"));
	softhsm_control("pinpad", "wrong\nleft\n");
	CU_ASSERT_EQUAL(sign_left(), ST_PIN_WRONG);
	softhsm_control("pinpad", "timeout\nleft\n");
	CU_ASSERT_EQUAL(sign_left(), ST_TOKEN);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 4);
}

static void test_always_authenticate(void)
{
	if (!start())
		return;
	softhsm_control("always-auth", "left\n");
	CU_ASSERT_EQUAL(sign_left(), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0"), 2);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0 context"), 1);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Sign 0x0"), 1);

	/* Where the key does not announce it, libp11 cannot know. */
	start();
	softhsm_control("always-auth-hidden", "left\n");
	CU_ASSERT_EQUAL(sign_left(), ST_TOKEN);
	CU_ASSERT(says(err.what, "CKR_USER_NOT_LOGGED_IN, 0x101"));
	CU_ASSERT(says(err.hint, "CKA_ALWAYS_AUTHENTICATE"));

	/* On a PIN pad the person is told both times. */
	start();
	pins.text = NULL;
	softhsm_control("always-auth", "left\n");
	softhsm_control("pinpad", SOFTHSM_PIN "\nleft\n");
	CU_ASSERT_EQUAL(sign_left(), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 2);
	CU_ASSERT_EQUAL(pins.last.purpose, PIN_CONTEXT);
	CU_ASSERT(pins.last.pin_pad);
}

static void test_broken_slot(void)
{
	struct tokens *tokens;
	struct signer *signer = NULL;

	if (!start())
		return;
	softhsm_control("fail", "C_GetTokenInfo 0x30 1\n");
	tokens = softhsm_open(t.module, 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	CU_ASSERT_EQUAL(tokens_problem_count(tokens), 1);
	CU_ASSERT(says(tokens_problem_at(tokens, 0)->what, "C_GetTokenInfo failed"));
	CU_ASSERT(says(tokens_problem_at(tokens, 0)->what, "CKR_DEVICE_ERROR, 0x30"));
	CU_ASSERT(says(tokens_problem_at(tokens, 0)->where, "slot"));
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	CU_ASSERT_EQUAL(tokens_problem_count(tokens), 0);

	/* libp11 gives up on the module then; that must be an error that says what to do. */
	softhsm_control("fail", "C_GetTokenInfo 0x31 1\n");
	CU_ASSERT_EQUAL(
	    softhsm_signer(tokens, "left", &t.cert_a, 1, &pins, &signer, &err), ST_TOKEN);
	CU_ASSERT(says(err.hint, "unplug other tokens"));
	close_all(signer, tokens);
}

static void test_absurd_slots(void)
{
	static const char *const lies[] = {"100000", "3 64", "18446744073709551615"};
	const struct tokens_options options = {&t.module, 1, 0};
	struct tokens *tokens = NULL;
	struct signer *signer;

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(lies); i++) {
		softhsm_control("slots", lies[i]);
		CU_ASSERT_EQUAL(tokens_open(&options, &tokens, &err), ST_TOKEN);
		CU_ASSERT(says(err.what, "claims to have"));
	}
	softhsm_control("slots", "6");
	tokens = softhsm_open(t.module, 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	softhsm_control("fail", "C_GetTokenInfo 0x30 2\n");
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	CU_ASSERT_EQUAL(
	    softhsm_signer(tokens, "left", &t.cert_a, 1, &pins, &signer, &err), ST_NO_TOKEN);
	CU_ASSERT(says(err.what, "no token is there, and 2 modules or slots were left out"));
	CU_ASSERT(says(err.what, "CKR_DEVICE_ERROR"));
	close_all(NULL, tokens);
}

static void test_strange_strings(void)
{
	const struct token_info *found;
	struct token_selector *selector;
	struct buffer uri = BUFFER_INIT;
	struct tokens *tokens;

	if (!start())
		return;
	softhsm_control("labels", "left \\x1b[31m0123456789012345678901234567890\n"
				  "right \\xff\\x00tail\n");
	tokens = softhsm_open(t.module, 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	for (size_t i = 0; i < tokens_count(tokens); i++) {
		bool left = strcmp(tokens_at(tokens, i)->serial, t.a) == 0;

		CU_ASSERT_STRING_EQUAL(tokens_at(tokens, i)->label,
		    left ? "\\x1B[31m012345678901234567890123456" : "\\xFF");
		token_uri(tokens_at(tokens, i), NULL, &uri);
		CU_ASSERT_EQUAL_FATAL(
		    token_selector_parse(buffer_text(&uri), &selector, &err), ST_OK);
		CU_ASSERT_EQUAL(tokens_find(tokens, selector, &found, &err), ST_OK);
		CU_ASSERT_PTR_EQUAL(found, tokens_at(tokens, i));
		token_selector_free(selector);
		buffer_reset(&uri);
	}
	buffer_free(&uri);
	close_all(NULL, tokens);
}

static void test_bad_certificates(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!start())
		return;
	/* Junk is no certificate: then the key's public half decides, as with none at all. */
	for (int i = 0; i < 2; i++) {
		softhsm_control_reset();
		softhsm_control(i == 0 ? "garbage-certificates" : "no-certificates", "left\n");
		softhsm_pins_init(&pins, SOFTHSM_PIN);
		tokens = softhsm_open(t.module, 0);
		CU_ASSERT_EQUAL_FATAL(
		    softhsm_signer(tokens, "left", &t.cert_a, 1, &pins, &signer, &err), ST_OK);
		CU_ASSERT_EQUAL(pins.asked, 1);
		CU_ASSERT_EQUAL(softhsm_sign(signer, t.cert_a, &err), ST_OK);
		CU_ASSERT_EQUAL(pins.asked, 1);
		CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
		close_all(signer, tokens);
	}
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a signature is one C_Login and one C_Sign", test_one_of_each},
	    {"wrong PINs are sent once, and the tries left are said in words", test_wrong_pin},
	    {"the final try reaches who asks for the PIN", test_right_pin_resets},
	    {"a PIN that locked since the listing is not asked for", test_flags_are_fresh},
	    {"a general error at login counts as a try", test_general_error},
	    {"without a PIN there is no login", test_pin_source_says_no},
	    {"a token that wants no login gets none", test_no_login_required},
	    {"a token removed before the login is named", test_removed_before_login},
	    {"a token removed at any call is named", test_removed_in_the_middle},
	    {"a token that was out and is back still signs", test_moved_to_another_state},
	    {"wrong signature bytes are handed up as they are", test_wrong_signature_passes},
	    {"a PIN pad logs in without a PIN", test_pin_pad},
	    {"CKA_ALWAYS_AUTHENTICATE gets the same PIN again", test_always_authenticate},
	    {"a broken slot hides no other", test_broken_slot},
	    {"absurd numbers of slots are refused", test_absurd_slots},
	    {"labels with control characters and bad UTF-8 are harmless", test_strange_strings},
	    {"junk certificates count as none", test_bad_certificates},
	};

	return harness_main("tokens faults", tests, HARNESS_COUNT(tests));
}
