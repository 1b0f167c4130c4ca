/*
 * The ports that the current generation was made with, as the state remembers them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/port_memory.h"

void admin_ports_text(const struct inventory *inventory, struct buffer *out)
{
	for (int i = 0; i < N_PORTS; i++)
		buffer_printf(
		    out, "%s%s=%u", i > 0 ? " " : "", port_name((enum port)i), inventory->ports[i]);
}
