/*
 * ctlsign migrate abort
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cluster_confirm.h"
#include "cli/cluster_options.h"
#include "cli/cluster_text.h"
#include "cli/migrate.h"
#include "cli/token_target.h"

#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

enum { OPTION_YES = 1 };

/* Steps that are signed; the pending one, too. */
static size_t count_made(const struct journal *journal)
{
	size_t n = 0;

	while (n < journal->n_steps && journal->steps[n].generation > 0)
		n++;
	return n;
}

static void put(struct buffer *out, size_t width, const char *text)
{
	text_fold(out, text, width);
	buffer_add(out, "\n", 1);
}

/* What stays as it is, whether this is safe. */
static void describe(const struct migrate_run *run, size_t width, struct buffer *out)
{
	const struct cluster *cluster = &run->cluster;
	const size_t made = count_made(&run->journal);
	char line[512];

	snprintf(line, sizeof(line),
	    ngettext("Migration %lld to %s: %zu of %zu step is signed.",
		"Migration %lld to %s: %zu of %zu steps are signed.",
		(unsigned long)run->journal.n_steps),
	    (long long)run->journal.number, migrate_end_word(run->journal.wish.end), made,
	    run->journal.n_steps);
	put(out, width, line);
	snprintf(line, sizeof(line), _("What stays: generation %lld, signed by %s."),
	    (long long)cluster->current.number, cluster->current.signer);
	put(out, width, line);
	if (cluster->n_trust > 0) {
		snprintf(line, sizeof(line),
		    ngettext("Phone-SAST-trust keeps its %zu certificate: ctlsign trust list",
			"Phone-SAST-trust keeps its %zu certificates: ctlsign trust list",
			(unsigned long)cluster->n_trust),
		    cluster->n_trust);
		put(out, width, line);
	}
	if (cluster->pending.number > 0)
		snprintf(line, sizeof(line),
		    _("Generation %lld is on its way: deliver it (ctlsign publish) or take it back "
		      "(ctlsign publish --back). The cluster is safe either way."),
		    (long long)cluster->pending.number);
	else
		snprintf(line, sizeof(line), "%s",
		    _("The cluster is in a safe state, as it always is between two steps: "
		      "stopping here locks out no further phone."));
	put(out, width, line);
}

static enum status ask(const struct migrate_run *run, struct error *err)
{
	const size_t width = migrate_width(STDOUT_FILENO);
	struct buffer about = BUFFER_INIT;
	enum status st;

	describe(run, width, &about);
	st = buffer_status(&about, err);
	if (st == ST_OK)
		st = cluster_confirm(buffer_text(&about), err);
	buffer_free(&about);
	/* There is no --dry-run here. */
	if (st == ST_USAGE)
		error_hint(err, "%s", _("look with: ctlsign migrate status, then give --yes"));
	return st;
}

static int print_done(const struct migrate_run *run, bool told)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (!told)
		describe(run, migrate_width(STDOUT_FILENO), &out);
	buffer_printf(&out, "%s\n", _("The migration is ended."));
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int end(struct migrate_run *run, bool yes)
{
	struct error err;
	char what[160];
	enum status st = run->open ? ST_OK : migrate_none(&err);

	if (st == ST_OK && !yes)
		st = ask(run, &err);
	if (st == ST_OK) {
		snprintf(what, sizeof(what), "ends the migration (%s) after %zu of %zu steps",
		    migrate_end_name(run->journal.wish.end), count_made(&run->journal),
		    run->journal.n_steps);
		st = migrate_run_keep(run, cli_migrate_abort.name, what, MIGRATION_ABORTED, &err);
	}
	return st == ST_OK ? print_done(run, !yes) : cli_fail(&err);
}

static int run_abort(int argc, char **argv)
{
	static const struct option options[] = {{"yes", no_argument, NULL, OPTION_YES},
	    CLI_OPTION_CONFIG_ROW, CLI_OPTION_HELP_ROW, {NULL, 0, NULL, 0}};
	struct migrate_run run = {.open = false};
	const char *config = NULL;
	struct error err;
	bool yes = false;
	int option, rc;

	while ((option = cli_getopt(&cli_migrate_abort, argc, argv, options)) != -1) {
		if (option == CLI_OPTION_HELP)
			return CLI_DONE;
		if (option == OPTION_YES)
			yes = true;
		else if (option == CLI_OPTION_BAD ||
			 !cli_take_once(&cli_migrate_abort, "--config", &config, optarg))
			return CLI_USAGE;
	}
	if (optind < argc)
		return cli_usage_error(
		    &cli_migrate_abort, _("unexpected argument '%s'"), argv[optind]);
	if (cli_cluster_change(config, cli_migrate_abort.name, &run.cluster, &err) != ST_OK ||
	    migrate_run_read(&run, &err) != ST_OK)
		rc = cli_fail(&err);
	else
		rc = end(&run, yes);
	migrate_run_close(&run);
	return rc;
}

const struct cli_command cli_migrate_abort = {
    .name = "migrate abort",
    .summary = N_("end a migration where it stands"),
    .usage = N_("Usage: ctlsign migrate abort [--yes] [--config FILE]\n"
		"\n"
		"Ends the migration that is under way. What was signed stays as it is, and so\n"
		"does Phone-SAST-trust: between two steps a cluster is always safe. Says what\n"
		"stays, and asks before.\n"
		"\n"
		"  --yes          do not ask\n"
		"  --config FILE  the inventory (default: $CTLSIGN_CONFIG, ctlsign.conf)\n"
		"\n"
		"Example:\n"
		"  ctlsign migrate abort\n"),
    .run = run_abort,
};
