/*
 * Which records the header can mean as the signer's.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_RECORD_H
#define CTLSIGN_TRUSTLIST_RECORD_H

#include "trustlist/trustlist.h"

/*
 * Whether RECORD, of LIST or of another list, is a SAST whose serial and issuer are those that
 * LIST's header names, as stored.
 */
bool record_is_signer(const struct tl_record *record, const struct trustlist *list);

#endif
