/*
 * Whether the Smart Card service starts by itself: read from the files of systemd, sysv init and
 * OpenRC, without asking any of them.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_SERVICE_START_H
#define CTLSIGN_TOKENS_SERVICE_START_H

#include "tokens/tokens.h"

/* Fills init, start, unit, by and stop_links of SERVICE from the files below ROOT. */
void service_start_look(const char *root, struct smartcard_service *service);

#endif
