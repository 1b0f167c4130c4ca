/*
 * Certificates and requests that are signed by a key which is somewhere else: OpenSSL encodes what
 * is to be signed, somebody else signs its hash, and the three parts are put together here.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_ISSUE_H
#define CTLSIGN_CEREMONY_ISSUE_H

#include "base/bytes.h"
#include "base/error.h"

#include <openssl/types.h>

/* How long a self-signed certificate may hold, in days. */
#define ISSUE_DAYS_MAX 36500

struct issue {
	const X509_NAME *subject;
	const EVP_PKEY *key; /* the public half */
	unsigned days;	     /* from now; 1 to ISSUE_DAYS_MAX; of no use in a request */
	/* As signer_ops.sign() signs. */
	enum status (*sign)(void *context, struct bytes digest_info, uint8_t *signature,
	    size_t *len, struct error *err);
	void *context;
};

/*
 * Whether a certificate that is made now could say when it ends: a clock that is far off cannot be
 * lived with.
 */
enum status issue_check_dates(unsigned days, struct error *err);

/*
 * A self-signed SAST certificate: X.509 v3, random serial number of 16 bytes, SHA-256, for digital
 * signatures and non-repudiation, no CA.  Verified in software before it is handed out.  The caller
 * owns *OUT (X509_free).
 */
enum status issue_certificate(const struct issue *issue, X509 **out, struct error *err);

/* The same as a PKCS#10 request, in PEM, appended to OUT. */
enum status issue_request(const struct issue *issue, struct buffer *out, struct error *err);

#endif
