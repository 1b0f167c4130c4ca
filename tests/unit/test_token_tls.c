/*
 * TLS handshakes with a client key on a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_softhsm.h"
#include "fixture_tls.h"
#include "harness.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	bool made;
	char officer[17]; /* "officer": RSA 2048 with its certificate, an EC key */
	char bare[17];	  /* "bare": RSA 2048 without one */
	X509 *client, *stranger, *ec, *server;
} t;

static void free_certificates(void)
{
	X509_free(t.client);
	X509_free(t.stranger);
	X509_free(t.ec);
	X509_free(t.server);
}

static const char *start(void)
{
	const char *module = softhsm_module();

	if (module == NULL || t.made)
		return module;
	signal(SIGPIPE, SIG_IGN);
	t.client = softhsm_certificate(fixture_key(FIXTURE_RSA_2048), "Officer");
	t.ec = softhsm_certificate(fixture_key(FIXTURE_EC_P256), "Officer EC");
	t.stranger = softhsm_certificate(fixture_key(FIXTURE_RSA_1024_A), "Stranger");
	t.server =
	    fixture_tls_certificate(fixture_key(FIXTURE_EC_P256), "provider", "IP:127.0.0.1", NULL);
	atexit(free_certificates);
	softhsm_begin();
	softhsm_new_token("officer", t.officer);
	softhsm_put_key(t.officer, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_2048), 2, "tls");
	softhsm_put_key(t.officer, SOFTHSM_PUBLIC, fixture_key(FIXTURE_RSA_2048), 2, "tls");
	softhsm_put_certificate(t.officer, t.client, 2, "tls");
	softhsm_put_key(t.officer, SOFTHSM_PRIVATE, fixture_key(FIXTURE_EC_P256), 4, "ec");
	softhsm_put_certificate(t.officer, t.ec, 4, "ec");
	softhsm_new_token("bare", t.bare);
	softhsm_put_key(t.bare, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_2048), 9, "tls");
	softhsm_end();
	t.made = true;
	return module;
}

/* A token that is opened, and who was asked for its PIN. */
struct opened {
	struct tokens *tokens;
	struct token_selector *selector;
	struct softhsm_pins pins;
	struct token_tls *tls;
};

static enum status open_tls(struct opened *o, const char *module, const char *selector,
    X509 *const *candidates, size_t n, struct error *err)
{
	struct token_signer_request request = {.candidates = candidates, .n_candidates = n};

	*o = (struct opened){0};
	error_clear(err);
	o->tokens = softhsm_open(module, 2000);
	softhsm_pins_init(&o->pins, SOFTHSM_PIN);
	CU_ASSERT_EQUAL_FATAL(token_selector_parse(selector, &o->selector, err), ST_OK);
	request.selector = o->selector;
	request.pins = &o->pins.source;
	return token_tls_open(o->tokens, &request, &o->tls, err);
}

static void close_tls(struct opened *o)
{
	token_tls_close(o->tls);
	token_selector_free(o->selector);
	tokens_close(o->tokens);
}

/* One handshake of a kind with the token's key. */
static void check_handshake(const char *module, int version, const char *sigalgs)
{
	struct fixture_tls_server server = {.certificate = t.server,
	    .key = fixture_key(FIXTURE_EC_P256),
	    .client = t.client,
	    .max_version = version,
	    .sigalgs = sigalgs};
	struct opened o;
	struct error err;
	SSL_CTX *ctx;

	fixture_tls_start(&server);
	CU_ASSERT_EQUAL_FATAL(
	    open_tls(&o, module, "pkcs11:token=officer", &t.client, 1, &err), ST_OK);
	CU_ASSERT_EQUAL(o.pins.asked, 1);
	CU_ASSERT_EQUAL(X509_cmp(token_tls_certificate(o.tls), t.client), 0);
	CU_ASSERT_TRUE(token_tls_pss(token_tls_key(o.tls)));
	ctx = fixture_tls_client(t.client, token_tls_key(o.tls));
	CU_ASSERT_TRUE(fixture_tls_talk(ctx, server.port));
	CU_ASSERT_TRUE(fixture_tls_talk(ctx, server.port));
	if (token_tls_failure(token_tls_key(o.tls), &err))
		CU_FAIL("a signature failed");
	CU_ASSERT_EQUAL(atomic_load(&server.handshakes), 2);
	CU_ASSERT_EQUAL(atomic_load(&server.version), version);
	CU_ASSERT_EQUAL(o.pins.asked, 1);
	SSL_CTX_free(ctx);
	close_tls(&o);
	fixture_tls_stop(&server);
}

static void test_versions(void)
{
	const char *module = start();

	if (module == NULL)
		return;
	check_handshake(module, TLS1_3_VERSION, NULL);
	check_handshake(module, TLS1_2_VERSION, NULL);
}

