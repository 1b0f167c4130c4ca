/*
 * What came of delivering the current generation again.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_AGAIN_H
#define CTLSIGN_CLI_PUBLISH_AGAIN_H

#include "publish/publish.h"

#include <jansson.h>

/*
 * Appends which targets differed in which files, and what to do next; DONE: nothing failed.  With
 * LOOK_ONLY nothing was delivered.
 */
void cli_publish_again_put(struct buffer *out, const struct inventory *inventory,
    const struct publish_result *result, bool look_only, bool done);

/* As cli_publish_json(), with `differed` of every target, and `dry_run` where it was one. */
json_t *cli_publish_again_json(const struct publish_result *result, bool look_only);

#endif
