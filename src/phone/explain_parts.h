/*
 * The table of what phones say; private to those who look in it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_EXPLAIN_PARTS_H
#define CTLSIGN_PHONE_EXPLAIN_PARTS_H

#include "phone/explain.h"

extern const struct phone_saying sayings[];
extern const size_t n_sayings;

#endif
