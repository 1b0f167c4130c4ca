/*
 * Pairs of a CTL Provider's client and a server.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider.h"

#include "base/text.h"
#include "fixture_certs.h"
#include "harness.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture_provider_files fixture_provider_files;
static bool made;

static void write_certificates(char path[128], const char *name, X509 *const *list, size_t n)
{
	FILE *f;

	snprintf(path, 128, "%s/%s", harness_directory(), name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (size_t i = 0; i < n; i++)
		PEM_write_X509(f, list[i]);
	fclose(f);
}

static void free_all(void)
{
	X509_free(fixture_provider_files.server);
	X509_free(fixture_provider_files.expired);
	X509_free(fixture_provider_files.elsewhere);
	X509_free(fixture_provider_files.client);
	X509_free(fixture_provider_files.stranger);
}

void fixture_provider_make(void)
{
	EVP_PKEY *rsa = fixture_key(FIXTURE_RSA_2048), *ec = fixture_key(FIXTURE_EC_P256);

	if (made)
		return;
	signal(SIGPIPE, SIG_IGN);
	fixture_provider_files.server =
	    fixture_tls_certificate(ec, "provider", "IP:127.0.0.1,DNS:localhost", NULL);
	fixture_provider_files.expired =
	    fixture_tls_certificate(ec, "old provider", "IP:127.0.0.1", "210102030405Z");
	fixture_provider_files.elsewhere =
	    fixture_tls_certificate(ec, "127.0.0.1", "IP:127.0.0.2", NULL);
	fixture_provider_files.client = fixture_tls_certificate(rsa, "officer", NULL, NULL);
	fixture_provider_files.stranger = fixture_tls_certificate(rsa, "stranger", NULL, NULL);
	write_certificates(fixture_provider_files.trust, "trust.pem",
	    (X509 *[]){fixture_provider_files.server, fixture_provider_files.expired,
		fixture_provider_files.elsewhere},
	    3);
	write_certificates(
	    fixture_provider_files.other, "other.pem", &fixture_provider_files.stranger, 1);
	atexit(free_all);
	made = true;
}

void fixture_provider_start(struct fixture_provider *p)
{
	struct error err;

	fixture_provider_make();
	if (p->server.certificate == NULL)
		p->server.certificate = fixture_provider_files.server;
	p->server.key = fixture_key(FIXTURE_EC_P256);
	if (p->server.client == NULL)
		p->server.client = fixture_provider_files.client;
	fixture_tls_start(&p->server);
	if (p->settings.provider_trust == NULL)
		p->settings.provider_trust = fixture_provider_files.trust;
	p->settings.client_certificate = (char *)(uintptr_t) "keys/officer.pem";
	p->access.settings = &p->settings;
	if (p->access.timeout_ms == 0)
		p->access.timeout_ms = 5000;
	if (p->access.client_certificate == NULL)
		p->access.client_certificate = fixture_provider_files.client;
	p->access.client_key = fixture_key(FIXTURE_RSA_2048);
	CU_ASSERT_EQUAL_FATAL(
	    provider_client_new("127.0.0.1", p->server.port, &p->access, &p->client, &err), ST_OK);
}

void fixture_provider_stop(struct fixture_provider *p)
{
	provider_client_free(p->client);
	fixture_tls_stop(&p->server);
}

enum status fixture_provider_get(
    struct fixture_provider *p, const char *path, struct buffer *out, struct error *err)
{
	const struct provider_call call = {.method = "GET", .path = path};
	long code;

	error_clear(err);
	return provider_client_call(p->client, &call, out, &code, err);
}

void fixture_provider_says(const char *where, const char *text)
{
	if (strstr(where, text) != NULL)
		return;
	fprintf(stderr, "# not '%s': %s\n", text, where);
	CU_FAIL("the error says something else");
}

void fixture_provider_fails(
    struct fixture_provider *p, enum status status, const char *what, const char *hint)
{
	struct buffer out = BUFFER_INIT;
	struct error err;

	fixture_provider_start(p);
	CU_ASSERT_EQUAL(fixture_provider_get(p, "/v1/node", &out, &err), status);
	CU_ASSERT_EQUAL(out.len, 0);
	fixture_provider_says(err.what, what);
	fixture_provider_says(err.hint, hint);
	fixture_provider_says(err.where, "https://127.0.0.1:");
	buffer_free(&out);
	fixture_provider_stop(p);
}

void fixture_provider_fingerprint(X509 *certificate, char out[3 * 32])
{
	unsigned char digest[32];
	struct buffer hex = BUFFER_INIT;

	X509_digest(certificate, EVP_sha256(), digest, NULL);
	text_hex(&hex, (struct bytes){digest, 32}, ':', false);
	snprintf(out, 3 * 32, "%s", buffer_text(&hex));
	buffer_free(&hex);
}
