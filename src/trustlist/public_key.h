/*
 * A certificate's public key in the form of the element PUBLICKEY.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_PUBLIC_KEY_H
#define CTLSIGN_TRUSTLIST_PUBLIC_KEY_H

#include "trustlist/trustlist.h"

/*
 * Appends the key: an RSA key as PKCS#1 RSAPublicKey, an EC key as its uncompressed point in
 * whatever form the certificate has it.  ST_LIMIT for another type, ST_FORMAT for a key that cannot
 * be read.
 */
enum status public_key_element(const X509 *certificate, struct buffer *out, struct error *err);

#endif
