/*
 * The runbook's parts before the steps: today's state, the generations with their checksums, what
 * to have at hand.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Hex digits that stand together. */
#define GROUP 4

void runbook_put_checksum(struct buffer *out, const char *hex)
{
	const size_t len = strlen(hex);

	for (size_t i = 0; i < len; i += GROUP) {
		if (i > 0)
			buffer_add(out, " ", 1);
		buffer_add(out, hex + i, len - i < GROUP ? len - i : GROUP);
	}
}

static const char *text_of(struct buffer *buf)
{
	const char *text = buffer_text(buf);

	return text != NULL ? text : "";
}

/* ---- today's state ----------------------------------------------------------------------------
 */

static void put_fact(
    const struct runbook_pen *pen, const char *name, const char *value, struct buffer *out)
{
	if (value != NULL && value[0] != '\0')
		pen->row(out, (const char *[]){name, value}, 2);
}

static void put_facts(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	char number[32];

	pen->table(out, (const char *[]){_("What"), _("Today")}, 2);
	put_fact(pen, _("Cluster"), runbook->cluster, out);
	put_fact(pen, _("Release"), runbook->release, out);
	put_fact(pen, _("Inventory"), runbook->conf, out);
	put_fact(pen, _("Mode"), runbook->mode, out);
	put_fact(pen, _("Signing"), runbook->signing, out);
	put_fact(pen, _("Tokenless signer"), runbook->tokenless_signer, out);
	snprintf(number, sizeof(number), "%lld", (long long)runbook->current);
	put_fact(pen, _("Current generation"), runbook->current > 0 ? number : _("none yet"), out);
	pen->table_end(out);
}

static void put_warnings(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->heading(out, 3, _("What somebody should know"));
	if (runbook->n_warnings == 0) {
		pen->paragraph(
		    out, _("Nothing: the CTL is what the inventory calls for (ctlsign status)."));
		return;
	}
	pen->list(out);
	for (size_t i = 0; i < runbook->n_warnings; i++)
		pen->item(out, RUNBOOK_POINT, runbook->warnings[i]);
	pen->list_end(out);
}

static void put_fleet(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	const struct fleet_answer *fleet = runbook->fleet;
	struct buffer oldest = BUFFER_INIT, newest = BUFFER_INIT;
	char text[384];

	pen->heading(out, 3, _("Phones"));
	if (fleet == NULL || !fleet->has_fleet) {
		pen->paragraph(out,
		    _("Which phone holds which CTL is not known. Import it (ctlsign phones import "
		      "FILE.csv), or an officer has to say that all phones hold a generation."));
		return;
	}
	text_time_local(&oldest, fleet->oldest);
	text_time_local(&newest, fleet->newest);
	snprintf(text, sizeof(text),
	    ngettext("%llu phone, seen between %s and %s.", "%llu phones, seen between %s and %s.",
		(unsigned long)fleet->n),
	    (unsigned long long)fleet->n, text_of(&oldest), text_of(&newest));
	pen->paragraph(out, text);
	if (fleet->behind == 0)
		snprintf(text, sizeof(text), "%s", _("All of them hold the newest CTL."));
	else
		snprintf(text, sizeof(text),
		    ngettext("%llu of them does not hold the newest CTL.",
			"%llu of them do not hold the newest CTL.", (unsigned long)fleet->behind),
		    (unsigned long long)fleet->behind);
	pen->paragraph(out, text);
	buffer_free(&oldest);
	buffer_free(&newest);
}

void runbook_put_state(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->heading(out, 2, _("Today's state"));
	put_facts(pen, runbook, out);
	put_fleet(pen, runbook, out);
	put_warnings(pen, runbook, out);
}

/* ---- generations ------------------------------------------------------------------------------
 */

static void put_generation(const struct runbook_pen *pen, const struct runbook *runbook,
    const struct runbook_generation *g, struct buffer *out)
{
	struct buffer when = BUFFER_INIT, md5 = BUFFER_INIT, sha1 = BUFFER_INIT;
	char number[32];

	snprintf(number, sizeof(number), "%lld", (long long)g->generation->number);
	text_time_local(&when, g->generation->made);
	runbook_put_checksum(&md5, g->generation->md5);
	runbook_put_checksum(&sha1, g->generation->sha1);
	pen->row(out,
	    (const char *[]){number, runbook_state_word(runbook, g->generation), text_of(&when),
		g->generation->signer, text_of(&md5), text_of(&sha1)},
	    6);
	buffer_free(&when);
	buffer_free(&md5);
	buffer_free(&sha1);
}

void runbook_put_generations(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->heading(out, 2, _("Generations and their checksums"));
	pen->table(out,
	    (const char *[]){
		_("Generation"), _("State"), _("Made"), _("Signed by"), "MD5", "SHA-1"},
	    6);
	for (size_t i = 0; i < runbook->n_generations; i++)
		put_generation(pen, runbook, &runbook->generations[i], out);
	pen->table_end(out);
}

/* ---- before the night -------------------------------------------------------------------------
 */

static void put_open_items(
    const struct runbook_pen *pen, const char *const *items, size_t n, struct buffer *out)
{
	pen->list(out);
	for (size_t i = 0; i < n; i++)
		pen->item(out, RUNBOOK_OPEN, items[i]);
	pen->list_end(out);
}

static void put_people(const struct runbook_pen *pen, struct buffer *out)
{
	pen->heading(out, 3, _("Who is there, who is called"));
	pen->line(out, _("Officer who signs, telephone:"));
	pen->line(out, _("Second officer, telephone:"));
	pen->line(out, _("Who restarts services, telephone:"));
	pen->line(out, _("Who looks at phones on site, telephone:"));
	pen->line(out, _("Who decides to stop, telephone:"));
}

void runbook_put_before(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	char state[640];

	pen->page(out);
	pen->heading(out, 2, _("Before the night"));
	pen->heading(out, 3, _("Tokens and keys to have at hand"));
	if (runbook->n_hands > 0)
		put_open_items(pen, runbook->hands, runbook->n_hands, out);
	else
		pen->paragraph(out, _("None is called for today."));
	pen->paragraph(out, _("PINs and passphrases are not written here, nor beside it."));
	put_people(pen, out);
	pen->heading(out, 3, _("Servers that get the CTL"));
	put_open_items(pen, runbook->nodes, runbook->n_nodes, out);
	pen->heading(out, 3, _("Look at this first"));
	pen->list(out);
	pen->item(out, RUNBOOK_OPEN,
	    _("a copy of the state file and of ctlsign.conf is put away, made while no ctlsign "
	      "runs"));
	if (runbook->put_away != NULL) {
		pen->list_end(out);
		pen->command(out, &(struct runbook_command){.command = runbook->put_away});
		pen->list(out);
	}
	snprintf(state, sizeof(state), _("the history is whole: ctlsign audit verify%s"),
	    runbook->config_option);
	pen->item(out, RUNBOOK_OPEN, state);
	snprintf(state, sizeof(state), _("all servers hold the same CTL: ctlsign nodes%s"),
	    runbook->config_option);
	pen->item(out, RUNBOOK_OPEN, state);
	pen->item(
	    out, RUNBOOK_OPEN, _("tokens and their readers work, tried today: ctlsign token list"));
	snprintf(state, sizeof(state),
	    _("the fleet was exported today and read in: ctlsign phones import FILE.csv%s"),
	    runbook->config_option);
	pen->item(out, RUNBOOK_OPEN, state);
	pen->list_end(out);
}
