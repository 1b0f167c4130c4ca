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

static void check_targets(const struct inventory_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct inventory_target *target = &targets->list[i];
		const bool local = target->kind == TARGET_DIRECTORY;

		if (target->text == NULL || target->line == 0 ||
		    (target->path == NULL) != (target->kind == TARGET_PROVIDER) ||
		    (target->host == NULL) != local || (target->port == 0) != local ||
		    target->port > 65535)
			abort();
	}
}

static void check_publish(const struct inventory_publish *publish)
{
	if (publish->timeout < 1 || publish->timeout > 3600 ||
	    publish->n_phones > INVENTORY_MAX_PHONES)
		abort();
	for (size_t i = 0; i < publish->n_phones; i++)
		if (strspn(publish->phones[i], "0123456789ABCDEF") != 12 ||
		    publish->phones[i][12] != '\0')
			abort();
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
		check_targets(&node->deliver);
	}
	for (size_t i = 0; i < inventory->n_firewalls; i++)
		check_targets(&inventory->firewalls[i].deliver);
	check_publish(&inventory->publish);
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
