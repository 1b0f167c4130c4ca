/*
 * ctlsign migrate next
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/change_options.h"
#include "cli/migrate.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what an officer says -----------------------------------------------------------------------
 */

/* It counts for this run alone: the journal gets it with what was signed by it. */
static enum status take_words(
    const struct cli_change *change, struct migrate_run *run, struct error *err)
{
	struct journal_step *step = &run->journal.steps[run->position.next];
	const int64_t base = migrate_run_base(run);
	const int64_t said = change->request.phones_hold;

	step->said_phones_hold = said;
	step->accepted_lockout =
	    change->request.has_accept_lockout ? change->request.accept_lockout : 0;
	if (said == 0)
		return ST_OK;
	if (said != base) {
		error_set(err, ST_USAGE,
		    _("--phones-hold %lld is not what this step waits for: that is generation "
		      "%lld"),
		    (long long)said, (long long)base);
		error_hint(err, "%s",
		    _("look at the phones: the checksum to compare is shown by ctlsign migrate "
		      "status"));
		return ST_USAGE;
	}
	return ST_OK;
}

/* ---- what has to be true ------------------------------------------------------------------------
 */

static bool is_of_phones(const struct condition *condition)
{
	return strncmp(condition->code, "phones-", 7) == 0;
}

/*
 * That the officer's number of phones is the predicted one is part of "phones-accept"; with it the
 * step does not wait for phones to hold the one before.
 */
static bool may_go_on(const struct cli_change *change, const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->n; i++) {
		const struct condition *c = &conditions->list[i];

		if (c->state != CONDITION_MET &&
		    !(change->request.has_accept_lockout && strcmp(c->code, "phones-hold") == 0))
			return false;
	}
	return true;
}

/* What is wrong with --accept-lockout, if that is what the step waits for; else ST_OK. */
static enum status check_lockout(
    const struct cli_change *change, const struct migrate_run *run, struct error *err)
{
	const uint64_t n = run->conditions.at_risk;

	if (!change->request.has_accept_lockout || change->request.accept_lockout == n)
		return ST_OK;
	if (!run->asked.answer.has_fleet) {
		error_set(err, ST_LOCKOUT, "%s",
		    _("--accept-lockout takes the number of phones, and which phones there are "
		      "nobody knows"));
		error_hint(err, "%s", _("read them in first: ctlsign phones import FILE.csv"));
		return ST_LOCKOUT;
	}
	error_set(err, ST_LOCKOUT,
	    ngettext("--accept-lockout says %llu, and %llu phone would be locked out",
		"--accept-lockout says %llu, and %llu phones would be locked out",
		(unsigned long)n),
	    (unsigned long long)change->request.accept_lockout, (unsigned long long)n);
	error_hint(err, "%s",
	    n > 0 ? _("look at them with --lockout-list FILE; then give the exact number")
		  : _("leave it out: no phone is locked out"));
	return ST_LOCKOUT;
}

static void hint_refused(const struct migrate_run *run, struct error *err)
{
	const uint64_t n = run->conditions.at_risk;

	if (n > 0)
		error_hint(err,
		    ngettext("do what is said above, and run it again; nothing was signed; "
			     "--accept-lockout %llu is the officer's word that just this phone may "
			     "be locked out",
			"do what is said above, and run it again; nothing was signed; "
			"--accept-lockout %llu is the officer's word that just these phones may be "
			"locked out",
			(unsigned long)n),
		    (unsigned long long)n);
	else
		error_hint(
		    err, "%s", _("do what is said above, and run it again; nothing was signed"));
}

static int refuse(const struct cli_change *change, const struct migrate_run *run)
{
	const struct conditions *conditions = &run->conditions;
	const size_t width = migrate_width(STDERR_FILENO);
	struct conditions unmet = {.n = 0};
	struct buffer out = BUFFER_INIT;
	size_t of_phones = 0;
	struct error err;
	enum status st;

	for (size_t i = 0; i < conditions->n; i++) {
		if (conditions->list[i].state == CONDITION_MET)
			continue;
		unmet.list[unmet.n++] = conditions->list[i];
		of_phones += is_of_phones(&conditions->list[i]) ? 1 : 0;
	}
	migrate_put_conditions(&unmet, width, &out);
	st = migrate_name_lockouts(
	    &run->asked, run->conditions.at_risk, change->request.lockout_list, &out, &err);
	if (buffer_text(&out) != NULL)
		fputs(buffer_text(&out), stderr);
	buffer_free(&out);
	if (st == ST_OK)
		st = check_lockout(change, run, &err);
	if (st != ST_OK)
		return cli_fail(&err);
	error_set(&err, of_phones > 0 ? ST_LOCKOUT : ST_FAILED,
	    ngettext("step %zu of %zu waits: %zu thing is not so yet",
		"step %zu of %zu waits: %zu things are not so yet", (unsigned long)unmet.n),
	    run->position.next + 1, run->journal.n_steps, unmet.n);
	hint_refused(run, &err);
	return cli_fail(&err);
}

