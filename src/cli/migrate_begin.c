/*
 * Plans a migration, shows the plan, and begins it once an officer says so.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "base/text.h"
#include "ceremony/terminal.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/token_target.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Never translated, as it stands in quotes in the question. */
#define YES "yes"

const char migrate_plan_usage[] =
    N_("  --phones-hold N       my word: every phone holds generation N or a later one\n"
       "  --plan                show the plan, and begin nothing\n"
       "  --yes                 begin without asking\n"
       "  --json                print the plan as JSON\n"
       "  --config FILE         the inventory (default: ctlsign.conf here, else the\n"
       "                        system's)\n");

/* ---- what stands against it --------------------------------------------------------------------
 */

static enum status refuse_open(const struct cluster *cluster, struct error *err)
{
	struct store_migration stored = {0};
	char when[CLUSTER_TIME_MAX];
	enum status st = ST_OK;

	if (cluster->store != NULL)
		st = store_migration(cluster->store, &stored, err);
	if (st == ST_OK && stored.number > 0 && stored.state == MIGRATION_OPEN) {
		st = error_set(err, ST_EXISTS, _("a migration is under way since %s"),
		    cluster_time_local(when, stored.begun));
		error_hint(err, "%s",
		    _("look at it with: ctlsign migrate status; to have another one, end it with: "
		      "ctlsign migrate abort"));
	}
	store_migration_free(&stored);
	return st;
}

static enum status refuse_pending(const struct cluster *cluster, struct error *err)
{
	if (cluster->pending.number == 0)
		return ST_OK;
	error_set(err, ST_FAILED, _("generation %lld is signed, and not on every server yet"),
	    (long long)cluster->pending.number);
	error_hint(err, "%s",
	    _("deliver it with: ctlsign publish, or take it back with: ctlsign publish --back"));
	return ST_FAILED;
}

