/*
 * What the parts of a plan share.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_PLAN_PARTS_H
#define CTLSIGN_CLUSTER_PLAN_PARTS_H

#include "cluster/plan.h"

/* Room for this many entries is enough for what REQUEST calls for. */
size_t plan_entries_max(const struct plan_request *request);

/*
 * Appends the entries that REQUEST calls for to OUT, which has the room, in the order of a first
 * list; the current one is not looked at.
 */
enum status plan_entries(
    const struct plan_request *request, struct cluster_plan *out, struct error *err);

/*
 * Puts the entries of PLAN into the order of the list CURRENT: what is unchanged gets its record's
 * bytes, what has changed takes the place of the record that it replaces, and what is new follows.
 */
enum status plan_follow(
    struct cluster_plan *plan, const struct trustlist *current, struct error *err);

/* Whether RECORD has the entry's DNS name, or its address as text, as the Windows client wrote. */
bool plan_same_name(const struct tl_entry *entry, const struct tl_record *record);

/* Whether RECORD's certificate is called "ITLRECOVERY_...", or its subject if it has none. */
bool plan_is_itlrecovery(const struct tl_record *record);

/* Whether RECORD has the entry's address; none and 0.0.0.0 are the same. */
bool plan_same_address(const struct tl_entry *entry, const struct tl_record *record);

#endif
