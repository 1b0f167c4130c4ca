/*
 * What the files of `ctlsign init --discover` share.
 *
 * Private to src/cli/init_discover*.c.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_INIT_DISCOVER_PARTS_H
#define CTLSIGN_CLI_INIT_DISCOVER_PARTS_H

#include "admin/begin.h"
#include "cli/init_discover.h"
#include "cli/provider_access.h"
#include "cluster/discovered.h"

/* A node that answered. */
struct answer {
	char *host;
	unsigned port;
	struct provider_node node;
	struct buffer ctl;
};

struct discovery {
	struct init_discover *request;
	struct inventory_publish settings; /* its strings are owned, and as the request has them */
	char *certificate, *key, *trust;   /* as ctlsign.conf names them */
	struct publish_access access;
	struct answer answers[INIT_MAX_HOSTS];
	size_t n;
	size_t publisher; /* in `answers` */
	struct discovered_node nodes[INIT_MAX_HOSTS];
	struct discovered_other *others;
	size_t n_others;
	struct discovered cluster;
	struct discovered_files files;
	bool has_ctl;
	struct begin_result taken; /* generation 0: there was no CTL to take over */
};

/* The path of NAME beside CONF, as that is written; the caller's, or NULL. */
char *discovery_beside(const char *conf, const char *name);

/* What was found and written, on stdout; an exit code. */
int discovery_print(const struct discovery *d);
int discovery_print_json(const struct discovery *d);

#endif
