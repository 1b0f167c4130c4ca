/*
 * What `ctlsign publish` checks, shows and asks before it changes anything.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PUBLISH_ASK_H
#define CTLSIGN_CLI_PUBLISH_ASK_H

#include "cli/publish_run.h"

/* What the command line said. */
struct publish_command {
	const char *config;
	struct ceremony_pins pins;
	struct cli_modules modules;
	enum cli_publish_kind kind;
	const char
	    *out; /* of CLI_PUBLISH_BY_HAND: the folder that the files are written to; NULL */
	bool resume;
	bool even_targets;
	bool dry_run;
	bool yes;
	bool json;
};

/* ST_FAILED when CLUSTER has nothing for the command to work with. */
enum status cli_publish_check(
    const struct publish_command *request, const struct cluster *cluster, struct error *err);

/* Shows what is to be confirmed, where something is, and asks, unless told not to.  What is to be
 * carried is written before that. */
enum status cli_publish_ask(
    const struct publish_command *request, struct cluster *cluster, struct error *err);

/* All of --dry-run: the exit code. */
int cli_publish_dry_run(const struct publish_command *request, struct cluster *cluster);

#endif
