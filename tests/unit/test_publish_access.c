/*
 * The officer's certificate and key for CTL Providers: from files, and from a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_softhsm.h"
#include "harness.h"
#include "publish/access.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PASSPHRASE "geheim"

static char certificate[128], plain[128], closed[128], other[128];

static void write_key(char path[128], const char *name, EVP_PKEY *key, const char *passphrase)
{
	FILE *f;

	snprintf(path, 128, "%s/%s", harness_directory(), name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL_FATAL(chmod(path, 0600), 0);
	CU_ASSERT_EQUAL(PEM_write_PrivateKey(f, key, passphrase != NULL ? EVP_aes_256_cbc() : NULL,
			    (const unsigned char *)passphrase,
			    passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL),
	    1);
	fclose(f);
}

static void make(void)
{
	X509 *x509;
	FILE *f;

	if (certificate[0] != '\0')
		return;
	x509 = softhsm_certificate(fixture_key(FIXTURE_RSA_2048), "Officer");
	snprintf(certificate, sizeof(certificate), "%s/officer.pem", harness_directory());
	f = fopen(certificate, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	PEM_write_X509(f, x509);
	fclose(f);
	X509_free(x509);
	write_key(plain, "officer.key", fixture_key(FIXTURE_RSA_2048), NULL);
	write_key(closed, "closed.key", fixture_key(FIXTURE_RSA_2048), PASSPHRASE);
	write_key(other, "other.key", fixture_key(FIXTURE_RSA_1024_A), NULL);
}

static enum status open_softhsm(void *context, struct tokens **out, struct error *err)
{
	(void)err;
	*out = softhsm_open(softhsm_module(), 0);
	(*(unsigned *)context)++;
	return ST_OK;
}

static unsigned loaded;

/* Opens what SETTINGS names with TEXT as PIN or passphrase. */
static enum status open_access(struct inventory_publish *settings, struct softhsm_pins *pins,
    const char *text, struct publish_access *out, struct error *err)
{
	struct publish_access_request request = {.settings = settings,
	    .providers = true,
	    .open_tokens = open_softhsm,
	    .context = &loaded,
	    .pins = &pins->source};

	error_clear(err);
	*out = (struct publish_access){0};
	loaded = 0;
	settings->timeout = 30;
	softhsm_pins_init(pins, text);
	return publish_access_open(&request, out, err);
}

static void test_files(void)
{
	struct inventory_publish settings = {0};
	struct publish_access access;
	struct softhsm_pins pins;
	struct error err;

	make();
	settings.client_certificate = certificate;
	settings.client_key.where = plain;
	CU_ASSERT_EQUAL(open_access(&settings, &pins, NULL, &access, &err), ST_OK);
	CU_ASSERT_EQUAL(access.access.timeout_ms, 30000);
	CU_ASSERT_PTR_EQUAL(access.access.settings, &settings);
	CU_ASSERT_EQUAL(
	    X509_check_private_key(access.access.client_certificate, access.access.client_key), 1);
	CU_ASSERT_EQUAL(pins.asked, 0);
	publish_access_close(&access);

	settings.client_key.where = closed;
	CU_ASSERT_EQUAL(open_access(&settings, &pins, PASSPHRASE, &access, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(pins.last.purpose, PIN_PASSPHRASE);
	CU_ASSERT_PTR_NOT_NULL(access.access.client_key);
	publish_access_close(&access);
	CU_ASSERT_EQUAL(open_access(&settings, &pins, "wrong", &access, &err), ST_PIN_WRONG);
	CU_ASSERT_STRING_EQUAL(err.where, closed);
	publish_access_close(&access);
	CU_ASSERT_EQUAL(loaded, 0);
}

static void test_refused(void)
{
	struct inventory_publish settings = {0};
	struct publish_access access;
	struct softhsm_pins pins;
	struct error err;

	make();
	/* None at all: the providers will say so. */
	CU_ASSERT_EQUAL(open_access(&settings, &pins, NULL, &access, &err), ST_OK);
	CU_ASSERT_PTR_NULL(access.access.client_certificate);
	publish_access_close(&access);
	settings.client_certificate = certificate;
	CU_ASSERT_EQUAL(open_access(&settings, &pins, NULL, &access, &err), ST_NO_KEY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "client-key"));
	publish_access_close(&access);
	settings.client_key.where = other;
	CU_ASSERT_EQUAL(open_access(&settings, &pins, NULL, &access, &err), ST_NO_KEY);
	CU_ASSERT_STRING_EQUAL(err.where, other);
	publish_access_close(&access);
	settings.client_certificate = plain;
	CU_ASSERT_EQUAL(open_access(&settings, &pins, NULL, &access, &err), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, plain);
	publish_access_close(&access);
}

/* Nothing is opened for nobody. */
static void test_no_providers(void)
{
	struct inventory_publish settings = {.timeout = 7};
	const struct publish_access_request request = {.settings = &settings, .timeout_ms = 1234};
	struct publish_access access = {0};
	struct error err;

	settings.client_certificate = (char *)(uintptr_t) "/nonexistent";
	CU_ASSERT_EQUAL(publish_access_open(&request, &access, &err), ST_OK);
	CU_ASSERT_EQUAL(access.access.timeout_ms, 1234);
	CU_ASSERT_PTR_NULL(access.access.client_key);
	publish_access_close(&access);
}

static void test_token(void)
{
	struct inventory_publish settings = {0};
	struct publish_access access;
	struct softhsm_pins pins;
	char serial[17], uri[64];
	struct error err;

	if (softhsm_module() == NULL)
		return;
	make();
	softhsm_begin();
	softhsm_new_token("officer", serial);
	softhsm_put_key(serial, SOFTHSM_PRIVATE, fixture_key(FIXTURE_RSA_2048), 2, "tls");
	softhsm_end();
	snprintf(uri, sizeof(uri), "pkcs11:serial=%s", serial);
	settings.client_certificate = certificate;
	settings.client_key.where = uri;
	CU_ASSERT_EQUAL(open_access(&settings, &pins, SOFTHSM_PIN, &access, &err), ST_OK);
	CU_ASSERT_EQUAL(pins.asked, 1);
	CU_ASSERT_EQUAL(loaded, 1);
	CU_ASSERT_EQUAL(
	    X509_check_private_key(access.access.client_certificate, access.access.client_key), 1);
	publish_access_close(&access);
	CU_ASSERT_EQUAL(open_access(&settings, &pins, "wrong", &access, &err), ST_PIN_WRONG);
	CU_ASSERT_EQUAL(pins.asked, 1);
	publish_access_close(&access);
	settings.client_key.where = (char *)(uintptr_t) "pkcs11:token=nobody";
	CU_ASSERT_EQUAL(open_access(&settings, &pins, SOFTHSM_PIN, &access, &err), ST_NO_TOKEN);
	publish_access_close(&access);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a key in a file, also one with a passphrase", test_files},
	    {"what does not belong together is refused", test_refused},
	    {"without a provider no key is opened", test_no_providers},
	    {"a key on a token, with one question for the PIN", test_token},
	};

	return harness_main("publish access", tests, HARNESS_COUNT(tests));
}
