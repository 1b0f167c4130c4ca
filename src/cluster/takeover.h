/*
 * Taking over a running cluster: an inventory and certificate files out of its CTL.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_TAKEOVER_H
#define CTLSIGN_CLUSTER_TAKEOVER_H

#include "cluster/plan.h"

/* A certificate that is to be written: its file's name below the folder, and PEM text. */
struct takeover_file {
	char *name; /* "cucm-pub-callmanager.pem": no '/', unique */
	struct buffer pem;
};

struct takeover {
	struct buffer conf; /* the text of ctlsign.conf */
	struct takeover_file *files;
	size_t n_files;
	char *origins; /* of the list's records */
	enum cluster_mode mode;
	enum cluster_signing signing;
	struct release release; /* as given, or guessed from what the list has */
	bool release_guessed;
};

struct takeover_request {
	const struct trustlist *list; /* decoded; a CTL whose signature was verified */
	const char *cluster;	      /* NULL: from the publisher's name */
	const char *release;	      /* NULL: guessed */
	const char *folder; /* of the certificates, as ctlsign.conf names it: "certificates" */
};

/*
 * Makes the inventory that calls for exactly LIST: a plan made from it changes nothing.  Names and
 * addresses are the list's; the publisher is the server that the CallManager SAST or CAPF names,
 * else the first.  An ITL is ST_FORMAT; more servers than a cluster can have ST_LIMIT.
 * takeover_free() in any case.
 */
enum status cluster_takeover(
    const struct takeover_request *request, struct takeover *out, struct error *err);

/*
 * The same for a cluster whose INVENTORY is there (loaded): only what the records of LIST are, mode
 * and signing, and the inventory's release.  takeover_free() in any case.
 */
enum status cluster_takeover_known(const struct trustlist *list, const struct inventory *inventory,
    struct takeover *out, struct error *err);
void takeover_free(struct takeover *takeover);

#endif
