/*
 * Lists to be taken over, and what came of it, read again as any command would.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_TAKEOVER_H
#define CTLSIGN_TESTS_FIXTURE_TAKEOVER_H

#include "cluster/takeover.h"

/* A list, taken over, and read again from the files that this makes. */
struct taken {
	struct trustlist list;
	struct takeover takeover;
	struct inventory inventory;
};

/* Of the last call that failed. */
extern struct error taken_error;

/* Reads the list FILE and takes it over; taken_free() in any case.  RELEASE may be NULL. */
enum status taken_from(struct taken *t, const struct buffer *file, const char *release);
void taken_free(struct taken *t);

/*
 * The same for a list that can be taken over: writes the files into a folder of their own, reads
 * the inventory, and asserts that the plan made from it is the list, record by record.
 */
void taken_whole(struct taken *t, const struct buffer *file);

/* Whether TEXT stands in the ctlsign.conf. */
bool taken_says(struct taken *t, const char *text);

/* ---- lists of this cluster or that ----------------------------------------------------------- */

#define MADE_MAX 48

struct made {
	struct tl_entry entries[MADE_MAX];
	size_t n;
};

/* CN NULL: without a certificate; ADDRESS NULL: none. */
void made_add(
    struct made *made, unsigned role, const char *cn, const char *dns, const char *address);

/* The tokens SAST-1 and SAST-2; CallManager and ITLRecovery of cucm-pub.lab. */
void made_sasts(struct made *made, bool tokens, bool anchors);

/* cucm-pub.lab at 10.1.2.3 with its CAPF: two records. */
void made_publisher(struct made *made);

/* The list, signed by the certificate with the CN SIGNER; good until the next call.  MADE NULL:
 * lets go of it. */
const struct buffer *made_list(const struct made *made, const char *signer);

#endif
