/*
 * Gathers what a runbook tells, from the cluster, its history, its phones and its migration.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/runbook.h"

#include "base/text.h"
#include "cli/cluster_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parts_free(struct runbook_step_parts *parts)
{
	migrate_asked_close(&parts->asked);
	buffer_free(&parts->title);
	runbook_lines_free(&parts->changes);
	runbook_lines_free(&parts->todo);
	runbook_lines_free(&parts->back);
	runbook_lines_free(&parts->typed);
	runbook_lines_free(&parts->says);
}

void runbook_view_close(struct runbook_view *view)
{
	struct runbook_lines *const lines[] = {&view->signers, &view->hands, &view->nodes,
	    &view->warnings, &view->models, &view->words};

	for (size_t i = 0; i < MIGRATE_STEPS_MAX; i++)
		parts_free(&view->parts[i]);
	for (size_t i = 0; i < view->n_generations; i++) {
		generation_free(&view->generations[i]);
		if (view->sasts != NULL)
			runbook_lines_free(&view->sasts[i]);
	}
	free(view->generations);
	free(view->told);
	free(view->sasts);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		runbook_lines_free(lines[i]);
	journal_free(&view->journal);
	fleet_answer_free(&view->fleet);
	phone_world_close(&view->world);
	cluster_close(&view->cluster);
}

/* ---- the migration -----------------------------------------------------------------------------
 */

/* The entry of the audit log that ended the migration: the last one that speaks of it. */
static enum status see_end(void *context, const struct audit_entry *entry, struct error *err)
{
	struct runbook_view *view = context;
	char subject[48];

	(void)err;
	snprintf(subject, sizeof(subject), "migration %lld", (long long)view->journal.number);
	if (strcmp(entry->subject, subject) == 0) {
		view->runbook.given_up = entry->when;
		text_cut_into(view->given_up_by, sizeof(view->given_up_by), entry->who);
	}
	return ST_OK;
}

/* The one that is under way; else the newest, for the archive, also when it was given up. */
static enum status read_journal(struct runbook_view *view, struct error *err)
{
	struct store_migration stored = {.number = 0};
	const struct cluster *cluster = &view->cluster;
	enum status st = ST_OK;

	if (cluster->store != NULL)
		st = store_migration(cluster->store, &stored, err);
	if (st == ST_OK && stored.number > 0) {
		view->has_journal = true;
		st = journal_read(&stored, &view->journal, err);
		if (st != ST_OK)
			error_where_prefix(err, cluster->inventory.state);
	}
	store_migration_free(&stored);
	if (st != ST_OK || !view->has_journal)
		return st;
	st = journal_locate(&view->journal, cluster->store, &cluster->current, &cluster->pending,
	    &view->position, err);
	/* What came later is no part of it any more. */
	if (st == ST_OK && view->journal.state == MIGRATION_DONE) {
		view->position.place = JOURNAL_FINISHED;
		view->position.next = view->journal.n_steps;
	}
	view->runbook.given_up_by = view->given_up_by;
	if (st == ST_OK && view->journal.state == MIGRATION_ABORTED)
		st = store_audit_each(cluster->store, see_end, view, err);
	return st;
}

/* What the migration wants of the inventory; nobody would look for it there. */
static enum status take_setting(struct runbook_view *view, struct error *err)
{
	char text[256];

	if (!view->has_journal || view->journal.state == MIGRATION_ABORTED)
		return ST_OK;
	migrate_setting_due(&view->journal, &view->cluster.inventory, text);
	return text[0] != '\0' ? runbook_lines_add(&view->warnings, text, err) : ST_OK;
}

/* ---- drift -------------------------------------------------------------------------------------
 */

/* What is wrong with the inventory has to be told, and is no reason to print nothing. */
static enum status take_drift(struct runbook_view *view, struct error *err)
{
	struct drift drift = {.items = NULL};
	struct error failed;
	char text[1024];
	enum status st = ST_OK;

	if (cluster_status(&view->cluster, time(NULL), &drift, &failed) != ST_OK)
		st = runbook_lines_add(
		    &view->warnings, error_line(&failed, text, sizeof(text)), err);
	for (size_t i = 0; i < drift.n && st == ST_OK; i++) {
		const struct drift_item *item = &drift.items[i];

		/* TRANSLATORS: what is wrong, then what to do */
		snprintf(text, sizeof(text), item->todo[0] != '\0' ? _("%s; do: %s") : "%s%s",
		    item->text, item->todo);
		st = runbook_lines_add(&view->warnings, text, err);
	}
	drift_free(&drift);
	return st;
}

/* ---- phones ------------------------------------------------------------------------------------
 */

