/*
 * Writing on a token: making keys, signing with them, storing and destroying.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_tokens_left.h"
#include "harness.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define BITS 1024

static struct tokens *tokens;
static struct token_session *session;

static const struct token_info *left_token(void)
{
	for (size_t i = 0; i < tokens_count(tokens); i++)
		if (strcmp(tokens_at(tokens, i)->serial, left.a) == 0)
			return tokens_at(tokens, i);
	CU_FAIL_FATAL("no token 'left'");
	return NULL;
}

static bool start(void)
{
	if (!left_start())
		return false;
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL_FATAL(
	    token_session_open(tokens, left_token(), &left.pins.source, &session, &left.err),
	    ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 0);
	return true;
}

/* Nothing may be left open. */
static void stop(void)
{
	token_session_close(session);
	session = NULL;
	left_close(NULL, tokens);
}

static struct bytes id(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static bool holds(const char *text, size_t private_keys, size_t public_keys, size_t certificates)
{
	struct token_objects found = {9, 9, 9};

	CU_ASSERT_EQUAL(token_session_look(session, id(text), &found, &left.err), ST_OK);
	return found.n_private_keys == private_keys && found.n_public_keys == public_keys &&
	       found.n_certificates == certificates;
}

static EVP_PKEY *generate(const char *text)
{
	EVP_PKEY *key = NULL;

	CU_ASSERT_EQUAL_FATAL(
	    token_session_generate(session, BITS, id(text), "signer", &key, &left.err), ST_OK);
	CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), BITS);
	return key;
}

static enum status sign(const EVP_PKEY *key, size_t *len)
{
	static const uint8_t digest_info[51] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
	    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	uint8_t signature[SIGNER_MAX_SIGNATURE];

	return token_session_sign(session, key, (struct bytes){digest_info, sizeof(digest_info)},
	    signature, len, &left.err);
}

/* From nothing to a key with its certificate, and back, with one PIN. */
static void test_whole_life(void)
{
	struct buffer found = BUFFER_INIT;
	X509 *certificate;
	EVP_PKEY *key;
	size_t len = 0;

	if (!start())
		return;
	CU_ASSERT(holds("\x07", 0, 0, 0));
	key = generate("\x07");
	CU_ASSERT(holds("\x07", 1, 1, 0));
	CU_ASSERT_EQUAL(sign(key, &len), ST_OK);
	CU_ASSERT_EQUAL(len, BITS / 8);
	CU_ASSERT_EQUAL(sign(key, &len), ST_OK);
	CU_ASSERT_EQUAL(token_session_find_key(session, key, &found, &left.err), ST_OK);
	CU_ASSERT(bytes_equal(buffer_bytes(&found), id("\x07")));
	certificate = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_A), "Stored");
	CU_ASSERT_EQUAL(
	    token_session_store(session, certificate, id("\x07"), "signer", &left.err), ST_OK);
	CU_ASSERT(holds("\x07", 1, 1, 1));
	CU_ASSERT_EQUAL(
	    token_session_store(session, certificate, id("\x07"), "signer", &left.err), ST_EXISTS);
	CU_ASSERT_EQUAL(
	    token_session_store(session, certificate, id("\x08"), "signer", &left.err), ST_EXISTS);
	CU_ASSERT(holds("\x08", 0, 0, 0));
	CU_ASSERT_EQUAL(token_session_destroy(session, id("\x07"), &left.err), ST_OK);
	CU_ASSERT(holds("\x07", 0, 0, 0));
	/* What it held before it still holds. */
	CU_ASSERT(holds("\x01", 1, 0, 1));
	CU_ASSERT_EQUAL(token_session_find_key(session, key, &found, &left.err), ST_NO_KEY);
	CU_ASSERT_EQUAL(sign(key, &len), ST_NO_KEY);
	CU_ASSERT_EQUAL(left.pins.asked, 1);
	CU_ASSERT_EQUAL(left.pins.told, 1);
	CU_ASSERT_EQUAL(left.pins.outcome, PIN_ACCEPTED);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	stop();
	CU_ASSERT_EQUAL(softhsm_log_count("C_Logout 0x0"), 1);
	CU_ASSERT_EQUAL(
	    softhsm_log_count("C_OpenSession 0x0"), softhsm_log_count("C_CloseSession 0x0"));
	EVP_PKEY_free(key);
	X509_free(certificate);
	buffer_free(&found);
}

