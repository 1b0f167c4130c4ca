/*
 * What `ctlsign publish` checks, shows and asks before it changes anything.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_ask.h"

#include "base/text.h"
#include "ceremony/terminal.h"
#include "cli/cluster_confirm.h"
#include "cli/publish_list.h"
#include "cli/publish_out.h"

#include <stdio.h>
#include <unistd.h>

/* Typed by people, and not translated, so that a runbook reads the same everywhere. */
#define YES "yes"

/* What is said at a terminal that is not stdout. */
#define TERMINAL_WIDTH 80

/* ---- whether there is something to do ---------------------------------------------------------
 */

static enum status nothing_pending(
    const struct publish_command *request, const struct cluster *cluster, struct error *err)
{
	const long long current = (long long)cluster->current.number;

	if (current == 0) {
		error_set(err, ST_FAILED, "%s", _("there is no CTL yet"));
		error_hint(err, "%s", _("sign the first with: ctlsign set-cluster mixed-mode"));
	} else {
		if (request->kind == CLI_PUBLISH_BACK)
			error_set(err, ST_FAILED,
			    _("there is nothing to take back: generation %lld is current"),
			    current);
		else if (request->resume)
			error_set(err, ST_FAILED,
			    _("there is nothing to go on with: generation %lld is current"),
			    current);
		else
			error_set(err, ST_FAILED,
			    _("there is nothing to publish: generation %lld is current"), current);
		error_hint(err, "%s",
		    request->kind == CLI_PUBLISH_BACK
			? _("what an earlier one listed is signed anew by: ctlsign rollback")
			: _("see what the nodes hold with: ctlsign nodes; those that hold "
			    "something else get it with: ctlsign publish --again"));
	}
	return ST_FAILED;
}

enum status cli_publish_check(
    const struct publish_command *request, const struct cluster *cluster, struct error *err)
{
	const long long number = (long long)cluster->pending.number;

	if (number == 0 && request->kind == CLI_PUBLISH_AGAIN && cluster->current.number > 0)
		return ST_OK;
	if (number == 0)
		return nothing_pending(request, cluster, err);
	/* Only seen by who does not change anything, and so puts nothing in order. */
	if (cluster->phase == DELIVERY_NONE) {
		error_set(err, ST_FAILED,
		    _("generation %lld is being made, or the run that made it was killed"), number);
		error_hint(err, "%s",
		    _("wait for it; the next command that changes something puts it in order"));
		return ST_FAILED;
	}
	if (request->kind == CLI_PUBLISH_AGAIN) {
		error_set(err, ST_FAILED,
		    _("generation %lld is signed and not published: the current one is not "
		      "delivered again meanwhile"),
		    number);
		error_hint(err, "%s",
		    _("publish it with: ctlsign publish; or take it back with: ctlsign publish "
		      "--back"));
		return ST_FAILED;
	}
	/* Only who says so wants it after all. */
	if (cluster->phase == DELIVERY_BACK && request->kind == CLI_PUBLISH_FORTH &&
	    !request->resume) {
		error_set(err, ST_FAILED, _("generation %lld is being taken back"), number);
		error_hint(err, "%s",
		    _("finish that with: ctlsign publish --back; or publish it after all with: "
		      "ctlsign publish --resume"));
		return ST_FAILED;
	}
	return ST_OK;
}

/* ---- before -----------------------------------------------------------------------------------
 */

static enum status make_plan(struct cluster *cluster, struct publish_plan *plan, struct error *err)
{
	enum status st = cluster_load(cluster, err);

	if (st == ST_OK)
		st = publish_plan_make(
		    &cluster->inventory, buffer_bytes(&cluster->pending.ctl), plan, err);
	return st;
}

/* What will be done, in words. */
static enum status describe(const struct publish_command *request, struct cluster *cluster,
    const struct publish_plan *plan, size_t width, struct buffer *out, struct error *err)
{
	if (request->kind == CLI_PUBLISH_BACK)
		return cli_publish_put_back(out, cluster, plan, width, err);
	if (request->kind == CLI_PUBLISH_BY_HAND)
		cli_publish_put_by_hand(
		    out, cluster, plan, request->even_targets, request->out, width);
	else
		cli_publish_put_plan(out, cluster, plan, width);
	return buffer_status(out, err);
}

/* Whether anything is to be carried at all. */
static enum status check_by_hand(
    const struct publish_command *request, const struct publish_plan *plan, struct error *err)
{
	if (request->kind != CLI_PUBLISH_BY_HAND || request->even_targets || plan->n_by_hand > 0)
		return ST_OK;
	error_set(err, ST_FAILED, "%s", _("no node has to be served by hand: all have a target"));
	error_hint(err, "%s",
	    _("deliver with: ctlsign publish; or give --even-targets, if the "
	      "targets were carried to as well"));
	return ST_FAILED;
}

