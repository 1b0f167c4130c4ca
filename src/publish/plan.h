/*
 * What goes where: the sections of the inventory that may get files.
 *
 * Private to src/publish/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_PLAN_H
#define CTLSIGN_PUBLISH_PLAN_H

#include "publish/publish.h"

/* A node or another server; all borrowed from the inventory. */
struct plan_section {
	const char *name;
	const struct inventory_address *address;
	const struct inventory_targets *deliver;
	const struct inventory_urls *verify;
	bool needs_ctl;
	bool ctl;    /* it gets the CTL if it has a target */
	bool capf;   /* it gets CAPF's certificate, where there is one */
	bool phones; /* phones ask it for files: it gets those of single phones */
};

/* The section number INDEX in the inventory's order; false behind the last. */
bool plan_section(const struct inventory *inventory, size_t index, struct plan_section *out);

/* Where phones ask PLACE's node; never NULL. */
const struct inventory_urls *plan_urls(
    const struct inventory *inventory, const struct publish_place *place);

/* Whether NAME is a form of CAPF's certificate: all other files have the CTL's bytes. */
bool plan_is_capf(const char *name);

/* Whether any place may get CAPF's files. */
bool plan_delivers_capf(const struct publish_plan *plan);

#endif
