/*
 * Sockets that systemd opened; private to the files that listen.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_LISTEN_SYSTEMD_H
#define CTLSIGN_PROVIDER_LISTEN_SYSTEMD_H

#include "provider/listen.h"

/* Takes them into OUT, which is empty; it stays so when there are none for this process. */
enum status listen_from_systemd(struct listen_sockets *out, struct error *err);

#endif
