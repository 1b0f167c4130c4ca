/*
 * A cluster's plan: its entries, then their order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan_parts.h"

#include <stdlib.h>

void cluster_plan_free(struct cluster_plan *plan)
{
	free(plan->entries);
	free(plan->origins);
	*plan = (struct cluster_plan){.n = 0};
}

enum status cluster_plan(
    const struct plan_request *request, struct cluster_plan *out, struct error *err)
{
	const size_t room = plan_entries_max(request);
	enum status st;

	*out = (struct cluster_plan){
	    .entries = calloc(room, sizeof(*out->entries)),
	    .origins = calloc(room, sizeof(*out->origins)),
	};
	if (out->entries == NULL || out->origins == NULL)
		st = error_no_memory(err);
	else
		st = plan_entries(request, out, err);
	if (st == ST_OK && request->current != NULL)
		st = plan_follow(out, request->current, err);
	if (st != ST_OK)
		cluster_plan_free(out);
	return st;
}
