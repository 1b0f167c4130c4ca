/*
 * What the model has to know of a cluster before it can be asked: families, the CTLs that phones
 * may hold, and who vouches.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PHONE_WORLD_H
#define CTLSIGN_PHONE_WORLD_H

#include "cluster/inventory.h"
#include "phone/fleet.h"

/* Start from all zero. */
struct phone_world {
	struct store *store; /* borrowed; NULL: there is no state file yet */
	struct phone_families *families;
	struct fleet_lists lists;
	bool tvs;	     /* some node runs TVS */
	struct bytes *trust; /* Phone-SAST-trust, DER; the array and its content are owned */
	size_t n_trust;
	int64_t current;
	const struct phone_list *server; /* that the servers have: in `lists`; NULL: none */
};

/*
 * Gathers it, the CTL file of this machine too: if that is another one than the current generation,
 * phones may get it now.  One that is no list, or cannot be read, no phone loads.  CURRENT is the
 * number of the current generation, 0 for none; TRUST is Phone-SAST-trust as it is, or will be when
 * the next CTL is made.  phone_world_close() in any case.
 */
enum status phone_world_open(const struct inventory *inventory, struct store *store,
    int64_t current, X509 *const *trust, size_t n_trust, struct phone_world *out,
    struct error *err);
void phone_world_close(struct phone_world *world);

/* Another list that is served now, as fleet_lists_add() takes it; the same file twice is once. */
enum status phone_world_add(
    struct phone_world *world, struct bytes file, const char *name, time_t now, struct error *err);

/*
 * The question what phones do with OFFERED (NULL: nothing is offered).  It borrows from both; the
 * officer's word is still to be filled in.  TVS vouches if it does so by the current generation and
 * by every file that is served instead of it.
 */
struct fleet_question phone_world_question(
    const struct phone_world *world, const struct phone_list *offered);

#endif
