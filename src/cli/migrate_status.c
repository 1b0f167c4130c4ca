/*
 * ctlsign migrate status
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/migrate.h"
#include "cli/token_target.h"

#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_JSON = 1 };

/* ---- one after the other -----------------------------------------------------------------------
 */

struct report {
	struct migrate_run *run;
	struct migrate_holders holders;
	int64_t last;		  /* generation of the last step that is done; 0: none */
	bool looked;		  /* the conditions are known */
	char type[PATH_MAX + 96]; /* what to type next */
	const char *config;	  /* --config as it was given; NULL: it was not */
	const char *then;
};

struct checksums {
	char md5[33], sha1[41];
};

/* To be compared on phones; "" where it is not known. */
static struct checksums checksums_of(const struct migrate_run *run, int64_t number)
{
	struct generation generation = GENERATION_INIT;
	const struct generation *is = NULL;
	struct checksums out = {"", ""};

	if (store_generation_served(run->cluster.store, number, &generation, NULL) == ST_OK)
		is = &generation;
	else if (run->cluster.pending.number == number)
		is = &run->cluster.pending;
	if (is != NULL) {
		snprintf(out.md5, sizeof(out.md5), "%s", is->md5);
		snprintf(out.sha1, sizeof(out.sha1), "%s", is->sha1);
	}
	generation_free(&generation);
	return out;
}

static void put_checksums(
    const struct migrate_run *run, int64_t number, size_t width, struct buffer *out)
{
	const struct checksums sums = checksums_of(run, number);
	char line[64];

	snprintf(line, sizeof(line), "SHA-1 %s", sums.sha1);
	migrate_put_row(out, width, "", line);
	if (sums.md5[0] == '\0')
		return;
	snprintf(line, sizeof(line), "MD5 %s", sums.md5);
	migrate_put_row(out, width, "", line);
}

static bool unmet(const struct conditions *conditions, const char *code)
{
	for (size_t i = 0; i < conditions->n; i++)
		if (strcmp(conditions->list[i].code, code) == 0)
			return conditions->list[i].state != CONDITION_MET;
	return false;
}

static void decide_ready(struct report *r)
{
	const struct conditions *conditions = &r->run->conditions;

	snprintf(r->type, sizeof(r->type), "ctlsign migrate next");
	if (conditions->ready) {
		r->then = _("Everything is met. The next step:");
	} else if (unmet(conditions, "published")) {
		snprintf(r->type, sizeof(r->type), "ctlsign publish");
		r->then = _("First what is signed goes to every server:");
	} else if (!r->holders.has_fleet &&
		   (unmet(conditions, "phones-hold") || unmet(conditions, "phones-accept"))) {
		snprintf(r->type, sizeof(r->type), "ctlsign migrate next --phones-hold %lld",
		    (long long)migrate_run_base(r->run));
		r->then = _("Once that is so, and you have seen it:");
	} else {
		r->then = _("Once that is so:");
	}
}

static void decide(struct report *r)
{
	switch (r->run->position.place) {
	case JOURNAL_READY:
		decide_ready(r);
		break;
	case JOURNAL_PENDING:
		snprintf(r->type, sizeof(r->type), "ctlsign publish");
		r->then = _("It goes to every server first:");
		break;
	case JOURNAL_CHANGED:
		snprintf(r->type, sizeof(r->type), "ctlsign migrate next");
		r->then = _("This makes a new plan, shows it, and signs nothing:");
		break;
	default:
		snprintf(r->type, sizeof(r->type), "ctlsign migrate next");
		r->then = _("All steps are done. This ends the migration:");
		break;
	}
}

/* It is to be typed in the same way. */
static void add_config(struct report *r)
{
	const size_t len = strlen(r->type);
	const char *path = r->config;
	char *to = r->type + len;
	size_t room = sizeof(r->type) - len;
	bool plain;

	if (path == NULL)
		return;
	plain = path[0] != '\0' && path[strcspn(path, " \t\n\"\\$`;&|<>()*?[]#~!{}'")] == '\0';
	if (strchr(path, '\'') != NULL)
		plain = true; /* no quotes are better than wrong ones */
	snprintf(to, room, plain ? " --config %s" : " --config '%s'", path);
	text_one_line_into(to, room, to);
}

/* ---- as text ------------------------------------------------------------------------------------
 */

