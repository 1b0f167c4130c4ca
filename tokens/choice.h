/*
 * Which certificate a token signs with, as far as that can be told without a PIN.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_CHOICE_H
#define CTLSIGN_TOKENS_CHOICE_H

#include "tokens/selector.h"

/*
 * Compares the token's certificates with REQUEST's candidates, as token_signer_open() promises.
 * ST_OK: *CANDIDATE is the signer and *CERTIFICATE its certificate on the token; or *CERTIFICATE
 * is NULL, and the key must be looked for after login.
 */
enum status choice_make(struct token *token, const struct token_signer_request *request,
    size_t *candidate, const struct token_certificate **certificate, struct error *err);

#endif
