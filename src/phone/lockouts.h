/*
 * The list of phones that would be locked out, as a file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_LOCKOUTS_H
#define CTLSIGN_PHONE_LOCKOUTS_H

#include "phone/fleet.h"

/*
 * Writes the phones of ANSWER that are rejected to PATH (which is replaced, durably), by name, as
 * CSV with a header: device name, model, the checksum of its CTL, the generation or file that it
 * holds, when it was seen (UTC), why; with an apostrophe before what a spreadsheet would take for a
 * formula.  QUESTION is the one that ANSWER is to.
 */
enum status phone_lockouts_write(const struct fleet_question *question,
    const struct fleet_answer *answer, const char *path, struct error *err);

#endif
