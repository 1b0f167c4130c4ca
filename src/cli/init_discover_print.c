/*
 * What `ctlsign init --discover` tells: as text, and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/init_discover_parts.h"

#include "base/text.h"
#include "cli/cluster_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *discovery_beside(const char *conf, const char *name)
{
	const char *slash = strrchr(conf, '/');
	char *path = NULL;

	if (asprintf(&path, "%.*s%s", slash != NULL ? (int)(slash + 1 - conf) : 0, conf, name) < 0)
		return NULL;
	return path;
}

static json_t *nodes_json(const struct discovery *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->cluster.n_nodes; i++) {
		const struct discovered_node *node = &d->nodes[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", node->name, "role",
			      inventory_role_name(node->role), "address", node->address, "host",
			      node->host, "port", (int)node->port));
	}
	return list;
}

int discovery_print_json(const struct discovery *d)
{
	json_t *others = json_array();
	char *folder = discovery_beside(d->request->conf, BEGIN_CERTIFICATES);
	const bool taken = d->taken.generation != 0;
	int rc;

	for (size_t i = 0; i < d->n_others; i++)
		json_array_append_new(others, json_string(d->others[i].name));
	rc = cli_print_json(json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o}",
	    "config", cli_json_path(d->request->conf), "certificates_folder",
	    cli_json_path(folder != NULL ? folder : ""), "cluster", d->cluster.cluster, "release",
	    d->cluster.release, "nodes", nodes_json(d), "others", others, "certificates",
	    (json_int_t)d->files.n, "state", taken ? cli_json_path(d->taken.state) : json_null(),
	    "ctl_file", taken ? cli_json_path(d->taken.ctl) : json_null(), "generation",
	    taken ? json_integer((json_int_t)d->taken.generation) : json_null()));
	free(folder);
	return rc;
}

static void put_nodes(const struct discovery *d, struct buffer *out)
{
	struct text_table *table = text_table_new(4);

	text_table_row(
	    table, (const char *[]){_("  Node"), _("Role"), _("Address"), _("CTL Provider")});
	for (size_t i = 0; i < d->cluster.n_nodes; i++) {
		const struct discovered_node *node = &d->nodes[i];
		char name[320], where[320];

		snprintf(name, sizeof(name), "  %s", node->name);
		snprintf(where, sizeof(where),
		    strchr(node->host, ':') != NULL ? "[%s]:%u" : "%s:%u", node->host, node->port);
		text_table_row(table,
		    (const char *[]){name, inventory_role_name(node->role), node->address, where});
	}
	for (size_t i = 0; i < d->n_others; i++) {
		char name[320];

		snprintf(name, sizeof(name), "  %s", d->others[i].name);
		text_table_row(table, (const char *[]){name, "", d->others[i].address,
					  _("none: enter this node by hand")});
	}
	text_table_print(table, out);
	text_table_free(table);
}

static void put_path(struct text_table *table, const char *path, const char *what)
{
	struct buffer cell = BUFFER_INIT;

	buffer_printf(&cell, "  ");
	cluster_put_path(&cell, path != NULL ? path : "");
	if (buffer_text(&cell) != NULL)
		text_table_row(table, (const char *[]){buffer_text(&cell), what});
	buffer_free(&cell);
}

static void put_written(const struct discovery *d, struct buffer *out)
{
	struct text_table *table = text_table_new(2);
	char *folder = discovery_beside(d->request->conf, BEGIN_CERTIFICATES);

	buffer_printf(out, "%s\n", _("Written:"));
	put_path(table, d->request->conf, _("the inventory"));
	put_path(table, folder, _("the certificates that it names"));
	if (d->taken.generation != 0) {
		put_path(table, d->taken.ctl, _("the CTL"));
		put_path(table, d->taken.state, _("the state, with this CTL as generation 1"));
	}
	text_table_print(table, out);
	text_table_free(table);
	free(folder);
}

static void put_next(const struct discovery *d, struct buffer *out, const char *command)
{
	buffer_printf(out, "  ctlsign %s", command);
	if (d->request->config != NULL) {
		buffer_printf(out, " --config ");
		cluster_put_path(out, d->request->config);
	}
	buffer_printf(out, "\n");
}

int discovery_print(const struct discovery *d)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	buffer_printf(&out, "%s\n", _("Found:"));
	put_nodes(d, &out);
	put_written(d, &out);
	if (d->taken.generation != 0) {
		buffer_printf(
		    &out, "%s\n", _("Next, see whether the CTL is what the nodes call for:"));
		put_next(d, &out, "status");
	} else {
		buffer_printf(&out, "%s\n",
		    _("Next, look at it, and make the first CTL, with USB "
		      "tokens or without:"));
		put_next(d, &out, "status");
		put_next(d, &out, "set-cluster mixed-mode --tokens");
		put_next(d, &out, "set-cluster mixed-mode --tokenless");
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}
