/*
 * What libp11 does not tell about private keys.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_KEY_FACTS_H
#define CTLSIGN_TOKENS_KEY_FACTS_H

#include "base/bytes.h"
#include "tokens/module.h"

struct key_facts {
	/*
	 * libp11 0.4.12 crashes on an RSA key that does not tell its public exponent where no
	 * public key object with the same modulus does.
	 */
	bool exponent_hidden;
	bool always_authenticate; /* CKA_ALWAYS_AUTHENTICATE: wants the PIN for each signature */
};

/*
 * In a job, after the login: the facts of the RSA private keys with this CKA_ID (with any, when it
 * is empty); where several have it, a fact of one is a fact of all.
 */
void key_facts_read(struct module *module, struct bytes id, struct key_facts *facts);

/*
 * The handle, in module->session, of the RSA private key with this CKA_ID (any, when it is empty)
 * and modulus, which is without leading zeros.  A key that does not tell its modulus is taken when
 * it is the only such one with the CKA_ID.  CK_INVALID_HANDLE when there is none.
 */
CK_OBJECT_HANDLE key_handle(struct module *module, struct bytes id, struct bytes modulus);

/* Whether that one key wants the PIN for each signature. */
bool key_always_authenticates(struct module *module, CK_OBJECT_HANDLE key);

#endif
