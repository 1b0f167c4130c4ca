/*
 * Delivering from the command line: how nodes are reached, what a terminal shows meanwhile.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_RUN_H
#define CTLSIGN_CLI_PUBLISH_RUN_H

#include "admin/cluster.h"
#include "ceremony/ceremony.h"
#include "cli/cli.h"
#include "cli/publish_print.h"
#include "publish/publish.h"

enum cli_publish_kind {
	CLI_PUBLISH_FORTH, /* publish_run() */
	CLI_PUBLISH_BACK,
	CLI_PUBLISH_BY_HAND,
	CLI_PUBLISH_AGAIN, /* what is current, and not what is pending */
};

struct cli_publish {
	const char *act;	     /* for the audit log: "publish --resume" */
	struct ceremony_pins *pins;  /* for a client key that has a PIN or passphrase */
	struct cli_modules *modules; /* none: the inventory's */
	unsigned timeout_ms;	     /* of each step; 0: the inventory's */
	bool json;		     /* nothing is shown while it runs */
	enum cli_publish_kind kind;
	bool even_targets; /* of CLI_PUBLISH_BY_HAND */
	bool look_only;	   /* of CLI_PUBLISH_AGAIN; CLUSTER may be opened for reading then */
};

/*
 * Opens the officer's key where CTL Providers are asked, and does what `kind` says to the pending
 * generation of CLUSTER, which is opened for changing; its certificates are loaded here.  The
 * progress is shown on stderr while it runs, if that is a terminal.  publish_result_free() in any
 * case.
 */
enum status cli_publish_run(struct cluster *cluster, const struct cli_publish *how,
    struct publish_result *result, struct error *err);

/* The same for a look at what the nodes hold; node_copies_free() in any case. */
enum status cli_publish_nodes(struct cluster *cluster, const struct cli_publish *how,
    struct node_copies *copies, struct error *err);

#endif
