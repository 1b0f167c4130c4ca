/*
 * What goes where: before a delivery, and on paper for what is carried by hand.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_list.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"
#include "cli/publish_print.h"

#include <stdio.h>
#include <string.h>

/* Where CUCM's own TFTP service has its files. */
#define CUCM_TFTP "/usr/local/cm/tftp"

#define CELL_MAX 512

static void put_folded(struct buffer *out, struct buffer *text, size_t width)
{
	if (buffer_text(text) != NULL)
		text_fold(out, buffer_text(text), width);
	out->failed = out->failed || text->failed;
	buffer_free(text);
}

/* A phone's own file; it has the CTL's bytes, and there may be a thousand. */
static bool is_phones(const char *name)
{
	return strncmp(name, "CTLSEP", 6) == 0;
}

/* ---- the files --------------------------------------------------------------------------------
 */

static void put_file(struct buffer *out, const char *name, struct bytes data)
{
	char md5[CLI_PUBLISH_HASH_MAX], sha1[CLI_PUBLISH_HASH_MAX];

	if (data.len == 0)
		return;
	buffer_printf(out, ngettext("%s, %zu byte\n", "%s, %zu bytes\n", data.len), name, data.len);
	cli_publish_hash(md5, "MD5", data);
	cli_publish_hash(sha1, "SHA1", data);
	/* Where OpenSSL has no MD5 there is none to compare. */
	if (md5[0] != '\0')
		buffer_printf(out, "  MD5    %s\n", md5);
	buffer_printf(out, "  SHA-1  %s\n", sha1);
}

/* The names of the phones' files, all of one place: every place has the same. */
static void put_phones(struct buffer *out, const struct publish_plan *plan, size_t width)
{
	struct buffer text = BUFFER_INIT;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_places && n == 0; i++) {
		const struct publish_place *place = &plan->places[i];

		for (size_t j = 0; j < place->n_files; j++) {
			if (!is_phones(place->files[j].name))
				continue;
			buffer_printf(&text, "%s %s", n > 0 ? "," : "", place->files[j].name);
			n++;
		}
	}
	if (n > 0) {
		struct buffer line = BUFFER_INIT;

		buffer_printf(&line,
		    ngettext("The CTL under the name of %zu phone:%s\n",
			"The CTL under the names of %zu phones:%s\n", n),
		    n, buffer_text(&text) != NULL ? buffer_text(&text) : "");
		put_folded(out, &line, width);
	}
	buffer_free(&text);
}

static void put_files(struct buffer *out, const struct publish_plan *plan, size_t width)
{
	put_file(out, PUBLISH_CTL, buffer_bytes(&plan->ctl));
	put_file(out, PUBLISH_CAPF_DER, buffer_bytes(&plan->capf_der));
	put_file(out, PUBLISH_CAPF_PEM, buffer_bytes(&plan->capf_pem));
	put_phones(out, plan, width);
}

/* "CTLFile.tlv, capf.cer, 3 of phones" */
static char *file_names(char out[CELL_MAX], const struct publish_place *place)
{
	struct buffer names = BUFFER_INIT;
	size_t phones = 0;

	for (size_t i = 0; i < place->n_files; i++) {
		if (is_phones(place->files[i].name)) {
			phones++;
			continue;
		}
		buffer_printf(&names, "%s%s", names.len > 0 ? ", " : "", place->files[i].name);
	}
	if (phones > 0)
		buffer_printf(
		    &names, ngettext(", %zu of phones", ", %zu of phones", phones), phones);
	text_cut_into(out, CELL_MAX, buffer_text(&names) != NULL ? buffer_text(&names) : "");
	buffer_free(&names);
	return out;
}

/* ---- the places -------------------------------------------------------------------------------
 */

static bool is_server(const struct inventory_server *servers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(servers[i].name, name) == 0)
			return true;
	return false;
}

/* Where a person puts the files of PLACE. */
static char *where_to(
    char out[CELL_MAX], const struct inventory *inventory, const struct publish_place *place)
{
	if (place->target != NULL)
		text_printable_into(out, CELL_MAX, text_bytes(place->target->text));
	else if (is_server(inventory->firewalls, inventory->n_firewalls, place->node))
		text_cut_into(out, CELL_MAX, _("the firewall's CTL file"));
	else if (is_server(inventory->alternate_tftp, inventory->n_alternate_tftp, place->node) ||
		 is_server(inventory->entries, inventory->n_entries, place->node))
		text_cut_into(out, CELL_MAX, _("the folder that its TFTP serves"));
	else
		text_cut_into(out, CELL_MAX, CUCM_TFTP);
	return out;
}

/* A place and what goes there, in words. */
struct place_text {
	char node[CELL_MAX];
	const char *address;
	char where[CELL_MAX];
	char files[CELL_MAX];
};

/* BY_HAND: with a box to tick. */
static void describe(struct place_text *text, const struct inventory *inventory,
    const struct publish_place *place, bool by_hand)
{
	snprintf(text->node, sizeof(text->node), "%s%s", by_hand ? "[ ] " : "", place->node);
	text->address = place->address[0] != '\0' ? place->address : "-";
	if (!by_hand && place->target == NULL)
		text_cut_into(text->where, sizeof(text->where), _("(by hand)"));
	else
		where_to(text->where, inventory, place);
	file_names(text->files, place);
}

