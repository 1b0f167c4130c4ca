/*
 * The signer that somebody named: a pkcs11: URI or a PEM key file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_NAMED_SIGNER_H
#define CTLSIGN_CEREMONY_NAMED_SIGNER_H

#include "base/pin.h"
#include "base/signer.h"
#include "tokens/tokens.h"

/* The signer with what it needs for its life.  Start from all zero. */
struct named_signer {
	struct token_selector *selector;
	struct signer *signer;
};

/*
 * Opens KEY as token_signer_open() or pem_signer_open() do; its certificate is one of CANDIDATES.
 * TOKENS may be NULL for a file.  TOKENS, CANDIDATES and PINS must outlive it.
 * named_signer_close() in any case.
 */
enum status named_signer_open(struct named_signer *named, const char *key, X509 *const *candidates,
    size_t n_candidates, struct tokens *tokens, const struct pin_source *pins, struct error *err);
void named_signer_close(struct named_signer *named);

#endif
