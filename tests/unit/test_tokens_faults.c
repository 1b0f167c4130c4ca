/*
 * Tokens that fail, over the fault-injecting module: removals, lies, junk.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_tokens_left.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

static void test_removed_before_login(void)
{
	struct tokens *tokens;
	struct signer *signer;
	char what[80];

	if (!left_start())
		return;
	snprintf(what, sizeof(what), "token 'left' (serial %s) was removed", left.a);
	signer = left_open(&tokens);
	softhsm_control("removed", "left\n");
	CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_TOKEN_REMOVED);
	CU_ASSERT_STRING_EQUAL(left.err.what, what);
	CU_ASSERT(left.err.hint[0] != '\0');
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	left_close(signer, tokens);
}

/* Pulled out while the PIN is typed, at each of the calls that follow, and during the signature. */
static void test_removed_in_the_middle(void)
{
	static const char *const moments[] = {
	    "C_OpenSession left\n", "C_Login left\n", "C_SignInit left\n", "C_Sign left\n"};
	struct tokens *tokens;
	struct signer *signer;

	if (!left_start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(moments); i++) {
		softhsm_control_reset();
		signer = left_open(&tokens);
		softhsm_control("remove-at", moments[i]);
		CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_TOKEN_REMOVED);
		CU_ASSERT(left_says(left.err.what, "was removed"));
		CU_ASSERT(softhsm_log_count("C_Login") <= 1);
		/* Nobody knows whether the PIN was looked at before. */
		CU_ASSERT_EQUAL(strstr(left.err.hint, "may have been counted") != NULL, i == 1);
		left_close(signer, tokens);
	}
}

static void test_moved_to_another_state(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!left_start())
		return;
	/* Out and in again between opening and signing: that is no matter. */
	signer = left_open(&tokens);
	softhsm_control("removed", "left\n");
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &left.err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	softhsm_control("removed", "nobody\n");
	CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_OK);
	left_close(signer, tokens);
}

static void test_wrong_signature_passes(void)
{
	struct tokens *tokens;
	struct signer *signer;
	bool right = true;

	if (!left_start())
		return;
	softhsm_control("wrong-signature", "");
	signer = left_open(&tokens);
	CU_ASSERT_EQUAL(softhsm_try_sign(signer, left.cert_a, &right, &left.err), ST_OK);
	CU_ASSERT(!right);
	left_close(signer, tokens);
}

static void test_broken_slot(void)
{
	struct tokens *tokens;
	struct signer *signer = NULL;

	if (!left_start())
		return;
	softhsm_control("fail", "C_GetTokenInfo 0x30 1\n");
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 1);
	CU_ASSERT_EQUAL(tokens_problem_count(tokens), 1);
	CU_ASSERT(left_says(tokens_problem_at(tokens, 0)->what, "C_GetTokenInfo failed"));
	CU_ASSERT(left_says(tokens_problem_at(tokens, 0)->what, "CKR_DEVICE_ERROR, 0x30"));
	CU_ASSERT(left_says(tokens_problem_at(tokens, 0)->where, "slot"));
	/* A slot without a name is called by its number only. */
	softhsm_control("fail", "C_GetSlotInfo 0x30 1\n");
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &left.err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tokens_problem_count(tokens), 1);
	CU_ASSERT(left_says(tokens_problem_at(tokens, 0)->where, ": slot "));
	CU_ASSERT_PTR_NULL(strchr(tokens_problem_at(tokens, 0)->where, '\''));
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &left.err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	CU_ASSERT_EQUAL(tokens_problem_count(tokens), 0);

	/* libp11 gives up on the module then; that must be an error that says what to do. */
	softhsm_control("fail", "C_GetTokenInfo 0x31 1\n");
	CU_ASSERT_EQUAL(
	    softhsm_signer(tokens, "left", &left.cert_a, 1, &left.pins, &signer, &left.err),
	    ST_TOKEN);
	CU_ASSERT(left_says(left.err.hint, "unplug other tokens"));
	left_close(signer, tokens);
}

