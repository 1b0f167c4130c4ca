/*
 * The CTL Provider's client: what it sends, and answers that come badly.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider.h"
#include "harness.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool answer_echo(struct fixture_tls_connection *c, const char *request, size_t len)
{
	char head[64];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);

	fixture_tls_send(c, head, (size_t)n);
	fixture_tls_send(c, request, len);
	return true;
}

static void check_talk(int version)
{
	const struct bytes body = {(const uint8_t *)"a\0b", 3};
	const struct provider_call put = {
	    .method = "PUT", .path = "/v1/staged/CTLFile.tlv", .body = &body};
	const struct provider_call post = {
	    .method = "POST", .path = "/v1/x", .body = &body, .type = "application/json"};
	const struct provider_call delete = {.method = "DELETE", .path = "/v1/x"};
	struct fixture_provider p = {.server = {.max_version = version, .answer = answer_echo}};
	struct buffer out = BUFFER_INIT;
	struct error err;
	long code = 0;

	fixture_provider_start(&p);
	buffer_add(&out, "old", 3);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/v1/node", &out, &err), ST_OK);
	fixture_provider_says(buffer_text(&out), "GET /v1/node HTTP/1.1\r\n");
	CU_ASSERT_EQUAL(provider_client_call(p.client, &put, &out, &code, &err), ST_OK);
	CU_ASSERT_EQUAL(code, 200);
	fixture_provider_says(buffer_text(&out), "PUT /v1/staged/CTLFile.tlv HTTP/1.1\r\n");
	fixture_provider_says(buffer_text(&out), "Content-Type: application/octet-stream\r\n");
	CU_ASSERT_EQUAL(memcmp(out.data + out.len - 7, "\r\n\r\na\0b", 7), 0);
	CU_ASSERT_EQUAL(provider_client_call(p.client, &post, &out, &code, &err), ST_OK);
	fixture_provider_says(buffer_text(&out), "POST /v1/x HTTP/1.1\r\n");
	fixture_provider_says(buffer_text(&out), "Content-Type: application/json\r\n");
	CU_ASSERT_EQUAL(provider_client_call(p.client, &delete, &out, &code, &err), ST_OK);
	fixture_provider_says(buffer_text(&out), "DELETE /v1/x HTTP/1.1\r\n");
	CU_ASSERT_PTR_NULL(strstr(buffer_text(&out), "Content-"));
	/* All on one connection. */
	CU_ASSERT_EQUAL(atomic_load(&p.server.connections), 1);
	CU_ASSERT_EQUAL(atomic_load(&p.server.requests), 4);
	CU_ASSERT_EQUAL(atomic_load(&p.server.version), version);
	provider_client_reset(p.client);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/v1/node", &out, &err), ST_OK);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/v1/node", &out, &err), ST_OK);
	CU_ASSERT_EQUAL(atomic_load(&p.server.connections), 2);
	buffer_free(&out);
	fixture_provider_stop(&p);
}

static void test_talk(void)
{
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	check_talk(TLS1_3_VERSION);
	check_talk(TLS1_2_VERSION);
	unsetenv("https_proxy");
}

/* The code stands in the path: "/409". */
static bool answer_code(struct fixture_tls_connection *c, const char *request, size_t len)
{
	(void)len;
	fixture_tls_say(c, atoi(request + 5), c->server->context);
	return true;
}

static void check_code(
    const char *path, const char *body, enum status status, const char *what, const char *hint)
{
	struct fixture_provider p = {.server = {.answer = answer_code}};
	struct buffer out = BUFFER_INIT;
	struct error err;

	p.server.context = (void *)(uintptr_t)body;
	fixture_provider_start(&p);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, path, &out, &err), status);
	CU_ASSERT_EQUAL(out.len, 0);
	CU_ASSERT_STRING_EQUAL(err.what, what);
	fixture_provider_says(err.hint, hint);
	buffer_free(&out);
	fixture_provider_stop(&p);
}

static void test_codes(void)
{
	const struct provider_call call = {
	    .method = "GET", .path = "/404", .missing_is_fine = true};
	struct fixture_provider p = {.server = {.answer = answer_code, .context = "gone"}};
	struct buffer out = BUFFER_INIT;
	struct error err;
	long code = 0;

	fixture_provider_start(&p);
	CU_ASSERT_EQUAL(provider_client_call(p.client, &call, &out, &code, &err), ST_OK);
	CU_ASSERT_EQUAL(code, 404);
	CU_ASSERT_EQUAL(out.len, 0);
	buffer_free(&out);
	fixture_provider_stop(&p);

	check_code("/404", "{\"error\":\"no such file\",\"hint\":\"stage it first\"}", ST_FAILED,
	    "the provider refuses (HTTP 404): no such file", "stage it first");
	check_code("/409", "{\"error\":\"older\"}", ST_NOT_VERIFIED,
	    "the provider refuses (HTTP 409): older", "log of ctlproviderd");
	check_code("/422", "{\"error\":\"a\\u001b[31mb\\nc\"}", ST_NOT_VERIFIED,
	    "the provider refuses (HTTP 422): a\\x1B[31mb\\x0Ac", "");
	check_code(
	    "/301", "", ST_FAILED, "the server answers with HTTP status 301, and no reason", "");
	check_code("/500", "[[[[", ST_FAILED,
	    "the server answers with HTTP status 500, and no reason", "");
	check_code("/507", "{\"error\":7,\"hint\":[]}", ST_FAILED,
	    "the server answers with HTTP status 507, and no reason", "");
}

