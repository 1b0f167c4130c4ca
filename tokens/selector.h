/*
 * What a selector says, for the files of tokens/ that look for something.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_SELECTOR_H
#define CTLSIGN_TOKENS_SELECTOR_H

#include "tokens/internal.h"

/* The selector as the person wrote it, printable. */
const char *selector_text(const struct token_selector *selector);

/* Whether it fits the token: label or serial, or all token, slot and module parts of the URI. */
bool selector_fits_token(const struct token_selector *selector, const struct token *token);

/* Whether it is a URI whose module-path or module-name fits none of the modules. */
bool selector_misses_module(const struct token_selector *selector, const struct tokens *tokens);

/* Whether it has an id or a label (object=) of an object. */
bool selector_names_object(const struct token_selector *selector);

/* Whether its type= says something else than a certificate. */
bool selector_excludes_certificates(const struct token_selector *selector);

/* Whether an object with this CKA_ID and CKA_LABEL fits; one that it does not name always does. */
bool selector_fits_object(
    const struct token_selector *selector, struct bytes id, struct bytes label);

/* Its id and label; {NULL, 0} for what it does not give.  Borrowed. */
void selector_object(const struct token_selector *selector, struct bytes *id, struct bytes *label);

#endif
