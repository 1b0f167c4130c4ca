/*
 * A TLS server with a thread for each connection.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_tls.h"

#include "fixture_certs.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_REQUEST (2u * 1024 * 1024)

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void add_alternative(X509 *certificate, const char *alt)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, alt);
	must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, "subjectAltName");
	X509_EXTENSION_free(extension);
}

X509 *fixture_tls_certificate(EVP_PKEY *key, const char *name, const char *alt, const char *end)
{
	const char *subject[] = {"CN", name, NULL};
	const struct fixture_cert_spec spec = {
	    .subject = subject, .key = key, .serial = {(const uint8_t *)"\x2a", 1}};
	X509 *certificate = fixture_cert(&spec);

	if (alt != NULL)
		add_alternative(certificate, alt);
	if (end != NULL)
		must(ASN1_TIME_set_string(X509_getm_notAfter(certificate), end) == 1, "notAfter");
	must(X509_sign(certificate, key, EVP_sha256()) > 0, "X509_sign");
	return certificate;
}

/* Whether FD can be read before the server is to stop. */
static bool wait_for(struct fixture_tls_server *s, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (!atomic_load(&s->stop))
		if (poll(&p, 1, 20) > 0)
			return true;
	return false;
}

/* Only the one client. */
static int on_verify(X509_STORE_CTX *store, void *context)
{
	const struct fixture_tls_server *s = context;

	if (X509_cmp(X509_STORE_CTX_get0_cert(store), s->client) == 0)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
	return 0;
}

void fixture_tls_send(struct fixture_tls_connection *c, const char *data, size_t len)
{
	size_t sent;

	for (size_t n = 0; n < len; n += sent)
		if (SSL_write_ex(c->ssl, data + n, len - n, &sent) != 1)
			return;
}

void fixture_tls_say(struct fixture_tls_connection *c, int code, const char *body)
{
	char head[128];
	int n = snprintf(
	    head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", code, strlen(body));

	fixture_tls_send(c, head, (size_t)n);
	fixture_tls_send(c, body, strlen(body));
}

void fixture_tls_hang(struct fixture_tls_connection *c)
{
	wait_for(c->server, c->fd);
}

/* How long the whole request will be; 0: the head is not there yet. */
static size_t request_length(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strcasestr(request, "\r\nContent-Length:");

	if (end == NULL)
		return 0;
	return (size_t)(end - request) + 4 +
	       (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

static bool serve_request(struct fixture_tls_connection *c, char *request)
{
	size_t n, len = 0, whole = 0;

	do {
		if (SSL_pending(c->ssl) == 0 && !wait_for(c->server, c->fd))
			return false;
		if (SSL_read_ex(c->ssl, request + len, MAX_REQUEST - len, &n) != 1)
			return false;
		len += n;
		request[len] = '\0';
		whole = request_length(request);
	} while (whole == 0 || len < whole);
	atomic_fetch_add(&c->server->requests, 1);
	if (c->server->answer != NULL)
		return c->server->answer(c, request, len);
	fixture_tls_say(c, 200, "ok");
	return true;
}

static void *serve(void *context)
{
	struct fixture_tls_connection *c = context;
	char *request = malloc(MAX_REQUEST + 1);

	must(request != NULL, "malloc");
	c->ssl = SSL_new(c->server->ctx);
	must(c->ssl != NULL && SSL_set_fd(c->ssl, c->fd) == 1, "SSL_new");
	if (wait_for(c->server, c->fd) && SSL_accept(c->ssl) == 1) {
		atomic_store(&c->server->version, SSL_version(c->ssl));
		atomic_fetch_add(&c->server->handshakes, 1);
		while (serve_request(c, request)) {
		}
		SSL_shutdown(c->ssl);
	}
	SSL_free(c->ssl);
	ERR_clear_error();
	close(c->fd);
	free(request);
	return NULL;
}

static void *accept_all(void *context)
{
	struct fixture_tls_server *s = context;

	while (wait_for(s, s->fd)) {
		struct fixture_tls_connection *c = &s->threads[s->n_threads];

		must(s->n_threads < FIXTURE_TLS_CONNECTIONS, "another connection");
		c->fd = accept(s->fd, NULL, NULL);
		if (c->fd < 0)
			continue;
		c->server = s;
		atomic_fetch_add(&s->connections, 1);
		must(pthread_create(&c->thread, NULL, serve, c) == 0, "pthread_create");
		s->n_threads++;
	}
	return NULL;
}

static void make_context(struct fixture_tls_server *s)
{
	s->ctx = SSL_CTX_new(TLS_server_method());
	must(s->ctx != NULL, "SSL_CTX_new");
	if (s->max_version != 0)
		must(SSL_CTX_set_max_proto_version(s->ctx, s->max_version) == 1, "max_version");
	/* So that old versions can be had at all. */
	if (s->max_version != 0 && s->max_version < TLS1_2_VERSION)
		must(SSL_CTX_set_min_proto_version(s->ctx, TLS1_VERSION) == 1 &&
			 SSL_CTX_set_cipher_list(s->ctx, "ALL:@SECLEVEL=0") == 1,
		    "old versions");
	must(SSL_CTX_use_certificate(s->ctx, s->certificate) == 1 &&
		 SSL_CTX_use_PrivateKey(s->ctx, s->key) == 1,
	    "the server's key");
	if (s->client != NULL) {
		SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		SSL_CTX_set_cert_verify_callback(s->ctx, on_verify, s);
	}
	if (s->sigalgs != NULL)
		must(SSL_CTX_set1_client_sigalgs_list(s->ctx, s->sigalgs) == 1, "sigalgs");
}

void fixture_tls_start(struct fixture_tls_server *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);

	make_context(s);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		 listen(s->fd, 64) == 0 && getsockname(s->fd, (struct sockaddr *)&a, &len) == 0,
	    "listening");
	s->port = ntohs(a.sin_port);
	must(pthread_create(&s->thread, NULL, accept_all, s) == 0, "pthread_create");
}

void fixture_tls_stop(struct fixture_tls_server *s)
{
	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->n_threads; i++)
		pthread_join(s->threads[i].thread, NULL);
	close(s->fd);
	SSL_CTX_free(s->ctx);
}

static int connect_to(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	    .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		abort();
	return fd;
}

bool fixture_tls_talk(SSL_CTX *ctx, unsigned port)
{
	static const char request[] = "GET / HTTP/1.1\r\n\r\n";
	SSL *ssl = SSL_new(ctx);
	int fd = connect_to(port);
	char answer[256] = "";
	size_t n = 0, len = 0;
	bool good;

	SSL_set_fd(ssl, fd);
	good = SSL_connect(ssl) == 1 && SSL_write_ex(ssl, request, sizeof(request) - 1, &n) == 1;
	while (good && strstr(answer, "\r\n\r\nok") == NULL) {
		good = SSL_read_ex(ssl, answer + len, sizeof(answer) - 1 - len, &n) == 1;
		len += good ? n : 0;
	}
	SSL_free(ssl);
	ERR_clear_error();
	close(fd);
	return good;
}

SSL_CTX *fixture_tls_client(X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	must(ctx != NULL && SSL_CTX_use_certificate(ctx, certificate) == 1 &&
		 SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1,
	    "the client's key");
	return ctx;
}