static int refuse_pending(const struct migrate_run *run)
{
	struct error err;

	if (run->position.place == JOURNAL_PENDING)
		error_set(&err, ST_FAILED,
		    _("step %zu of %zu is signed as generation %lld, and not on every server yet"),
		    run->position.next + 1, run->journal.n_steps,
		    (long long)run->position.generation);
	else
		error_set(&err, ST_FAILED,
		    _("generation %lld, which is no step of the plan, is signed and not on every "
		      "server yet"),
		    (long long)run->position.pending);
	error_hint(&err, "%s",
	    _("deliver it with: ctlsign publish, or take it back with: ctlsign publish --back"));
	return cli_fail(&err);
}

/* ---- the change ---------------------------------------------------------------------------------
 */

/* The certificates of a set, borrowed.  Returns their number. */
static size_t certificates_of(
    const struct journal *journal, migrate_set set, X509 *out[MIGRATE_SASTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < journal->n_sasts && i < MIGRATE_SASTS_MAX; i++)
		if ((set >> i & 1) != 0)
			out[n++] = journal->sasts[i].certificate;
	return n;
}

static void fill_request(
    const struct migrate_run *run, struct change_request *request, X509 *tokens[MIGRATE_SASTS_MAX])
{
	const struct journal_step *step = &run->journal.steps[run->position.next];
	const struct migrate_list *list = &step->list;
	const bool by_tokens = list->signing == SIGNING_TOKENS;

	request->kind = CHANGE_UPDATE;
	request->signing = by_tokens ? CHANGE_SIGNING_TOKENS : CHANGE_SIGNING_TOKENLESS;
	request->has_sasts_tokens = by_tokens;
	request->sasts_tokens = tokens;
	request->n_sasts_tokens = certificates_of(&run->journal, list->tokens, tokens);
	/* Any token will do that phones know, and that is asked of the model. */
	if (list->signer >= 0 && !journal_token_signs(list, list->signer))
		request->signer = run->journal.sasts[list->signer].certificate;
}

static bool is_certificate(const X509 *a, const X509 *b)
{
	return a != NULL && b != NULL && X509_cmp(a, b) == 0;
}

/*
 * An anchor signs with the key that ctlsign.conf names, also a list of tokens, and also where it
 * stands in the list by way of Phone-SAST-trust; an earlier one has none there.
 */
static enum status choose_key(
    const struct migrate_run *run, struct change_request *request, struct error *err)
{
	const struct migrate_list *list = &run->journal.steps[run->position.next].list;
	const struct inventory *inventory = &run->cluster.inventory;

	const X509 *signer;

	if (request->key != NULL || list->signer < 0 || journal_token_signs(list, list->signer))
		return ST_OK;
	signer = run->journal.sasts[list->signer].certificate;
	if (is_certificate(signer, inventory_publisher(inventory)->certificate.x509))
		request->key = inventory->callmanager_key.where;
	else if (is_certificate(signer, inventory->itlrecovery.x509))
		request->key = inventory->itlrecovery_key.where;
	if (request->key != NULL)
		return ST_OK;
	if (request->dry_run)
		return ST_OK;
	error_set(err, ST_USAGE,
	    _("this step is signed by %s, whose key ctlsign.conf does not name"),
	    run->journal.sasts[list->signer].name);
	error_hint(err, "%s", _("name it with --sign-with KEY: a PEM file, or a pkcs11: URI"));
	return ST_USAGE;
}

