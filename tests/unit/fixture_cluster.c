/*
 * The inventory of a small cluster, and CTLs for it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"

#include "fixture_certs.h"
#include "fixture_lists.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CERTS 200
#define MAX_NODES (1 + INVENTORY_MAX_SUBSCRIBERS + INVENTORY_MAX_TFTP + INVENTORY_MAX_MEDIA)

static struct {
	char cn[64];
	unsigned version;
	X509 *x509;
} certs[MAX_CERTS];
static size_t n_certs;

static void *must(void *made, const char *what)
{
	if (made == NULL) {
		fprintf(stderr, "fixture_cluster: %s failed\n", what);
		abort();
	}
	return made;
}

static void must_be_true(bool held, const char *what)
{
	must(held ? certs : NULL, what);
}

/* ---- certificates -------------------------------------------------------------------------- */

static void free_certs(void)
{
	for (size_t i = 0; i < n_certs; i++)
		X509_free(certs[i].x509);
	n_certs = 0;
}

static enum fixture_key_id key_of(unsigned version)
{
	return version % 2 == 0 ? FIXTURE_RSA_1024_A : FIXTURE_RSA_1024_B;
}

X509 *fixture_cluster_cert(const char *cn, unsigned version)
{
	const char *const subject[] = {"C", "PL", "O", "Lab", "CN", cn, NULL};
	uint8_t serial[FIXTURE_CLUSTER_SERIAL];

	for (size_t i = 0; i < n_certs; i++)
		if (strcmp(certs[i].cn, cn) == 0 && certs[i].version == version)
			return certs[i].x509;
	must_be_true(n_certs < MAX_CERTS && strlen(cn) < sizeof(certs[0].cn), "room");
	if (n_certs == 0)
		atexit(free_certs);
	/* No two are alike, and none reads the same from behind. */
	serial[0] = 0x40;
	serial[1] = (uint8_t)version;
	serial[2] = (uint8_t)(n_certs + 1);
	strcpy(certs[n_certs].cn, cn);
	certs[n_certs].version = version;
	certs[n_certs].x509 = fixture_cert(&(struct fixture_cert_spec){.subject = subject,
	    .key = fixture_key(key_of(version)),
	    .serial = {serial, sizeof(serial)}});
	return certs[n_certs++].x509;
}

/* ---- what an inventory owns ---------------------------------------------------------------- */

void fixture_cluster_text(char **text, const char *value)
{
	free(*text);
	*text = value != NULL ? must(strdup(value), "strdup") : NULL;
}

void fixture_cluster_address(struct inventory_address *address, const char *value)
{
	*address = (struct inventory_address){.len = 0};
	if (value == NULL)
		return;
	address->len = strchr(value, ':') != NULL ? 16 : 4;
	must_be_true(
	    inet_pton(address->len == 4 ? AF_INET : AF_INET6, value, address->bytes) == 1, value);
}

void fixture_cluster_certificate(struct inventory_certificate *certificate, X509 *x509)
{
	X509_free(certificate->x509);
	certificate->x509 = x509;
	fixture_cluster_text(&certificate->path, x509 != NULL ? "certificate.pem" : NULL);
	if (x509 != NULL)
		X509_up_ref(x509);
}

/* ---- nodes and servers --------------------------------------------------------------------- */

/* Each section stands ten lines behind the one before; the publisher's is the first. */
static unsigned next_line(const struct inventory *inventory)
{
	return 10 + 10 * (unsigned)(inventory->n_nodes + inventory->n_alternate_tftp +
				    inventory->n_firewalls + inventory->n_entries);
}

static char *dns_of(const char *name)
{
	char dns[128];

	snprintf(dns, sizeof(dns), "%s.lab", name);
	return must(strdup(dns), "strdup");
}

struct inventory_node *fixture_cluster_node(struct inventory *inventory, enum node_role role,
    const char *name, const char *address, unsigned services)
{
	struct inventory_node *node = &inventory->nodes[inventory->n_nodes];

	must_be_true(inventory->n_nodes < MAX_NODES, "room");
	node->role = role;
	node->line = next_line(inventory);
	node->services = services;
	node->dns = dns_of(name);
	node->certificate.line = node->line + 1;
	fixture_cluster_text(&node->name, name);
	fixture_cluster_address(&node->address, address);
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert(node->dns, 0));
	inventory->n_nodes++;
	return node;
}

