/*
 * Dealing with a token's PINs: asking for one, logging in with it, and telling what came of it.
 *
 * Private to tokens/.  login.c logs in and out, login_ask.c talks with whoever has the PIN,
 * login_explain.c puts failures into words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_LOGIN_H
#define CTLSIGN_TOKENS_LOGIN_H

#include "base/pin.h"
#include "tokens/slots.h"

struct token;

/* Points into itself: it must not be copied. */
struct login {
	struct token_identity id;
	const struct pin_source *pins; /* may be NULL: then a PIN that is needed is an error */
	bool for_writing;	       /* the session is to write, and libp11 is not needed */
	/* The last PIN that was asked for, but for new ones: what is told of it goes with this. */
	struct pin_request request;
	bool awaited; /* PIN_SENT was told of it, and not yet what came of that */
	/* What was used to log in, for a key that wants it again; none with a PIN pad. */
	struct secret pin;
	struct { /* what the request's strings point to */
		char label[4 * 32 + 1];
		char serial[4 * 16 + 1];
		char reader[4 * 64 + 1];
		char manufacturer[4 * 32 + 1];
	} text;
};

/* LOGIN must be all zero. */
void login_init(struct login *login, const struct token *token, const struct pin_source *pins);

/*
 * Looks at the token's flags anew, refuses a locked PIN, asks for the PIN, opens a session, and
 * makes one C_Login.  A token that wants no login gets none, and nobody is asked.
 *
 * Afterwards module->session and (not for writing) libp11's list of slots are there, and login->pin
 * is the PIN: login_forget_pin() wipes it as soon as it is known that no key wants it for each
 * signature.
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

/*
 * The longest that one call may take: more where a PIN may be typed on the reader.  And the longest
 * that a call may take which makes the token compute or erase for long.
 */
unsigned login_timeout(const struct login *login);
unsigned login_long_timeout(const struct login *login);

/*
 * Asks for a PIN that the token has, unless the token, as it is NOW, says that it is locked.  PIN
 * stays empty where the token has a PIN pad.  A user PIN of a length that the token, by its own
 * word, does not take cannot be right, and is ST_PIN_WRONG.
 */
enum status login_ask(struct login *login, enum pin_purpose purpose, const CK_TOKEN_INFO *now,
    struct secret *pin, struct error *err);

/*
 * Asks for one that the token is to get (PIN_NEW, PIN_NEW_SO), and refuses what the token, by its
 * own word, would not take.
 */
enum status login_ask_new(struct login *login, enum pin_purpose purpose, const CK_TOKEN_INFO *now,
    struct secret *pin, struct error *err);

/*
 * Tells what becomes of the PIN of the last login_ask(): PIN_SENT before the job runs that sends
 * it, then what came of it.  An outcome of what was not told as sent is nobody's business.
 */
void login_tell(struct login *login, enum pin_outcome outcome);

/* What to tell of a PIN that was sent with the result CKR, which was explained as STATUS. */
enum pin_outcome login_outcome(enum status status, unsigned long ckr);

/*
 * What the failure CKR (not CKR_OK) of FUNCTION means after a PIN was sent: wrong, with the tries
 * that are left as the token tells them now; locked; cancelled, which only a PIN pad can be;
 * removed; or something else.  Unless it cannot be so, the error says that the PIN may have been
 * counted as a wrong one.  Sets ERR and returns its status.
 */
enum status login_explain(
    struct login *login, unsigned long ckr, const char *function, struct error *err);

/* login_explain(), and tells: for a PIN that was sent and failed. */
enum status login_failed(
    struct login *login, unsigned long ckr, const char *function, struct error *err);

/*
 * Completes the error of a job that did not come back, and tells, by how far it got: a PIN may have
 * been sent, or changed.
 */
enum status login_timed_out(struct login *login, struct error *err);

/*
 * ckr_error(), but a token without a PIN pad that says that a person cancelled the call is not
 * believed.
 */
enum status login_ckr_error(
    const struct login *login, unsigned long ckr, const char *function, struct error *err);

#endif