/* The attributes that can be seen from outside. */
static void test_stored_certificate(void)
{
	const struct token_certificate *list;
	X509 *certificate;
	EVP_PKEY *key;
	size_t n = 0;
	bool seen = false;

	if (!start())
		return;
	key = generate("\x0a\x0b");
	certificate = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_A), "Seen");
	CU_ASSERT_EQUAL(
	    token_session_store(session, certificate, id("\x0a\x0b"), "lbl", &left.err), ST_OK);
	token_session_close(session);
	session = NULL;
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &left.err), ST_OK);
	CU_ASSERT_EQUAL(tokens_certificates(tokens, left_token(), &list, &n, &left.err), ST_OK);
	for (size_t i = 0; i < n; i++)
		if (X509_cmp(list[i].x509, certificate) == 0) {
			CU_ASSERT_STRING_EQUAL(list[i].label, "lbl");
			CU_ASSERT(bytes_equal(list[i].id, id("\x0a\x0b")));
			CU_ASSERT(list[i].has_key);
			seen = true;
		}
	CU_ASSERT(seen);
	CU_ASSERT_EQUAL_FATAL(
	    token_session_open(tokens, left_token(), &left.pins.source, &session, &left.err),
	    ST_OK);
	CU_ASSERT_EQUAL(token_session_destroy(session, id("\x0a\x0b"), &left.err), ST_OK);
	stop();
	EVP_PKEY_free(key);
	X509_free(certificate);
}

/* A key is found by what is public of it, whatever else is there. */
static void test_find_key(void)
{
	struct buffer found = BUFFER_INIT;

	if (!start())
		return;
	CU_ASSERT_EQUAL(
	    token_session_find_key(session, X509_get0_pubkey(left.cert_a), &found, &left.err),
	    ST_OK);
	CU_ASSERT(bytes_equal(buffer_bytes(&found), id("\x01")));
	buffer_reset(&found);
	CU_ASSERT_EQUAL(
	    token_session_find_key(session, X509_get0_pubkey(left.cert_b), &found, &left.err),
	    ST_NO_KEY);
	CU_ASSERT(left_says(left.err.where, left.a));
	CU_ASSERT_EQUAL(found.len, 0);
	CU_ASSERT_EQUAL(
	    token_session_find_key(session, fixture_key(FIXTURE_EC_P256), &found, &left.err),
	    ST_LIMIT);
	buffer_free(&found);
	stop();
}

static void test_ids(void)
{
	uint8_t long_id[256] = {1};
	EVP_PKEY *key = NULL;
	struct token_objects found;
	struct bytes bad[] = {{NULL, 0}, {long_id, sizeof(long_id)}};

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		CU_ASSERT_EQUAL(token_session_look(session, bad[i], &found, &left.err), ST_USAGE);
		CU_ASSERT_EQUAL(
		    token_session_generate(session, BITS, bad[i], "", &key, &left.err), ST_USAGE);
		CU_ASSERT_EQUAL(
		    token_session_store(session, left.cert_b, bad[i], "", &left.err), ST_USAGE);
		CU_ASSERT_EQUAL(token_session_destroy(session, bad[i], &left.err), ST_USAGE);
	}
	CU_ASSERT_EQUAL(
	    token_session_generate(session, 512, id("\x07"), "", &key, &left.err), ST_USAGE);
	CU_ASSERT_EQUAL(
	    token_session_generate(session, 8192, id("\x07"), "", &key, &left.err), ST_USAGE);
	CU_ASSERT_EQUAL(
	    token_session_generate(session, BITS, id("\x01"), "", &key, &left.err), ST_EXISTS);
	CU_ASSERT(left_says(left.err.what, "with id 01"));
	CU_ASSERT_EQUAL(softhsm_log_count("C_GenerateKeyPair"), 0);
	CU_ASSERT(holds("\x01", 1, 0, 1));
	stop();
}

