/*
 * How `ctlsign status` shows what it found: as text, and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/status.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How it is laid out on what it is written to. */
struct layout {
	bool colour;
	size_t width; /* of the terminal; 0: lines are not broken */
};

static struct layout layout_of(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct layout layout = {.colour = false};

	layout.width = cli_width(STDOUT_FILENO);
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

/* ---- SASTs ---------------------------------------------------------------------------------- */

/* A SAST of the current CTL, as it is told. */
struct sast {
	enum origin origin;
	bool signed_it;
	struct buffer subject; /* printable */
	struct buffer serial;  /* of the certificate, as --remove-token takes it */
};

static bool is_sast(const struct tl_record *record)
{
	return record->has_role && record->role == TL_ROLE_SAST;
}

static size_t count_sasts(const struct cluster *cluster)
{
	size_t n = 0;

	for (size_t i = 0; i < cluster->list.n_records; i++)
		n += is_sast(&cluster->list.records[i]) ? 1 : 0;
	return n;
}

static struct sast sast_of(const struct cluster *cluster, size_t index)
{
	const struct tl_record *record = &cluster->list.records[index];
	struct sast sast = {.origin = (enum origin)cluster->current.origins[index],
	    .signed_it = tl_signer_record(&cluster->list) == record};

	if (record->x509 != NULL)
		certificate_subject(record->x509, &sast.subject);
	else
		text_printable(&sast.subject, tl_string(record->subject));
	text_hex(&sast.serial,
	    record->x509 != NULL ? tl_certificate_serial(record->x509) : record->serial, '\0',
	    true);
	return sast;
}

static void sast_free(struct sast *sast)
{
	buffer_free(&sast->subject);
	buffer_free(&sast->serial);
}

static const char *kind_word(const struct sast *sast)
{
	switch (sast->origin) {
	case ORIGIN_TOKEN:
		return sast->signed_it ? _("token (signer)") : _("token");
	case ORIGIN_CALLMANAGER:
		return sast->signed_it ? _("CallManager (signer)") : "CallManager";
	case ORIGIN_ITLRECOVERY:
		return sast->signed_it ? _("ITLRecovery (signer)") : "ITLRecovery";
	case ORIGIN_TRUST:
		return sast->signed_it ? _("Phone-SAST-trust (signer)") : "Phone-SAST-trust";
	default:
		return sast->signed_it ? _("other (signer)") : _("other");
	}
}

static const char *kind_code(const struct sast *sast)
{
	switch (sast->origin) {
	case ORIGIN_TOKEN:
		return "token";
	case ORIGIN_CALLMANAGER:
		return "callmanager";
	case ORIGIN_ITLRECOVERY:
		return "itlrecovery";
	case ORIGIN_TRUST:
		return "trust";
	default:
		return "other";
	}
}

static const char *text_of(struct buffer *text)
{
	const char *whole = buffer_text(text);

	return whole != NULL ? whole : "";
}

/* Columns before that of the subjects. */
static size_t width_before_subject(const struct cluster *cluster)
{
	size_t kind = text_width(_("SAST")), serial = text_width(_("Serial"));

	for (size_t i = 0; i < cluster->list.n_records; i++) {
		struct sast sast;

		if (!is_sast(&cluster->list.records[i]))
			continue;
		sast = sast_of(cluster, i);
		if (text_width(kind_word(&sast)) > kind)
			kind = text_width(kind_word(&sast));
		if (text_width(text_of(&sast.serial)) > serial)
			serial = text_width(text_of(&sast.serial));
		sast_free(&sast);
	}
	return kind + 2 + serial + 2;
}

static void put_sasts(
    const struct layout *layout, const struct cluster *cluster, struct buffer *out)
{
	const size_t before = width_before_subject(cluster);
	struct text_table *table = text_table_new(3);
	char subject[512];

	text_table_row(table, (const char *[]){_("SAST"), _("Serial"), _("Subject")});
	for (size_t i = 0; i < cluster->list.n_records; i++) {
		struct sast sast;

		if (!is_sast(&cluster->list.records[i]))
			continue;
		sast = sast_of(cluster, i);
		cluster_text_shorten(subject, sizeof(subject), text_of(&sast.subject),
		    layout->width > before ? layout->width - before : sizeof(subject));
		text_table_row(
		    table, (const char *[]){kind_word(&sast), text_of(&sast.serial), subject});
		sast_free(&sast);
	}
	buffer_add(out, "\n", 1);
	text_table_print(table, out);
	text_table_free(table);
}

/* Those of the current CTL; only tokens, or all. */
static json_t *sasts_json(const struct cluster *cluster, bool tokens)
{
	json_t *array = json_array();

	for (size_t i = 0; i < cluster->list.n_records; i++) {
		struct sast sast;

		if (!is_sast(&cluster->list.records[i]))
			continue;
		sast = sast_of(cluster, i);
		if (!tokens || sast.origin == ORIGIN_TOKEN)
			json_array_append_new(
			    array, json_pack("{s:s, s:s, s:s, s:b}", "kind", kind_code(&sast),
				       "subject", text_of(&sast.subject), "serial",
				       text_of(&sast.serial), "signer", (int)sast.signed_it));
		sast_free(&sast);
	}
	return array;
}

/* ---- facts ---------------------------------------------------------------------------------- */

static void put_generation(const struct generation *g, size_t n_sasts, struct text_table *table)
{
	char when[CLUSTER_TIME_MAX], number[CLUSTER_TIME_MAX + 32];

	text_table_row(table, (const char *[]){_("Mode"), cluster_mode_word(g->mode)});
	text_table_row(table, (const char *[]){_("Signing"), cluster_signing_word(g->signing)});
	text_table_row(table, (const char *[]){_("Signed by"), g->signer});
	snprintf(number, sizeof(number), "%lld, %s", (long long)g->number,
	    cluster_time_local(when, g->made));
	text_table_row(table, (const char *[]){_("Generation"), number});
	text_table_row(table, (const char *[]){_("Digest"), g->digest});
	snprintf(number, sizeof(number), "%zu", n_sasts);
	text_table_row(table, (const char *[]){_("SASTs"), number});
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
		put_generation(&cluster->current, count_sasts(cluster), table);
	text = buffer_text(&file);
	text_table_row(table, (const char *[]){_("CTL file"), text != NULL ? text : ""});
	text_table_print(table, out);
	text_table_free(table);
	buffer_free(&name);
	buffer_free(&file);
}

/* ---- the verdict ---------------------------------------------------------------------------- */

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

static void put_warnings(const struct layout *layout, const struct drift *drift, struct buffer *out)
{
	const size_t warnings = drift->n - drift->n_updates;
	char text[256];

	if (warnings == 0)
		return;
	snprintf(text, sizeof(text),
	    ngettext("%zu warning:", "%zu warnings:", (unsigned long)warnings), warnings);
	buffer_add(out, "\n", 1);
	put_verdict(layout, "33", text, out);
	put_items(layout, drift, DRIFT_WARNING, out);
}

static void put_drift(
    const struct layout *layout, const struct drift *drift, bool is_pending, struct buffer *out)
{
	char text[256];

	buffer_add(out, "\n", 1);
	if (drift->n_updates == 0) {
		put_verdict(layout, "32",
		    is_pending ? _("Nothing else is due.") : _("No update is due."), out);
	} else {
		snprintf(text, sizeof(text),
		    ngettext("AN UPDATE IS DUE, for %zu reason:",
			"AN UPDATE IS DUE, for %zu reasons:", (unsigned long)drift->n_updates),
		    drift->n_updates);
		put_verdict(layout, "1;31", text, out);
		put_items(layout, drift, DRIFT_UPDATE, out);
	}
}

/* In words, with the number of the generation. */
static void put_headline(char *out, size_t size, enum delivery_phase phase, long long number)
{
	switch (phase) {
	case DELIVERY_NONE:
		snprintf(out, size,
		    _("GENERATION %lld IS BEING MADE, or the run that made it was killed."),
		    number);
		break;
	case DELIVERY_SIGNED:
		snprintf(out, size, _("GENERATION %lld IS SIGNED, AND NOT PUBLISHED."), number);
		break;
	case DELIVERY_COMMIT:
		snprintf(out, size,
		    _("GENERATION %lld IS ON SOME SERVERS, AND MAY NOT BE ON OTHERS."), number);
		break;
	case DELIVERY_CARRY:
		snprintf(out, size,
		    _("GENERATION %lld IS SIGNED, and waits to be carried to servers by hand."),
		    number);
		break;
	case DELIVERY_BACK:
		snprintf(out, size,
		    _("GENERATION %lld IS BEING TAKEN BACK, and may still be on some servers."),
		    number);
		break;
	}
}

/* A generation that is signed, and not the current one yet. */
static void put_pending(
    const struct layout *layout, const struct cluster *cluster, struct buffer *out)
{
	const long long number = (long long)cluster->pending.number;
	char text[256];

	if (number == 0)
		return;
	buffer_printf(out, "\n");
	put_headline(text, sizeof(text), cluster->phase, number);
	put_verdict(layout, "1;31", text, out);
	switch (cluster->phase) {
	case DELIVERY_NONE:
		buffer_printf(
		    out, "  %s\n", _("the next command that changes something puts that in order"));
		break;
	case DELIVERY_SIGNED:
		buffer_printf(out, "  %s\n  %s\n", _("deliver it:       ctlsign publish"),
		    _("or drop it:       ctlsign publish --back"));
		break;
	case DELIVERY_COMMIT:
		buffer_printf(out, "  %s\n  %s\n", _("go on with it:    ctlsign publish --resume"),
		    _("or take it back:  ctlsign publish --back"));
		break;
	case DELIVERY_CARRY:
		buffer_printf(out, "  %s\n  %s\n",
		    _("what goes where, and that it is done: ctlsign publish --by-hand"),
		    _("to take it back:                      ctlsign publish --back"));
		break;
	case DELIVERY_BACK:
		buffer_printf(out, "  %s\n  %s\n", _("go on with that:  ctlsign publish --back"),
		    _("or deliver it:    ctlsign publish --resume"));
		break;
	}
}

static void put_first_steps(const struct status_report *report, struct buffer *out)
{
	if (report->cluster->pending.number == 0)
		buffer_printf(out,
		    "\n%s\n  ctlsign set-cluster mixed-mode --tokens\n%s\n"
		    "  ctlsign set-cluster mixed-mode --tokenless\n",
		    _("No CTL yet. The first is signed with a token by:"),
		    _("or with the key of CallManager or ITLRecovery by:"));
}

int status_print(const struct status_report *report)
{
	const struct layout layout = layout_of();
	struct buffer out = BUFFER_INIT;
	const bool has_ctl = report->cluster->current.number > 0;
	int rc;

	put_facts(report->cluster, &out);
	put_pending(&layout, report->cluster, &out);
	if (has_ctl)
		put_sasts(&layout, report->cluster, &out);
	if (report->drift != NULL) {
		if (has_ctl)
			put_drift(
			    &layout, report->drift, report->cluster->pending.number > 0, &out);
		else
			put_first_steps(report, &out);
		put_warnings(&layout, report->drift, &out);
	}
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static json_t *items_json(const struct drift *drift)
{
	json_t *items = json_array();

	for (size_t i = 0; drift != NULL && i < drift->n; i++) {
		const struct drift_item *item = &drift->items[i];

		json_array_append_new(items,
		    json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind",
			item->kind == DRIFT_UPDATE ? "update" : "warning", "code", item->code,
			"name", item->name, "text", item->text, "todo", item->todo));
	}
	return items;
}

/* How far the pending generation is. */
static const char *phase_code(const struct cluster *cluster)
{
	static const char *const codes[] = {[DELIVERY_NONE] = "none",
	    [DELIVERY_SIGNED] = "signed",
	    [DELIVERY_COMMIT] = "begun",
	    [DELIVERY_CARRY] = "by-hand",
	    [DELIVERY_BACK] = "going-back"};

	return codes[cluster->phase];
}

json_t *status_json(const struct status_report *report)
{
	const struct cluster *cluster = report->cluster;
	const struct drift *drift = report->drift;
	const bool has_ctl = cluster->current.number > 0;
	json_t *json;

	json = json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "cluster",
	    cli_json_path(cluster->inventory.cluster), "release", cluster->inventory.release.text,
	    "mode", cluster_mode_code(cluster->current.mode), "signing",
	    cluster_signing_code(cluster->current.signing), "ctl_file",
	    cli_json_path(cluster->inventory.ctl_file), "generation",
	    has_ctl ? cluster_generation_json(&cluster->current) : json_null(), "pending",
	    cluster->pending.number > 0 ? json_integer(cluster->pending.number) : json_null(),
	    "publishing", phase_code(cluster), "sasts", sasts_json(cluster, false), "tokens",
	    sasts_json(cluster, true), "update_due",
	    drift != NULL ? json_boolean(drift->n_updates > 0) : json_null(), "items",
	    items_json(drift));
	if (json != NULL && !has_ctl)
		json_object_set_new(json, "signing", json_null());
	/* There may be a list of which nothing is known. */
	if (json != NULL && !has_ctl && drift == NULL)
		json_object_set_new(json, "mode", json_null());
	return json;
}
