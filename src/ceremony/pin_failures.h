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
 * Notes what came of a PIN: one more, or none any more.  A right SO PIN clears the user's count as
 * well, since it is there to give the user a new PIN.  Waits for another run that writes at the
 * same time.  A failure leaves the file as it was.
 */
enum status pin_failures_note(
    const struct pin_request *request, enum pin_outcome outcome, struct error *err);

#endif