static bool is_listed(const struct publish_place *place, bool even_targets, bool by_hand)
{
	return !by_hand || place->target == NULL || even_targets;
}

static void put_table(struct buffer *out, const struct inventory *inventory,
    const struct publish_plan *plan, bool even_targets, bool by_hand)
{
	struct text_table *table = text_table_new(4);

	text_table_row(table, (const char *[]){by_hand ? _("    Node") : _("Node"), _("Address"),
				  by_hand ? _("Where to") : _("Target"), _("Files")});
	for (size_t i = 0; i < plan->n_places; i++) {
		struct place_text text;

		if (!is_listed(&plan->places[i], even_targets, by_hand))
			continue;
		describe(&text, inventory, &plan->places[i], by_hand);
		text_table_row(
		    table, (const char *[]){text.node, text.address, text.where, text.files});
	}
	text_table_print(table, out);
	text_table_free(table);
}

/* Where the table is too wide: three lines a place, of which nothing is cut. */
static void put_lines(struct buffer *out, const struct inventory *inventory,
    const struct publish_plan *plan, bool even_targets, bool by_hand, size_t width)
{
	struct buffer lines = BUFFER_INIT;

	for (size_t i = 0; i < plan->n_places; i++) {
		struct place_text text;

		if (!is_listed(&plan->places[i], even_targets, by_hand))
			continue;
		describe(&text, inventory, &plan->places[i], by_hand);
		buffer_printf(&lines, "%s, %s\n    %s\n    %s\n", text.node, text.address,
		    text.where, text.files);
	}
	put_folded(out, &lines, width);
}

static void put_places(struct buffer *out, const struct inventory *inventory,
    const struct publish_plan *plan, bool even_targets, bool by_hand, size_t width)
{
	struct buffer table = BUFFER_INIT;

	put_table(&table, inventory, plan, even_targets, by_hand);
	if (width > 0 && cli_publish_width_of(&table) > width)
		put_lines(out, inventory, plan, even_targets, by_hand, width);
	else
		buffer_add(out, table.data, table.len);
	out->failed = out->failed || table.failed;
	buffer_free(&table);
}

void cli_publish_put_plan(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, size_t width)
{
	buffer_printf(out, _("Generation %lld of the CTL\n"), (long long)cluster->pending.number);
	put_files(out, plan, width);
	buffer_printf(out, "\n");
	put_places(out, &cluster->inventory, plan, true, false, width);
}

/* ---- by hand ----------------------------------------------------------------------------------
 */

/* The CTL file of this machine, as whoever stands elsewhere finds it. */
static char *file_of(char out[CELL_MAX], const struct cluster *cluster)
{
	const char *file = cluster->pending.file;

	return text_printable_into(out, CELL_MAX,
	    text_bytes(file != NULL && file[0] != '\0' ? file : cluster->inventory.ctl_file));
}

/* How a person comes by the files on this machine. */
static void put_sources(
    struct buffer *out, const struct cluster *cluster, const char *folder, size_t width)
{
	struct buffer text = BUFFER_INIT;
	char path[CELL_MAX];

	if (folder != NULL)
		buffer_printf(&text, _("All these files are in %s\n"),
		    text_printable_into(path, sizeof(path), text_bytes(folder)));
	else
		buffer_printf(&text,
		    _("On this machine the CTL is %s; all these files are written into a folder "
		      "by: ctlsign publish --by-hand --dry-run --out FOLDER\n"),
		    file_of(path, cluster));
	put_folded(out, &text, width);
}

static void put_ways(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, bool even_targets, size_t width)
{
	struct buffer text = BUFFER_INIT;
	size_t n_targets = 0;

	buffer_printf(&text,
	    _("%s is the folder of CUCM's own TFTP: the files are uploaded in Cisco Unified OS "
	      "Administration, Software Upgrades, TFTP File Management, on each node; then its "
	      "TFTP service is restarted.\n"),
	    CUCM_TFTP);
	for (size_t i = 0; i < plan->n_places; i++)
		n_targets += plan->places[i].target != NULL ? 1 : 0;
	if (n_targets > 0 && !even_targets && cluster->phase == DELIVERY_CARRY)
		buffer_printf(&text,
		    ngettext("%zu target is not in this list: it has its files already.\n",
			"%zu targets are not in this list: they have their files already.\n",
			n_targets),
		    n_targets);
	else if (n_targets > 0 && !even_targets)
		buffer_printf(&text,
		    ngettext("%zu target is not in this list: ctlsign publish serves it.\n",
			"%zu targets are not in this list: ctlsign publish serves them.\n",
			n_targets),
		    n_targets);
	put_folded(out, &text, width);
}

