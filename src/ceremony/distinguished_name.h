/*
 * A certificate's subject as a person writes it: RFC 4514 text.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_DISTINGUISHED_NAME_H
#define CTLSIGN_CEREMONY_DISTINGUISHED_NAME_H

#include "base/error.h"

#include <openssl/types.h>

/*
 * "CN=SAST-1,OU=IPT,O=Lab" as a name; the caller owns *OUT (X509_NAME_free).  As RFC 4514 has it,
 * the text begins with what the certificate ends with: here O comes first in the certificate.
 *
 * Taken strictly: no blank around '=' and ',', escapes as the RFC has them.  Types are CN, L, ST,
 * O, OU, C, STREET, DC, UID, serialNumber, emailAddress, or a dotted number; several attributes in
 * one relative name ('+') and values in hexadecimal ('#') are refused.  What is not understood is
 * ST_USAGE with the character's place in `where`; a value that is too long for its type, or a name
 * without a CN, is so, too.
 */
enum status distinguished_name_parse(const char *text, X509_NAME **out, struct error *err);

/*
 * ST_LIMIT when a trust list could not carry NAME as a SAST's: more than 255 bytes as CUCM writes
 * it.
 */
enum status distinguished_name_check_length(const X509_NAME *name, struct error *err);

#endif
