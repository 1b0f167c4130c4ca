/*
 * The conversation in which a person inserts one token after the other.
 *
 * Private to src/ceremony/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_COLLECT_ASK_H
#define CTLSIGN_CEREMONY_COLLECT_ASK_H

#include "ceremony/candidate.h"

/* Asks until COLLECTION has the number of tokens that is wanted. */
enum status collect_ask(
    const struct collect_request *request, struct collection *collection, struct error *err);

/* Asks which of the collected tokens signs: the one that is inserted when the person says so. */
enum status collect_ask_signer(const struct collect_request *request,
    const struct collection *collection, size_t *signer, struct error *err);

#endif
