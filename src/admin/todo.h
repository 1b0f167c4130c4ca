/*
 * What officers have to do once a new CTL is on all servers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_TODO_H
#define CTLSIGN_ADMIN_TODO_H

#include "cluster/inventory.h"
#include "cluster/plan.h"

/*
 * Appends it, a line a step.  MODE is that of the new CTL; RESET_LOCALKEY: it was made by that
 * command, so that the usual signer has to sign again.
 */
void admin_todo(const struct inventory *inventory, enum cluster_mode mode, bool reset_localkey,
    struct buffer *out);

/* Whether REASON, the command that made a generation, is reset-localkey. */
bool admin_is_reset_localkey(const char *reason);

/*
 * Appends the steps for a CTL that was only delivered again: SERVERS are the nodes that got it, N
 * of them.
 */
void admin_todo_again(
    const struct inventory *inventory, const char *const *servers, size_t n, struct buffer *out);

#endif
