/*
 * TLS of ctlproviderd: its own certificate and key, and the clients that are let in.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_TLS_H
#define CTLSIGN_PROVIDER_TLS_H

#include "base/bytes.h"
#include "provider/provider.h"

#include <openssl/ssl.h>
#include <time.h>

/* SHA-256 of a certificate. */
#define TLS_FINGERPRINT 32

/*
 * A context for TLS 1.2 and 1.3 with SETTINGS' certificate and key, which asks every client for a
 * certificate, and resumes no session: each connection shows anew whose it is.  A key that others
 * may read is refused.  How a client's certificate is judged is up to the caller.
 */
enum status tls_context_new(
    const struct provider_settings *settings, SSL_CTX **out, struct error *err);

/* When the certificate of CONTEXT ends; false when that cannot be told. */
bool tls_context_ends(const SSL_CTX *context, time_t *out);

/* ---- the clients that are let in ------------------------------------------------------------- */

struct tls_clients;

/*
 * Every certificate of the PEM file PATH.  None, one that cannot be read, or a private key in it is
 * refused.
 */
enum status tls_clients_read(const char *path, struct tls_clients **out, struct error *err);
void tls_clients_free(struct tls_clients *clients);
size_t tls_clients_count(const struct tls_clients *clients);
bool tls_clients_has(const struct tls_clients *clients, const uint8_t *fingerprint);

#endif