static enum status take_phones(struct runbook_view *view, struct error *err)
{
	struct cluster *cluster = &view->cluster;
	struct fleet_question question;
	enum status st = phone_world_open(&cluster->inventory, cluster->store,
	    cluster->current.number, cluster->trust, cluster->n_trust, &view->world, err);

	if (st != ST_OK || cluster->store == NULL)
		return st;
	question = phone_world_question(&view->world, NULL);
	st = fleet_ask(&question, &view->fleet, err);
	if (st == ST_OK)
		view->runbook.fleet = &view->fleet;
	return st;
}

/* ---- words -------------------------------------------------------------------------------------
 */

/* Appends PATH so that a shell takes it for one word. */
static void quote(struct buffer *out, const char *path)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:@%,=";

	if (path[strspn(path, plain)] == '\0') {
		buffer_printf(out, "%s", path);
		return;
	}
	buffer_add(out, "'", 1);
	for (; *path != '\0'; path++) {
		/* On paper nobody can type what cannot be seen. */
		const unsigned char c = (unsigned char)*path;

		if (c == '\'')
			buffer_printf(out, "'\\''");
		else
			buffer_add(out, c < 0x20 || c == 0x7F ? "?" : path, 1);
	}
	buffer_add(out, "'", 1);
}

static enum status add_word(
    struct runbook_view *view, struct buffer *text, const char **out, struct error *err)
{
	enum status st = buffer_text(text) != NULL
			     ? runbook_lines_add(&view->words, buffer_text(text), err)
			     : error_no_memory(err);

	if (st == ST_OK)
		*out = view->words.list[view->words.n - 1];
	buffer_reset(text);
	return st;
}

static enum status take_words(struct runbook_view *view, const char *config, struct error *err)
{
	const struct inventory *inventory = &view->cluster.inventory;
	struct runbook *runbook = &view->runbook;
	struct buffer text = BUFFER_INIT;
	enum status st;

	text_printable(&text, text_bytes(inventory->cluster));
	st = add_word(view, &text, &runbook->cluster, err);
	cluster_put_path(&text, inventory->path);
	if (st == ST_OK)
		st = add_word(view, &text, &runbook->conf, err);
	if (config != NULL) {
		buffer_printf(&text, " --config ");
		quote(&text, config);
	}
	if (st == ST_OK)
		st = add_word(view, &text, &runbook->config_option, err);
	/* Before the first CTL there may be no state file yet; the command is the same. */
	buffer_printf(&text, "cp -p ");
	quote(&text, inventory->state);
	buffer_add(&text, " ", 1);
	quote(&text, inventory->path);
	buffer_printf(&text, " %s", _("FOLDER/"));
	if (st == ST_OK)
		st = add_word(view, &text, &runbook->put_away, err);
	buffer_free(&text);
	runbook->release = inventory->release.text;
	if (view->cluster.current.number > 0) {
		runbook->mode = cluster_mode_word(view->cluster.current.mode);
		runbook->signing = cluster_signing_word(view->cluster.current.signing);
	}
	if (release_rules(&inventory->release)->tokenless)
		runbook->tokenless_signer = inventory->tokenless_signer == SIGNER_ITLRECOVERY
						? "ITLRecovery"
						: "CallManager";
	runbook->current = view->cluster.current.number;
	runbook->now = time(NULL);
	runbook->who = store_who(view->who, sizeof(view->who));
	return st;
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static void point(struct runbook_view *view)
{
	struct runbook *runbook = &view->runbook;

	if (view->has_journal) {
		runbook->journal = &view->journal;
		runbook->position = &view->position;
	}
	runbook->generations = view->told;
	runbook->n_generations = view->n_generations;
	runbook->models = view->models.list;
	runbook->n_models = view->models.n;
	runbook->hands = view->hands.list;
	runbook->n_hands = view->hands.n;
	runbook->nodes = view->nodes.list;
	runbook->n_nodes = view->nodes.n;
	runbook->warnings = view->warnings.list;
	runbook->n_warnings = view->warnings.n;
}

enum status runbook_gather(struct runbook_view *view, const char *config, struct error *err)
{
	enum status st = take_words(view, config, err);

	if (st == ST_OK)
		st = take_drift(view, err);
	if (st == ST_OK)
		st = take_phones(view, err);
	if (st == ST_OK)
		st = read_journal(view, err);
	if (st == ST_OK)
		st = take_setting(view, err);
	if (st == ST_OK)
		st = runbook_gather_history(view, err);
	if (st == ST_OK)
		st = runbook_gather_steps(view, err);
	if (st == ST_OK)
		st = runbook_gather_hands(view, err);
	if (st == ST_OK)
		st = runbook_gather_nodes(view, err);
	if (st == ST_OK)
		st = runbook_gather_models(view, err);
	point(view);
	return st;
}
