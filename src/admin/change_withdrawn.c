/*
 * Lists that were taken back after servers had them: phones that loaded one have to know the signer
 * of the next list, too.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include <stdio.h>
#include <stdlib.h>

static enum status add(void *context, const struct generation *generation, struct error *err)
{
	struct change *c = context;
	struct withdrawn *more =
	    reallocarray(c->withdrawn, c->n_withdrawn + 1, sizeof(*c->withdrawn));
	struct withdrawn *one;
	char place[64];
	enum status st;

	if (more == NULL)
		return error_no_memory(err);
	c->withdrawn = more;
	one = &more[c->n_withdrawn++];
	*one = (struct withdrawn){.number = generation->number};
	buffer_add(&one->file, generation->ctl.data, generation->ctl.len);
	st = buffer_status(&one->file, err);
	if (st == ST_OK)
		st = tl_read(&one->list, buffer_bytes(&one->file), err);
	if (st == ST_OK)
		st = tl_decode_certificates(&one->list, NULL, 0, err);
	if (st != ST_OK) {
		snprintf(place, sizeof(place), _("generation %lld"), (long long)generation->number);
		error_where_prefix(err, place);
		error_where_prefix(err, c->cluster->inventory.state);
	}
	return st;
}

enum status change_read_withdrawn(struct change *c, struct error *err)
{
	return c->cluster->store == NULL ? ST_OK : store_withdrawn(c->cluster->store, add, c, err);
}

void change_free_withdrawn(struct change *c)
{
	for (size_t i = 0; i < c->n_withdrawn; i++) {
		tl_free(&c->withdrawn[i].list);
		buffer_free(&c->withdrawn[i].file);
	}
	free(c->withdrawn);
}
