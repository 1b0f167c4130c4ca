/*
 * The runbook's parts behind the steps: samples of phones to be looked at, what to do when it goes
 * wrong, signatures.
 *
 * Source of where phones show their CTL: the administration guides of Cisco's IP phones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include <stdio.h>

/* Phones of a model that are looked at. */
#define SAMPLES 3

static void put_where(const struct runbook_pen *pen, struct buffer *out)
{
	pen->list(out);
	pen->item(out, RUNBOOK_POINT,
	    _("Settings > Status > Status Messages: \"Trust List updated\", or \"CTL installed\" "
	      "on a phone that had none"));
	pen->item(out, RUNBOOK_POINT,
	    _("Settings > Security Configuration > CTL File (newer phones: Settings > Admin "
	      "Settings > Security Setup > Trust List > CTL File): MD5 or SHA-1, by model"));
	pen->item(out, RUNBOOK_POINT,
	    _("the phone is registered, and a call goes through; then once more after a restart"));
	pen->list_end(out);
}

static void put_sample_rows(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	char model[192];

	for (size_t i = 0; i < runbook->n_models; i++)
		for (unsigned k = 1; k <= SAMPLES; k++) {
			snprintf(model, sizeof(model), _("%s, phone %u"), runbook->models[i], k);
			pen->row(out, (const char *[]){model, "", "", "", ""}, 5);
		}
	/* Models that nobody has told. */
	for (unsigned k = 0; runbook->n_models == 0 && k < 2 * SAMPLES; k++)
		pen->row(out, (const char *[]){"", "", "", "", ""}, 5);
}

void runbook_put_samples(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->page(out);
	pen->heading(out, 2, _("Checks on three phones of each model"));
	pen->paragraph(out,
	    _("After every step, before the next one. Choose phones of different sites, and one "
	      "that was switched off while the CTL was changed."));
	put_where(pen, out);
	pen->table(out,
	    (const char *[]){_("Model"), _("Name (SEP...)"), _("Last 8 digits of the checksum"),
		_("Message"), _("Same, registered")},
	    5);
	put_sample_rows(pen, runbook, out);
	pen->table_end(out);
}

static void put_ways_back(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	char text[64];

	for (size_t i = 0; i < runbook->n_steps; i++) {
		if (runbook->steps[i].n_back == 0 || !runbook_step_is_told(runbook, i))
			continue;
		snprintf(text, sizeof(text), _("Step %zu"), i + 1);
		pen->heading(out, 3, text);
		runbook_put_back(pen, runbook, i, out);
	}
}

void runbook_put_wrong(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	pen->page(out);
	pen->heading(out, 2, _("If it goes wrong"));
	pen->paragraph(out,
	    _("Stop. Restart nothing and reset no phone until it is known what happened: a phone "
	      "that has not fetched the new CTL keeps working with the old one."));
	pen->heading(out, 3, _("The CTL is not on all servers yet"));
	pen->paragraph(out, _("Go on, or take it back; then every server has what it had before:"));
	runbook_put_command(pen, runbook, "ctlsign publish --resume", out);
	runbook_put_command(pen, runbook, "ctlsign publish --back", out);
	pen->heading(out, 3, _("A phone shows another message than expected"));
	pen->paragraph(out, _("What it means, and what to do, with the phone's own words:"));
	pen->command(out,
	    &(struct runbook_command){.command = "ctlsign explain 'Trust List update failed'"});
	pen->heading(out, 3, _("Nobody knows where the migration stands"));
	pen->paragraph(out, _("It is read from the generations themselves, also after a crash:"));
	runbook_put_command(pen, runbook, "ctlsign migrate status", out);
	runbook_put_command(pen, runbook, "ctlsign status", out);
	runbook_put_command(pen, runbook, "ctlsign nodes", out);
	pen->heading(out, 3, _("The usual signer's key or certificate is gone"));
	pen->paragraph(out,
	    _("In tokenless signing the other of CallManager and ITLRecovery signs; phones that "
	      "trust both take it:"));
	runbook_put_command(pen, runbook, "ctlsign reset-localkey", out);
	pen->heading(out, 3, _("A phone is locked out"));
	pen->paragraph(
	    out, _("It keeps its old CTL until somebody deletes that on the phone by hand; then it "
		   "takes the servers' CTL as its first one. No command can do this from afar."));
	put_ways_back(pen, runbook, out);
}

void runbook_put_signatures(
    const struct runbook_pen *pen, const struct runbook *runbook, struct buffer *out)
{
	(void)runbook;
	pen->heading(out, 2, _("Signatures"));
	pen->paragraph(out, _("We have done and seen what is ticked above."));
	pen->line(out, _("Officer, name:"));
	pen->line(out, _("Signature, date:"));
	pen->line(out, _("Second officer, name:"));
	pen->line(out, _("Signature, date:"));
}