/* A key that wants its PIN each time gets the one of the login, and asks from then on. */
static void test_always_authenticate(void)
{
	EVP_PKEY *key;
	size_t len;

	if (!start())
		return;
	softhsm_control("always-auth", "left\n");
	key = generate("\x07");
	CU_ASSERT_EQUAL(sign(key, &len), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 1);
	CU_ASSERT_EQUAL(left.pins.told, 2);
	CU_ASSERT_EQUAL(sign(key, &len), ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 2);
	CU_ASSERT_EQUAL(left.pins.last.purpose, PIN_CONTEXT);
	CU_ASSERT_EQUAL(left.pins.told, 3);
	CU_ASSERT_EQUAL(token_session_destroy(session, id("\x07"), &left.err), ST_OK);
	stop();
	EVP_PKEY_free(key);
}

static void test_wrong_signatures(void)
{
	static const char *const faults[] = {
	    "wrong-signature", "short-signature", "long-signature"};
	size_t len;

	if (!start())
		return;
	for (size_t i = 0; i < HARNESS_COUNT(faults); i++) {
		softhsm_control_reset();
		softhsm_control(faults[i], "left\n");
		CU_ASSERT_EQUAL(sign(X509_get0_pubkey(left.cert_a), &len), ST_NOT_VERIFIED);
		CU_ASSERT(left_says(left.err.where, left.a));
	}
	token_session_close(session);
	tokens_close(tokens);
	session = NULL;
}

/* Somebody else has used the module since: nothing of theirs is touched. */
static void test_two_sessions(void)
{
	struct token_session *second = NULL;
	struct token_objects found;

	if (!start())
		return;
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &left.err), ST_OK);
	CU_ASSERT(holds("\x01", 1, 0, 1));
	CU_ASSERT_EQUAL_FATAL(
	    token_session_open(tokens, left_token(), &left.pins.source, &second, &left.err), ST_OK);
	CU_ASSERT_EQUAL(token_session_look(session, id("\x01"), &found, &left.err), ST_TOKEN);
	CU_ASSERT(left_says(left.err.what, "the login is over"));
	token_session_close(session);
	session = second;
	CU_ASSERT(holds("\x01", 1, 0, 1));
	stop();
}

static void test_wrong_pin(void)
{
	if (!left_start())
		return;
	softhsm_control("retries", "2 3 left\n");
	left.pins.text = "wrong";
	tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL(
	    token_session_open(tokens, left_token(), &left.pins.source, &session, &left.err),
	    ST_PIN_WRONG);
	CU_ASSERT(left_says(left.err.what, "one more wrong PIN locks the token"));
	CU_ASSERT_EQUAL(left.pins.told, 1);
	CU_ASSERT_EQUAL(left.pins.outcome, PIN_REFUSED);
	CU_ASSERT_PTR_NULL(session);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), 1);
	stop();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a key is made, used, certified and destroyed with one PIN", test_whole_life},
	    {"a stored certificate is seen by everybody", test_stored_certificate},
	    {"a key is found by its public half", test_find_key},
	    {"ids and sizes that cannot be are refused, and no key is overwritten", test_ids},
	    {"CKA_ALWAYS_AUTHENTICATE gets the PIN again", test_always_authenticate},
	    {"wrong signatures are not handed out", test_wrong_signatures},
	    {"a session knows when another one took its place", test_two_sessions},
	    {"a wrong PIN opens nothing", test_wrong_pin},
	};

	return harness_main("tokens session", tests, HARNESS_COUNT(tests));
}