static void put_step(const struct report *r, size_t index, size_t width, struct buffer *out)
{
	const struct journal *journal = &r->run->journal;
	const struct journal_step *step = &journal->steps[index];
	const size_t next = r->run->position.next;
	struct buffer title = BUFFER_INIT;
	char label[64], line[256], when[CLUSTER_TIME_MAX];

	snprintf(label, sizeof(label), _("Step %zu of %zu"), index + 1, journal->n_steps);
	journal_step_title(journal, index, &title);
	migrate_put_row(out, width, label, buffer_text(&title) != NULL ? buffer_text(&title) : "");
	if (step->generation > 0) {
		snprintf(line, sizeof(line),
		    index < next ? _("done: generation %lld, %s")
				 : _("signed, and not on every server: generation %lld, %s"),
		    (long long)step->generation, cluster_time_local(when, step->made));
		migrate_put_row(out, width, "", line);
		put_checksums(r->run, step->generation, width, out);
	} else if (index == next) {
		migrate_put_row(out, width, "", _("this is the next one"));
	}
	if (step->said_phones_hold > 0) {
		snprintf(line, sizeof(line),
		    _("an officer's word: every phone held generation %lld before"),
		    (long long)step->said_phones_hold);
		migrate_put_row(out, width, "", line);
	}
	if (step->accepted_lockout > 0) {
		snprintf(line, sizeof(line),
		    ngettext("an officer's word: %lu phone may be locked out",
			"an officer's word: %lu phones may be locked out",
			(unsigned long)step->accepted_lockout),
		    (unsigned long)step->accepted_lockout);
		migrate_put_row(out, width, "", line);
	}
	buffer_free(&title);
}

static void put_holders(const struct report *r, size_t width, struct buffer *out)
{
	char line[160];

	if (r->last == 0)
		return;
	if (r->holders.has_fleet)
		snprintf(line, sizeof(line),
		    ngettext("%llu of %llu phone holds generation %lld, as last seen",
			"%llu of %llu phones hold generation %lld, as last seen",
			(unsigned long)r->holders.all),
		    (unsigned long long)r->holders.n, (unsigned long long)r->holders.all,
		    (long long)r->last);
	else
		snprintf(line, sizeof(line), "%s",
		    _("none were read in: ctlsign phones import FILE.csv"));
	migrate_put_row(out, width, _("Phones"), line);
}

static void put_head(const struct report *r, size_t width, struct buffer *out)
{
	const struct journal *journal = &r->run->journal;
	char line[256], when[CLUSTER_TIME_MAX];

	snprintf(line, sizeof(line), _("%lld, to %s"), (long long)journal->number,
	    migrate_end_word(journal->wish.end));
	migrate_put_row(out, width, _("Migration"), line);
	snprintf(line, sizeof(line), _("%s by %s, from generation %lld"),
	    cluster_time_local(when, journal->begun), journal->who, (long long)journal->base);
	migrate_put_row(out, width, _("Begun"), line);
	if (journal->n_replanned == 0)
		return;
	snprintf(line, sizeof(line),
	    ngettext("%zu time, as the cluster had changed",
		"%zu times, as the cluster had changed", (unsigned long)journal->n_replanned),
	    journal->n_replanned);
	migrate_put_row(out, width, _("Replanned"), line);
}

