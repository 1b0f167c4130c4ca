/*
 * How certificates are told to people and scripts.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_CERTIFICATE_TEXT_H
#define CTLSIGN_CEREMONY_CERTIFICATE_TEXT_H

#include "base/text.h"

#include <jansson.h>
#include <openssl/types.h>

/* Appends the subject as trust lists write it, printable. */
void certificate_subject(const X509 *certificate, struct buffer *out);

/*
 * Whether the certificate's serial begins with TYPED, hex of at least four digits; colons and case
 * do not count.  *WHOLE: it is just that.
 */
bool certificate_serial_fits(const X509 *certificate, const char *typed, bool *whole);

/* Adds subject, issuer, serial, key and validity to a table of two columns. */
void certificate_rows(const X509 *certificate, struct text_table *table);

/* The same as a JSON object: subject, issuer, serial, key, not_before, not_after, sha1, sha256. */
json_t *certificate_json(const X509 *certificate);

#endif