/* Talk: what is about to be done. */
static void tell_step(const struct migrate_run *run)
{
	const size_t next = run->position.next;
	struct buffer line = BUFFER_INIT, folded = BUFFER_INIT;
	char head[64];

	snprintf(head, sizeof(head), _("Step %zu of %zu: "), next + 1, run->journal.n_steps);
	buffer_printf(&line, "%s", head);
	journal_step_title(&run->journal, next, &line);
	if (buffer_text(&line) != NULL)
		text_fold(&folded, buffer_text(&line), cli_width(STDERR_FILENO));
	if (buffer_text(&folded) != NULL)
		fprintf(stderr, "%s\n", buffer_text(&folded));
	buffer_free(&folded);
	buffer_free(&line);
}

/* ---- afterwards ---------------------------------------------------------------------------------
 */

/* The end, and what is not over with it: phones that lag behind, and a line of ctlsign.conf. */
static void print_finished(const struct migrate_run *run)
{
	struct migrate_holders holders;
	char due[256];

	if (migrate_holders(run, run->position.generation, &holders, NULL) == ST_OK &&
	    holders.has_fleet && holders.n < holders.all)
		printf(ngettext("the migration is finished; %llu of %llu phone has not been seen "
				"with it: ctlsign phones check\n",
			   "the migration is finished; %llu of %llu phones have not been seen with "
			   "it: ctlsign phones check\n",
			   (unsigned long)holders.all),
		    (unsigned long long)(holders.all - holders.n), (unsigned long long)holders.all);
	else
		puts(_("the migration is finished."));
	migrate_setting_due(&run->journal, &run->cluster.inventory, due);
	if (due[0] != '\0')
		cli_warn(due);
}

static void print_next(const struct migrate_run *run, size_t made)
{
	const struct journal *journal = &run->journal;

	switch (run->position.place) {
	case JOURNAL_FINISHED:
		printf(_("Step %zu of %zu is done: "), made, journal->n_steps);
		print_finished(run);
		break;
	case JOURNAL_PENDING:
		printf(_("Step %zu of %zu is signed. Once every server has it:\n"
			 "  ctlsign migrate next\n"),
		    made, journal->n_steps);
		break;
	default:
		printf(_("Step %zu of %zu is done. What the next one waits for:\n"
			 "  ctlsign migrate status\n"),
		    made, journal->n_steps);
		break;
	}
}

static enum status read_again(struct migrate_run *run, struct error *err)
{
	enum status st = store_current(run->cluster.store, &run->cluster.current, err);

	if (st == ST_OK)
		st = store_pending(run->cluster.store, &run->cluster.pending, err);
	return st == ST_OK ? migrate_run_locate(run, err) : st;
}

/* Where it stands is seen from the generations; that it is noted, too, is for those who read it. */
static int note(
    struct migrate_run *run, size_t made, int64_t generation, const struct cli_change *change)
{
	struct journal_step *step = &run->journal.steps[made - 1];
	const size_t n_steps = run->journal.n_steps;
	char what[160];
	struct error err;
	enum status st = read_again(run, &err);
	bool finished;

	if (st == ST_OK)
		st = migrate_trust_leave(run, &err);

	finished = st == ST_OK && run->position.place == JOURNAL_FINISHED;
	if (st == ST_OK && step->generation == generation) {
		step->said_phones_hold = change->request.phones_hold;
		step->accepted_lockout =
		    change->request.has_accept_lockout ? change->request.accept_lockout : 0;
	}
	snprintf(what, sizeof(what), "step %zu of %zu is generation %lld%s", made, n_steps,
	    (long long)generation, finished ? "; the migration is done" : "");
	if (st == ST_OK)
		st = migrate_run_keep(run, cli_migrate_next.name, what,
		    finished ? MIGRATION_DONE : MIGRATION_OPEN, &err);
	if (st != ST_OK)
		return cli_fail(&err);
	if (!change->json)
		print_next(run, made);
	return cli_finish_stdout();
}

static int finish(struct migrate_run *run, const struct cli_change *change)
{
	struct error err;

	if (!change->request.dry_run && migrate_trust_leave(run, &err) != ST_OK)
		return cli_fail(&err);
	if (!change->request.dry_run && migrate_run_keep(run, cli_migrate_next.name,
					    "the migration is done", MIGRATION_DONE, &err) != ST_OK)
		return cli_fail(&err);
	if (change->json)
		return cli_print_json(json_pack("{s:I, s:s}", "migration",
		    (json_int_t)run->journal.number, "place", "finished"));
	printf("%s", _("All steps are done: "));
	print_finished(run);
	return cli_finish_stdout();
}

/* ---- the command --------------------------------------------------------------------------------
 */

