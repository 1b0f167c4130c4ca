/*
 * A cluster of which a migration is asked, its current list, and lists that phones hold: what a
 * problem is made of.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_MIGRATE_ASKED_H
#define CTLSIGN_TESTS_FIXTURE_MIGRATE_ASKED_H

#include "base/error.h"
#include "migrate/problem.h"

#define ASKED_BIT(index) ((migrate_set)1 << (unsigned)(index))

/* A cluster, its current list, and up to four lists that phones may hold; one at a time. */
extern struct fixture_asked {
	struct inventory inventory;
	struct buffer file;
	struct trustlist list;
	struct generation current;
	struct fleet_list held[4];
	struct fleet_lists lists;
	struct fleet_group groups[6];
	struct fleet_answer fleet;
	X509 *trust[30];
	struct migrate_cluster cluster;
	struct migrate_wish wish;
	struct migrate_problem problem; /* of the last asked_make() */
	struct error err;
} asked;

/* A cluster of RELEASE that has the keys of both anchors, no current list and no phones. */
void asked_begin(const char *release);
void asked_end(void);

/* Certificates: of a token, and of an anchor that was renewed VERSION times. */
X509 *asked_token(int number);
X509 *asked_callmanager(unsigned version);
X509 *asked_itlrecovery(unsigned version);
X509 *asked_shared(X509 *certificate); /* one more reference, for a wish */

/* The current list is generation 3; ORIGINS has a letter for each entry. */
void asked_set_current(
    X509 *const *sasts, size_t n, X509 *signer, const char *origins, enum cluster_signing signing);

/* The current list is a bridge: two tokens and both anchors, signed by token 1. */
void asked_bridge(void);

/* Adds a list that was served; asked_read_held() one whose file was written by hand. */
void asked_add_held(X509 *const *sasts, size_t n, X509 *signer);
void asked_read_held(void);

/* Adds N phones that have Security By Default and an ITL. */
void asked_add_group(enum phone_holds ctl, size_t list, size_t since, uint64_t n);

/* Makes the problem. */
enum status asked_make(void);

/* The index of the SAST with CERTIFICATE in it; none fails the test. */
int asked_at(X509 *certificate);

#endif
