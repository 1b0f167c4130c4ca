/*
 * Drift: why the CTL in use is no longer the one that the cluster calls for.
 *
 * Source: the list of cases in which a CTL has to be updated, in the CTL client chapter of Cisco's
 * security guide.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_DRIFT_H
#define CTLSIGN_CLUSTER_DRIFT_H

#include "cluster/plan.h"

#include <time.h>

enum drift_kind {
	DRIFT_UPDATE,  /* an update is due */
	DRIFT_WARNING, /* nothing to update, but somebody should know */
};

/*
 * CODE is constant, for scripts, and listed in ctlsign-status(1): "server-added", "server-removed",
 * "server-renamed", "server-readdressed", "server-role" (services changed), the same five with
 * "tftp-" (alternate TFTP servers, TFTP nodes) and "firewall-", "capf-activated", "capf-removed",
 * "callmanager-certificate", "tftp-certificate", "firewall-certificate", "capf-certificate",
 * "itlrecovery-certificate", "entry-added", "entry-removed", "entry-changed", "sast-missing"
 * (the release calls for it), "sast-surplus", "trust-added", "trust-removed", "domain", "upgrade",
 * "digest", "data-restored", "next-address"; warnings: "expires", "expired", "few-tokens",
 * "left-behind" (a CTL in non-secure mode), "moving" (a TFTP server that is about to move, which
 * the CTL already knows), "clock", "unsupported-release", "no-recovery-anchor", "export-control"
 * (mixed mode is called for, and the inventory says that it is not allowed).
 */
struct drift_item {
	enum drift_kind kind;
	const char *code;
	char name[128]; /* what it is about: the node's name; may be empty; printable */
	char text[384]; /* what, in words; printable, translated */
	char todo[256]; /* what to do then; may be empty */
};

struct drift {
	struct drift_item *items; /* updates first */
	size_t n;
	size_t n_updates;
};

struct drift_request {
	const struct inventory *inventory;
	const struct cluster_plan *plan; /* what the cluster calls for now, made with CURRENT */
	/* Decoded.  NULL: there is no CTL yet; then there are only warnings, of PLAN. */
	const struct trustlist *current;
	const char *origins; /* of its records (enum origin) */
	enum cluster_mode mode;
	enum cluster_signing signing;
	const struct release *release; /* that CURRENT was made for; NULL: not known */
	const char *domain;	       /* the same; "" : none; NULL: not known */
	bool file_differs;	       /* the CTL file is not the current generation */
	bool file_missing;
	const char *file; /* its name, printable */
	time_t now;
};

/* drift_free() in any case. */
enum status cluster_drift(
    const struct drift_request *request, struct drift *out, struct error *err);
void drift_free(struct drift *drift);

#endif