static int sign(struct cli_change *change, struct migrate_run *run)
{
	const size_t index = run->position.next, n_steps = run->journal.n_steps;
	struct cli_change_done done = {0};
	X509 *tokens[MIGRATE_SASTS_MAX], *sasts[MIGRATE_SASTS_MAX], *trust[MIGRATE_SASTS_MAX];
	char command[96];
	int rc, noted;

	fill_request(run, &change->request, tokens);
	change->request.has_sasts = change->request.has_trust = true;
	change->request.sasts = sasts;
	change->request.n_sasts =
	    certificates_of(&run->journal, run->journal.steps[index].list.sasts, sasts);
	change->request.trust = trust;
	change->request.n_trust =
	    certificates_of(&run->journal, run->journal.steps[index].list.trust, trust);
	snprintf(command, sizeof(command), "migrate next (step %zu of %zu: %s)", index + 1, n_steps,
	    migrate_end_name(run->journal.wish.end));
	change->request.command = command;
	rc = cli_change_run_on(change, &run->cluster, &done);
	if (done.generation == 0)
		return rc;
	noted = note(run, index + 1, done.generation, change);
	return rc != CLI_DONE ? rc : noted;
}

static int make_step(struct cli_change *change, struct migrate_run *run)
{
	struct error err;
	enum status st = take_words(change, run, &err);

	if (st == ST_OK)
		st = migrate_run_look(run, &err);
	if (st != ST_OK)
		return cli_fail(&err);
	if (!may_go_on(change, &run->conditions))
		return refuse(change, run);
	tell_step(run);
	if (!change->request.dry_run && migrate_trust_leave(run, &err) != ST_OK)
		return cli_fail(&err);
	st = choose_key(run, &change->request, &err);
	if (st == ST_OK)
		st = migrate_trust_join(run, change->request.dry_run, change->request.yes, &err);
	return st == ST_OK ? sign(change, run) : cli_fail(&err);
}

static int go_on(struct cli_change *change, struct migrate_run *run)
{
	struct error err;

	if (!run->open) {
		migrate_none(&err);
		return cli_fail(&err);
	}
	switch (run->position.place) {
	case JOURNAL_PENDING:
		return refuse_pending(run);
	case JOURNAL_CHANGED:
		if (run->position.pending > 0)
			return refuse_pending(run);
		return migrate_replan(
		    run, change->request.phones_hold, change->json, change->request.dry_run);
	case JOURNAL_FINISHED:
		return finish(run, change);
	default:
		return make_step(change, run);
	}
}

static int run_next(int argc, char **argv)
{
	static const struct option options[] = {CLI_CHANGE_ROWS};
	struct cli_change change = CLI_CHANGE_INIT;
	struct migrate_run run = {.open = false};
	struct error err;
	enum status st;
	int rc;

	change.command = &cli_migrate_next;
	if (!cli_change_read(&change, argc, argv, options, &rc))
		return rc;
	if (optind < argc)
		return cli_usage_error(
		    &cli_migrate_next, _("unexpected argument '%s'"), argv[optind]);
	st = change.request.dry_run
		 ? cli_cluster_read(change.config, &run.cluster, &err)
		 : cli_cluster_change(change.config, cli_migrate_next.name, &run.cluster, &err);
	if (st == ST_OK)
		st = cli_modules_of_inventory(&change.modules, &run.cluster.inventory, &err);
	if (st == ST_OK)
		st = migrate_run_read(&run, &err);
	rc = st == ST_OK ? go_on(&change, &run) : cli_fail(&err);
	migrate_run_close(&run);
	return rc;
}

const struct cli_command cli_migrate_next = {
    .name = "migrate next",
    .summary = N_("make the next step of a migration, once it is safe"),
    .usage = N_("Usage: ctlsign migrate next [OPTION]...\n"
		"\n"
		"Looks whether everything is so that has to be before the next step, and says\n"
		"what is not. Then it sets Phone-SAST-trust as the step wants it, signs the\n"
		"step's CTL with the key that the plan names, and publishes it. After somebody\n"
		"else's change it makes a new plan, shows it, and signs nothing.\n"
		"Exit code 4: the step waits for phones; 1: for something else.\n"
		"\n"),
    .shared_usage = cli_change_usage,
    .example = N_("\n"
		  "Example: no fleet was read in, and somebody has looked at the phones\n"
		  "  ctlsign migrate next --phones-hold 7\n"),
    .run = run_next,
};
