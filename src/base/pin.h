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
	PIN_PASSPHRASE, /* the passphrase of a key file: label is the file, serial and reader empty */
};

/* What the person has to know before typing.  Strings are printable, never NULL. */
struct pin_request {
	enum pin_purpose purpose;
	const char *label;
	const char *serial;
	const char *reader;
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
	void *context;
};

#endif
