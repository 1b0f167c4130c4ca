/*
 * A migration that is under way: where it stands, and its journal.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include <stdio.h>

enum status migrate_none(struct error *err)
{
	error_set(err, ST_FAILED, "%s", _("no migration is under way"));
	error_hint(err, "%s",
	    _("begin one with: ctlsign migrate tokenless, tokens, rotate, or join-cluster"));
	return ST_FAILED;
}

static enum status read_journal(
    struct migrate_run *run, const struct store_migration *stored, struct error *err)
{
	enum status st = journal_read(stored, &run->journal, err);
	char place[64];

	if (st == ST_OK)
		return st;
	snprintf(place, sizeof(place), _("migration %lld"), (long long)stored->number);
	error_where_prefix(err, place);
	error_where_prefix(err, run->cluster.inventory.state);
	return st;
}

enum status migrate_run_locate(struct migrate_run *run, struct error *err)
{
	struct journal_position *position = &run->position;
	enum status st = journal_locate(&run->journal, run->cluster.store, &run->cluster.current,
	    &run->cluster.pending, position, err);

	/* Who looks at the steps sees the one that is on its way, too. */
	if (st == ST_OK && position->place == JOURNAL_PENDING) {
		run->journal.steps[position->next].generation = run->cluster.pending.number;
		run->journal.steps[position->next].made = run->cluster.pending.made;
	}
	return st;
}

enum status migrate_run_read(struct migrate_run *run, struct error *err)
{
	struct cluster *cluster = &run->cluster;
	struct store_migration stored = {0};
	enum status st = ST_OK;

	if (cluster->store != NULL)
		st = store_migration(cluster->store, &stored, err);
	run->open = st == ST_OK && stored.number > 0 && stored.state == MIGRATION_OPEN;
	if (run->open) {
		st = read_journal(run, &stored, err);
		if (st == ST_OK)
			st = migrate_run_locate(run, err);
	}
	store_migration_free(&stored);
	return st;
}

enum status migrate_run_look(struct migrate_run *run, struct error *err)
{
	const size_t next = run->position.next;
	enum status st = cluster_load(&run->cluster, err);

	if (st == ST_OK)
		st = migrate_ask(&run->cluster, &run->journal, next,
		    run->journal.steps[next].said_phones_hold, &run->asked, err);
	if (st == ST_OK)
		journal_conditions(&run->journal, next, &run->position, &run->cluster.inventory,
		    &run->asked.answer, &run->conditions);
	return st;
}

void migrate_run_close(struct migrate_run *run)
{
	migrate_asked_close(&run->asked);
	journal_free(&run->journal);
	cluster_close(&run->cluster);
}

int64_t migrate_run_base(const struct migrate_run *run)
{
	const size_t next = run->position.next;

	return next > run->journal.n_before ? run->journal.steps[next - 1].generation
					    : run->journal.base;
}

enum status migrate_run_keep(struct migrate_run *run, const char *act, const char *what,
    enum migration_state state, struct error *err)
{
	const struct audit_entry audit = {.act = act, .what = what, .outcome = "done"};
	struct buffer json = BUFFER_INIT;
	enum status st;

	run->journal.state = state;
	st = journal_write(&run->journal, &json, err);
	if (st == ST_OK)
		st = buffer_status(&json, err);
	if (st == ST_OK)
		st = store_migration_write(run->cluster.store, run->journal.number, state,
		    buffer_text(&json), &audit, err);
	buffer_free(&json);
	return st;
}

enum status migrate_run_last(struct migrate_run *run, struct error *err)
{
	struct store_migration stored = {0};
	enum status st = ST_OK;

	if (run->cluster.store != NULL)
		st = store_migration(run->cluster.store, &stored, err);
	if (st == ST_OK && stored.number > 0)
		st = read_journal(run, &stored, err);
	store_migration_free(&stored);
	return st;
}

enum status migrate_holders(const struct migrate_run *run, int64_t generation,
    struct migrate_holders *out, struct error *err)
{
	const struct cluster *cluster = &run->cluster;
	struct phone_world world = {0};
	struct fleet_answer answer = {0};
	struct fleet_question question;
	enum status st = phone_world_open(&cluster->inventory, cluster->store,
	    cluster->current.number, cluster->trust, cluster->n_trust, &world, err);

	*out = (struct migrate_holders){0};
	if (st == ST_OK) {
		question = phone_world_question(&world, NULL);
		st = fleet_ask(&question, &answer, err);
	}
	out->has_fleet = st == ST_OK && answer.has_fleet;
	out->all = answer.n;
	for (size_t i = 0; out->has_fleet && i < answer.n_groups; i++) {
		const struct fleet_group *group = &answer.groups[i];

		if (group->ctl == PHONE_HOLDS_LIST &&
		    world.lists.list[group->list].list.generation >= generation)
			out->n += group->n;
	}
	fleet_answer_free(&answer);
	phone_world_close(&world);
	return st;
}