static int print_text(const struct report *r)
{
	const size_t width = migrate_width(STDOUT_FILENO);
	struct buffer out = BUFFER_INIT;
	char due[256];
	int rc;

	migrate_setting_due(&r->run->journal, &r->run->cluster.inventory, due);
	put_head(r, width, &out);
	put_holders(r, width, &out);
	buffer_add(&out, "\n", 1);
	for (size_t i = 0; i < r->run->journal.n_steps; i++) {
		put_step(r, i, width, &out);
		if (r->looked && i == r->run->position.next)
			migrate_put_conditions(&r->run->conditions, width, &out);
	}
	buffer_add(&out, "\n", 1);
	if (r->run->position.place == JOURNAL_CHANGED) {
		migrate_put_row(&out, width, _("CHANGED"), r->run->position.why);
		buffer_add(&out, "\n", 1);
	}
	if (due[0] != '\0') {
		migrate_put_row(&out, width, _("WARNING"), due);
		buffer_add(&out, "\n", 1);
	}
	buffer_printf(&out, "%s\n  %s\n", r->then, r->type);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

/* ---- as JSON ------------------------------------------------------------------------------------
 */

static json_t *step_json(const struct report *r, size_t index)
{
	const struct journal_step *step = &r->run->journal.steps[index];
	struct buffer title = BUFFER_INIT;
	const bool made = step->generation > 0;
	struct checksums sums = {"", ""};
	json_t *json;

	journal_step_title(&r->run->journal, index, &title);
	if (made)
		sums = checksums_of(r->run, step->generation);
	json = json_pack("{s:I, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "number",
	    (json_int_t)index + 1, "title", buffer_text(&title) != NULL ? buffer_text(&title) : "",
	    "done", (int)(index < r->run->position.next), "generation",
	    made ? json_integer(step->generation) : json_null(), "made",
	    made ? cluster_time_json(step->made) : json_null(), "sha1",
	    made ? json_string(sums.sha1) : json_null(), "md5",
	    sums.md5[0] != '\0' ? json_string(sums.md5) : json_null(), "said_phones_hold",
	    step->said_phones_hold > 0 ? json_integer(step->said_phones_hold) : json_null(),
	    "accepted_lockout", (json_int_t)step->accepted_lockout, "who",
	    step->who[0] != '\0' ? json_string(step->who) : json_null());
	buffer_free(&title);
	return json;
}

static json_t *report_json(const struct report *r)
{
	static const char *const places[] = {[JOURNAL_READY] = "ready",
	    [JOURNAL_PENDING] = "pending",
	    [JOURNAL_CHANGED] = "changed",
	    [JOURNAL_FINISHED] = "finished"};
	const struct journal *journal = &r->run->journal;
	const bool finished = r->run->position.place == JOURNAL_FINISHED;
	json_t *steps = json_array();

	for (size_t i = 0; i < journal->n_steps; i++)
		json_array_append_new(steps, step_json(r, i));
	return json_pack("{s:I, s:s, s:o, s:s, s:I, s:I, s:o, s:s, s:o, s:s, s:o, s:b, s:o, s:s}",
	    "migration", (json_int_t)journal->number, "to", migrate_end_name(journal->wish.end),
	    "begun", cluster_time_json(journal->begun), "who", journal->who, "from_generation",
	    (json_int_t)journal->base, "replanned", (json_int_t)journal->n_replanned, "steps",
	    steps, "place", places[r->run->position.place], "next",
	    finished ? json_null() : json_integer((json_int_t)r->run->position.next + 1), "why",
	    r->run->position.place == JOURNAL_CHANGED ? r->run->position.why : "", "conditions",
	    migrate_conditions_json(r->looked ? &r->run->conditions : NULL), "ready",
	    (int)(r->looked && r->run->conditions.ready), "phones_hold",
	    r->holders.has_fleet && r->last > 0 ? json_integer((json_int_t)r->holders.n)
						: json_null(),
	    "type", r->type);
}

/* ---- the command --------------------------------------------------------------------------------
 */

/* A migration that is over. */
struct last {
	const struct migrate_run *run;
	const struct journal_step *step; /* the last one that was signed; NULL: none was */
	struct migrate_holders holders;
};

static json_t *last_json(const struct last *l)
{
	const struct journal *journal = &l->run->journal;

	if (journal->number == 0)
		return json_null();
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o}", "migration", (json_int_t)journal->number,
	    "to", migrate_end_name(journal->wish.end), "state",
	    journal->state == MIGRATION_DONE ? "finished" : "given-up", "generation",
	    l->step != NULL ? json_integer(l->step->generation) : json_null(), "made",
	    l->step != NULL ? cluster_time_json(l->step->made) : json_null(), "phones_hold",
	    l->holders.has_fleet ? json_integer((json_int_t)l->holders.n) : json_null());
}

static void put_last_phones(const struct last *l, size_t width, struct buffer *out)
{
	const unsigned long long n = l->holders.n, all = l->holders.all;
	char line[256];

	if (l->step == NULL || !l->holders.has_fleet)
		return;
	if (n < all)
		snprintf(line, sizeof(line),
		    ngettext("%llu of %llu phone holds generation %lld, as last seen; who does "
			     "not: ctlsign phones check; reset it, and import the fleet again",
			"%llu of %llu phones hold generation %lld, as last seen; who does not: "
			"ctlsign phones check; reset them, and import the fleet again",
			(unsigned long)all),
		    n, all, (long long)l->step->generation);
	else
		snprintf(line, sizeof(line),
		    ngettext("%llu of %llu phone holds generation %lld",
			"%llu of %llu phones hold generation %lld", (unsigned long)all),
		    n, all, (long long)l->step->generation);
	migrate_put_row(out, width, _("Phones"), line);
}

