/*
 * What the model has to know of a cluster before it can be asked.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/world.h"

#include "base/file.h"
#include "base/text.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

/* Phones that were off for longer have to be looked at anyway. */
#define STRAGGLER_DAYS 30

static bool runs_tvs(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_nodes; i++)
		if ((inventory->nodes[i].services & SERVICE_TVS) != 0)
			return true;
	return false;
}

static enum status read_trust(
    struct phone_world *world, X509 *const *trust, size_t n, struct error *err)
{
	world->trust = calloc(n + 1, sizeof(*world->trust));
	if (world->trust == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		unsigned char *der = NULL;
		const int len = i2d_X509(trust[i], &der);

		if (len <= 0)
			return error_openssl(err, ST_CRYPTO, "%s",
			    _("a certificate of Phone-SAST-trust cannot be written as DER"));
		world->trust[world->n_trust++] = (struct bytes){der, (size_t)len};
	}
	return ST_OK;
}

static void find_server(struct phone_world *world)
{
	world->server = NULL;
	for (size_t i = 0; world->current > 0 && i < world->lists.n; i++)
		if (world->lists.list[i].list.generation == world->current)
			world->server = &world->lists.list[i].list;
}

/* What stands at PATH is what servers of this machine give to phones. */
static enum status add_ctl_file(struct phone_world *world, const char *path, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	char name[sizeof(world->lists.list->name)];
	enum status st = file_read(path, TL_MAX_FILE, &file, NULL, err);

	text_printable_into(name, sizeof(name), text_bytes(path));
	if (st == ST_OK)
		st = phone_world_add(world, buffer_bytes(&file), name, time(NULL), err);
	buffer_free(&file);
	return st == ST_NO_MEMORY ? st : ST_OK;
}

enum status phone_world_open(const struct inventory *inventory, struct store *store,
    int64_t current, X509 *const *trust, size_t n_trust, struct phone_world *out, struct error *err)
{
	enum status st = phone_families_open(inventory->phone_families, &out->families, err);

	out->store = store;
	out->tvs = runs_tvs(inventory);
	if (st == ST_OK)
		st = read_trust(out, trust, n_trust, err);
	if (st == ST_OK && store != NULL)
		st = fleet_lists_read(store, &out->lists, err);
	out->current = current;
	if (st == ST_OK && inventory->ctl_file != NULL)
		st = add_ctl_file(out, inventory->ctl_file, err);
	find_server(out);
	return st;
}

enum status phone_world_add(
    struct phone_world *world, struct bytes file, const char *name, time_t now, struct error *err)
{
	enum status st = fleet_lists_add(&world->lists, file, name, now, err);

	/* The lists may have moved. */
	find_server(world);
	return st;
}

void phone_world_close(struct phone_world *world)
{
	phone_families_close(world->families);
	fleet_lists_free(&world->lists);
	for (size_t i = 0; i < world->n_trust; i++)
		OPENSSL_free((void *)(uintptr_t)world->trust[i].data);
	free(world->trust);
	*world = (struct phone_world){0};
}

static bool is_vouched(const struct phone_world *world, const struct phone_list *offered)
{
	bool vouched = phone_vouched(offered, world->server, world->trust, world->n_trust);

	for (size_t i = 0; vouched && i < world->lists.n; i++)
		if (world->lists.list[i].foreign)
			vouched = phone_vouched(
			    offered, &world->lists.list[i].list, world->trust, world->n_trust);
	return vouched;
}

struct fleet_question phone_world_question(
    const struct phone_world *world, const struct phone_list *offered)
{
	struct fleet_question question = {.store = world->store,
	    .families = world->families,
	    .lists = &world->lists,
	    .offer = {.list = offered, .tvs = world->tvs},
	    .now = time(NULL),
	    .straggler_days = STRAGGLER_DAYS};

	if (offered != NULL)
		question.offer.vouched = is_vouched(world, offered);
	return question;
}
