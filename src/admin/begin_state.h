/*
 * The first state of a cluster that is taken over, and where its files are made.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_BEGIN_STATE_H
#define CTLSIGN_ADMIN_BEGIN_STATE_H

#include "cluster/inventory.h"
#include "cluster/takeover.h"
#include "store/store.h"

/* What the first generation is made of. */
struct begin_parts {
	const struct trustlist *list;
	const struct takeover *takeover;   /* how LIST is seen */
	const struct inventory *inventory; /* its domain and ports */
	const char *file;		   /* the CTL file that LIST will stand in */
	const char *from;		   /* where LIST came from */
};

/*
 * Makes the state file PATH with the list as generation 1, the certificates of other clusters as
 * Phone-SAST-trust, and the ports that a change of is told by 'ctlsign ports'.  *SIGNER is the
 * caller's.
 */
enum status begin_state(
    const char *path, const struct begin_parts *parts, char **signer, struct error *err);

/*
 * The same in STORE, which is open for changes and has no generation that is done.  *NUMBER is the
 * generation's.
 */
enum status begin_generation(struct store *store, const struct begin_parts *parts, char **signer,
    int64_t *number, struct error *err);

/*
 * Splits PATH, an inventory's; a name that would be one of the other files' is ST_USAGE.
 * *DIRECTORY is the caller's, *NAME is in PATH.
 */
enum status begin_split_path(
    const char *path, char **directory, const char **name, struct error *err);

#endif
