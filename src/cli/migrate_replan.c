/*
 * A new plan for a migration whose cluster was changed by somebody.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

#define ACT "migrate next"

static int print_plan(struct migrate_run *run, const struct migrate_view *view, bool json)
{
	const size_t width = migrate_width(STDOUT_FILENO);
	struct migrate_shown shown = {.view = view,
	    .journal = &run->journal,
	    .first = run->journal.n_steps - view->plan.n_steps};
	struct buffer out = BUFFER_INIT;
	int rc;

	if (run->asked.answer.n > 0)
		shown.asked = &run->asked.answer;
	if (json) {
		json_t *object = migrate_plan_json(&shown);

		if (object != NULL)
			json_object_set_new(object, "migration", json_integer(run->journal.number));
		return cli_print_json(object);
	}
	if (view->plan.found)
		migrate_put_plan(&shown, width, &out);
	else
		migrate_put_no_plan(&shown, width, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	fflush(stdout);
	return rc;
}

/* The journal has the nearest chain, too, but only to be shown. */
static enum status make(struct migrate_run *run, const struct migrate_view *view, struct error *err)
{
	struct migrate_plan shown = view->plan;

	shown.found = true;
	return journal_replan(
	    &run->journal, &view->problem, &shown, run->cluster.current.number, err);
}

static enum status keep(struct migrate_run *run, const struct migrate_view *view, struct error *err)
{
	char what[sizeof(run->position.why) + 128];

	snprintf(what, sizeof(what), "plans the migration anew from generation %lld, %zu steps: %s",
	    (long long)run->cluster.current.number, view->plan.n_steps, run->position.why);
	return migrate_run_keep(run, ACT, what, MIGRATION_OPEN, err);
}

static int show(struct migrate_run *run, const struct migrate_view *view, bool json, bool dry_run)
{
	char line[sizeof(run->position.why) + 256];
	struct error err;
	int rc;

	if (view->plan.found && !dry_run && keep(run, view, &err) != ST_OK)
		return cli_fail(&err);
	rc = print_plan(run, view, json);
	if (rc != CLI_DONE)
		return rc;
	if (!view->plan.found) {
		error_set(
		    &err, ST_LOCKOUT, _("no plan that every phone accepts: %s"), run->position.why);
		error_hint(&err, "%s",
		    _("visit these phones and read the phones in again; or end the migration with: "
		      "ctlsign migrate abort"));
		return cli_fail(&err);
	}
	snprintf(line, sizeof(line), _("%s; the plan was made anew, and nothing was signed"),
	    run->position.why);
	error_set(&err, ST_FAILED, "%s", line);
	error_hint(&err, "%s", _("look at it; it goes on with: ctlsign migrate next"));
	return cli_fail(&err);
}

int migrate_replan(struct migrate_run *run, int64_t phones_hold, bool json, bool dry_run)
{
	struct migrate_view view = {.cluster = NULL};
	struct error err;
	enum status st =
	    migrate_gather(&run->cluster, &run->journal.wish, phones_hold, &view, &err);
	int rc;

	if (st == ST_OK)
		st = make(run, &view, &err);
	/* What phones do with its first step; nothing was asked before where the plan was lost. */
	if (st == ST_OK && run->journal.n_before < run->journal.n_steps)
		st = migrate_ask(&run->cluster, &run->journal, run->journal.n_before, phones_hold,
		    &run->asked, &err);
	if (st == ST_OK) {
		rc = show(run, &view, json, dry_run);
	} else {
		cli_warn(run->position.why);
		rc = cli_fail(&err);
		cli_warn(
		    _("the migration stays as it is; it is ended with: ctlsign migrate abort"));
	}
	migrate_view_close(&view);
	return rc;
}
