/*
 * What has drifted since the current CTL was made.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/cluster.h"

#include "admin/recover.h"
#include "base/text.h"

#include <string.h>

/* A list of which nothing is remembered cannot be followed by another one. */
static enum status refuse_unknown_list(const struct cluster *cluster, struct error *err)
{
	const struct inventory *inventory = &cluster->inventory;

	if (cluster->store == NULL)
		error_set(err, ST_FAILED, _("%s is here, but its history (%s) is not"),
		    inventory->ctl_file, inventory->state);
	else
		error_set(err, ST_FAILED, _("%s is here, and its history (%s) does not know it"),
		    inventory->ctl_file, inventory->state);
	error_hint(err,
	    _("restore %s from a backup; or take the list over with: ctlsign init --from %s"),
	    inventory->state, inventory->ctl_file);
	return ST_FAILED;
}

/*
 * How the CTL file stands to the current generation.  One that a run wrote before it was killed, or
 * that is signed and not published yet, is in order, too.
 */
static enum status look_at_file(
    const struct cluster *cluster, bool *missing, bool *differs, struct error *err)
{
	bool unused;
	enum status st = admin_look_at_file(cluster, missing, differs, err);

	if (st == ST_OK && *differs && cluster->pending.number > 0)
		st = admin_compare_file(
		    cluster->inventory.ctl_file, &cluster->pending.ctl, &unused, differs, err);
	return st;
}

/* Before the first CTL: whether one could be made of the inventory. */
static enum status examine_inventory(
    struct cluster *cluster, time_t now, struct drift *out, struct error *err)
{
	struct plan_request wanted = {
	    .inventory = &cluster->inventory, .mode = MODE_MIXED, .signing = SIGNING_TOKENS};
	struct drift_request request = {
	    .inventory = &cluster->inventory, .mode = MODE_MIXED, .now = now};
	struct cluster_plan plan = {0};
	bool missing, differs;
	enum status st = look_at_file(cluster, &missing, &differs, err);

	if (st == ST_OK && differs)
		return refuse_unknown_list(cluster, err);
	if (st == ST_OK)
		st = cluster_load(cluster, err);
	if (st == ST_OK)
		st = cluster_plan(&wanted, &plan, err);
	request.plan = &plan;
	if (st == ST_OK)
		st = cluster_drift(&request, out, err);
	cluster_plan_free(&plan);
	return st;
}

static enum status examine(
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
	enum status st;

	*out = (struct drift){0};
	if (cluster->current.number == 0)
		return examine_inventory(cluster, now, out, err);
	st = cluster_load(cluster, err);
	if (st != ST_OK)
		return st;
	text_printable_into(file, sizeof(file), text_bytes(cluster->inventory.ctl_file));
	request.file = file;
	request.plan = &plan;
	/* What is not known is not compared. */
	if (release_parse(cluster->current.release, &release, NULL) == ST_OK)
		request.release = &release;
	st = look_at_file(cluster, &request.file_missing, &request.file_differs, err);
	if (st == ST_OK)
		st = cluster_plan_now(cluster, &plan, err);
	if (st == ST_OK)
		st = cluster_drift(&request, out, err);
	cluster_plan_free(&plan);
	return st;
}

/* A list that is signed already counts: what it brings is not due any more. */
static enum status examine_pending(
    struct cluster *cluster, time_t now, struct drift *out, struct error *err)
{
	enum status st = cluster_load(cluster, err);
	struct cluster view = *cluster;

	view.current = cluster->pending;
	view.list = (struct trustlist)TRUSTLIST_INIT;
	if (st == ST_OK)
		st = tl_read(&view.list, buffer_bytes(&view.current.ctl), err);
	if (st == ST_OK)
		st = tl_decode_certificates(&view.list, NULL, 0, err);
	if (st == ST_OK && strlen(view.current.origins) != view.list.n_records)
		st = error_set(err, ST_FORMAT,
		    _("the state does not tell what the records of generation %lld are"),
		    (long long)view.current.number);
	if (st == ST_OK)
		st = examine(&view, now, out, err);
	tl_free(&view.list);
	return st;
}

enum status cluster_status(
    struct cluster *cluster, time_t now, struct drift *out, struct error *err)
{
	*out = (struct drift){0};
	/* One of which no journal tells may never have been written: it does not count. */
	if (cluster->phase != DELIVERY_NONE && cluster->phase != DELIVERY_BACK)
		return examine_pending(cluster, now, out, err);
	return examine(cluster, now, out, err);
}