static enum status open_cluster(
    const struct migrate_request *request, struct cluster *cluster, struct error *err)
{
	enum status st = request->plan ? cli_cluster_read(request->config, cluster, err)
				       : cli_cluster_change(
					     request->config, request->command->name, cluster, err);

	if (st == ST_OK && !request->plan)
		st = refuse_open(cluster, err);
	if (st == ST_OK && !request->plan)
		st = refuse_pending(cluster, err);
	if (st == ST_OK)
		st = cluster_load(cluster, err);
	return st;
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

struct begin {
	struct migrate_request *request;
	struct cluster cluster;
	struct migrate_view view;
	struct migrate_wish wish;
	struct journal journal;
	struct migrate_asked asked;
	struct conditions before;
	struct migrate_shown shown;
	char who[256];
	int64_t number; /* of the migration; 0: it did not begin */
};

/* The nearest chain is shown in the same way, and never kept. */
static enum status make_journal(struct begin *b, struct error *err)
{
	struct migrate_plan shown = b->view.plan;

	shown.found = true;
	return journal_begin(&b->view.problem, &shown, &b->wish, b->cluster.current.number,
	    store_who(b->who, sizeof(b->who)), &b->journal, err);
}

static enum status look_before(struct begin *b, struct error *err)
{
	const struct journal_position position = {
	    .place = JOURNAL_READY, .digest = b->cluster.list.digest};
	enum status st =
	    migrate_ask(&b->cluster, &b->journal, 0, b->request->phones_hold, &b->asked, err);

	b->shown.asked = st == ST_OK ? &b->asked.answer : NULL;
	if (st == ST_OK && b->view.plan.found) {
		journal_conditions(
		    &b->journal, 0, &position, &b->cluster.inventory, &b->asked.answer, &b->before);
		b->shown.before = &b->before;
	}
	return st;
}

static enum status plan(struct begin *b, struct error *err)
{
	enum status st = open_cluster(b->request, &b->cluster, err);

	if (st == ST_OK)
		st = migrate_wish_make(b->request, &b->cluster, &b->wish, err);
	if (st == ST_OK)
		st = migrate_gather(&b->cluster, &b->wish, b->request->phones_hold, &b->view, err);
	if (st == ST_OK)
		st = make_journal(b, err);
	b->shown.view = &b->view;
	b->shown.journal = &b->journal;
	if (st == ST_OK && b->view.plan.n_steps > 0)
		st = look_before(b, err);
	if (st == ST_OK && b->request->phones_hold == 0)
		st = migrate_asks_older(&b->view, &b->wish, &b->shown.older, err);
	return st;
}

/* ---- showing and asking ------------------------------------------------------------------------
 */

static int print_plan(const struct begin *b, FILE *to)
{
	const size_t width = migrate_width(fileno(to));
	struct buffer out = BUFFER_INIT;
	int rc = CLI_DONE;

	if (b->view.plan.found)
		migrate_put_plan(&b->shown, width, &out);
	else
		migrate_put_no_plan(&b->shown, width, &out);
	if (to == stdout)
		rc = cli_print(&out);
	else if (buffer_text(&out) != NULL)
		fputs(buffer_text(&out), to);
	buffer_free(&out);
	return rc;
}

static int print_json(const struct begin *b)
{
	json_t *json = migrate_plan_json(&b->shown);

	if (json != NULL)
		json_object_set_new(
		    json, "migration", b->number > 0 ? json_integer(b->number) : json_null());
	return cli_print_json(json);
}

static enum status confirm(const struct begin *b, struct error *err)
{
	char prompt[256];
	enum status st;

	if (b->request->yes)
		return ST_OK;
	if (!terminal_available()) {
		error_set(err, ST_USAGE, "%s",
		    _("nobody can be asked whether this is right: there is no terminal"));
		error_hint(err, "%s", _("say --yes, after a look at it with --plan"));
		return ST_USAGE;
	}
	snprintf(prompt, sizeof(prompt),
	    _("\nNothing is signed by this. Type \"%s\" to begin, anything else stops: "), YES);
	st = terminal_confirm_again(prompt, YES, err);
	if (st == ST_CANCELLED)
		error_set(err, st, "%s", _("stopped: no migration has begun"));
	return st;
}

static enum status keep(struct begin *b, struct error *err)
{
	struct buffer json = BUFFER_INIT, what = BUFFER_INIT;
	struct audit_entry audit = {.act = b->request->command->name, .outcome = "done"};
	enum status st = journal_write(&b->journal, &json, err);

	/* The log is in English whoever reads it. */
	buffer_printf(&what, "begins a migration (%s) from generation %lld, %zu steps",
	    migrate_end_name(b->wish.end), (long long)b->cluster.current.number,
	    b->journal.n_steps);
	if (b->request->phones_hold > 0)
		buffer_printf(
		    &what, "; all phones hold generation %lld", (long long)b->request->phones_hold);
	if (st == ST_OK)
		st = buffer_status(&json, err);
	if (st == ST_OK)
		st = buffer_status(&what, err);
	if (st == ST_OK) {
		audit.what = buffer_text(&what);
		st = store_migration_begin(
		    b->cluster.store, buffer_text(&json), &b->number, &audit, err);
	}
	buffer_free(&json);
	buffer_free(&what);
	return st;
}

/* ---- the command -------------------------------------------------------------------------------
 */

static int print_begun(const struct begin *b)
{
	char word[48] = "";
	struct buffer out = BUFFER_INIT;
	int rc;

	/* The word counts for one signature, so it is said again before it. */
	if (b->request->phones_hold > 0)
		snprintf(word, sizeof(word), " --phones-hold %lld",
		    (long long)b->cluster.current.number);
	buffer_printf(&out,
	    _("\nMigration %lld is begun; nothing is signed yet. Its first step:\n"
	      "  ctlsign migrate next%s\n"),
	    (long long)b->number, word);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int begin_now(struct begin *b)
{
	const bool json = b->request->json;
	struct error err;
	enum status st;
	int rc = CLI_DONE;

	/* Whoever is asked has to see it. */
	if (!json || !b->request->yes)
		rc = print_plan(b, json ? stderr : stdout);
	if (rc != CLI_DONE)
		return rc;
	fflush(stdout);
	st = confirm(b, &err);
	if (st == ST_OK)
		st = keep(b, &err);
	if (st != ST_OK)
		return cli_fail(&err);
	return json ? print_json(b) : print_begun(b);
}

static int show_only(const struct begin *b)
{
	const int rc = b->request->json ? print_json(b) : print_plan(b, stdout);

	if (rc != CLI_DONE || b->view.plan.found)
		return rc;
	fflush(stdout);
	fprintf(stderr, "%s\n",
	    b->request->plan ? _("ctlsign: no plan that every phone accepts")
			     : _("ctlsign: no plan that every phone accepts: nothing has begun"));
	return CLI_LOCKOUT;
}

static int nothing_to_do(const struct begin *b)
{
	if (b->request->json)
		return print_json(b);
	puts(_("Nothing is to be done: the current CTL is the wanted one."));
	return cli_finish_stdout();
}

int migrate_begin(struct migrate_request *request)
{
	struct begin b = {.request = request};
	struct error err;
	int rc;

	if (plan(&b, &err) != ST_OK)
		rc = cli_fail(&err);
	else if (b.view.plan.found && b.view.plan.n_steps == 0)
		rc = nothing_to_do(&b);
	else if (request->plan || !b.view.plan.found)
		rc = show_only(&b);
	else
		rc = begin_now(&b);
	migrate_asked_close(&b.asked);
	journal_free(&b.journal);
	migrate_wish_free(&b.wish);
	migrate_view_close(&b.view);
	cluster_close(&b.cluster);
	return rc;
}
