/*
 * The runbook as a whole: its title, its parts in their order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include "base/text.h"

#include <stdio.h>

static void say_title(const struct runbook *runbook, struct buffer *out)
{
	const struct journal *journal = runbook->journal;
	const long long number = journal != NULL ? (long long)journal->number : 0;

	if (journal == NULL)
		buffer_printf(out, _("Runbook: the CTL of cluster %s"), runbook->cluster);
	else if (journal->wish.end == MIGRATE_TOKENLESS)
		buffer_printf(out, _("Runbook: cluster %s, migration %lld to tokenless signing"),
		    runbook->cluster, number);
	else if (journal->wish.end == MIGRATE_TOKENS)
		buffer_printf(out, _("Runbook: cluster %s, migration %lld to signing with tokens"),
		    runbook->cluster, number);
	else if (journal->wish.end == MIGRATE_ROTATE)
		buffer_printf(out, _("Runbook: cluster %s, migration %lld to other keys"),
		    runbook->cluster, number);
	else
		buffer_printf(out,
		    _("Runbook: cluster %s, migration %lld to trust another cluster, too"),
		    runbook->cluster, number);
}

/* Who made this paper, when: an old print is known by that. */
static void put_made(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	struct buffer when = BUFFER_INIT, text = BUFFER_INIT;
	const char *told;

	text_time_local(&when, runbook->now);
	told = buffer_text(&when);
	buffer_printf(&text,
	    _("Made on %s by %s. Make it anew after every step: ctlsign runbook%s"),
	    told != NULL ? told : "", runbook->who, runbook->config_option);
	told = buffer_text(&text);
	pen->paragraph(out, told != NULL ? told : "");
	buffer_free(&when);
	buffer_free(&text);
}

/* "This migration was given up on 2026-11-23 14:05:09 CET by anna." */
static void say_given_up(const struct runbook *runbook, struct buffer *out)
{
	struct buffer when = BUFFER_INIT;
	const char *told;

	text_time_local(&when, runbook->given_up);
	told = buffer_text(&when);
	if (runbook->given_up > 0 && runbook->given_up_by != NULL && told != NULL)
		buffer_printf(
		    out, _("This migration was given up on %s by %s."), told, runbook->given_up_by);
	else
		buffer_printf(out, "%s", _("This migration was given up."));
	buffer_printf(out, " %s", _("What follows are its steps that were signed."));
	buffer_free(&when);
}

/* ---- where a migration stands ---------------------------------------------------------------- */

static void say_place(const struct runbook *runbook, struct buffer *out)
{
	const struct journal_position *position = runbook->position;

	if (runbook_is_given_up(runbook)) {
		say_given_up(runbook, out);
		return;
	}
	switch (position->place) {
	case JOURNAL_READY:
		buffer_printf(
		    out, _("Step %zu of %zu is next."), position->next + 1, runbook->n_steps);
		return;
	case JOURNAL_PENDING:
		buffer_printf(out,
		    _("Step %zu of %zu is signed as generation %lld, and not on all servers yet."),
		    position->next + 1, runbook->n_steps, (long long)position->generation);
		return;
	case JOURNAL_CHANGED:
		buffer_printf(out,
		    _("STOP. The cluster was changed, and the plan below does not fit it any "
		      "more: %s. Make a new plan (ctlsign migrate next), then a new runbook."),
		    position->why);
		return;
	case JOURNAL_FINISHED:
		buffer_printf(out, "%s",
		    runbook->journal->state == MIGRATION_OPEN
			? _("All steps are done. This ends the migration: ctlsign migrate next")
			: _("All steps are done."));
		return;
	}
}

static void put_migration(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	struct buffer text = BUFFER_INIT, when = BUFFER_INIT;
	const struct journal *journal = runbook->journal;
	const char *told;

	say_place(runbook, &text);
	told = buffer_text(&text);
	pen->paragraph(out, told != NULL ? told : "");
	buffer_reset(&text);
	text_time_local(&when, journal->begun);
	told = buffer_text(&when);
	buffer_printf(&text, _("It was begun on %s by %s. Its plan starts from generation %lld."),
	    told != NULL ? told : "", journal->who, (long long)journal->base);
	told = buffer_text(&text);
	pen->paragraph(out, told != NULL ? told : "");
	if (journal->n_replanned > 0) {
		buffer_reset(&text);
		buffer_printf(&text,
		    ngettext("The plan was made anew %zu time.",
			"The plan was made anew %zu times.", (unsigned long)journal->n_replanned),
		    journal->n_replanned);
		told = buffer_text(&text);
		pen->paragraph(out, told != NULL ? told : "");
	}
	buffer_free(&text);
	buffer_free(&when);
}

void runbook_put_command(const struct runbook_pen *pen, const struct runbook *runbook,
    const char *command, struct buffer *out)
{
	struct buffer typed = BUFFER_INIT;
	const char *text;

	buffer_printf(&typed, "%s%s", command, runbook->config_option);
	text = buffer_text(&typed);
	if (text != NULL)
		pen->command(out, &(struct runbook_command){.command = text});
	buffer_free(&typed);
}

/* ---- how to begin one -------------------------------------------------------------------------
 */

static void put_how_to_begin(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->heading(out, 2, _("How to begin a migration"));
	pen->paragraph(out, _("No migration is under way. Tell ctlsign what phones hold, as "
			      "exported from the site's tools:"));
	runbook_put_command(pen, runbook, "ctlsign phones import FILE.csv", out);
	pen->paragraph(out, _("Then look at a plan. With --plan nothing is changed; without it "
			      "the migration is begun, and still nothing is signed:"));
	runbook_put_command(pen, runbook, "ctlsign migrate tokenless --plan", out);
	runbook_put_command(
	    pen, runbook, "ctlsign migrate tokens --new-token CERT --new-token CERT --plan", out);
	runbook_put_command(pen, runbook, "ctlsign migrate rotate --itlrecovery CERT --plan", out);
	runbook_put_command(pen, runbook, "ctlsign migrate join-cluster CERT --plan", out);
	pen->paragraph(out, _("Once it is begun, this runbook has its steps."));
}

static void put_chain(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->heading(out, 2, _("Who trusts whom"));
	if (runbook->n_generations == 0 && runbook->n_steps == 0) {
		pen->paragraph(out, _("There is no generation yet."));
		return;
	}
	pen->paragraph(out, _("A phone takes a CTL that is signed by somebody whom the CTL it "
			      "holds trusts."));
	pen->picture(out, runbook);
}

void runbook_write(const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	struct buffer title = BUFFER_INIT;
	const char *text;

	say_title(runbook, &title);
	text = buffer_text(&title);
	pen->begin(out, text != NULL ? text : "");
	buffer_free(&title);
	put_made(pen, runbook, out);
	if (runbook->journal != NULL)
		put_migration(pen, runbook, out);
	runbook_put_state(pen, runbook, out);
	put_chain(pen, runbook, out);
	if (runbook->n_generations > 0)
		runbook_put_generations(pen, runbook, out);
	if (runbook->journal == NULL)
		put_how_to_begin(pen, runbook, out);
	runbook_put_before(pen, runbook, out);
	for (size_t i = 0; i < runbook->n_steps; i++)
		if (runbook_step_is_told(runbook, i))
			runbook_put_step(pen, runbook, i, out);
	if (runbook_is_given_up(runbook))
		put_how_to_begin(pen, runbook, out);
	runbook_put_samples(pen, runbook, out);
	runbook_put_wrong(pen, runbook, out);
	runbook_put_signatures(pen, runbook, out);
	pen->end(out);
}