static void test_absurd_slots(void)
{
	static const char *const lies[] = {"100000", "3 64", "18446744073709551615"};
	const struct tokens_options options = {.modules = &left.module, .n_modules = 1};
	struct tokens *tokens = NULL;
	struct signer *signer;

	if (!left_start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(lies); i++) {
		softhsm_control("slots", lies[i]);
		CU_ASSERT_EQUAL(tokens_open(&options, &tokens, &left.err), ST_TOKEN);
		CU_ASSERT(left_says(left.err.what, "claims to have"));
	}
	softhsm_control("slots", "6");
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	softhsm_control("fail", "C_GetTokenInfo 0x30 2\n");
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &left.err), ST_OK);
	CU_ASSERT_EQUAL(
	    softhsm_signer(tokens, "left", &left.cert_a, 1, &left.pins, &signer, &left.err),
	    ST_NO_TOKEN);
	CU_ASSERT(
	    left_says(left.err.what, "no token is there, and 2 modules or slots were left out"));
	CU_ASSERT(left_says(left.err.what, "CKR_DEVICE_ERROR"));
	CU_ASSERT(strstr(left.err.hint, "insert the token") == NULL);
	CU_ASSERT(left_says(left.err.hint, "unplug the token, plug it in again"));
	left_close(NULL, tokens);
}

static void test_strange_strings(void)
{
	const struct token_info *found;
	struct token_selector *selector;
	struct buffer uri = BUFFER_INIT;
	struct tokens *tokens;

	if (!left_start())
		return;
	softhsm_control("labels", "left \\x1b[31m0123456789012345678901234567890\n"
				  "right \\xff\\x00tail\n");
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 2);
	for (size_t i = 0; i < tokens_count(tokens); i++) {
		bool is_left = strcmp(tokens_at(tokens, i)->serial, left.a) == 0;

		CU_ASSERT_STRING_EQUAL(tokens_at(tokens, i)->label,
		    is_left ? "\\x1B[31m012345678901234567890123456" : "\\xFF");
		token_uri(tokens_at(tokens, i), NULL, &uri);
		CU_ASSERT_EQUAL_FATAL(
		    token_selector_parse(buffer_text(&uri), &selector, &left.err), ST_OK);
		CU_ASSERT_EQUAL(tokens_find(tokens, selector, &found, &left.err), ST_OK);
		CU_ASSERT_PTR_EQUAL(found, tokens_at(tokens, i));
		token_selector_free(selector);
		buffer_reset(&uri);
	}
	buffer_free(&uri);
	left_close(NULL, tokens);
}

static void test_bad_certificates(void)
{
	struct tokens *tokens;
	struct signer *signer;

	if (!left_start())
		return;
	/* Junk is no certificate: then the key's public half decides, as with none at all. */
	for (int i = 0; i < 2; i++) {
		softhsm_control_reset();
		softhsm_control(i == 0 ? "garbage-certificates" : "no-certificates", "left\n");
		softhsm_pins_init(&left.pins, SOFTHSM_PIN);
		tokens = softhsm_open(left.module, 0);
		CU_ASSERT_EQUAL_FATAL(
		    softhsm_signer(tokens, "left", &left.cert_a, 1, &left.pins, &signer, &left.err),
		    ST_OK);
		CU_ASSERT_EQUAL(left.pins.asked, 1);
		CU_ASSERT_EQUAL(softhsm_sign(signer, left.cert_a, &left.err), ST_OK);
		CU_ASSERT_EQUAL(left.pins.asked, 1);
		CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
		left_close(signer, tokens);
	}
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a token removed before the login is named", test_removed_before_login},
	    {"a token removed at any call is named", test_removed_in_the_middle},
	    {"a token that was out and is back still signs", test_moved_to_another_state},
	    {"wrong signature bytes are handed up as they are", test_wrong_signature_passes},
	    {"a broken slot hides no other", test_broken_slot},
	    {"absurd numbers of slots are refused", test_absurd_slots},
	    {"labels with control characters and bad UTF-8 are harmless", test_strange_strings},
	    {"junk certificates count as none", test_bad_certificates},
	};

	return harness_main("tokens faults", tests, HARNESS_COUNT(tests));
}
