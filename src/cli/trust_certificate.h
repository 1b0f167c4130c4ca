/*
 * Certificates of Phone-SAST-trust: which are of use there, and which one is meant.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_TRUST_CERTIFICATE_H
#define CTLSIGN_CLI_TRUST_CERTIFICATE_H

#include "store/store.h"

#include <openssl/types.h>
#include <time.h>

/* A trusted certificate, decoded; `x509` is owned. */
struct trusted {
	const struct store_trusted *stored;
	X509 *x509;
	char sha256[65]; /* lower-case hex */
};

struct trusted_list {
	struct store_trusted *stored;
	struct trusted *items;
	size_t n;
};

/* Phone-SAST-trust as STORE has it; NULL: there is none.  trusted_list_free() in any case. */
enum status trusted_list_read(struct store *store, struct trusted_list *out, struct error *err);
void trusted_list_free(struct trusted_list *list);

/*
 * Whether phones could use CERTIFICATE as a SAST: an RSA key of a size that signs lists, names
 * that a CTL can carry, not expired.  ST_LIMIT or ST_FAILED with the reason.
 */
enum status trust_certificate_check(X509 *certificate, time_t now, struct error *err);

/*
 * The one that WORD means: a file with it, its SHA-256, or its serial number in hexadecimal, with
 * or without colons.  ST_FAILED with what to do when none or several are meant.
 */
enum status trusted_find(const struct trusted_list *list, const char *word,
    const struct trusted **out, struct error *err);

/* Appends "SUBJECT, serial 4a21..., SHA-256 9f86...", printable. */
void trust_certificate_name(const X509 *certificate, struct buffer *out);

/* SHA-256 of the DER, lower-case hex; empty when OpenSSL refuses. */
void trust_certificate_sha256(const X509 *certificate, char out[65]);

#endif