static bool answer_raw(struct fixture_tls_connection *c, const char *request, size_t len)
{
	const char *text = c->server->context;

	(void)request;
	(void)len;
	fixture_tls_send(c, text, strlen(text));
	return false;
}

static bool answer_endless(struct fixture_tls_connection *c, const char *request, size_t len)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	char chunk[4096 + 16];

	(void)request;
	(void)len;
	memcpy(chunk, "1000\r\n", 6);
	memset(chunk + 6, 'x', 4096);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	fixture_tls_send(c, head, sizeof(head) - 1);
	for (int i = 0; i < 1024 && !atomic_load(&c->server->stop); i++)
		fixture_tls_send(c, chunk, 6 + 4096 + 2);
	return false;
}

static void check_raw(const char *text, enum status status, const char *what, const char *hint)
{
	struct fixture_provider p = {.server = {.answer = answer_raw}};

	p.server.context = (void *)(uintptr_t)text;
	fixture_provider_fails(&p, status, what, hint);
}

static void test_bad_answers(void)
{
	struct fixture_provider endless = {.server.answer = answer_endless};

	check_raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nab", ST_LIMIT, "1048576", "");
	fixture_provider_fails(&endless, ST_LIMIT, "1048576", "");
	check_raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", ST_FAILED,
	    "cut off after 3 of 10 bytes", "try again");
	check_raw("HTTP/1.1 200 OK\r\nContent-Le", ST_FAILED, "did not answer", "try again");
	check_raw("", ST_FAILED, "closed the connection and did not answer", "clients");
	check_raw("garbage\r\n\r\n", ST_FAILED, "no proper answer", "ctlproviderd");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool answer_never(struct fixture_tls_connection *c, const char *request, size_t len)
{
	(void)request;
	(void)len;
	if (c->server->context != NULL)
		fixture_tls_send(c, c->server->context, strlen(c->server->context));
	fixture_tls_hang(c);
	return false;
}

static void test_slow(void)
{
	struct fixture_provider silent = {.server.answer = answer_never, .access.timeout_ms = 600};
	struct fixture_provider half = {.server.answer = answer_never, .access.timeout_ms = 600};
	double start = seconds();

	fixture_provider_fails(
	    &silent, ST_FAILED, "did not answer within 0.6 seconds", "longer timeout");
	half.server.context = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
	fixture_provider_fails(
	    &half, ST_FAILED, "did not answer within 0.6 seconds", "longer timeout");
	CU_ASSERT(seconds() - start < 4);
}

static void *interrupt_soon(void *context)
{
	struct fixture_provider *p = context;

	while (atomic_load(&p->server.requests) == 0)
		usleep(1000);
	usleep(100000);
	provider_client_interrupt(p->client);
	return NULL;
}

static void test_interrupt(void)
{
	struct fixture_provider p = {.server.answer = answer_never, .access.timeout_ms = 20000};
	struct buffer out = BUFFER_INIT;
	double start = seconds();
	struct error err;
	pthread_t thread;

	fixture_provider_start(&p);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, interrupt_soon, &p), 0);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_FAILED);
	CU_ASSERT(seconds() - start < 1.5);
	fixture_provider_says(err.what, "broken off");
	pthread_join(thread, NULL);
	/* So are all later ones, until it is reset. */
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_FAILED);
	fixture_provider_says(err.what, "broken off");
	CU_ASSERT_EQUAL(atomic_load(&p.server.connections), 1);
	p.server.answer = NULL;
	provider_client_reset(p.client);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "ok");
	buffer_free(&out);
	fixture_provider_stop(&p);
}

static void test_not_there(void)
{
	struct buffer out = BUFFER_INIT;
	struct fixture_provider p = {0};
	struct error err;

	fixture_provider_start(&p);
	fixture_tls_stop(&p.server);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "cannot connect: Connection refused");
	provider_client_free(p.client);

	p.client = NULL;
	CU_ASSERT_EQUAL_FATAL(
	    provider_client_new("no-such-host.invalid", 2444, &p.access, &p.client, &err), ST_OK);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_FAILED);
	fixture_provider_says(err.what, "no-such-host.invalid cannot be resolved");
	CU_ASSERT_STRING_EQUAL(err.where, "https://no-such-host.invalid:2444");
	provider_client_free(p.client);
	buffer_free(&out);
}

/* A connection that the server gave up while nobody used it is made anew without a word. */
static bool answer_once(struct fixture_tls_connection *c, const char *request, size_t len)
{
	(void)request;
	(void)len;
	fixture_tls_say(c, 200, "ok");
	return false;
}

static void test_idle(void)
{
	struct fixture_provider p = {.server.answer = answer_once};
	struct buffer out = BUFFER_INIT;
	struct error err;

	fixture_provider_start(&p);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_OK);
	usleep(100000);
	CU_ASSERT_EQUAL(fixture_provider_get(&p, "/", &out, &err), ST_OK);
	CU_ASSERT_EQUAL(atomic_load(&p.server.connections), 2);
	buffer_free(&out);
	fixture_provider_stop(&p);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"calls go over one connection, by TLS 1.2 and 1.3", test_talk},
	    {"HTTP codes become errors with the server's reason", test_codes},
	    {"answers that are too large, cut, or none at all", test_bad_answers},
	    {"a slow server is given up in time", test_slow},
	    {"another thread breaks a call off", test_interrupt},
	    {"a server that is not there", test_not_there},
	    {"an idle connection that was closed is made anew", test_idle},
	};

	return harness_main("publish provider client", tests, HARNESS_COUNT(tests));
}
