/*
 * The CTL Provider's client: who is trusted, and who is let in.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider.h"
#include "harness.h"

#include <openssl/ssl.h>

static void test_server_certificate(void)
{
	struct fixture_provider other, expired = {0}, elsewhere = {0};
	char sha256[3 * 32];

	fixture_provider_make();
	other = (struct fixture_provider){.settings.provider_trust = fixture_provider_files.other};
	fixture_provider_fails(&other, ST_NOT_VERIFIED, "is not trusted: self-signed certificate",
	    fixture_provider_files.other);
	CU_ASSERT_EQUAL(atomic_load(&other.server.requests), 0);
	other = (struct fixture_provider){.settings.provider_trust = fixture_provider_files.other};
	fixture_provider_fingerprint(fixture_provider_files.server, sha256);
	fixture_provider_fails(&other, ST_NOT_VERIFIED, sha256, "compare the fingerprint");

	expired.server.certificate = fixture_provider_files.expired;
	fixture_provider_fails(
	    &expired, ST_NOT_VERIFIED, "CN=old provider ended on 2021-01-02", "new certificate");
	CU_ASSERT_EQUAL(atomic_load(&expired.server.requests), 0);

	/* Its common name would fit, but it is the other names that count. */
	elsewhere.server.certificate = fixture_provider_files.elsewhere;
	fixture_provider_fails(
	    &elsewhere, ST_NOT_VERIFIED, "CN=127.0.0.1 is not one for 127.0.0.1", "subjectAltName");
	CU_ASSERT_EQUAL(atomic_load(&elsewhere.server.requests), 0);
}

static void test_trust_unset(void)
{
	struct fixture_provider p = {0};
	struct buffer out = BUFFER_INIT;
	struct error err;

	/* The system's list has not heard of it; where there is none, that is said. */
	fixture_provider_start(&p);
	provider_client_free(p.client);
	p.settings.provider_trust = NULL;
	CU_ASSERT_EQUAL_FATAL(
	    provider_client_new("127.0.0.1", p.server.port, &p.access, &p.client, &err), ST_OK);
	CU_ASSERT_NOT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_OK);
	fixture_provider_says(err.hint, "provider-trust");
	CU_ASSERT_EQUAL(atomic_load(&p.server.requests), 0);
	buffer_free(&out);
	fixture_provider_stop(&p);
}

static void test_trust_file(void)
{
	struct fixture_provider missing = {
	    .settings.provider_trust = (char *)(uintptr_t) "/nonexistent.pem"};

	fixture_provider_fails(
	    &missing, ST_IO, "no certificates can be read from /nonexistent.pem", "provider-trust");
}

static void check_stranger(int version)
{
	struct fixture_provider refused = {.server.max_version = version};

	fixture_provider_make();
	refused.server.client = fixture_provider_files.stranger;
	fixture_provider_fails(
	    &refused, ST_FAILED, "does not let this client in", "keys/officer.pem");
	CU_ASSERT_EQUAL(atomic_load(&refused.server.requests), 0);
}

/* What is sent before the answer comes must not hide it, however often. */
static void test_stranger(void)
{
	for (int i = 0; i < 10; i++) {
		check_stranger(TLS1_3_VERSION);
		check_stranger(TLS1_2_VERSION);
	}
}

static void check_nobody(int version)
{
	struct fixture_provider none = {.server.max_version = version};
	struct buffer out = BUFFER_INIT;
	struct error err;

	fixture_provider_start(&none);
	none.access.client_certificate = NULL;
	none.access.client_key = NULL;
	CU_ASSERT_EQUAL(fixture_provider_get(&none, "/", &out, &err), ST_FAILED);
	fixture_provider_says(err.what, "wants to see a client certificate");
	fixture_provider_says(err.hint, "client-certificate");
	buffer_free(&out);
	fixture_provider_stop(&none);
}

static void test_nobody(void)
{
	check_nobody(TLS1_3_VERSION);
	check_nobody(TLS1_2_VERSION);
}

static void test_old_tls(void)
{
	struct fixture_provider p = {.server.max_version = TLS1_1_VERSION};

	fixture_provider_fails(&p, ST_FAILED, "no TLS 1.2", "ctlproviderd");
	CU_ASSERT_EQUAL(atomic_load(&p.server.handshakes), 0);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a server's certificate that is wrong, old or another's", test_server_certificate},
	    {"without provider-trust it is the system's list", test_trust_unset},
	    {"a provider-trust that cannot be read", test_trust_file},
	    {"a client that is not let in", test_stranger},
	    {"a client without a certificate", test_nobody},
	    {"TLS 1.1 is not spoken", test_old_tls},
	};

	return harness_main("publish provider tls", tests, HARNESS_COUNT(tests));
}
