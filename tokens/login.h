/*
 * Logging in to a token with one PIN, and out again.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_LOGIN_H
#define CTLSIGN_TOKENS_LOGIN_H

#include "tokens/slots.h"

struct login {
	struct token_identity id;
	const struct pin_source *pins; /* may be NULL: then a PIN that is needed is an error */
	/* Label, serial and reader are set by the caller; the flags are filled in here. */
	struct pin_request request;
};

/*
 * Looks at the token's flags anew, refuses a locked PIN, asks for the PIN, enumerates again, and
 * makes one C_Login.  A token that wants no login gets none, and nobody is asked.
 *
 * Afterwards libp11's list of slots is there, and module->pin holds the PIN for a key that wants
 * it for each signature: login_forget_pin() wipes it as soon as it is known that none does.
 */
enum status login_start(struct login *login, struct error *err);
void login_forget_pin(struct login *login);

/* Logs out, drops the key, the PIN and libp11's list (with its copy of the PIN). */
void login_end(struct login *login);

/* The longest that one call may take: more where a PIN may be typed on the reader. */
unsigned login_timeout(const struct login *login);

/*
 * What the failure CKR of FUNCTION means after a PIN was sent: wrong, with the tries that are left
 * as the token tells them now; locked; cancelled; removed; or something else, which may have used
 * up a try.  Sets ERR and returns its status.
 */
enum status login_explain(
    struct login *login, unsigned long ckr, const char *function, struct error *err);

#endif
