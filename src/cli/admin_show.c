/*
 * The commands of the admin shell that show a list, and SIP OAuth mode.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin.h"

#include "cli/cluster_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- show ctl, show itl -----------------------------------------------------------------------
 */

static void add_itl_path(const char *ctl_file, struct buffer *out)
{
	const char *slash = strrchr(ctl_file, '/');

	if (slash != NULL)
		buffer_add(out, ctl_file, (size_t)(slash + 1 - ctl_file));
	buffer_printf(out, "ITLFile.tlv");
}

static int say_not_found(const char *text)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, "%s", text);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* No file is an answer as well, for a runbook that looks before it makes the first one. */
static int show(const char *path, const char *not_found)
{
	const char *argv[] = {"show", "--", path, NULL};

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return say_not_found(not_found);
	return cli_run(3, (char **)argv);
}

static int show_list(const struct admin *admin, bool itl)
{
	struct cluster cluster = {.store = NULL};
	struct buffer path = BUFFER_INIT;
	struct error err;
	enum status st = cli_cluster_read(admin->config, &cluster, &err);
	int rc;

	if (st == ST_OK && itl)
		add_itl_path(cluster.inventory.ctl_file, &path);
	else if (st == ST_OK)
		buffer_printf(&path, "%s", cluster.inventory.ctl_file);
	cluster_close(&cluster);
	if (st == ST_OK && buffer_text(&path) == NULL)
		st = error_no_memory(&err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else
		rc = show(
		    buffer_text(&path), itl ? _("Length of ITL file: 0\nITL File not found.\n")
					    : _("Length of CTL file: 0\nCTL File not found.\n"));
	buffer_free(&path);
	return rc;
}

int admin_show_ctl(struct admin *admin, const struct admin_call *call)
{
	(void)call;
	return show_list(admin, false);
}

int admin_show_itl(struct admin *admin, const struct admin_call *call)
{
	(void)call;
	return show_list(admin, true);
}

/* ---- utils sipOAuth-mode ----------------------------------------------------------------------
 */

static int sip_oauth(const struct admin *admin, const char *action)
{
	const char *argv[] = {"sip-oauth", action, NULL, NULL, NULL};
	int argc = 2;

	if (admin->config != NULL) {
		argv[argc++] = "--config";
		argv[argc++] = admin->config;
	}
	return cli_run(argc, (char **)argv);
}

int admin_sip_oauth_enable(struct admin *admin, const struct admin_call *call)
{
	(void)call;
	return sip_oauth(admin, "enable");
}

int admin_sip_oauth_disable(struct admin *admin, const struct admin_call *call)
{
	(void)call;
	return sip_oauth(admin, "disable");
}

int admin_sip_oauth_status(struct admin *admin, const struct admin_call *call)
{
	(void)call;
	return sip_oauth(admin, "status");
}
