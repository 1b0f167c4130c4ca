/*
 * How `ctlsign nodes` shows what the nodes hold: as a table with what to do, and as JSON.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/nodes.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/cluster_text.h"
#include "cli/publish_list.h"
#include "cli/publish_print.h"

#include <stdio.h>
#include <string.h>

/* As much of a checksum as tells files apart, and as much as still does in little room. */
#define HASH_SHOWN 12
#define HASH_SHORT 8

/* Places and names are not cut to less than this. */
#define LEAST_COLUMNS 8

#define CELL_MAX 512

enum state { STATE_CURRENT, STATE_SAME, STATE_PENDING, STATE_NONE, STATE_DIFFERS, STATE_FAILED };

static enum state state_of(const struct node_copies *copies, const struct node_copy *copy)
{
	if (copy->err.status != ST_OK)
		return STATE_FAILED;
	if (!copy->there)
		return STATE_NONE;
	/* Two generations that were signed in the same second may be the same file. */
	if (copy->pending && (copy->odd || copies->current == 0))
		return STATE_PENDING;
	if (copy->odd)
		return STATE_DIFFERS;
	/* Where nothing is known to be right, all that can be said is what most hold. */
	return copies->current > 0 ? STATE_CURRENT : STATE_SAME;
}

static const char *state_code(enum state state)
{
	static const char *const codes[] = {
	    [STATE_CURRENT] = "current",
	    [STATE_SAME] = "same",
	    [STATE_PENDING] = "pending",
	    [STATE_NONE] = "none",
	    [STATE_DIFFERS] = "differs",
	    [STATE_FAILED] = "not-reached",
	};

	return codes[state];
}

static const char *state_word(enum state state)
{
	switch (state) {
	case STATE_CURRENT:
		return _("current");
	case STATE_SAME:
		return _("as most");
	case STATE_PENDING:
		return _("not current yet");
	case STATE_NONE:
		return _("none");
	case STATE_DIFFERS:
		return _("differs");
	default:
		return _("not reached");
	}
}

static enum cli_publish_shade state_shade(enum state state)
{
	switch (state) {
	case STATE_CURRENT:
		return CLI_PUBLISH_GOOD;
	case STATE_DIFFERS:
	case STATE_FAILED:
		return CLI_PUBLISH_BAD;
	default:
		return CLI_PUBLISH_PLAIN;
	}
}

/* ---- the table --------------------------------------------------------------------------------
 */

/* How much room each cell may take; 0: all that it needs. */
struct fit {
	size_t hash;
	size_t place;
	size_t node;
	bool minutes; /* times end with the minute */
	bool no_made; /* the generation has to do */
	bool no_md5;  /* the SHA-1 has to do */
	bool colour;
};

static const char *shorten(char out[CELL_MAX], const char *text, size_t columns)
{
	return columns > 0 ? cluster_text_shorten(out, CELL_MAX, text, columns) : text;
}

/* The beginning of a checksum; it needs no dots. */
static const char *hash_cell(char out[CELL_MAX], const char *hash, size_t digits)
{
	snprintf(out, CELL_MAX, "%.*s", digits > 0 ? (int)digits : CELL_MAX - 1,
	    hash[0] != '\0' ? hash : "-");
	return out;
}

enum { COLUMNS = 7, COLUMN_MD5 = 2, COLUMN_MADE = 5 };

/* A row of all COLUMNS, of which some may be left out. */
static void add_row(struct text_table *table, const struct fit *fit, const char *const *cells)
{
	const char *shown[COLUMNS];
	size_t n = 0;

	for (size_t i = 0; i < COLUMNS; i++)
		if ((i != COLUMN_MD5 || !fit->no_md5) && (i != COLUMN_MADE || !fit->no_made))
			shown[n++] = cells[i];
	text_table_row(table, shown);
}

static void put_row(struct text_table *table, const struct node_copies *copies,
    const struct node_copy *copy, const struct fit *fit)
{
	char node[CELL_MAX], place[CELL_MAX], cut[CELL_MAX], md5[CELL_MAX], sha1[CELL_MAX];
	char generation[32] = "-", made[CLUSTER_TIME_MAX] = "-", word[64];
	const enum state state = state_of(copies, copy);

	text_printable_into(place, sizeof(place), text_bytes(copy->place));
	if (copy->generation > 0)
		snprintf(generation, sizeof(generation), "%lld", (long long)copy->generation);
	else if (copy->there)
		snprintf(generation, sizeof(generation), "%s", _("not known"));
	if (copy->made != 0)
		cluster_time_local(made, copy->made);
	if (fit->minutes && strlen(made) > strlen("2026-11-23 14:05"))
		made[strlen("2026-11-23 14:05")] = '\0';
	add_row(table, fit,
	    (const char *[]){shorten(node, copy->node, fit->node),
		cli_publish_cut_middle(cut, sizeof(cut), place, fit->place),
		hash_cell(md5, copy->md5, fit->hash), hash_cell(sha1, copy->sha1, fit->hash),
		generation, made,
		cli_publish_shaded(word, sizeof(word), state_word(state),
		    fit->colour ? state_shade(state) : CLI_PUBLISH_PLAIN)});
}

