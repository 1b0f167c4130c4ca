/*
 * Where PINs come from: tokens ask through this, the ceremony answers (a terminal, a file, a
 * descriptor).
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_PIN_H
#define CTLSIGN_BASE_PIN_H

#include "base/secret.h"

#include <stdbool.h>

enum pin_purpose {
	PIN_LOGIN,	/* the user PIN, before the key is used */
	PIN_CONTEXT,	/* the PIN again for one signature (CKA_ALWAYS_AUTHENTICATE) */
	PIN_PASSPHRASE, /* the passphrase of a key file: label is the file, serial and reader empty
			 */
	PIN_SO,		/* the Security Officer's PIN, or the PUK of a card that has one */
	PIN_NEW,	/* a new user PIN: typed twice by a person */
	PIN_NEW_SO,	/* a new SO PIN, for a token that is being initialised */
};

/* What becomes of a PIN: it is sent, and then one of the others. */
enum pin_outcome {
	PIN_SENT, /* it is about to be sent: who is killed from here on may have used up a try */
	PIN_ACCEPTED,
	PIN_REFUSED,   /* wrong, or locked: a try is gone */
	PIN_UNCERTAIN, /* no answer, or one that does not tell: a try may be gone */
	PIN_UNUSED,    /* not sent after all, cancelled on the reader, or not looked at: no try is
			  gone, and nobody knows whether it is right */
};

/* What the person has to know before typing.  Strings are printable, never NULL. */
struct pin_request {
	enum pin_purpose purpose;
	const char *label;
	const char *serial;
	const char *reader;
	const char *manufacturer; /* with label and serial, what failures are counted under */
	unsigned min_len;	  /* of the PIN, as the token tells; max_len 0: it does not */
	unsigned max_len;
	bool pin_pad;	/* the PIN is typed on the reader: say so, return ST_OK and no secret */
	bool count_low; /* at least one wrong PIN since the last right one */
	bool final_try; /* one more wrong PIN locks the token: needs a typed confirmation */
};

struct pin_source {
	/*
	 * Fills PIN (allocating it), or returns ST_PIN_NEEDED, ST_CANCELLED or another status with
	 * ERR set.  The caller wipes PIN.  May be called from another thread than the one that made
	 * the source, never from two at a time.
	 */
	enum status (*ask)(void *context, const struct pin_request *request, struct secret *pin,
	    struct error *err);
	/*
	 * Hears what becomes of the PIN in REQUEST: PIN_SENT before it is sent (or typed on a PIN
	 * pad), then once what came of that; not for PIN_NEW and PIN_NEW_SO, nor for a passphrase.
	 * Tokens do not always tell of the tries that are gone, so somebody else has to count.  May
	 * be NULL; called like ask().
	 */
	void (*tell)(void *context, const struct pin_request *request, enum pin_outcome outcome);
	void *context;
};

#endif