void cli_publish_put_by_hand(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, bool even_targets, const char *folder, size_t width)
{
	struct buffer cluster_name = BUFFER_INIT;

	text_printable(&cluster_name, text_bytes(cluster->inventory.cluster));
	buffer_printf(out, _("Cluster %s, generation %lld of the CTL: to be carried by hand\n\n"),
	    buffer_text(&cluster_name) != NULL ? buffer_text(&cluster_name) : "",
	    (long long)cluster->pending.number);
	buffer_free(&cluster_name);
	put_files(out, plan, width);
	put_sources(out, cluster, folder, width);
	buffer_printf(out, "\n");
	put_places(out, &cluster->inventory, plan, even_targets, true, width);
	buffer_printf(out, "\n");
	put_ways(out, cluster, plan, even_targets, width);
}

/* ---- back -------------------------------------------------------------------------------------
 */

/* What each target held before, from the journal. */
static void put_before(struct buffer *out, const struct delivery *delivery)
{
	struct text_table *table = text_table_new(3);
	size_t phones = 0;

	text_table_row(table, (const char *[]){_("Target"), _("File"), _("Before")});
	for (size_t i = 0; i < delivery->n_files; i++) {
		const struct delivery_file *file = &delivery->files[i];
		char target[CELL_MAX], md5[CLI_PUBLISH_HASH_MAX], before[CELL_MAX];

		if (is_phones(file->name)) {
			phones++;
			continue;
		}
		text_printable_into(target, sizeof(target), text_bytes(file->target));
		if (file->there)
			snprintf(before, sizeof(before), _("MD5 %s"),
			    cli_publish_hash(md5, "MD5", buffer_bytes(&file->old)));
		else
			text_cut_into(before, sizeof(before), _("none: it is removed"));
		text_table_row(table, (const char *[]){target, file->name, before});
	}
	text_table_print(table, out);
	text_table_free(table);
	if (phones > 0)
		buffer_printf(out,
		    ngettext("and %zu file of a phone\n", "and %zu files of phones\n", phones),
		    phones);
}

static void put_local(struct buffer *out, const struct cluster *cluster, size_t width)
{
	struct buffer text = BUFFER_INIT;
	char path[CELL_MAX];

	file_of(path, cluster);
	if (cluster->current.number > 0)
		buffer_printf(&text,
		    _("%s gets the content of generation %lld, and generation %lld is "
		      "abandoned.\n"),
		    path, (long long)cluster->current.number, (long long)cluster->pending.number);
	else
		buffer_printf(&text, _("%s is removed, and generation %lld is abandoned.\n"), path,
		    (long long)cluster->pending.number);
	put_folded(out, &text, width);
}

/* What the program cannot take back. */
static void put_warnings(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, size_t width)
{
	struct buffer text = BUFFER_INIT;

	if (cluster->phase != DELIVERY_SIGNED)
		buffer_printf(&text, "%s",
		    _("Phones that have loaded the new CTL keep it until they are given a later "
		      "one.\n"));
	if (cluster->phase == DELIVERY_CARRY && plan->n_by_hand > 0)
		buffer_printf(&text,
		    ngettext("%zu server has no target: where the new CTL was carried, the old one "
			     "has to be carried, too.\n",
			"%zu servers have no target: where the new CTL was carried, the old one "
			"has to be carried, too.\n",
			plan->n_by_hand),
		    plan->n_by_hand);
	put_folded(out, &text, width);
}

enum status cli_publish_put_back(struct buffer *out, const struct cluster *cluster,
    const struct publish_plan *plan, size_t width, struct error *err)
{
	struct delivery delivery = {.phase = DELIVERY_NONE};
	enum status st = store_delivery(cluster->store, &delivery, err);

	if (st == ST_OK) {
		buffer_printf(
		    out, _("Generation %lld is taken back.\n"), (long long)cluster->pending.number);
		if (delivery.n_files > 0)
			put_before(out, &delivery);
		else
			buffer_printf(out, "%s\n", _("No target has changed."));
		put_local(out, cluster, width);
		put_warnings(out, cluster, plan, width);
		st = buffer_status(out, err);
	}
	delivery_free(&delivery);
	return st;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

const char *cli_publish_phase_code(enum delivery_phase phase)
{
	static const char *const codes[] = {
	    [DELIVERY_NONE] = "none",
	    [DELIVERY_SIGNED] = "signed",
	    [DELIVERY_COMMIT] = "begun",
	    [DELIVERY_CARRY] = "by-hand",
	    [DELIVERY_BACK] = "going-back",
	};

	return codes[phase];
}

json_t *cli_publish_plan_json(
    const struct cluster *cluster, const struct publish_plan *plan, const char *folder)
{
	json_t *places = json_array(), *object;

	for (size_t i = 0; i < plan->n_places; i++)
		json_array_append_new(places, cli_publish_place_json(&plan->places[i]));
	object = json_pack("{s:b, s:I, s:s, s:o}", "dry_run", 1, "generation",
	    (json_int_t)cluster->pending.number, "publishing",
	    cli_publish_phase_code(cluster->phase), "places", places);
	if (folder != NULL)
		json_object_set_new(object, "folder", cli_json_path(folder));
	return object;
}
