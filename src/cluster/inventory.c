/*
 * Inventories: freeing them, and their publisher.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static void free_certificate(struct inventory_certificate *certificate)
{
	free(certificate->path);
	X509_free(certificate->x509);
}

static void free_strings(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static void free_servers(struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(servers[i].name);
		free(servers[i].dns);
		free_certificate(&servers[i].certificate);
		free_strings(servers[i].deliver.list, servers[i].deliver.n);
	}
	free(servers);
}

static void free_nodes(struct inventory_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(nodes[i].name);
		free(nodes[i].dns);
		free_certificate(&nodes[i].certificate);
		free_certificate(&nodes[i].capf);
		free_strings(nodes[i].deliver.list, nodes[i].deliver.n);
	}
	free(nodes);
}

void inventory_free(struct inventory *inventory)
{
	free(inventory->path);
	free(inventory->directory);
	free(inventory->cluster);
	free(inventory->domain);
	free_strings(inventory->modules, inventory->n_modules);
	free(inventory->state);
	free(inventory->ctl_file);
	free_nodes(inventory->nodes, inventory->n_nodes);
	free_servers(inventory->alternate_tftp, inventory->n_alternate_tftp);
	free_servers(inventory->firewalls, inventory->n_firewalls);
	free_servers(inventory->entries, inventory->n_entries);
	free_certificate(&inventory->itlrecovery);
	free(inventory->itlrecovery_key.where);
	free(inventory->callmanager_key.where);
	memset(inventory, 0, sizeof(*inventory));
}

const struct inventory_node *inventory_publisher(const struct inventory *inventory)
{
	return &inventory->nodes[0];
}
