/*
 * ctlsign status --refresh
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_STATUS_REFRESH_H
#define CTLSIGN_CLI_STATUS_REFRESH_H

#include "ceremony/ceremony.h"
#include "cli/cli.h"

struct status_refresh {
	const char *config; /* --config, or NULL */
	struct ceremony_pins pins;
	struct cli_modules modules;
	size_t n_failed; /* of the nodes: they are told on stderr */
};

/*
 * Asks the CTL Providers of the inventory's nodes for their certificates, and replaces the files
 * of those that changed; what changed is told on stderr and in the audit log.  ST_OK though some
 * nodes failed.
 */
enum status status_refresh(struct status_refresh *request, struct error *err);

#endif
