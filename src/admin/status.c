/*
 * What has drifted since the current CTL was made.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/cluster.h"

#include "admin/recover.h"
#include "base/text.h"

enum status cluster_status(
    struct cluster *cluster, time_t now, struct drift *out, struct error *err)
{
	struct drift_request request = {.inventory = &cluster->inventory,
	    .current = &cluster->list,
	    .origins = cluster->current.origins,
	    .mode = cluster_mode(cluster),
	    .signing = cluster_signing(cluster),
	    .domain = cluster->current.domain,
	    .now = now};
	struct cluster_plan plan = {0};
	struct release release;
	char file[512];
	enum status st = cluster_load(cluster, err);

	*out = (struct drift){0};
	if (st != ST_OK || cluster->current.number == 0)
		return st;
	text_printable_into(file, sizeof(file), text_bytes(cluster->inventory.ctl_file));
	request.file = file;
	request.plan = &plan;
	/* What is not known is not compared. */
	if (release_parse(cluster->current.release, &release, NULL) == ST_OK)
		request.release = &release;
	st = admin_look_at_file(cluster, &request.file_missing, &request.file_differs, err);
	if (st == ST_OK)
		st = cluster_plan_now(cluster, &plan, err);
	if (st == ST_OK)
		st = cluster_drift(&request, out, err);
	cluster_plan_free(&plan);
	return st;
}
