/*
 * Releases of Cisco Unified Communications Manager, and what each lists in its CTL and signs it
 * with.  The one table of it stands in release.c.
 *
 * Source: the table of SAST entries in the CTL client chapter of Cisco's security guide for 12.5,
 * and its later editions, which name ITLRecovery as the tokenless signer from 12.0 on.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_RELEASE_H
#define CTLSIGN_CLUSTER_RELEASE_H

#include "base/error.h"

#include <stdbool.h>

/* 12.5(1)SU3 is major 12, minor 5, maintenance 1; a maintenance that is not said is 1. */
struct release {
	unsigned major;
	unsigned minor;
	unsigned maintenance;
	char text[32]; /* as it was written, without spaces */
};

/*
 * "12.5(1)", "12.5(1)SU3", "11.5(1)su10", "12.5", "12.5.1", "14", "14SU2"; spaces around and inside
 * do not count.  ST_USAGE with what is allowed for anything else, and for a release that never
 * was (13.0) or that is not known (newer than 15, older than 5.0).
 */
enum status release_parse(const char *text, struct release *out, struct error *err);

/* Less than, equal to or greater than 0, as RELEASE is older, the same or newer. */
int release_compare(
    const struct release *release, unsigned major, unsigned minor, unsigned maintenance);

/* What a release lists and how it signs. */
struct release_rules {
	const char *releases;	      /* printable, as in the table: "10.5(2)" */
	bool tokens_list_anchors;     /* token-signed: ITLRecovery and CallManager are SASTs, too */
	bool tokenless;		      /* tokenless signing exists */
	bool tokenless_itlrecovery;   /* tokenless: ITLRecovery is the second SAST */
	bool itlrecovery_may_sign;    /* tokenless-signer = ITLRecovery is allowed */
	bool sha512;		      /* phones of its age know SHA-512 */
	bool restart_ctimanager;      /* to be restarted with TFTP and CallManager */
	bool registration;	      /* mixed mode wants a registration with export control */
	bool nonsecure_without_token; /* the command line can go non-secure with no token */
	bool supported;		      /* Cisco supports tokenless signing there */
};

/* Never NULL: the row that RELEASE belongs to. */
const struct release_rules *release_rules(const struct release *release);

/* The rows, newest first, for those who list or test them; NULL behind the last. */
const struct release_rules *release_rules_at(size_t index);

/*
 * Whether an upgrade from FROM to TO crosses a release after which the CTL has to be made anew
 * (7.1.5 and 10.5); *CROSSED (may be NULL) gets its constant name.  A downgrade crosses it, too.
 */
bool release_crosses(const struct release *from, const struct release *to, const char **crossed);

#endif
