/*
 * Signing with tokens in SoftHSM: which certificate, which key, and when the PIN is asked for.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_softhsm.h"
#include "harness.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tokens: made once, by the first test that needs them. */
static struct {
	bool made;
	char full[17];	  /* "full": RSA 1024, 2048, 4096, EC, with certificates */
	char twin_a[17];  /* "twin" */
	char twin_b[17];  /* "twin" */
	char bare[17];	  /* "bare": an RSA key, no certificate */
	char hidden[17];  /* "hidden": an RSA key that does not tell its exponent */
	char crossed[17]; /* "crossed": CKA_ID and labels that mislead */
	EVP_PKEY *big;
	X509 *rsa1024, *rsa2048, *rsa4096, *ec, *stranger;
} t;

static void free_certificates(void)
{
	EVP_PKEY_free(t.big);
	X509_free(t.rsa1024);
	X509_free(t.rsa2048);
	X509_free(t.rsa4096);
	X509_free(t.ec);
	X509_free(t.stranger);
}

static void make_certificates(void)
{
	t.big = EVP_RSA_gen(4096);
	t.rsa1024 = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_A), "Signer 1024");
	t.rsa2048 = softhsm_certificate(fixture_key(FIXTURE_RSA_2048), "Signer 2048");
	t.rsa4096 = softhsm_certificate(t.big, "Signer 4096");
	t.ec = softhsm_certificate(fixture_key(FIXTURE_EC_P256), "Signer EC");
	t.stranger = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_B), "Stranger");
	atexit(free_certificates);
}

static void make_tokens(void)
{
	softhsm_begin();
	softhsm_new_token("full", t.full);
	softhsm_put_key(t.full, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_1024_A), 1, "k1024");
	softhsm_put_certificate(t.full, t.rsa1024, 1, "c1024");
	softhsm_put_key(t.full, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_2048), 2, "k2048");
	softhsm_put_key(t.full, SOFTHSM_PUBLIC, fixture_key(FIXTURE_RSA_2048), 2, "k2048");
	softhsm_put_certificate(t.full, t.rsa2048, 2, "c2048 \xc3\xa4;=");
	softhsm_put_key(t.full, SOFTHSM_PRIVATE, t.big, 3, "k4096");
	softhsm_put_certificate(t.full, t.rsa4096, 3, "c4096");
	softhsm_put_key(t.full, SOFTHSM_PRIVATE, fixture_key(FIXTURE_EC_P256), 4, "kec");
	softhsm_put_certificate(t.full, t.ec, 4, "cec");
	softhsm_new_token("twin", t.twin_a);
	softhsm_put_certificate(t.twin_a, t.stranger, 1, "lonely");
	softhsm_new_token("twin", t.twin_b);
	softhsm_new_token("bare", t.bare);
	softhsm_put_key(t.bare, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_1024_B), 9, "decoy");
	softhsm_put_key(t.bare, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_2048), -1, "no id");
	softhsm_new_token("hidden", t.hidden);
	softhsm_put_key(
	    t.hidden, SOFTHSM_PRIVATE_WITHOUT_EXPONENT, fixture_key(FIXTURE_RSA_1024_A), 1, "k");
	softhsm_new_token("crossed", t.crossed);
	softhsm_put_certificate(t.crossed, t.rsa2048, 1, "mine");
	softhsm_put_key(t.crossed, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_1024_A), 1, "mine");
	softhsm_put_key(t.crossed, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_2048), 7, "not mine");
	softhsm_put_certificate(t.crossed, t.stranger, 2, "other");
	softhsm_put_key(t.crossed, SOFTHSM_PRIVATE, fixture_key(FIXTURE_EC_P256), 2, "other");
	softhsm_end();
}

static struct tokens *start(void)
{
	const char *module = softhsm_module();

	if (module == NULL)
		return NULL;
	if (!t.made) {
		make_certificates();
		make_tokens();
		t.made = true;
	}
	return softhsm_open(module, 0);
}

