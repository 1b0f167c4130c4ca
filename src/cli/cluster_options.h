/*
 * The options that the commands of a cluster share.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_CLUSTER_OPTIONS_H
#define CTLSIGN_CLI_CLUSTER_OPTIONS_H

#include "admin/cluster.h"
#include "cli/cli.h"

enum { CLI_OPTION_CONFIG = 1200 };

/* -C FILE, --config FILE */
#define CLI_OPTION_CONFIG_ROW                                                                      \
	{                                                                                          \
		"config", required_argument, NULL, CLI_OPTION_CONFIG                               \
	}

/*
 * The inventory that a command works with: what --config said (may be NULL), else what
 * CTLSIGN_CONFIG in the environment says, else ctlsign.conf in the working directory if it is
 * there, else the system's (SYSCONFDIR/ctlsign/ctlsign.conf).
 */
const char *cli_config_path(const char *option);

/*
 * Whoever has no inventory PATH yet, which ERR says, is told how to get one.  For commands that
 * read it by themselves; the two below do it.
 */
void cli_hint_at_init(const char *path, struct error *err);

/* The state file or inventory of a command that only looks: cluster_open() with CLUSTER_READ. */
enum status cli_cluster_read(const char *config, struct cluster *out, struct error *err);

/*
 * The same for one that changes; what was put in order after a killed run is told on stderr.
 * COMMAND is the command's name.
 */
enum status cli_cluster_change(
    const char *config, const char *command, struct cluster *out, struct error *err);

/* The inventory's modules, unless the command line names others.  MODULES borrows them. */
enum status cli_modules_of_inventory(
    struct cli_modules *modules, const struct inventory *inventory, struct error *err);

#endif
