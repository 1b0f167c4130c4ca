/*
 * The CTL Provider's client, with a server in this process that answers as the test tells it to.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_PROVIDER_H
#define CTLSIGN_TESTS_FIXTURE_PROVIDER_H

#include "fixture_tls.h"
#include "publish/provider_client.h"

/* Made by fixture_provider_make(); kept until the program ends. */
struct fixture_provider_files {
	X509 *server, *expired, *elsewhere; /* for 127.0.0.1, but for the last one */
	X509 *client, *stranger;
	char trust[128]; /* a file with the first three */
	char other[128]; /* one with the stranger only */
};
extern struct fixture_provider_files fixture_provider_files;
void fixture_provider_make(void);

/* A server, and a client of it.  Start from all zero but what is to be set. */
struct fixture_provider {
	struct fixture_tls_server server;
	struct inventory_publish settings;
	struct target_access access;
	struct provider_client *client;
};

/* What is zero yet is set to what works. */
void fixture_provider_start(struct fixture_provider *p);
void fixture_provider_stop(struct fixture_provider *p);

enum status fixture_provider_get(
    struct fixture_provider *p, const char *path, struct buffer *out, struct error *err);

/* Fails the test unless TEXT is in WHERE. */
void fixture_provider_says(const char *where, const char *text);

/* Starts, makes a call that fails with these words, and stops. */
void fixture_provider_fails(
    struct fixture_provider *p, enum status status, const char *what, const char *hint);

/* SHA-256 of it as "AB:CD:..." */
void fixture_provider_fingerprint(X509 *certificate, char out[3 * 32]);

#endif
