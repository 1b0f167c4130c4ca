/*
 * What goes where: before a delivery, and on paper for what is carried by hand.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_LIST_H
#define CTLSIGN_CLI_PUBLISH_LIST_H

#include "admin/cluster.h"
#include "publish/publish.h"

#include <jansson.h>

/*
 * Appends the files of PLAN with their lengths and checksums, then every place and its files, for a
 * terminal of WIDTH columns (0: none).
 */
void cli_publish_put_plan(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, size_t width);

/*
 * The same for the places without target, and what a person has to do there; with EVEN_TARGETS for
 * all places.  FOLDER: where the files were written to; NULL: nowhere.
 */
void cli_publish_put_by_hand(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, bool even_targets, const char *folder, size_t width);

/* Appends what taking the pending generation back will do.  False with ERR set on a failure. */
enum status cli_publish_put_back(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, size_t width, struct error *err);

/* The pending generation and PLAN as an object: `generation`, `state` and `places`; and FOLDER,
 * where the files were written to (NULL: nowhere). */
json_t *cli_publish_plan_json(
    const struct cluster *cluster, const struct publish_plan *plan, const char *folder);

/* "signed", "begun", "by-hand", "going-back": as in ctlsign-status(1). */
const char *cli_publish_phase_code(enum delivery_phase phase);

#endif
