/*
 * What records are asked: whether they are the signer's, and for their certificates.
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

/* Whether RECORD carries exactly this certificate: the same DER. */
bool record_has_certificate(const struct tl_record *record, const X509 *certificate);

/* The number of RECORD, which is one of LIST's, from 1. */
size_t record_number(const struct trustlist *list, const struct tl_record *record);

/* Lets go of what tl_decode_certificates() has left in LIST. */
void records_forget_certificates(struct trustlist *list);

#endif
