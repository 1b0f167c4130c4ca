/*
 * Makes the tokens "left" and "right", and signs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_tokens_left.h"

#include "fixture_certs.h"
#include "harness.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct left left;
static bool made;

static void free_certificates(void)
{
	X509_free(left.cert_a);
	X509_free(left.cert_b);
}

static void make_tokens(void)
{
	EVP_PKEY *key_a = fixture_key(FIXTURE_RSA_1024_A);
	EVP_PKEY *key_b = fixture_key(FIXTURE_RSA_1024_B);

	left.cert_a = softhsm_certificate(key_a, "Left");
	left.cert_b = softhsm_certificate(key_b, "Right");
	atexit(free_certificates);
	softhsm_begin();
	softhsm_new_token("left", left.a);
	softhsm_put_key(left.a, SOFTHSM_PRIVATE, key_a, 1, "k");
	softhsm_put_certificate(left.a, left.cert_a, 1, "c");
	softhsm_new_token("right", left.b);
	softhsm_put_key(left.b, SOFTHSM_PRIVATE, key_b, 1, "k");
	softhsm_put_certificate(left.b, left.cert_b, 1, "c");
	softhsm_end();
	made = true;
}

bool left_start(void)
{
	left.module = softhsm_mock();
	if (left.module == NULL)
		return false;
	if (!made)
		make_tokens();
	softhsm_control_reset();
	softhsm_pins_init(&left.pins, SOFTHSM_PIN);
	return true;
}

struct signer *left_open(struct tokens **tokens)
{
	unsigned logins = softhsm_log_count("C_Login");
	struct signer *signer = NULL;

	left.pins.asked = 0;
	*tokens = softhsm_open(left.module, 0);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(*tokens, "left", &left.cert_a, 1, &left.pins, &signer, &left.err),
	    ST_OK);
	CU_ASSERT_EQUAL(left.pins.asked, 0);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login"), logins);
	return signer;
}

void left_close(struct signer *signer, struct tokens *tokens)
{
	signer_free(signer);
	tokens_close(tokens);
	CU_ASSERT(!tokens_wedged());
	CU_ASSERT_EQUAL(softhsm_log_count("C_Initialize 0x0"), softhsm_log_count("C_Finalize 0x0"));
}

enum status left_sign(void)
{
	struct tokens *tokens;
	struct signer *signer = left_open(&tokens);
	enum status status = softhsm_sign(signer, left.cert_a, &left.err);

	left_close(signer, tokens);
	return status;
}

bool left_says(const char *text, const char *what)
{
	if (strstr(text, what) != NULL)
		return true;
	fprintf(stderr, "# '%s' does not say '%s'\n", text, what);
	return false;
}