static void check_sign(const char *selector, X509 *certificate_of_it)
{
	X509 *candidates[] = {t.stranger, certificate_of_it};
	struct tokens *tokens = start();
	struct softhsm_pins pins;
	struct signer *signer;
	struct error err;
	char name[80];

	softhsm_pins_init(&pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(tokens, selector, candidates, 2, &pins, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 0);
	snprintf(name, sizeof(name), "token 'full' (serial %s)", t.full);
	CU_ASSERT_STRING_EQUAL(signer_describe(signer), name);
	CU_ASSERT_EQUAL(X509_cmp(signer_certificate(signer), certificate_of_it), 0);
	CU_ASSERT_EQUAL(softhsm_sign(signer, certificate_of_it, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(pins.last.purpose, PIN_LOGIN);
	CU_ASSERT_STRING_EQUAL(pins.label, "full");
	CU_ASSERT_STRING_EQUAL(pins.serial, t.full);
	CU_ASSERT(strlen(pins.reader) > 0);
	CU_ASSERT_EQUAL(tokens_count(tokens), 0);
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	CU_ASSERT_EQUAL(tokens_count(tokens), 6);
	signer_free(signer);
	tokens_close(tokens);
}

static void test_sign(void)
{
	struct tokens *tokens = start();

	if (tokens == NULL)
		return;
	tokens_close(tokens);
	check_sign("pkcs11:token=full;id=%01", t.rsa1024);
	check_sign("full", t.rsa1024);
	check_sign("full", t.rsa2048);
	check_sign("pkcs11:token=full;object=c4096", t.rsa4096);
}

static void test_pairs_by_public_key(void)
{
	struct tokens *tokens = start();
	X509 *one[] = {t.rsa4096, t.rsa2048};
	struct softhsm_pins pins;
	struct signer *signer;
	struct error err;

	if (tokens == NULL)
		return;
	/* No certificate on the token: the PIN is asked for at once, and only once. */
	softhsm_pins_init(&pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL_FATAL(softhsm_signer(tokens, "bare", one, 2, &pins, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(X509_cmp(signer_certificate(signer), t.rsa2048), 0);
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.rsa2048, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	signer_free(signer);

	/* The key with the certificate's CKA_ID and label is another's. */
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(tokens, "crossed", one, 2, &pins, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.rsa2048, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 2);
	signer_free(signer);
	tokens_close(tokens);
}

static void check_refused(const char *selector, X509 *const *candidates, size_t n,
    enum status status, const char *what, unsigned asked)
{
	struct tokens *tokens = start();
	struct softhsm_pins pins;
	struct signer *signer;
	struct error err;

	softhsm_pins_init(&pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL(
	    softhsm_signer(tokens, selector, candidates, n, &pins, &signer, &err), status);
	CU_ASSERT_EQUAL(pins.asked, asked);
	if (strstr(err.what, what) == NULL) {
		fprintf(stderr, "# %s\n", err.what);
		CU_FAIL("the error says something else");
	}
	signer_free(signer);
	tokens_close(tokens);
}

static void test_refuses(void)
{
	struct tokens *tokens = start();
	X509 *several[] = {t.rsa1024, t.rsa2048, t.stranger};
	X509 *big[] = {t.rsa4096}, *ec[] = {t.ec};

	if (tokens == NULL)
		return;
	tokens_close(tokens);
	check_refused("full", several, 2, ST_AMBIGUOUS, "several signers", 0);
	check_refused(t.twin_a, several, 2, ST_NO_KEY, "Stranger (0A:1B)", 0);
	check_refused("pkcs11:token=full;id=%03", several, 3, ST_NO_KEY, "Signer 4096", 0);
	check_refused("pkcs11:token=full", ec, 1, ST_NO_KEY, "not RSA", 0);
	check_refused("full", NULL, 0, ST_NO_KEY, "none of", 0);
	check_refused("bare", big, 1, ST_NO_KEY, "no private key", 1);
	check_refused("bare", several + 1, 2, ST_AMBIGUOUS, "several signers", 1);
	check_refused("pkcs11:token=bare;id=%08", several, 3, ST_NO_KEY,
	    "the token has no key with id 08 that belongs to a signer of the list", 1);
	check_refused("pkcs11:token=bare;object=x", several, 3, ST_NO_KEY,
	    "the token has no key with the label 'x' that belongs to a signer of the list", 1);
	/* The signer's certificate is there under another id: no PIN is needed to see that. */
	check_refused("pkcs11:token=full;id=01", several, 3, ST_NO_KEY,
	    "the token has no key with id 3031 that belongs to a signer of the list", 0);
	check_refused("pkcs11:token=full;id=%01;object=c2048", several, 1, ST_NO_KEY,
	    "no key with id 01 and the label 'c2048'", 0);
	check_refused(t.twin_b, several, 3, ST_NO_KEY, "no private key", 1);
	/* libp11 would crash on this one. */
	check_refused("hidden", several, 1, ST_NO_KEY, "public exponent", 1);
}

/* The certificate is there, but its CKA_ID belongs to an EC key, and no other key fits. */
static void test_key_missing(void)
{
	struct tokens *tokens = start();
	struct softhsm_pins pins;
	struct signer *signer;
	struct error err;

	if (tokens == NULL)
		return;
	softhsm_pins_init(&pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(tokens, "crossed", &t.stranger, 1, &pins, &signer, &err), ST_OK);
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.stranger, &err), ST_NO_KEY);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, t.crossed));
	signer_free(signer);
	tokens_close(tokens);
}

static void test_selected_key(void)
{
	struct tokens *tokens = start();
	X509 *both[] = {t.rsa2048, t.stranger};
	struct softhsm_pins pins;
	struct signer *signer;
	struct error err;

	if (tokens == NULL)
		return;
	softhsm_pins_init(&pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(tokens, "pkcs11:token=bare;object=decoy", both, 2, &pins, &signer, &err),
	    ST_OK);
	CU_ASSERT_EQUAL(X509_cmp(signer_certificate(signer), t.stranger), 0);
	CU_ASSERT_EQUAL(softhsm_sign(signer, t.stranger, &err), ST_OK);
	signer_free(signer);
	tokens_close(tokens);
}

static void test_abandoned_signer(void)
{
	struct tokens *tokens = start();
	struct softhsm_pins pins;
	struct signer *signer;
	struct error err;

	if (tokens == NULL)
		return;
	softhsm_pins_init(&pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL_FATAL(
	    softhsm_signer(tokens, "bare", &t.rsa2048, 1, &pins, &signer, &err), ST_OK);
	signer_free(signer);
	CU_ASSERT_EQUAL(tokens_refresh(tokens, &err), ST_OK);
	tokens_close(tokens);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"1024, 2048 and 4096 bits sign, with one question for the PIN", test_sign},
	    {"a key is paired by its public half", test_pairs_by_public_key},
	    {"what cannot sign is refused, without a PIN where possible", test_refuses},
	    {"a certificate without its key is refused after login", test_key_missing},
	    {"the selector chooses among keys without certificates", test_selected_key},
	    {"a signer that is not used logs out", test_abandoned_signer},
	};

	return harness_main("tokens sign", tests, HARNESS_COUNT(tests));
}
