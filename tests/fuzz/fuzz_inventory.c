/*
 * Fuzz target: ctlsign.conf.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same file again and again, in memory. */
static int file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("inventory", MFD_CLOEXEC);
	if (fd < 0)
		abort();
	return fd;
}

static void check(const struct inventory *inventory)
{
	if (inventory->n_nodes == 0 || inventory->nodes[0].role != NODE_PUBLISHER ||
	    inventory->nodes[0].address.len == 0 || inventory->cluster[0] == '\0' ||
	    inventory->state == NULL || inventory->ctl_file == NULL)
		abort();
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		const struct inventory_node *node = &inventory->nodes[i];

		if (strlen(node->name) - 1 > 254 || strlen(node->dns) - 1 > 254 || node->line == 0)
			abort();
	}
	for (unsigned i = 0; i < N_PORTS; i++)
		if (inventory->ports[i] < 1 || inventory->ports[i] > 65535)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inventory inventory = {0};
	struct error err = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file());
	if (ftruncate(file(), 0) != 0 || pwrite(file(), data, size, 0) != (ssize_t)size)
		abort();
	if (inventory_read(path, &inventory, &err) == ST_OK)
		check(&inventory);
	else if (err.status != ST_FORMAT || err.what[0] == '\0' || err.hint[0] == '\0' ||
		 strncmp(err.where, path, strlen(path)) != 0)
		abort();
	inventory_free(&inventory);
	return 0;
}
