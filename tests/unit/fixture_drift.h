/*
 * A cluster whose CTL is made, that then changes, and what drift says of it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_DRIFT_H
#define CTLSIGN_TESTS_FIXTURE_DRIFT_H

#include "cluster/drift.h"

#define DRIFT_SCENE_RECORDS 32

struct drift_scene {
	struct inventory inventory;
	X509 *tokens[3];
	size_t n_tokens;
	X509 *trust[3];
	size_t n_trust;
	struct buffer file;
	struct trustlist list;
	char origins[DRIFT_SCENE_RECORDS + 1];
	struct drift_request request; /* mode, signing, release, ... for the test to set */
	struct drift drift;
};

/*
 * The cluster of fixture_cluster() with a subscriber cucm-sub1 (10.1.2.4: CallManager, TFTP), a
 * TFTP node tftp1 (10.1.2.5), an alternate TFTP server alt1 (10.1.2.6), a firewall asa1 (10.1.2.7)
 * and a gateway srst1 (10.1.2.8), in mixed mode with two tokens, "SAST-1" and "SAST-2".  An hour
 * has passed since the CTL was made; it was made for the inventory's release and no known domain.
 */
void drift_scene(struct drift_scene *scene, const char *release, enum cluster_signing signing);

/* Makes the CTL that the cluster calls for now the current one. */
void drift_scene_sign(struct drift_scene *scene);

/*
 * Asks for drift, once with what the plan says of which entry is which record and once without;
 * both must say the same.
 */
void drift_scene_ask(struct drift_scene *scene);

/*
 * Whether the items are exactly these: "CODE:NAME CODE:NAME", in their order, a '!' in front of
 * warnings.  Prints what they are if not.
 */
bool drift_scene_is(struct drift_scene *scene, const char *items);

/* Whether item INDEX (from 0) has these words in its text and its todo; prints them if not. */
bool drift_scene_says(
    const struct drift_scene *scene, size_t index, const char *text, const char *todo);

/* "40:00:0A": a static text, good until the fourth call after. */
const char *drift_scene_serial(const X509 *certificate);

struct inventory_node *drift_scene_node(struct drift_scene *scene, const char *name);

/* Takes the last node or server away. */
void drift_scene_drop_node(struct drift_scene *scene);
void drift_scene_drop_server(struct inventory_server *servers, size_t *n);

void drift_scene_free(struct drift_scene *scene);

#endif
