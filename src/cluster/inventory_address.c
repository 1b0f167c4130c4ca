/*
 * Addresses of the inventory.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include <arpa/inet.h>
#include <string.h>

bool inventory_address_parse(const char *text, struct inventory_address *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->len = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->len = 16;
	return out->len != 0;
}

bool inventory_address_equal(const struct inventory_address *a, const struct inventory_address *b)
{
	return a->len != 0 && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
