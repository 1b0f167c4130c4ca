/*
 * What a PKCS#11 return value (CKR_...) means to a person.
 *
 * Names and numbers are those of PKCS#11 3.0, section 3.6; meanings and advice are ours.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_CKR_H
#define CTLSIGN_TOKENS_CKR_H

#include "base/error.h"

struct ckr_meaning {
	unsigned long code;
	const char *name;
	const char *meaning; /* untranslated; never NULL */
	const char *action;  /* untranslated; NULL when there is nothing sensible to advise */
	enum status status;
};

/* The table's entry; for a value that the table lacks one that says so.  Never NULL. */
const struct ckr_meaning *ckr_lookup(unsigned long code);

/*
 * Sets ERR to "FUNCTION failed: MEANING (NAME, 0xHEX)" with what to do, and returns the status
 * that fits CODE (ST_TOKEN when no better one does).  CODE 0, CKR_OK, means that libp11 failed
 * without a code from the module.
 */
enum status ckr_error(struct error *err, unsigned long code, const char *function);

/*
 * libp11 leaves the CKR of the failed call in OpenSSL's error queue, among errors of others.
 * ckr_queue_clear() goes before a call into libp11; ckr_queue_take() returns the first CKR, or 0,
 * and empties the queue.  The queue belongs to the calling thread.
 *
 * The queue keeps 23 bits of a code, so a vendor's 0x800000a0 comes out as 0xa0, CKR_PIN_INCORRECT.
 * Hence whatever sends a PIN or signs is called directly and not through libp11; and for the rest
 * ckr_error_from_libp11() believes no code that could only be true after a PIN was sent.
 */
void ckr_queue_clear(void);
unsigned long ckr_queue_take(void);
enum status ckr_error_from_libp11(struct error *err, unsigned long code, const char *function);

#endif
