/*
 * The CTL that a cluster calls for: which entries, in which order, by the release's rules.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_PLAN_H
#define CTLSIGN_CLUSTER_PLAN_H

#include "cluster/inventory.h"
#include "trustlist/trustlist.h"

/* As CUCM numbers its ClusterSecurityMode. */
enum cluster_mode { MODE_NON_SECURE = 0, MODE_MIXED = 1 };

enum cluster_signing { SIGNING_TOKENS, SIGNING_TOKENLESS };

/*
 * What an entry stands for.  The values are those that the state file keeps for each record of a
 * generation (a character a record, in its order), so they never change.
 */
enum origin {
	ORIGIN_TOKEN = 't',
	ORIGIN_CALLMANAGER = 'c', /* the publisher's CallManager as SAST */
	ORIGIN_ITLRECOVERY = 'i', /* as SAST */
	ORIGIN_TRUST = 'p',	  /* Phone-SAST-trust: a certificate of another cluster, as SAST */
	ORIGIN_NODE = 'n',	  /* a node's CCM, CCM+TFTP or TFTP entry */
	ORIGIN_CAPF = 'f',
	ORIGIN_ALTERNATE_TFTP = 'a',
	ORIGIN_FIREWALL = 'w',
	ORIGIN_ENTRY = 'e', /* any other entry of the inventory */
	ORIGIN_KEPT = 'k',  /* stands in the current list, and nothing is known of it */
};

/* Beside an entry of the same index. */
struct plan_origin {
	enum origin origin;
	const char *name;  /* of the node, server or section; borrowed; NULL for SASTs */
	unsigned line;	   /* of ctlsign.conf; 0: none */
	bool next_address; /* the second entry of a server that is about to move */
	size_t record;	   /* its record in the current list, from 1; 0: it is new or changed */
};

struct plan_request {
	const struct inventory *inventory; /* loaded */
	enum cluster_mode mode;
	enum cluster_signing signing;
	X509 *const *tokens; /* that are to be SASTs, in their order */
	size_t n_tokens;
	X509 *const *trust; /* Phone-SAST-trust */
	size_t n_trust;
	/*
	 * The current list (decoded), NULL if there is none: entries that stay keep their place and
	 * their bytes, whoever wrote them.
	 */
	const struct trustlist *current;
};

/* Borrows certificates, names and stored records from what the request names. */
struct cluster_plan {
	struct tl_entry *entries;
	struct plan_origin *origins;
	size_t n;
};

/*
 * Makes the entries by the release's rules (release.h).  A node that needs a certificate and has
 * none, an ITLRecovery or CallManager certificate that is needed and missing, a release without
 * tokenless signing: ST_FAILED with the place in ctlsign.conf and what to enter.  The same
 * certificate twice as SAST stands once.  cluster_plan_free() in any case.
 */
enum status cluster_plan(
    const struct plan_request *request, struct cluster_plan *out, struct error *err);
void cluster_plan_free(struct cluster_plan *plan);

/*
 * What the records of LIST stand for, as far as the list itself and the inventory (may be NULL)
 * tell: for lists that were not made here.  A SAST is ITLRecovery by its name, CallManager when a
 * server's record has its certificate (or, without certificates, its name), else a token.
 * ORIGINS gets a character a record (enum origin) and a NUL; it has room for n_records + 1.
 */
void cluster_classify(
    const struct trustlist *list, const struct inventory *inventory, char *origins);

#endif
