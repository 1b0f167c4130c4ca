/*
 * What phones say of their trust lists, and what it means.
 *
 * Sources: the status messages in the administration guides of Cisco's IP phones, and the alarm
 * DeviceTLInfo in Cisco's alarm catalogue for Unified Communications Manager.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_EXPLAIN_H
#define CTLSIGN_PHONE_EXPLAIN_H

#include <stddef.h>

struct phone_saying {
	const char *text;   /* as the phone shows it: "Trust List update failed"; NULL for a code */
	int code;	    /* of DeviceTLInfo; 0 for a text */
	const char *means;  /* marked for translation, as the next two */
	const char *causes; /* a line each, may be NULL */
	const char *todo;   /* a line each: what to look at, with which command of ctlsign */
};

/*
 * Finds what STATUS says: a text (case, blanks and punctuation do not count, and what stands before
 * or after it in a line of a log may be there too: "12:03:11a Trust List update failed"), a code
 * ("9", "DeviceTLInfo 9", "DeviceTLInfo=9").  NULL: nothing fits.
 */
const struct phone_saying *phone_explain(const char *status);

/* All, for those who list them; NULL behind the last. */
const struct phone_saying *phone_saying_at(size_t index);

#endif
