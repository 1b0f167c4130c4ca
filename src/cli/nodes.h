/*
 * How `ctlsign nodes` shows what the nodes hold.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_NODES_H
#define CTLSIGN_CLI_NODES_H

#include "publish/publish.h"

#include <jansson.h>

/*
 * Appends the table and what to do about it, for a terminal of WIDTH columns (0: none).  PHASE: how
 * far the pending generation is.
 */
void nodes_put(
    struct buffer *out, const struct node_copies *copies, enum delivery_phase phase, size_t width);

/* All of it as an object; keys as in ctlsign-nodes(1). */
json_t *nodes_json(const struct node_copies *copies, enum delivery_phase phase);

#endif
