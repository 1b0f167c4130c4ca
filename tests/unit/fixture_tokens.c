/*
 * Tests over tokens: the mock's control directory, PIN answers, signatures checked.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_softhsm.h"

#include "base/text.h"
#include "fixture_certs.h"
#include "harness.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *softhsm_mock(void)
{
	static char path[PATH_MAX];
	const char *variable = getenv("CTLSIGN_TEST_P11MOCK");
	char control[PATH_MAX];

	if (softhsm_module() == NULL)
		return NULL;
	if (realpath(variable != NULL ? variable : "./.libs/p11mock.so", path) == NULL) {
		harness_skip("the fault-injecting module is not built");
		return NULL;
	}
	setenv("P11MOCK_MODULE", softhsm_module(), 1);
	snprintf(control, sizeof(control), "%s/control", harness_directory());
	mkdir(control, 0700);
	setenv("P11MOCK_DIR", control, 1);
	return path;
}

void softhsm_control(const char *name, const char *text)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/control/%s", harness_directory(), name);
	snprintf(temporary, sizeof(temporary), "%s/new", harness_directory());
	f = fopen(temporary, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
	CU_ASSERT_EQUAL_FATAL(rename(temporary, path), 0);
}

void softhsm_control_reset(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -f %s/control/*", harness_directory());
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
	softhsm_control("log", "");
}

unsigned softhsm_log_count(const char *line)
{
	char have[256], path[PATH_MAX];
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/control/log", harness_directory());
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(have, sizeof(have), f) != NULL)
		n += strncmp(have, line, strlen(line)) == 0;
	fclose(f);
	return n;
}

X509 *softhsm_certificate(EVP_PKEY *key, const char *common_name)
{
	const char *subject[] = {"O", "Lab", "CN", common_name, NULL};
	const uint8_t serial[] = {0x0a, 0x1b};

	return fixture_cert(&(struct fixture_cert_spec){
	    .subject = subject, .key = key, .serial = {serial, sizeof(serial)}});
}

static enum status answer(
    void *context, const struct pin_request *request, struct secret *pin, struct error *err)
{
	struct softhsm_pins *pins = context;
	const char *text = pins->text;
	const struct timespec pause = {
	    pins->delay_ms / 1000, (long)(pins->delay_ms % 1000) * 1000000L};

	pins->asked++;
	pins->last = *request;
	snprintf(pins->label, sizeof(pins->label), "%s", request->label);
	snprintf(pins->serial, sizeof(pins->serial), "%s", request->serial);
	snprintf(pins->reader, sizeof(pins->reader), "%s", request->reader);
	nanosleep(&pause, NULL);
	if (pins->status != ST_OK)
		return error_set(err, pins->status, "the test says no");
	if (request->purpose == PIN_NEW && pins->new_status != ST_OK)
		return error_set(err, pins->new_status, "the test takes no new PIN");
	if (request->purpose == PIN_NEW)
		text = pins->new_text;
	else if (request->purpose == PIN_SO || request->purpose == PIN_NEW_SO)
		text = pins->so_text;
	if (text == NULL)
		return ST_OK;
	if (secret_alloc(pin, err) != ST_OK)
		return err->status;
	pin->len = strlen(text);
	memcpy(pin->text, text, pin->len + 1);
	return ST_OK;
}

static void hear(void *context, const struct pin_request *request, enum pin_outcome outcome)
{
	struct softhsm_pins *pins = context;

	/* Each sending has one outcome, and no outcome comes without one. */
	CU_ASSERT_EQUAL(outcome == PIN_SENT, !pins->awaited);
	pins->awaited = outcome == PIN_SENT;
	if (outcome == PIN_SENT) {
		pins->sent++;
		return;
	}
	if (outcome == PIN_UNUSED) {
		pins->unused++;
		return;
	}
	pins->told++;
	pins->outcome = outcome;
	pins->told_of = *request;
	snprintf(pins->manufacturer, sizeof(pins->manufacturer), "%s", request->manufacturer);
}

void softhsm_pins_init(struct softhsm_pins *pins, const char *text)
{
	memset(pins, 0, sizeof(*pins));
	pins->source = (struct pin_source){.ask = answer, .tell = hear, .context = pins};
	pins->text = text;
}

struct tokens *softhsm_open(const char *module, unsigned timeout_ms)
{
	const struct tokens_options options = {
	    .modules = &module, .n_modules = 1, .timeout_ms = timeout_ms};
	struct tokens *tokens = NULL;
	struct error err;

	if (tokens_open(&options, &tokens, &err) != ST_OK) {
		fprintf(stderr, "# %s: %s\n", err.where, err.what);
		CU_FAIL_FATAL("tokens_open");
	}
	return tokens;
}

enum status softhsm_signer(struct tokens *tokens, const char *text, X509 *const *candidates,
    size_t n, struct softhsm_pins *pins, struct signer **out, struct error *err)
{
	struct token_selector *selector = NULL;
	struct token_signer_request request = {
	    .candidates = candidates,
	    .n_candidates = n,
	    .pins = pins == NULL ? NULL : &pins->source,
	};
	enum status status;

	error_clear(err);
	CU_ASSERT_EQUAL_FATAL(token_selector_parse(text, &selector, err), ST_OK);
	request.selector = selector;
	status = token_signer_open(tokens, &request, out, err);
	/* The contract does not say that the selector must outlive the signer. */
	token_selector_free(selector);
	if (status != ST_OK)
		*out = NULL;
	return status;
}

static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static bool is_right(X509 *certificate, const uint8_t *signature, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(certificate), NULL);
	bool right;

	CU_ASSERT_FATAL(EVP_PKEY_verify_init(ctx) > 0);
	CU_ASSERT_FATAL(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
	CU_ASSERT_FATAL(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
	right = EVP_PKEY_verify(ctx, signature, len, digest_info + 19, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	return right;
}

enum status softhsm_try_sign(
    struct signer *signer, X509 *certificate, bool *right, struct error *err)
{
	uint8_t signature[SIGNER_MAX_SIGNATURE];
	enum status status;
	size_t len = 0;

	error_clear(err);
	status = signer_sign(
	    signer, (struct bytes){digest_info, sizeof(digest_info)}, signature, &len, err);
	if (status != ST_OK)
		return status;
	*right = is_right(certificate, signature, len);
	return ST_OK;
}

enum status softhsm_sign(struct signer *signer, X509 *certificate, struct error *err)
{
	bool right = false;
	enum status status = softhsm_try_sign(signer, certificate, &right, err);

	if (status == ST_OK)
		CU_ASSERT(right);
	return status;
}
