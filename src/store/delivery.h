/*
 * The end of a delivery's journal.
 *
 * Private to src/store/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_DELIVERY_H
#define CTLSIGN_STORE_DELIVERY_H

#include "store/statement.h"

/* Empties the journal, within the transaction that ends its generation. */
enum status delivery_end(struct store *store, struct error *err);

#endif
