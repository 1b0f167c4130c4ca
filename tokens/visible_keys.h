/*
 * The keys on a token that show without a PIN.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_VISIBLE_KEYS_H
#define CTLSIGN_TOKENS_VISIBLE_KEYS_H

#include "tokens/internal.h"

/*
 * Reads the public and private key objects of T->info, the two halves of a key once, into T->keys,
 * and pairs them with T->certificates, which have been read before: by CKA_ID and public key, else
 * by the public key, and by CKA_ID alone where a key does not tell its modulus.
 */
enum status visible_keys_read(struct surveyed_token *t, struct error *err);

/* Frees keys and has_key. */
void visible_keys_free(struct surveyed_token *t);

#endif
