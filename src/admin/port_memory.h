/*
 * The ports that the current generation was made with, as the state remembers them.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_PORT_MEMORY_H
#define CTLSIGN_ADMIN_PORT_MEMORY_H

#include "cluster/inventory.h"

/* The setting that has them. */
#define ADMIN_PORTS_SETTING "ports"

/* Appends its value: "ctl-provider=2444 sccp=2000 ...", all ports in the order of enum port. */
void admin_ports_text(const struct inventory *inventory, struct buffer *out);

#endif
