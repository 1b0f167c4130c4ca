/*
 * Finds and opens the cluster that a command works with.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HERE   "ctlsign.conf"
#define SYSTEM SYSCONFDIR "/ctlsign/ctlsign.conf"

const char *cli_config_path(const char *option)
{
	const char *named = option != NULL ? option : getenv("CTLSIGN_CONFIG");

	if (named != NULL && named[0] != '\0')
		return named;
	return access(HERE, F_OK) == 0 || access(SYSTEM, F_OK) != 0 ? HERE : SYSTEM;
}

void cli_hint_at_init(const char *path, struct error *err)
{
	if (err->status == ST_IO && access(path, F_OK) != 0)
		error_hint(err, "%s",
		    _("make one with: ctlsign init (or, for a running cluster, ctlsign init --from "
		      "CTLFile.tlv); or name it with --config"));
}

static enum status open_cluster(const char *config, enum cluster_access access_kind,
    const char *command, struct cluster *out, struct error *err)
{
	const char *path = cli_config_path(config);
	enum status st = cluster_open(path, access_kind, command, out, err);

	if (st != ST_OK)
		cli_hint_at_init(path, err);
	if (out->recovered != NULL)
		cli_warn(out->recovered);
	return st;
}

enum status cli_cluster_read(const char *config, struct cluster *out, struct error *err)
{
	return open_cluster(config, CLUSTER_READ, "", out, err);
}

enum status cli_cluster_change(
    const char *config, const char *command, struct cluster *out, struct error *err)
{
	const enum status st = open_cluster(config, CLUSTER_CHANGE_NOW, command, out, err);
	char line[1024];

	if (st != ST_BUSY)
		return st;
	/* Nobody likes a program that says nothing for ten seconds. */
	snprintf(line, sizeof(line), _("%s; waiting up to %d seconds for it"), err->what,
	    STORE_WAIT_MS / 1000);
	cli_warn(line);
	cluster_close(out);
	return open_cluster(config, CLUSTER_CHANGE, command, out, err);
}

enum status cli_modules_of_inventory(
    struct cli_modules *modules, const struct inventory *inventory, struct error *err)
{
	if (modules->n > 0)
		return ST_OK;
	if (inventory->n_modules > CLI_MAX_MODULES) {
		error_set(err, ST_USAGE, _("more than %d modules"), CLI_MAX_MODULES);
		error_where(err, "%s", inventory->path);
		return ST_USAGE;
	}
	for (size_t i = 0; i < inventory->n_modules; i++)
		modules->paths[modules->n++] = inventory->modules[i];
	return ST_OK;
}