static enum status check_terminal(const struct publish_command *request, struct error *err)
{
	if (request->kind != CLI_PUBLISH_BY_HAND || request->yes || terminal_available())
		return ST_OK;
	error_set(err, ST_USAGE, "%s", _("there is no terminal to ask at"));
	error_hint(err, "%s", _("print the list with --dry-run, then give --yes"));
	return ST_USAGE;
}

static enum status confirm_by_hand(const char *list, struct error *err)
{
	char prompt[128];
	enum status st = terminal_say(list, err);

	if (st != ST_OK)
		return st;
	snprintf(prompt, sizeof(prompt),
	    _("Type \"%s\" when all of them have it, anything else to stop: "), YES);
	st = terminal_confirm_again(prompt, YES, err);
	if (st == ST_CANCELLED) {
		error_set(
		    err, st, "%s", _("cancelled: the generation still is not the current one"));
		error_hint(err, "%s", _("when all have it: ctlsign publish --by-hand"));
	}
	return st;
}

/* --resume while the generation is being taken back: the other way from now on. */
static enum status ask_turn(
    const struct publish_command *request, const struct cluster *cluster, struct error *err)
{
	const long long number = (long long)cluster->pending.number;
	struct buffer about = BUFFER_INIT;
	enum status st;

	if (cluster->phase != DELIVERY_BACK || request->yes)
		return ST_OK;
	buffer_printf(&about,
	    _("Generation %lld is being taken back. This turns round: it is delivered to every "
	      "server after all.\n"
	      "To finish taking it back: ctlsign publish --back\n"),
	    number);
	st = buffer_text(&about) != NULL ? cluster_confirm(buffer_text(&about), err)
					 : error_no_memory(err);
	if (st == ST_CANCELLED)
		error_hint(err, "%s", _("finish taking it back with: ctlsign publish --back"));
	buffer_free(&about);
	return st;
}

enum status cli_publish_ask(
    const struct publish_command *request, struct cluster *cluster, struct error *err)
{
	const size_t width = cli_width(STDOUT_FILENO);
	struct publish_plan plan = {.places = NULL};
	struct buffer about = BUFFER_INIT;
	enum status st;

	if (request->kind == CLI_PUBLISH_FORTH)
		return ask_turn(request, cluster, err);
	if (request->kind == CLI_PUBLISH_AGAIN)
		return ST_OK;
	st = make_plan(cluster, &plan, err);
	if (st == ST_OK)
		st = check_by_hand(request, &plan, err);
	if (st == ST_OK)
		st = check_terminal(request, err);
	if (st == ST_OK && request->out != NULL)
		st = cli_publish_out(request->out, &plan, request->even_targets, err);
	if (st == ST_OK && !request->yes) {
		st = describe(
		    request, cluster, &plan, width > 0 ? width : TERMINAL_WIDTH, &about, err);
		if (st == ST_OK && buffer_text(&about) == NULL)
			st = error_no_memory(err);
		if (st == ST_OK)
			st = request->kind == CLI_PUBLISH_BY_HAND
				 ? confirm_by_hand(buffer_text(&about), err)
				 : cluster_confirm(buffer_text(&about), err);
	}
	buffer_free(&about);
	publish_plan_free(&plan);
	return st;
}

int cli_publish_dry_run(const struct publish_command *request, struct cluster *cluster)
{
	struct publish_plan plan = {.places = NULL};
	struct buffer out = BUFFER_INIT;
	struct error err;
	enum status st = make_plan(cluster, &plan, &err);
	int rc;

	if (st == ST_OK)
		st = check_by_hand(request, &plan, &err);
	if (st == ST_OK && request->out != NULL)
		st = cli_publish_out(request->out, &plan, request->even_targets, &err);
	if (st == ST_OK && !request->json)
		st = describe(request, cluster, &plan, cli_width(STDOUT_FILENO), &out, &err);
	if (st != ST_OK)
		rc = cli_fail(&err);
	else if (request->json)
		rc = cli_print_json(cli_publish_plan_json(cluster, &plan, request->out));
	else
		rc = cli_print(&out);
	if (rc == CLI_DONE && !request->json && request->kind != CLI_PUBLISH_BY_HAND)
		fputs(_("Dry run: nothing has changed.\n"), stderr);
	buffer_free(&out);
	publish_plan_free(&plan);
	return rc;
}
