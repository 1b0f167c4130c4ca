/*
 * How `ctlsign status` shows what it found.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_STATUS_H
#define CTLSIGN_CLI_STATUS_H

#include "admin/cluster.h"

#include <jansson.h>

struct status_report {
	const struct cluster *cluster;
	const struct drift *drift; /* NULL: it could not be examined */
};

/* On stdout; an exit code that says whether that could be written. */
int status_print(const struct status_report *report);

/* Keys as in ctlsign-status(1). */
json_t *status_json(const struct status_report *report);

#endif
