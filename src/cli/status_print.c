/*
 * How `ctlsign status` shows what it found: as text, and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/status.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How it is laid out on what it is written to. */
struct layout {
	bool colour;
	size_t width; /* of the terminal; 0: lines are not broken */
};

static struct layout layout_of(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct layout layout = {.colour = false};

	layout.width = cluster_text_width();
	if (layout.width == 0)
		return layout;
	layout.colour = (no_colour == NULL || no_colour[0] == '\0') && term != NULL &&
			strcmp(term, "dumb") != 0;
	return layout;
}

/* The verdict's line; its words say all, the colour only helps to find it. */
static void put_verdict(
    const struct layout *layout, const char *colour, const char *text, struct buffer *out)
{
	if (layout->colour)
		buffer_printf(out, "\033[%sm%s\033[0m\n", colour, text);
	else
		buffer_printf(out, "%s\n", text);
}

static void put_generation(const struct generation *g, struct text_table *table)
{
	char when[CLUSTER_TIME_MAX], number[CLUSTER_TIME_MAX + 32];

	text_table_row(table, (const char *[]){_("Mode"), cluster_mode_word(g->mode)});
	text_table_row(table, (const char *[]){_("Signing"), cluster_signing_word(g->signing)});
	text_table_row(table, (const char *[]){_("Signed by"), g->signer});
	snprintf(number, sizeof(number), "%lld, %s", (long long)g->number,
	    cluster_time_local(when, g->made));
	text_table_row(table, (const char *[]){_("Generation"), number});
	text_table_row(table, (const char *[]){_("Digest"), g->digest});
	if (g->md5[0] != '\0')
		text_table_row(table, (const char *[]){"MD5", g->md5});
	text_table_row(table, (const char *[]){"SHA-1", g->sha1});
}

static void put_facts(const struct cluster *cluster, struct buffer *out)
{
	const struct inventory *inventory = &cluster->inventory;
	struct text_table *table = text_table_new(2);
	struct buffer name = BUFFER_INIT, file = BUFFER_INIT;
	const char *text;

	text_printable(&name, text_bytes(inventory->cluster));
	cluster_put_path(&file, inventory->ctl_file);
	text = buffer_text(&name);
	text_table_row(table, (const char *[]){_("Cluster"), text != NULL ? text : ""});
	text_table_row(table, (const char *[]){_("Release"), inventory->release.text});
	if (cluster->current.number > 0)
		put_generation(&cluster->current, table);
	text = buffer_text(&file);
	text_table_row(table, (const char *[]){_("CTL file"), text != NULL ? text : ""});
	text_table_print(table, out);
	text_table_free(table);
	buffer_free(&name);
	buffer_free(&file);
}

/* Lines that are too long go on under their own beginning, behind INDENT blanks. */
static void put_indented(
    const struct layout *layout, size_t indent, const char *text, struct buffer *out)
{
	struct buffer line = BUFFER_INIT;
	const char *whole;

	text_pad(&line, "", indent);
	buffer_printf(&line, "%s", text);
	whole = buffer_text(&line);
	if (whole != NULL)
		text_fold(out, whole, layout->width);
	buffer_add(out, "\n", 1);
	buffer_free(&line);
}

static void put_items(const struct layout *layout, const struct drift *drift, enum drift_kind kind,
    struct buffer *out)
{
	for (size_t i = 0; i < drift->n; i++) {
		const struct drift_item *item = &drift->items[i];
		char todo[300];

		if (item->kind != kind)
			continue;
		put_indented(layout, 2, item->text, out);
		if (item->todo[0] == '\0')
			continue;
		snprintf(todo, sizeof(todo), _("do: %s"), item->todo);
		put_indented(layout, 4, todo, out);
	}
}

static void put_drift(const struct layout *layout, const struct drift *drift, struct buffer *out)
{
	const size_t warnings = drift->n - drift->n_updates;
	char text[256];

	buffer_add(out, "\n", 1);
	if (drift->n_updates == 0) {
		put_verdict(layout, "32", _("No update is due."), out);
	} else {
		snprintf(text, sizeof(text),
		    ngettext("AN UPDATE IS DUE, for %zu reason:",
			"AN UPDATE IS DUE, for %zu reasons:", (unsigned long)drift->n_updates),
		    drift->n_updates);
		put_verdict(layout, "1;31", text, out);
		put_items(layout, drift, DRIFT_UPDATE, out);
	}
	if (warnings > 0) {
		snprintf(text, sizeof(text),
		    ngettext("%zu warning:", "%zu warnings:", (unsigned long)warnings), warnings);
		buffer_add(out, "\n", 1);
		put_verdict(layout, "33", text, out);
		put_items(layout, drift, DRIFT_WARNING, out);
	}
}

int status_print(const struct status_report *report)
{
	const struct layout layout = layout_of();
	struct buffer out = BUFFER_INIT;
	int rc;

	put_facts(report->cluster, &out);
	if (report->cluster->current.number > 0) {
		put_drift(&layout, report->drift, &out);
	} else {
		buffer_printf(&out,
		    "\n%s\n  ctlsign set-cluster mixed-mode --tokens\n%s\n"
		    "  ctlsign set-cluster mixed-mode --tokenless\n",
		    _("No CTL yet. The first is signed with a token by:"),
		    _("or with the key of CallManager or ITLRecovery by:"));
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

json_t *status_json(const struct status_report *report)
{
	const struct cluster *cluster = report->cluster;
	const bool has_ctl = cluster->current.number > 0;
	json_t *items = json_array(), *json;

	for (size_t i = 0; i < report->drift->n; i++) {
		const struct drift_item *item = &report->drift->items[i];

		json_array_append_new(items,
		    json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind",
			item->kind == DRIFT_UPDATE ? "update" : "warning", "code", item->code,
			"name", item->name, "text", item->text, "todo", item->todo));
	}
	json = json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:o}", "cluster",
	    cli_json_path(cluster->inventory.cluster), "release", cluster->inventory.release.text,
	    "mode", cluster_mode_code(cluster->current.mode), "signing",
	    cluster_signing_code(cluster->current.signing), "ctl_file",
	    cli_json_path(cluster->inventory.ctl_file), "generation",
	    has_ctl ? cluster_generation_json(&cluster->current) : json_null(), "pending",
	    report->pending > 0 ? json_integer(report->pending) : json_null(), "update_due",
	    (int)(report->drift->n_updates > 0), "items", items);
	if (json != NULL && !has_ctl)
		json_object_set_new(json, "signing", json_null());
	return json;
}