static void test_algorithms(void)
{
	static const char *const algorithms[] = {"RSA+SHA256", "RSA+SHA384", "RSA+SHA512",
	    "RSA-PSS+SHA256", "RSA-PSS+SHA384", "RSA-PSS+SHA512"};
	const char *module = start();

	if (module == NULL)
		return;
	for (size_t i = 0; i < HARNESS_COUNT(algorithms); i++)
		check_handshake(module, TLS1_2_VERSION, algorithms[i]);
	for (size_t i = 3; i < HARNESS_COUNT(algorithms); i++)
		check_handshake(module, TLS1_3_VERSION, algorithms[i]);
}

/* A server that knows another client refuses: so the handshakes above prove something. */
static void test_other_client(void)
{
	const char *module = start();
	struct fixture_tls_server server = {.certificate = t.server,
	    .key = fixture_key(FIXTURE_EC_P256),
	    .client = t.stranger,
	    .max_version = TLS1_2_VERSION};
	struct opened o;
	struct error err;
	SSL_CTX *ctx;

	if (module == NULL)
		return;
	fixture_tls_start(&server);
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, module, "officer", &t.client, 1, &err), ST_OK);
	ctx = fixture_tls_client(t.client, token_tls_key(o.tls));
	CU_ASSERT_FALSE(fixture_tls_talk(ctx, server.port));
	CU_ASSERT_EQUAL(atomic_load(&server.handshakes), 0);
	SSL_CTX_free(ctx);
	close_tls(&o);
	fixture_tls_stop(&server);
}

struct many {
	SSL_CTX *ctx;
	unsigned port;
	unsigned good;
};

static void *talk_often(void *context)
{
	struct many *many = context;

	for (int i = 0; i < 8; i++)
		many->good += fixture_tls_talk(many->ctx, many->port);
	return NULL;
}

static void check_threads(const char *module, int version)
{
	struct fixture_tls_server server = {.certificate = t.server,
	    .key = fixture_key(FIXTURE_EC_P256),
	    .client = t.client,
	    .max_version = version};
	pthread_t threads[4];
	struct many many[4];
	struct opened o;
	struct error err;

	fixture_tls_start(&server);
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, module, "bare", &t.client, 1, &err), ST_OK);
	for (int i = 0; i < 4; i++) {
		many[i] = (struct many){
		    fixture_tls_client(t.client, token_tls_key(o.tls)), server.port, 0};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, talk_often, &many[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		CU_ASSERT_EQUAL(many[i].good, 8);
		SSL_CTX_free(many[i].ctx);
	}
	CU_ASSERT_EQUAL(o.pins.asked, 1);
	close_tls(&o);
	fixture_tls_stop(&server);
}

static void test_threads(void)
{
	const char *module = start();

	if (module == NULL)
		return;
	check_threads(module, TLS1_3_VERSION);
	check_threads(module, TLS1_2_VERSION);
}

/* Signs TEXT and verifies with the certificate; what a handshake does, with more to choose. */
static bool sign_and_verify(EVP_PKEY *key, X509 *certificate, int padding)
{
	static const unsigned char text[] = "the text";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[512];
	size_t len = sizeof(signature);
	EVP_PKEY_CTX *p;
	bool good;

	good = EVP_DigestSignInit(ctx, &p, EVP_sha384(), NULL, key) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(p, padding) == 1 &&
	       (padding != RSA_PKCS1_PSS_PADDING ||
		   EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST) == 1) &&
	       EVP_DigestSignUpdate(ctx, text, 3) == 1 &&
	       EVP_DigestSignUpdate(ctx, text + 3, 5) == 1 &&
	       EVP_DigestSignFinal(ctx, signature, &len) == 1;
	EVP_MD_CTX_free(ctx);
	ctx = EVP_MD_CTX_new();
	good =
	    good &&
	    EVP_DigestVerifyInit(ctx, &p, EVP_sha384(), NULL, X509_get0_pubkey(certificate)) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(p, padding) == 1 &&
	    EVP_DigestVerify(ctx, signature, len, text, 8) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