static void put_table(struct buffer *out, const struct node_copies *copies, const struct fit *fit)
{
	struct text_table *table =
	    text_table_new(COLUMNS - (fit->no_md5 ? 1u : 0u) - (fit->no_made ? 1u : 0u));

	add_row(table, fit,
	    (const char *[]){
		_("Node"), _("Place"), "MD5", "SHA-1", _("Generation"), _("Made"), _("State")});
	for (size_t i = 0; i < copies->n; i++)
		put_row(table, copies, &copies->list[i], fit);
	buffer_reset(out);
	text_table_print(table, out);
	text_table_free(table);
}

static size_t longest(const struct node_copies *copies, bool nodes)
{
	size_t most = 0;

	for (size_t i = 0; i < copies->n; i++) {
		const size_t width =
		    text_width(nodes ? copies->list[i].node : copies->list[i].place);

		most = width > most ? width : most;
	}
	return most;
}

/* Columns that are left of LONGEST when OVER are too many. */
static size_t cut_by(size_t longest_one, size_t over)
{
	return longest_one > over + LEAST_COLUMNS ? longest_one - over : LEAST_COLUMNS;
}

/*
 * First the checksums are cut, then the times; MD5 and times are left out; then places are cut in
 * the middle, and names.
 */
static void fit_table(struct buffer *out, const struct node_copies *copies, size_t width)
{
	struct fit fits[] = {{.hash = 0}, {.hash = HASH_SHOWN},
	    {.hash = HASH_SHORT, .minutes = true},
	    {.hash = HASH_SHORT, .minutes = true, .no_md5 = true},
	    {.hash = HASH_SHORT, .no_made = true, .no_md5 = true}};
	const size_t n = sizeof(fits) / sizeof(fits[0]);
	struct fit *last = &fits[n - 1];
	struct buffer table = BUFFER_INIT;
	size_t wide = 0;

	for (size_t i = 0; i < n; i++) {
		fits[i].colour = cli_publish_colour(width);
		put_table(&table, copies, &fits[i]);
		wide = cli_publish_width_of(&table);
		if (width == 0 || wide <= width)
			break;
	}
	if (width > 0 && wide > width) {
		last->place = cut_by(longest(copies, false), wide - width);
		put_table(&table, copies, last);
		wide = cli_publish_width_of(&table);
	}
	if (width > 0 && wide > width) {
		last->node = cut_by(longest(copies, true), wide - width);
		put_table(&table, copies, last);
	}
	cli_publish_add_table(out, &table);
	buffer_free(&table);
}

/* ---- what to do -------------------------------------------------------------------------------
 */

static void put_failures(struct buffer *out, const struct node_copies *copies)
{
	for (size_t i = 0; i < copies->n; i++) {
		char line[2048];

		if (copies->list[i].err.status != ST_OK)
			buffer_printf(out, "%s: %s\n", copies->list[i].node,
			    error_line(&copies->list[i].err, line, sizeof(line)));
	}
}

static void put_without(struct buffer *out, const struct node_copies *copies)
{
	struct buffer names = BUFFER_INIT;

	for (size_t i = 0; i < copies->n_without; i++)
		buffer_printf(&names, "%s%s", i > 0 ? ", " : "", copies->without[i]);
	if (names.len > 0 && buffer_text(&names) != NULL)
		buffer_printf(out,
		    _("Not asked, as ctlsign.conf has neither `deliver' nor `verify' for them: "
		      "%s\n"),
		    buffer_text(&names));
	buffer_free(&names);
}

/* Whether a node's own target is in order, while phones are given something else. */
static bool only_phones_differ(const struct node_copies *copies)
{
	bool phones = false;

	for (size_t i = 0; i < copies->n; i++) {
		const struct node_copy *copy = &copies->list[i];

		if (copy->odd && !copy->by_phone)
			return false;
		phones = phones || (copy->odd && copy->by_phone);
	}
	return phones;
}

