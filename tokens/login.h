/*
 * Logging in to a token with one PIN, and out again.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_LOGIN_H
#define CTLSIGN_TOKENS_LOGIN_H

#include "base/pin.h"
#include "tokens/slots.h"

struct login {
	struct token_identity id;
	const struct pin_source *pins; /* may be NULL: then a PIN that is needed is an error */
	/* Label, serial and reader are set by the caller; the flags are filled in here. */
	struct pin_request request;
	/* What was used to log in, for a key that wants it again; none with a PIN pad. */
	struct secret pin;
};

/*
 * Looks at the token's flags anew, refuses a locked PIN, asks for the PIN, opens a session, and
 * makes one C_Login.  A token that wants no login gets none, and nobody is asked.
 *
 * Afterwards module->session and libp11's list of slots are there, and login->pin is the PIN:
 * login_forget_pin() wipes it as soon as it is known that no key wants it for each signature.
 */
enum status login_start(struct login *login, struct error *err);
void login_forget_pin(struct login *login);

/*
 * For a key that wants the PIN for each signature: moves the one that was used to log in to PIN,
 * so that nobody is asked twice.  Where there is none somebody is asked, or told to look at the
 * PIN pad, with the token's flags as they are now.
 */
enum status login_pin_again(struct login *login, struct secret *pin, struct error *err);

/* Logs out, and drops the PIN, the session and libp11's list. */
void login_end(struct login *login);

/* The longest that one call may take: more where a PIN may be typed on the reader. */
unsigned login_timeout(const struct login *login);

/*
 * What the failure CKR (not CKR_OK) of FUNCTION means after a PIN was sent: wrong, with the tries
 * that are left as the token tells them now; locked; cancelled, which only a PIN pad can be;
 * removed; or something else.  Unless it cannot be so, the error says that the PIN may have been
 * counted as a wrong one.  Sets ERR and returns its status.
 */
enum status login_explain(
    struct login *login, unsigned long ckr, const char *function, struct error *err);

/* Completes the error of a job that did not come back: it may have been stuck in C_Login. */
enum status login_timed_out(const struct login *login, struct error *err);

/*
 * ckr_error(), but a token without a PIN pad that says that a person cancelled the call is not
 * believed.
 */
enum status login_ckr_error(
    const struct login *login, unsigned long ckr, const char *function, struct error *err);

#endif