struct inventory_server *fixture_cluster_server(struct inventory *inventory,
    enum fixture_server kind, const char *name, const char *address, unsigned role)
{
	struct inventory_server *const lists[] = {
	    inventory->alternate_tftp, inventory->firewalls, inventory->entries};
	size_t *const counts[] = {
	    &inventory->n_alternate_tftp, &inventory->n_firewalls, &inventory->n_entries};
	struct inventory_server *server = &lists[kind][*counts[kind]];

	must_be_true(*counts[kind] < INVENTORY_MAX_OTHERS, "room");
	server->role = role;
	server->line = next_line(inventory);
	server->dns = dns_of(name);
	server->certificate.line = server->line + 1;
	fixture_cluster_text(&server->name, name);
	fixture_cluster_address(&server->address, address);
	fixture_cluster_certificate(&server->certificate, fixture_cluster_cert(server->dns, 0));
	(*counts[kind])++;
	return server;
}

static void set_release(struct release *out, const char *text)
{
	*out = (struct release){.maintenance = 1};
	must_be_true(
	    sscanf(text, "%u.%u(%u)", &out->major, &out->minor, &out->maintenance) >= 1, text);
	snprintf(out->text, sizeof(out->text), "%s", text);
}

void fixture_cluster(struct inventory *out, const char *release)
{
	struct inventory_node *publisher;

	*out = (struct inventory){.expiry_days = 30};
	set_release(&out->release, release);
	fixture_cluster_text(&out->path, "ctlsign.conf");
	fixture_cluster_text(&out->directory, ".");
	fixture_cluster_text(&out->cluster, "lab");
	fixture_cluster_text(&out->state, "state.db");
	fixture_cluster_text(&out->ctl_file, "CTLFile.tlv");
	out->nodes = must(calloc(MAX_NODES, sizeof(*out->nodes)), "calloc");
	out->alternate_tftp = must(calloc(INVENTORY_MAX_OTHERS, sizeof(*out->entries)), "calloc");
	out->firewalls = must(calloc(INVENTORY_MAX_OTHERS, sizeof(*out->entries)), "calloc");
	out->entries = must(calloc(INVENTORY_MAX_OTHERS, sizeof(*out->entries)), "calloc");
	publisher = fixture_cluster_node(out, NODE_PUBLISHER, "cucm-pub", "10.1.2.3",
	    SERVICE_CALLMANAGER | SERVICE_TFTP | SERVICE_CAPF);
	fixture_cluster_certificate(&publisher->capf, fixture_cluster_cert("CAPF-cucm-pub", 0));
	publisher->capf.line = publisher->line + 2;
	fixture_cluster_certificate(
	    &out->itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 0));
	out->itlrecovery.line = 5;
}

static void free_certificate(struct inventory_certificate *certificate)
{
	fixture_cluster_certificate(certificate, NULL);
}

static void free_servers(struct inventory_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(servers[i].name);
		free(servers[i].dns);
		free_certificate(&servers[i].certificate);
	}
	free(servers);
}

void fixture_cluster_free(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_nodes; i++) {
		free(inventory->nodes[i].name);
		free(inventory->nodes[i].dns);
		free_certificate(&inventory->nodes[i].certificate);
		free_certificate(&inventory->nodes[i].capf);
	}
	free(inventory->nodes);
	free_servers(inventory->alternate_tftp, inventory->n_alternate_tftp);
	free_servers(inventory->firewalls, inventory->n_firewalls);
	free_servers(inventory->entries, inventory->n_entries);
	free_certificate(&inventory->itlrecovery);
	free(inventory->path);
	free(inventory->directory);
	free(inventory->cluster);
	free(inventory->domain);
	free(inventory->state);
	free(inventory->ctl_file);
	*inventory = (struct inventory){.n_nodes = 0};
}

/* ---- lists --------------------------------------------------------------------------------- */

void fixture_cluster_list(
    const struct tl_entry *entries, size_t n, X509 *signer, struct buffer *out)
{
	const struct tl_plan plan = {.entries = entries,
	    .n_entries = n,
	    .signer = signer,
	    .digest = TL_SHA512,
	    .filename = "CTLFile.tlv",
	    .timestamp = FIXTURE_TIMESTAMP};
	struct fixture_signer pen;
	struct error err;

	error_clear(&err);
	for (unsigned key = 0; key < 2; key++)
		if (EVP_PKEY_eq(fixture_key(key_of(key)), X509_get0_pubkey(signer)) == 1)
			fixture_signer_init(&pen, fixture_key(key_of(key)), signer, FIXTURE_SIGNS);
	must_be_true(tl_build(&plan, out, &err) == ST_OK, err.what);
	must_be_true(fixture_sign_list(out, &pen, &err) == ST_OK, err.what);
}
