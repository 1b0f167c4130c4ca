/*
 * A list that is the same in every run, and what tl_show() makes of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_GOLDEN_H
#define CTLSIGN_TESTS_FIXTURE_GOLDEN_H

#include "fixture_looks.h"

/*
 * Fills and makes LOOKS: a SAST with an RSA-2048 certificate, the signer; a CCM+TFTP with an EC
 * certificate of one year; a SAST without a certificate and with an element 99.  Header with
 * SIGNERVERSION, an element 99, padding, and a signature of the bytes 0 to 127.
 */
void golden_list(struct looks *looks);

/* tl_show() of it with TZ=UTC, verified, and last modified a minute before LOOKS_NOW. */
extern const char golden_text[];

#endif
