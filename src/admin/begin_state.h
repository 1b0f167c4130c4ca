/*
 * The first state of a cluster that is taken over.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_BEGIN_STATE_H
#define CTLSIGN_ADMIN_BEGIN_STATE_H

#include "cluster/takeover.h"

/*
 * Makes the state file PATH with LIST as generation 1, as TAKEOVER sees it, and the certificates of
 * other clusters as Phone-SAST-trust.  FROM is where the list came from.  *SIGNER is the caller's.
 */
enum status begin_state(const char *path, const struct trustlist *list,
    const struct takeover *takeover, const char *from, char **signer, struct error *err);

#endif
