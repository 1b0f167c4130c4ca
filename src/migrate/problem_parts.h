/*
 * What the parts of making a problem share, and the journal, which names SASTs as the problem does.
 *
 * Private to src/migrate/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_PROBLEM_PARTS_H
#define CTLSIGN_MIGRATE_PROBLEM_PARTS_H

#include "migrate/problem.h"

#define PROBLEM_BIT(index) ((migrate_set)1 << (unsigned)(index))

/* What migrate_problem.owned is: the bytes of its anchors. */
struct problem_owned {
	struct buffer bytes[MIGRATE_SASTS_MAX];
};

struct problem_making {
	const struct migrate_cluster *cluster;
	const struct migrate_wish *wish;
	struct migrate_problem *out;
	struct problem_owned *owned;
	enum tl_names names; /* the style in which new records are written */
	int callmanager;     /* that lists to come have: the wish's, else the inventory's; -1 */
	int itlrecovery;
	migrate_set lost;
	bool *may_hold; /* for each of the fleet's lists, whether a phone may hold it */
};

/* ---- problem_anchor.c: certificates as records have them --------------------------------------
 */

/* Copies FROM into BYTES, which it empties first, and lets OUT point there. */
enum status problem_copy_anchor(const struct phone_anchor *from, struct buffer *bytes,
    struct phone_anchor *out, struct error *err);

/* CERTIFICATE as a record of a new list would have it. */
enum status problem_make_anchor(X509 *certificate, enum tl_names style, struct buffer *bytes,
    struct phone_anchor *out, struct error *err);

/* Bits of the RSA key in element 7; 0 when it is none. */
unsigned problem_key_bits(struct bytes key);

/*
 * "token CN=SAST-1 (4A:21:9F)".  CERTIFICATE may be NULL: then it is called by SUBJECT, as stored.
 */
void problem_name(enum migrate_kind kind, const X509 *certificate, struct bytes subject,
    struct bytes serial, char *out, size_t size);

/* ---- problem_sasts.c: who there is ------------------------------------------------------------
 */

/* The SAST with this certificate, or without one but with its issuer, serial and key; -1: none. */
int problem_find(const struct migrate_problem *problem, const X509 *certificate,
    const struct phone_anchor *anchor);

/* All SASTs, with their keys; `current`, `certificates`, and `lost` of the making. */
enum status problem_collect(struct problem_making *making, struct error *err);

/* ---- problem_groups.c: who holds what ---------------------------------------------------------
 */

/* Fills `may_hold`. */
enum status problem_mark_held(struct problem_making *making, struct error *err);
enum status problem_make_groups(struct problem_making *making, struct error *err);

/* ---- problem_goal.c: what is wanted -----------------------------------------------------------
 */

/* Whether the wish can be at all, before anything is made of it. */
enum status problem_check_wish(
    const struct migrate_cluster *cluster, const struct migrate_wish *wish, struct error *err);
enum status problem_make_goal(struct problem_making *making, struct error *err);

#endif