/* How far the generation is that is not the current one yet, and the ways on. */
static void put_pending(struct buffer *out, enum delivery_phase phase, long long number)
{
	switch (phase) {
	case DELIVERY_NONE:
		buffer_printf(out,
		    _("Generation %lld is being made, or the run that made it was killed; the next "
		      "command that changes something puts that in order.\n"),
		    number);
		break;
	case DELIVERY_SIGNED:
		buffer_printf(out,
		    _("Generation %lld is signed and not published:\n"
		      "  ctlsign publish              delivers it\n"
		      "  ctlsign publish --back       drops it\n"),
		    number);
		break;
	case DELIVERY_COMMIT:
		buffer_printf(out,
		    _("Generation %lld is on some servers, and may not be on others:\n"
		      "  ctlsign publish --resume     goes on with it\n"
		      "  ctlsign publish --back       takes it back\n"),
		    number);
		break;
	case DELIVERY_CARRY:
		buffer_printf(out,
		    _("Generation %lld waits to be carried to servers by hand:\n"
		      "  ctlsign publish --by-hand    what goes where, and that it is done\n"
		      "  ctlsign publish --back       takes it back\n"),
		    number);
		break;
	case DELIVERY_BACK:
		buffer_printf(out,
		    _("Generation %lld is being taken back, and may still be on some servers:\n"
		      "  ctlsign publish --back       goes on with that\n"
		      "  ctlsign publish --resume     delivers it after all\n"),
		    number);
		break;
	}
}

/* One that the state knows, though none is current: it was taken back.  0: there is none. */
static int64_t taken_back(const struct node_copies *copies)
{
	for (size_t i = 0; i < copies->n; i++)
		if (copies->list[i].generation > 0 && !copies->list[i].pending)
			return copies->list[i].generation;
	return 0;
}

static void put_advice(
    struct buffer *out, const struct node_copies *copies, enum delivery_phase phase)
{
	if (copies->pending > 0)
		put_pending(out, phase, (long long)copies->pending);
	else if (copies->n_odd > 0 && only_phones_differ(copies))
		buffer_printf(out, "%s",
		    _("Phones get another file than the targets hold: restart the TFTP service "
		      "of these nodes, which may keep an old one in memory.\n"));
	else if (copies->n_odd > 0 && copies->current == 0 && taken_back(copies) > 0)
		buffer_printf(out,
		    _("Some hold generation %lld, which was taken back: remove it there, or sign "
		      "the next one with the key of a SAST that it lists.\n"),
		    (long long)taken_back(copies));
	else if (copies->n_odd > 0 && copies->current == 0)
		buffer_printf(out, "%s",
		    _("Not all hold the same, and no generation is known that they should hold. "
		      "The right one is taken over with:\n"
		      "  ctlsign init --from CTLFile.tlv\n"));
	else if (copies->n_odd > 0)
		buffer_printf(out,
		    _("They should hold generation %lld. Those with a target get it with:\n"
		      "  ctlsign publish --again\n"
		      "To others it is copied by hand, out of:\n"
		      "  ctlsign export current -o CTLFile.tlv\n"),
		    (long long)copies->current);
}

void nodes_put(
    struct buffer *out, const struct node_copies *copies, enum delivery_phase phase, size_t width)
{
	struct buffer text = BUFFER_INIT;

	if (copies->current == 0 && copies->pending == 0)
		buffer_printf(out, "%s\n", _("The cluster has no CTL yet."));
	if (copies->n > 0)
		fit_table(out, copies, width);
	put_failures(&text, copies);
	put_without(&text, copies);
	put_advice(&text, copies, phase);
	if (text.len > 0 && buffer_text(&text) != NULL)
		text_fold(out, buffer_text(&text), width);
	out->failed = out->failed || text.failed;
	buffer_free(&text);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static json_t *number_or_null(int64_t number)
{
	return number > 0 ? json_integer(number) : json_null();
}

static json_t *copy_json(const struct node_copies *copies, const struct node_copy *copy)
{
	return json_pack("{s:s, s:o, s:b, s:s, s:b, s:s, s:s, s:s, s:o, s:o, s:b, s:o}", "node",
	    copy->node, "place", cli_json_path(copy->place), "by_phone", copy->by_phone, "state",
	    state_code(state_of(copies, copy)), "there", copy->there, "md5", copy->md5, "sha1",
	    copy->sha1, "sha256", copy->sha256, "generation", number_or_null(copy->generation),
	    "made", copy->made != 0 ? cluster_time_json(copy->made) : json_null(), "odd", copy->odd,
	    "error", cli_publish_error_json(&copy->err));
}

json_t *nodes_json(const struct node_copies *copies, enum delivery_phase phase)
{
	json_t *nodes = json_array(), *without = json_array();

	for (size_t i = 0; i < copies->n; i++)
		json_array_append_new(nodes, copy_json(copies, &copies->list[i]));
	for (size_t i = 0; i < copies->n_without; i++)
		json_array_append_new(without, json_string(copies->without[i]));
	return json_pack("{s:o, s:o, s:s, s:o, s:o}", "current", number_or_null(copies->current),
	    "pending", number_or_null(copies->pending), "publishing",
	    cli_publish_phase_code(copies->pending > 0 ? phase : DELIVERY_NONE), "nodes", nodes,
	    "without", without);
}
