/*
 * How many wrong PINs this user has sent to a token from this computer since the last right one.
 *
 * Tokens should tell when few tries are left, but the flags of some lie, and others only show the
 * last one.  So the program counts for itself, from run to run, in
 * $XDG_STATE_HOME/ctlsign/pin-failures.json (~/.local/state when that is unset).  The file holds
 * the names of tokens and counts, never a PIN.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_PIN_FAILURES_H
#define CTLSIGN_CEREMONY_PIN_FAILURES_H

#include "base/error.h"
#include "base/pin.h"

/* After this many another PIN is only sent when a person has typed a yes. */
#define PIN_FAILURES_MAX 2

/*
 * The count for REQUEST's token and PIN (the user's or the SO's).  0 when nothing is known, also
 * when the file is missing or damaged: the token's own counter is what protects it.
 */
unsigned pin_failures_count(const struct pin_request *request);

/*
 * Notes what becomes of a PIN.  PIN_SENT is one more, so that whoever is killed before the answer
 * has it counted; PIN_REFUSED and PIN_UNCERTAIN let it stand, PIN_ACCEPTED clears the count, and
 * PIN_UNUSED, which may only come after a PIN_SENT that was noted, takes that one back.  A right SO
 * PIN clears the user's count as well, since it is there to give the user a new PIN.
 *
 * What stays is flushed to the disk.  A PIN_SENT with nothing else in the file is not, since nearly
 * all of them are taken back a moment later: killing the process loses nothing, cutting the power
 * may lose that one.  A file with no count left is removed.
 *
 * Waits for another run that writes at the same time.  A failure leaves the file as it was.
 */
enum status pin_failures_note(
    const struct pin_request *request, enum pin_outcome outcome, struct error *err);

#endif