static void test_key(void)
{
	const char *module = start();
	struct opened o;
	struct error err;
	EVP_PKEY *key;

	if (module == NULL)
		return;
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, module, "officer", &t.client, 1, &err), ST_OK);
	key = token_tls_key(o.tls);
	CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), 2048);
	CU_ASSERT_EQUAL(EVP_PKEY_get_size(key), 256);
	CU_ASSERT_EQUAL(EVP_PKEY_get_security_bits(key), 112);
	CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(t.client), key), 1);
	CU_ASSERT_NOT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(t.stranger), key), 1);
	CU_ASSERT_TRUE(sign_and_verify(key, t.client, RSA_PKCS1_PADDING));
	CU_ASSERT_TRUE(sign_and_verify(key, t.client, RSA_PKCS1_PSS_PADDING));
	CU_ASSERT_FALSE(token_tls_failure(key, &err));
	/* Other keys are as ever, and are not ours. */
	CU_ASSERT_FALSE(token_tls_failure(fixture_key(FIXTURE_RSA_2048), &err));
	CU_ASSERT_FALSE(token_tls_failure(NULL, &err));
	CU_ASSERT_TRUE(token_tls_pss(fixture_key(FIXTURE_RSA_2048)));
	CU_ASSERT_TRUE(sign_and_verify(fixture_key(FIXTURE_RSA_2048), t.client, RSA_PKCS1_PADDING));
	close_tls(&o);
}

/* Somebody may hold the key longer than it can be used. */
static void test_closed(void)
{
	const char *module = start();
	struct opened o;
	struct error err;
	EVP_PKEY *key;

	if (module == NULL)
		return;
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, module, "officer", &t.client, 1, &err), ST_OK);
	key = token_tls_key(o.tls);
	CU_ASSERT_EQUAL(EVP_PKEY_up_ref(key), 1);
	close_tls(&o);
	CU_ASSERT_FALSE(sign_and_verify(key, t.client, RSA_PKCS1_PADDING));
	CU_ASSERT_TRUE(token_tls_failure(key, &err));
	CU_ASSERT_EQUAL(err.status, ST_TOKEN);
	CU_ASSERT_FALSE(token_tls_failure(key, &err));
	EVP_PKEY_free(key);
}

/* What else uses the module ends the login; the error says so, and nothing breaks. */
static void test_login_over(void)
{
	const char *module = start();
	struct token_signer_request request = {.candidates = &t.client, .n_candidates = 1};
	struct token_selector *bare;
	struct token_tls *other;
	struct opened o;
	struct error err;

	if (module == NULL)
		return;
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, module, "officer", &t.client, 1, &err), ST_OK);
	CU_ASSERT_EQUAL(tokens_refresh(o.tokens, &err), ST_OK);
	CU_ASSERT_TRUE(sign_and_verify(token_tls_key(o.tls), t.client, RSA_PKCS1_PADDING));
	CU_ASSERT_EQUAL_FATAL(token_selector_parse("bare", &bare, &err), ST_OK);
	request.selector = bare;
	request.pins = &o.pins.source;
	CU_ASSERT_EQUAL_FATAL(token_tls_open(o.tokens, &request, &other, &err), ST_OK);
	CU_ASSERT_FALSE(sign_and_verify(token_tls_key(o.tls), t.client, RSA_PKCS1_PADDING));
	CU_ASSERT_TRUE(token_tls_failure(token_tls_key(o.tls), &err));
	CU_ASSERT_EQUAL(err.status, ST_TOKEN);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "the login is over"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, t.officer));
	/* The other one's login is not ours to end. */
	token_tls_close(o.tls);
	o.tls = other;
	CU_ASSERT_TRUE(sign_and_verify(token_tls_key(other), t.client, RSA_PKCS1_PADDING));
	close_tls(&o);
	token_selector_free(bare);
}

static void check_refused(const char *module, const char *selector, X509 *candidate,
    const char *pin, enum status status, unsigned asked)
{
	struct token_signer_request request = {.candidates = &candidate, .n_candidates = 1};
	struct tokens *tokens = softhsm_open(module, 0);
	struct token_tls *tls = NULL;
	struct softhsm_pins pins;
	struct token_selector *s;
	struct error err;

	error_clear(&err);
	softhsm_pins_init(&pins, pin);
	CU_ASSERT_EQUAL_FATAL(token_selector_parse(selector, &s, &err), ST_OK);
	request.selector = s;
	request.pins = &pins.source;
	CU_ASSERT_EQUAL(token_tls_open(tokens, &request, &tls, &err), status);
	CU_ASSERT_PTR_NULL(tls);
	CU_ASSERT_EQUAL(pins.asked, asked);
	if (status == ST_NO_KEY)
		CU_ASSERT_STRING_EQUAL(
		    err.what, "the token has no RSA key that belongs to the client certificate");
	token_selector_free(s);
	tokens_close(tokens);
}

static void test_refused(void)
{
	const char *module = start();

	if (module == NULL)
		return;
	check_refused(module, "officer", t.stranger, SOFTHSM_PIN, ST_NO_KEY, 0);
	check_refused(module, "officer", t.ec, SOFTHSM_PIN, ST_NO_KEY, 0);
	check_refused(module, "bare", t.stranger, SOFTHSM_PIN, ST_NO_KEY, 1);
	check_refused(module, "nobody", t.client, SOFTHSM_PIN, ST_NO_TOKEN, 0);
	check_refused(module, "officer", t.client, "wrong", ST_PIN_WRONG, 1);
}