static void put_last(const struct last *l, size_t width, struct buffer *out)
{
	const struct journal *journal = &l->run->journal;
	char line[256], when[CLUSTER_TIME_MAX];

	snprintf(line, sizeof(line),
	    journal->state == MIGRATION_DONE ? _("%lld, to %s: finished")
					     : _("%lld, to %s: given up"),
	    (long long)journal->number, migrate_end_word(journal->wish.end));
	migrate_put_row(out, width, _("The last"), line);
	if (l->step == NULL) {
		migrate_put_row(out, width, "", _("none of its steps was signed"));
	} else {
		snprintf(line, sizeof(line), _("its last CTL: generation %lld, %s"),
		    (long long)l->step->generation, cluster_time_local(when, l->step->made));
		migrate_put_row(out, width, "", line);
		put_checksums(l->run, l->step->generation, width, out);
	}
	put_last_phones(l, width, out);
	if (journal->state != MIGRATION_DONE)
		return;
	migrate_setting_due(journal, &l->run->cluster.inventory, line);
	if (line[0] != '\0')
		migrate_put_row(out, width, _("WARNING"), line);
}

/* No migration is under way: that one is over is news to whoever did not sign its last step. */
static int report_last(struct migrate_run *run, bool json)
{
	struct last l = {.run = run};
	struct buffer out = BUFFER_INIT;
	struct error err;
	enum status st = migrate_run_last(run, &err);
	int rc;

	for (size_t i = 0; st == ST_OK && i < run->journal.n_steps; i++)
		if (run->journal.steps[i].generation > 0)
			l.step = &run->journal.steps[i];
	if (st == ST_OK && l.step != NULL)
		st = migrate_holders(run, l.step->generation, &l.holders, &err);
	if (st != ST_OK)
		return cli_fail(&err);
	if (json)
		return cli_print_json(json_pack("{s:n, s:o}", "migration", "last", last_json(&l)));
	buffer_printf(&out, "%s\n", _("No migration is under way."));
	if (run->journal.number > 0)
		put_last(&l, migrate_width(STDOUT_FILENO), &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static enum status look(struct report *r, struct error *err)
{
	struct migrate_run *run = r->run;
	enum status st;

	if (run->position.next > 0)
		r->last = run->journal.steps[run->position.next - 1].generation;
	st = migrate_holders(run, r->last, &r->holders, err);
	if (st == ST_OK && run->position.place == JOURNAL_READY) {
		st = migrate_run_look(run, err);
		r->looked = st == ST_OK;
	}
	return st;
}

static int report(struct migrate_run *run, const char *config, bool json)
{
	struct report r = {.run = run, .config = config};
	struct error err;
	const enum status st = look(&r, &err);
	int rc;

	decide(&r);
	add_config(&r);
	/* What is known is shown though the inventory be in disorder. */
	rc = json ? cli_print_json(report_json(&r)) : print_text(&r);
	if (st != ST_OK)
		return cli_fail(&err);
	if (rc == CLI_DONE && run->position.place != JOURNAL_FINISHED)
		rc = CLI_UPDATE_DUE;
	return rc;
}

static int run_status(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, OPTION_JSON},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct migrate_run run = {.open = false};
	const char *config = NULL;
	struct error err;
	bool json = false;
	int option, rc;

	while ((option = cli_getopt(&cli_migrate_status, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == OPTION_JSON)
			json = true;
		else if (option == CLI_OPTION_BAD ||
			 !cli_take_once(&cli_migrate_status, "--config", &config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_migrate_status, _("unexpected argument '%s'"), argv[optind]);
	if (cli_cluster_read(config, &run.cluster, &err) != ST_OK ||
	    migrate_run_read(&run, &err) != ST_OK)
		rc = cli_fail(&err);
	else
		rc = run.open ? report(&run, config, json) : report_last(&run, json);
	migrate_run_close(&run);
	return rc;
}

const struct cli_command cli_migrate_status = {
    .name = "migrate status",
    .summary = N_("tell where a migration stands, and what is to be typed next"),
    .usage = N_("Usage: ctlsign migrate status [--json] [--config FILE]\n"
		"\n"
		"Shows the migration that is under way: which steps are done, whether what has\n"
		"to be true before the next one is, and what to type. It changes nothing and\n"
		"needs no token.\n"
		"Exit code 0: no migration is under way, or all its steps are done; 6: a step\n"
		"is due.\n"
		"\n"
		"  --json         print one JSON object\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign migrate status\n"),
    .run = run_status,
};
