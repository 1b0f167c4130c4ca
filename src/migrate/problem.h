/*
 * From a cluster and what its officers want to a planner's problem.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_MIGRATE_PROBLEM_H
#define CTLSIGN_MIGRATE_PROBLEM_H

#include "cluster/inventory.h"
#include "migrate/plan.h"
#include "phone/fleet.h"
#include "store/store.h"

enum migrate_end {
	MIGRATE_TOKENLESS,
	MIGRATE_TOKENS,
	MIGRATE_ROTATE,	      /* the same kind of signing, other keys */
	MIGRATE_JOIN_CLUSTER, /* another cluster's anchors are trusted, too */
};

/* "tokenless", "tokens", "rotate", "join-cluster": constant; and back. */
const char *migrate_end_name(enum migrate_end end);
bool migrate_end_parse(const char *name, enum migrate_end *out);

#define MIGRATE_CERTIFICATES_MAX 8

/* What is wanted.  Certificates are owned; start from all zero, migrate_wish_free() in any case. */
struct migrate_wish {
	enum migrate_end end;
	bool has_signer;
	enum tokenless_signer signer; /* MIGRATE_TOKENLESS: who signs; else the inventory's */
	X509 *tokens[MIGRATE_CERTIFICATES_MAX]; /* new tokens */
	size_t n_tokens;
	X509 *without[MIGRATE_CERTIFICATES_MAX]; /* tokens that leave */
	size_t n_without;
	X509 *lost[MIGRATE_CERTIFICATES_MAX]; /* SASTs whose key nobody has any more: they do not
						 sign; tokens among them leave */
	size_t n_lost;
	X509 *callmanager; /* the coming certificate; NULL: the inventory's */
	X509 *itlrecovery;
	X509 *foreign[MIGRATE_CERTIFICATES_MAX]; /* MIGRATE_JOIN_CLUSTER */
	size_t n_foreign;
};
void migrate_wish_free(struct migrate_wish *wish);

/* The cluster as it is; everything is borrowed. */
struct migrate_cluster {
	const struct inventory *inventory; /* loaded */
	const struct trustlist *list;	   /* the current CTL, decoded; NULL: none */
	const struct generation *current;
	X509 *const *trust; /* Phone-SAST-trust */
	size_t n_trust;
	unsigned digest; /* of lists to come */
	/* What phones hold: fleet_ask() without an offer, and the lists that it speaks of. */
	const struct fleet_answer *fleet;
	const struct fleet_lists *lists;
	int64_t phones_hold; /* the officer's word, as in struct fleet_question; 0: none */
};

/*
 * Makes the problem.  SASTs are those of the current CTL and of every list that phones may hold,
 * the inventory's anchors, Phone-SAST-trust and what WISH names.  What cannot be: ST_USAGE or
 * ST_FAILED with what to do (fewer than two tokens, a certificate that is lost and new, no current
 * CTL, the release has no tokenless signing, nothing is to be done).  migrate_problem_free() in any
 * case.
 */
enum status migrate_problem_make(const struct migrate_cluster *cluster,
    const struct migrate_wish *wish, struct migrate_problem *out, struct error *err);

#endif