/* The faults of a token, through the module that makes them. */
static void check_fault(const char *fault, const char *value, enum status status)
{
	struct fixture_tls_server server = {
	    .certificate = t.server, .key = fixture_key(FIXTURE_EC_P256), .client = t.client};
	struct opened o;
	struct error err;
	SSL_CTX *ctx;

	softhsm_control_reset();
	softhsm_control("log", "");
	fixture_tls_start(&server);
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, softhsm_mock(), "officer", &t.client, 1, &err), ST_OK);
	ctx = fixture_tls_client(t.client, token_tls_key(o.tls));
	CU_ASSERT_TRUE(fixture_tls_talk(ctx, server.port));
	CU_ASSERT_EQUAL(softhsm_log_count("C_Sign 0x0"), 1);
	softhsm_control(fault, value);
	CU_ASSERT_FALSE(fixture_tls_talk(ctx, server.port));
	CU_ASSERT_TRUE(token_tls_failure(token_tls_key(o.tls), &err));
	CU_ASSERT_EQUAL(err.status, status);
	CU_ASSERT(strstr(err.where, t.officer) != NULL || strstr(err.what, t.officer) != NULL);
	CU_ASSERT_EQUAL(softhsm_log_count("C_Login 0x0"), 1);
	SSL_CTX_free(ctx);
	/* One that hangs goes on. */
	softhsm_control(fault, "nobody\n");
	for (int i = 0; i < 300 && tokens_wedged(); i++)
		usleep(10000);
	CU_ASSERT_FALSE(tokens_wedged());
	close_tls(&o);
	fixture_tls_stop(&server);
	softhsm_control_reset();
}

static void test_faults(void)
{
	if (start() == NULL || softhsm_mock() == NULL)
		return;
	check_fault("fail", "C_Sign 0x30\n", ST_TOKEN);
	check_fault("removed", "officer\n", ST_TOKEN_REMOVED);
	check_fault("wrong-signature", "", ST_NOT_VERIFIED);
	check_fault("hang", "C_Sign\n", ST_TOKEN_TIMEOUT);
}

/* Each handshake would ask for the PIN. */
static void test_asks_always(void)
{
	struct opened o;
	struct error err;

	if (start() == NULL || softhsm_mock() == NULL)
		return;
	softhsm_control_reset();
	softhsm_control("always-auth", "officer\n");
	CU_ASSERT_EQUAL(open_tls(&o, softhsm_mock(), "officer", &t.client, 1, &err), ST_NO_KEY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "PIN for each signature"));
	close_tls(&o);
	softhsm_control_reset();
}

/* A token whose mechanisms are as FAIL leaves them. */
static void check_mechanisms(const char *fail, bool pss)
{
	struct opened o;
	struct error err;
	EVP_PKEY *key;

	softhsm_control_reset();
	softhsm_control("fail", fail);
	CU_ASSERT_EQUAL_FATAL(open_tls(&o, softhsm_mock(), "officer", &t.client, 1, &err), ST_OK);
	softhsm_control_reset();
	key = token_tls_key(o.tls);
	CU_ASSERT_EQUAL(token_tls_pss(key), pss);
	CU_ASSERT_TRUE(sign_and_verify(key, t.client, RSA_PKCS1_PADDING));
	CU_ASSERT_EQUAL(sign_and_verify(key, t.client, RSA_PKCS1_PSS_PADDING), pss);
	CU_ASSERT_EQUAL(token_tls_failure(key, &err), !pss);
	if (!pss)
		CU_ASSERT_EQUAL(err.status, ST_CRYPTO);
	close_tls(&o);
}

/* Where the token does not pad, it is done here; where it does not let us, TLS 1.2 is left. */
static void test_mechanisms(void)
{
	if (start() == NULL || softhsm_mock() == NULL)
		return;
	check_mechanisms("C_GetMechanismInfo 0x70 1\n", true);
	check_mechanisms("C_GetMechanismInfo 0x70\n", false);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"TLS 1.2 and 1.3 with a token's key, with one question for the PIN", test_versions},
	    {"each kind of signature that TLS has for RSA", test_algorithms},
	    {"a server that knows another client refuses", test_other_client},
	    {"four threads share the key", test_threads},
	    {"the key is one for OpenSSL like others", test_key},
	    {"a key that outlives its login signs no more", test_closed},
	    {"a login that is over is told as such", test_login_over},
	    {"what cannot be used is refused, without a PIN where possible", test_refused},
	    {"padding is made where the token makes none", test_mechanisms},
	    {"a key that asks for its PIN each time is refused", test_asks_always},
	    {"a token's faults are told in its own words", test_faults},
	};

	return harness_main("token tls", tests, HARNESS_COUNT(tests));
}
