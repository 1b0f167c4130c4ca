/*
 * ctlsign init --discover
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_INIT_DISCOVER_H
#define CTLSIGN_CLI_INIT_DISCOVER_H

#include "ceremony/ceremony.h"
#include "cli/cli.h"

/* Nodes of a cluster. */
#define INIT_MAX_HOSTS 28

struct init_discover {
	const char *hosts[INIT_MAX_HOSTS]; /* HOST[:PORT] */
	size_t n_hosts;
	const char *config; /* --config, or NULL */
	const char *conf;   /* the file to make */
	const char *cluster, *release;
	const char *client_certificate, *client_key, *provider_trust;
	struct ceremony_pins pins;
	struct cli_modules modules;
	bool json;
};

/*
 * Asks the providers, and those that the first one names; writes the inventory and certificates,
 * and takes over the publisher's CTL.  Returns an exit code.
 */
int init_discover(struct init_discover *request);

#endif
