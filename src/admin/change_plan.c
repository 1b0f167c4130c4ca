/*
 * The list that is to be signed: its entries and its header's settings.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include <stdlib.h>
#include <string.h>

#define CTL_NAME "CTLFile.tlv"

/* What an old generation's records were, as they were. */
static enum status take_old(struct change *c, struct error *err)
{
	const size_t n = c->old_list.n_records;
	enum status st;

	st = tl_take_apart(&c->old_list, &c->old_makings, err);
	if (st != ST_OK)
		return st;
	c->entries.entries = calloc(n + 1, sizeof(*c->entries.entries));
	c->entries.origins = calloc(n + 1, sizeof(*c->entries.origins));
	if (c->entries.entries == NULL || c->entries.origins == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		const struct tl_record *record = &c->old_list.records[i];

		c->entries.entries[i] = c->old_makings.entries[i];
		c->entries.entries[i].stored =
		    (struct bytes){c->old_list.file.data + record->offset, record->length};
		c->entries.origins[i].origin = (enum origin)c->old.origins[i];
	}
	c->entries.n = n;
	return ST_OK;
}

static enum status make_entries(struct change *c, struct error *err)
{
	const struct plan_request request = {.inventory = &c->cluster->inventory,
	    .mode = c->mode,
	    .signing = c->signing,
	    .tokens = c->listed,
	    .n_tokens = c->n_listed,
	    .trust = c->trust,
	    .n_trust = c->n_trust,
	    .current = c->current};

	cluster_plan_free(&c->entries);
	return cluster_plan(&request, &c->entries, err);
}

enum status change_set_header(struct change *c, struct error *err)
{
	const struct inventory *inventory = &c->cluster->inventory;
	enum status st = ST_OK;

	c->plan.filename = CTL_NAME;
	c->plan.names = TL_NAMES_CUCM;
	c->plan.digest = release_rules(&inventory->release)->sha512 ? TL_SHA512 : TL_SHA1;
	if (c->current != NULL) {
		st = tl_take_apart(c->current, &c->makings, err);
		c->plan.names = c->makings.names;
		c->plan.has_signer_version = c->makings.has_signer_version;
		memcpy(c->plan.signer_version, c->makings.signer_version,
		    sizeof(c->plan.signer_version));
		c->plan.digest = (enum tl_digest)c->current->digest;
	}
	if (c->makings.filename != NULL)
		c->plan.filename = c->makings.filename;
	if (inventory->has_digest)
		c->plan.digest = inventory->digest;
	return st;
}

enum status change_make_plan(struct change *c, struct error *err)
{
	enum status st = ST_OK;

	if (c->request->kind == CHANGE_ROLLBACK)
		st = take_old(c, err);
	/* What was tried is the plan, unless tokens have joined since. */
	else if (c->collection.n > 0)
		st = make_entries(c, err);
	if (st != ST_OK)
		return st;
	c->plan.entries = c->entries.entries;
	c->plan.n_entries = c->entries.n;
	return change_list_sasts(c, err);
}

enum status change_try_plan(struct change *c, struct error *err)
{
	if (c->request->kind == CHANGE_ROLLBACK)
		return ST_OK;
	return make_entries(c, err);
}
