/*
 * Inventories: freeing them, and their publisher.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/inventory_parts.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static void free_certificate(struct inventory_certificate *certificate)
{
	free(certificate->path);
	X509_free(certificate->x509);
}

static void free_servers(struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(servers[i].name);
		free(servers[i].dns);
		free_certificate(&servers[i].certificate);
		inventory_targets_free(&servers[i].deliver);
		conf_strings_free(servers[i].verify.list, servers[i].verify.n);
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
		inventory_targets_free(&nodes[i].deliver);
		conf_strings_free(nodes[i].verify.list, nodes[i].verify.n);
	}
	free(nodes);
}

static void free_publish(struct inventory_publish *publish)
{
	free(publish->ssh_key);
	free(publish->ssh_known_hosts);
	free(publish->client_certificate);
	free(publish->client_key.where);
	free(publish->provider_trust);
	conf_strings_free(publish->phones, publish->n_phones);
}

void inventory_free(struct inventory *inventory)
{
	free(inventory->path);
	free(inventory->directory);
	free(inventory->cluster);
	free(inventory->domain);
	conf_strings_free(inventory->modules, inventory->n_modules);
	free(inventory->state);
	free(inventory->ctl_file);
	free(inventory->phone_families);
	free_nodes(inventory->nodes, inventory->n_nodes);
	free_servers(inventory->alternate_tftp, inventory->n_alternate_tftp);
	free_servers(inventory->firewalls, inventory->n_firewalls);
	free_servers(inventory->entries, inventory->n_entries);
	free_certificate(&inventory->itlrecovery);
	free(inventory->itlrecovery_key.where);
	free(inventory->callmanager_key.where);
	free_publish(&inventory->publish);
	memset(inventory, 0, sizeof(*inventory));
}

const struct inventory_node *inventory_publisher(const struct inventory *inventory)
{
	return &inventory->nodes[0];
}
