/*
 * A TLS server in this process, which answers as the test tells it to, and certificates for it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_TLS_H
#define CTLSIGN_TESTS_FIXTURE_TLS_H

#include <openssl/types.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A self-signed certificate over KEY for the subjectAltName ALT ("IP:127.0.0.1"; NULL: none), which
 * ends at END (UTCTime "YYMMDDhhmmssZ"; NULL: 2049).
 */
X509 *fixture_tls_certificate(EVP_PKEY *key, const char *name, const char *alt, const char *end);

#define FIXTURE_TLS_CONNECTIONS 256

struct fixture_tls_server;

struct fixture_tls_connection {
	struct fixture_tls_server *server;
	pthread_t thread;
	int fd;
	SSL *ssl;
};

/* Set the first group, start from all zero otherwise. */
struct fixture_tls_server {
	X509 *certificate;
	EVP_PKEY *key;
	X509 *client;	     /* the one that is let in; NULL: nobody is asked for a certificate */
	int max_version;     /* TLS1_2_VERSION; 0: any */
	const char *sigalgs; /* that a client may sign with; NULL: any */
	/*
	 * Answers the request of LEN bytes, NUL behind it; false: the connection ends.  NULL: every
	 * request gets 200 and the body "ok".
	 */
	bool (*answer)(struct fixture_tls_connection *c, const char *request, size_t len);
	void *context;

	unsigned port;
	atomic_uint connections; /* that were accepted */
	atomic_uint handshakes;	 /* that came to an end */
	atomic_uint requests;
	atomic_int version; /* of the last handshake */
	/* its own */
	int fd;
	SSL_CTX *ctx;
	pthread_t thread;
	atomic_bool stop;
	size_t n_threads;
	struct fixture_tls_connection threads[FIXTURE_TLS_CONNECTIONS];
};

void fixture_tls_start(struct fixture_tls_server *server);
void fixture_tls_stop(struct fixture_tls_server *server);

/* For answer(): sends all of it; waits until the client goes away or the server stops. */
void fixture_tls_send(struct fixture_tls_connection *c, const char *data, size_t len);
void fixture_tls_say(struct fixture_tls_connection *c, int code, const char *body);
void fixture_tls_hang(struct fixture_tls_connection *c);

/* A client with this certificate and key; and a handshake of it, a request, and the answer "ok". */
SSL_CTX *fixture_tls_client(X509 *certificate, EVP_PKEY *key);
bool fixture_tls_talk(SSL_CTX *ctx, unsigned port);

#endif
