/*
 * Writing the files that are carried by hand into a folder.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_OUT_H
#define CTLSIGN_CLI_PUBLISH_OUT_H

#include "publish/publish.h"

/*
 * Writes every file of PLAN that is carried by hand, with EVEN_TARGETS every file, durably into
 * FOLDER, which has to be there.  One that is there already with the same bytes stays; with others
 * it is ST_EXISTS, and nothing is written.
 */
enum status cli_publish_out(
    const char *folder, const struct publish_plan *plan, bool even_targets, struct error *err);

#endif
