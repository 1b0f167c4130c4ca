/*
 * Opens a cluster: inventory, state, and the CTL in use.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/cluster.h"

#include "admin/recover.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The current generation's list; its bytes come from a file that others may have written. */
static enum status read_list(struct cluster *cluster, struct error *err)
{
	size_t n_origins;
	char place[64];
	enum status st;

	if (cluster->current.number == 0)
		return ST_OK;
	n_origins = strlen(cluster->current.origins);
	st = tl_read(&cluster->list, buffer_bytes(&cluster->current.ctl), err);
	if (st == ST_OK)
		st = tl_decode_certificates(&cluster->list, NULL, 0, err);
	if (st == ST_OK && n_origins != cluster->list.n_records) {
		st = error_set(err, ST_FORMAT,
		    _("the list has %zu records, and %zu are remembered of it"),
		    cluster->list.n_records, n_origins);
		error_hint(err, "%s", _("restore the state file from a backup"));
	}
	if (st != ST_OK) {
		snprintf(
		    place, sizeof(place), _("generation %lld"), (long long)cluster->current.number);
		error_where_prefix(err, place);
		error_where_prefix(err, cluster->inventory.state);
	}
	return st;
}

static enum status read_trust(struct cluster *cluster, struct error *err)
{
	struct store_trusted *list = NULL;
	size_t n = 0;
	enum status st = store_trust(cluster->store, &list, &n, err);

	if (st == ST_OK && n > 0) {
		cluster->trust = calloc(n, sizeof(*cluster->trust));
		if (cluster->trust == NULL)
			st = error_no_memory(err);
	}
	for (size_t i = 0; st == ST_OK && i < n; i++) {
		const unsigned char *p = list[i].certificate.data;
		X509 *x509 = d2i_X509(NULL, &p, (long)list[i].certificate.len);

		if (x509 == NULL) {
			st = error_openssl(err, ST_FORMAT,
			    _("certificate %zu of Phone-SAST-trust cannot be read"), i + 1);
			error_where(err, "%s", cluster->inventory.state);
			error_hint(err, "%s", _("restore the state file from a backup"));
		} else {
			cluster->trust[cluster->n_trust++] = x509;
		}
	}
	store_trust_free(list, n);
	return st;
}

static enum status read_pending(struct cluster *cluster, struct error *err)
{
	struct delivery delivery = {.phase = DELIVERY_NONE};
	enum status st = store_pending(cluster->store, &cluster->pending, err);

	if (st == ST_OK && cluster->pending.number > 0)
		st = store_delivery(cluster->store, &delivery, err);
	cluster->phase = delivery.phase;
	delivery_free(&delivery);
	return st;
}

static enum status open_state(
    struct cluster *cluster, enum cluster_access how, const char *command, struct error *err)
{
	const char *state = cluster->inventory.state;

	/* Nobody has made one yet: the cluster has no CTL, and that is no error for who looks. */
	if (how == CLUSTER_READ && access(state, F_OK) != 0 && errno == ENOENT)
		return ST_OK;
	return store_open(state, how == CLUSTER_READ ? STORE_READ : STORE_CHANGE, command,
	    how == CLUSTER_CHANGE ? STORE_WAIT_MS : 0, &cluster->store, err);
}

enum status cluster_open(const char *conf, enum cluster_access access, const char *command,
    struct cluster *out, struct error *err)
{
	enum status st = inventory_read(conf, &out->inventory, err);

	if (st == ST_OK)
		st = open_state(out, access, command, err);
	if (st != ST_OK || out->store == NULL)
		return st;
	if (access != CLUSTER_READ)
		st = admin_recover(out, err);
	if (st == ST_OK)
		st = store_current(out->store, &out->current, err);
	if (st == ST_OK)
		st = read_pending(out, err);
	if (st == ST_OK)
		st = read_list(out, err);
	if (st == ST_OK)
		st = read_trust(out, err);
	return st;
}

void cluster_close(struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->n_trust; i++)
		X509_free(cluster->trust[i]);
	free(cluster->trust);
	tl_free(&cluster->list);
	generation_free(&cluster->current);
	generation_free(&cluster->pending);
	store_close(cluster->store);
	inventory_free(&cluster->inventory);
	free(cluster->recovered);
	*cluster = (struct cluster){0};
}

enum status cluster_load(struct cluster *cluster, struct error *err)
{
	enum status st = cluster->loaded ? ST_OK : inventory_load(&cluster->inventory, err);

	cluster->loaded = st == ST_OK;
	return st;
}

enum cluster_mode cluster_mode(const struct cluster *cluster)
{
	return cluster->current.number > 0 && cluster->current.mode == MODE_MIXED ? MODE_MIXED
										  : MODE_NON_SECURE;
}

enum cluster_signing cluster_signing(const struct cluster *cluster)
{
	return cluster->current.number > 0 && cluster->current.signing == SIGNING_TOKENLESS
		   ? SIGNING_TOKENLESS
		   : SIGNING_TOKENS;
}

size_t cluster_tokens(const struct cluster *cluster, X509 **out)
{
	size_t n = 0;

	for (size_t i = 0; i < cluster->list.n_records; i++)
		if (cluster->current.origins[i] == ORIGIN_TOKEN &&
		    cluster->list.records[i].x509 != NULL)
			out[n++] = cluster->list.records[i].x509;
	return n;
}

enum status cluster_plan_now(struct cluster *cluster, struct cluster_plan *out, struct error *err)
{
	struct plan_request request = {.inventory = &cluster->inventory,
	    .mode = cluster_mode(cluster),
	    .signing = cluster_signing(cluster),
	    .trust = cluster->trust,
	    .n_trust = cluster->n_trust};
	X509 **tokens = calloc(cluster->list.n_records + 1, sizeof(*tokens));
	enum status st;

	if (tokens == NULL)
		return error_no_memory(err);
	if (cluster->current.number > 0)
		request.current = &cluster->list;
	request.tokens = tokens;
	request.n_tokens = cluster_tokens(cluster, tokens);
	st = cluster_plan(&request, out, err);
	free(tokens);
	return st;
}
