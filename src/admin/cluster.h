/*
 * A cluster as its officers have it: the inventory, the state file and the CTL in use.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_CLUSTER_H
#define CTLSIGN_ADMIN_CLUSTER_H

#include "cluster/drift.h"
#include "cluster/inventory.h"
#include "cluster/plan.h"
#include "store/store.h"
#include "trustlist/trustlist.h"

/* Start from all zero. */
struct cluster {
	struct inventory inventory; /* certificates not loaded yet */
	bool loaded;		    /* they are */
	struct store *store;	    /* NULL: there is no state file yet (CLUSTER_READ) */
	struct generation current;  /* number 0: no CTL yet */
	struct generation pending;  /* signed, and not on every server yet; number 0: none */
	enum delivery_phase phase;  /* how far its delivery is */
	struct trustlist list;	    /* of current.ctl, decoded; only when there is one */
	X509 **trust;		    /* Phone-SAST-trust, owned */
	size_t n_trust;
	char *recovered; /* what was done about a run that was killed; NULL: nothing */
};

/* CHANGE_NOW: ST_BUSY at once while another run changes the cluster, where CHANGE waits. */
enum cluster_access { CLUSTER_READ, CLUSTER_CHANGE, CLUSTER_CHANGE_NOW };

/*
 * Reads the inventory CONF and the state that it names.  CLUSTER_CHANGE takes the lock, makes a
 * state file where there is none, and puts in order what a killed run left: a generation that
 * stands in the CTL file already is signed and waits to be published, one that does not is
 * abandoned; `recovered` says so.  COMMAND
 * is told to others who wait.  cluster_close() in any case.
 */
enum status cluster_open(const char *conf, enum cluster_access access, const char *command,
    struct cluster *out, struct error *err);
void cluster_close(struct cluster *cluster);

/* Reads the certificates, once. */
enum status cluster_load(struct cluster *cluster, struct error *err);

/* The mode and the kind of signing of the current CTL; non-secure and tokens when there is none. */
enum cluster_mode cluster_mode(const struct cluster *cluster);
enum cluster_signing cluster_signing(const struct cluster *cluster);

/*
 * The tokens of the current list: those of its SASTs that are of origin ORIGIN_TOKEN.  OUT has room
 * for list.n_records; the certificates are borrowed.  Returns their number.
 */
size_t cluster_tokens(const struct cluster *cluster, X509 **out);

/* What the cluster calls for as it is now: present mode, signing and tokens. */
enum status cluster_plan_now(struct cluster *cluster, struct cluster_plan *out, struct error *err);

/*
 * What has drifted from the current generation, or from one that is signed and on its way; loads
 * the certificates.  Of a cluster without a CTL: warnings, and an error if none could be made of
 * the inventory, or if there is a CTL file of which nothing is remembered.
 */
enum status cluster_status(
    struct cluster *cluster, time_t now, struct drift *out, struct error *err);

#endif
