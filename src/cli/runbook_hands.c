/*
 * What has to be at hand for a migration: tokens and keys, the servers, models of phones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/runbook.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More models than that are looked at by their families. */
#define MODELS_MAX 40

/* ---- tokens and keys --------------------------------------------------------------------------
 */

/* Where the key of a SAST is; "" when the inventory does not say, or it is on a token. */
static void key_of(
    const struct inventory *inventory, enum migrate_kind kind, char *out, size_t size)
{
	const char *where = kind == MIGRATE_CALLMANAGER	  ? inventory->callmanager_key.where
			    : kind == MIGRATE_ITLRECOVERY ? inventory->itlrecovery_key.where
							  : NULL;

	text_printable_into(out, size, text_bytes(where != NULL ? where : ""));
}

/* The first step after those that are done that SAST signs; n_steps: none. */
static size_t first_signed(const struct runbook_view *view, size_t sast)
{
	size_t i = view->position.next;

	while (i < view->journal.n_steps && view->journal.steps[i].list.signer != (int)sast)
		i++;
	return i;
}

static bool is_listed_token(const struct runbook_view *view, size_t sast)
{
	const migrate_set bit = (migrate_set)1 << sast;

	if ((view->journal.now.tokens & bit) != 0)
		return true;
	for (size_t i = view->position.next; i < view->journal.n_steps; i++)
		if ((view->journal.steps[i].list.tokens & bit) != 0)
			return true;
	return false;
}

static enum status add_journal_sast(struct runbook_view *view, size_t index, struct error *err)
{
	const struct journal_sast *sast = &view->journal.sasts[index];
	const size_t step = first_signed(view, index);
	char key[384], text[768];

	key_of(&view->cluster.inventory, sast->kind, key, sizeof(key));
	if (step < view->journal.n_steps && key[0] != '\0')
		snprintf(text, sizeof(text), _("%s signs step %zu; its key: %s"), sast->name,
		    step + 1, key);
	else if (step < view->journal.n_steps)
		snprintf(text, sizeof(text), _("%s signs step %zu"), sast->name, step + 1);
	else if (sast->kind == MIGRATE_TOKEN && is_listed_token(view, index))
		snprintf(text, sizeof(text), _("%s, in reserve"), sast->name);
	else
		return ST_OK;
	return runbook_lines_add(&view->hands, text, err);
}

/* Without a migration: who can sign the current CTL's follower. */
static enum status add_current(struct runbook_view *view, struct error *err)
{
	const struct runbook_generation *told = NULL;
	enum status st = ST_OK;

	for (size_t i = 0; i < view->n_generations; i++)
		if (view->generations[i].number == view->cluster.current.number)
			told = &view->told[i];
	if (told == NULL)
		return ST_OK;
	for (size_t i = 0; i < told->n_sasts && st == ST_OK; i++)
		st = runbook_lines_add(&view->hands, told->sasts[i], err);
	return st;
}

enum status runbook_gather_hands(struct runbook_view *view, struct error *err)
{
	enum status st = ST_OK;

	if (!view->has_journal || view->journal.state == MIGRATION_ABORTED)
		return add_current(view, err);
	for (size_t i = 0; i < view->journal.n_sasts && i < MIGRATE_SASTS_MAX && st == ST_OK; i++)
		st = add_journal_sast(view, i, err);
	return st;
}

/* ---- servers ----------------------------------------------------------------------------------
 */

static enum status add_server(struct runbook_view *view, const char *name,
    const struct inventory_targets *targets, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	enum status st;

	text_printable(&text, text_bytes(name));
	if (targets->n == 0)
		buffer_printf(&text, ": %s", _("carried by hand"));
	for (size_t i = 0; i < targets->n; i++) {
		buffer_printf(&text, "%s", i == 0 ? ": " : ", ");
		text_printable(&text, text_bytes(targets->list[i].text));
	}
	st = buffer_text(&text) != NULL ? runbook_lines_add(&view->nodes, buffer_text(&text), err)
					: error_no_memory(err);
	buffer_free(&text);
	return st;
}

static enum status add_servers(struct runbook_view *view, const struct inventory_server *servers,
    size_t n, bool only_with_targets, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < n && st == ST_OK; i++)
		if (!only_with_targets || servers[i].deliver.n > 0)
			st = add_server(view, servers[i].name, &servers[i].deliver, err);
	return st;
}

enum status runbook_gather_nodes(struct runbook_view *view, struct error *err)
{
	const struct inventory *inventory = &view->cluster.inventory;
	const unsigned served = SERVICE_CALLMANAGER | SERVICE_TFTP;
	enum status st = ST_OK;

	for (size_t i = 0; i < inventory->n_nodes && st == ST_OK; i++)
		if ((inventory->nodes[i].services & served) != 0 ||
		    inventory->nodes[i].deliver.n > 0)
			st = add_server(
			    view, inventory->nodes[i].name, &inventory->nodes[i].deliver, err);
	if (st == ST_OK)
		st = add_servers(
		    view, inventory->alternate_tftp, inventory->n_alternate_tftp, false, err);
	if (st == ST_OK)
		st = add_servers(view, inventory->firewalls, inventory->n_firewalls, false, err);
	if (st == ST_OK)
		st = add_servers(view, inventory->entries, inventory->n_entries, true, err);
	return st;
}

/* ---- models -----------------------------------------------------------------------------------
 */

static bool has_line(const struct runbook_lines *lines, const char *text)
{
	for (size_t i = 0; i < lines->n; i++)
		if (strcmp(lines->list[i], text) == 0)
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum status runbook_gather_models(struct runbook_view *view, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < view->fleet.n_groups && st == ST_OK; i++) {
		char model[256];

		text_printable_into(model, sizeof(model), text_bytes(view->fleet.groups[i].model));
		if (model[0] == '\0' || view->models.n >= MODELS_MAX ||
		    has_line(&view->models, model))
			continue;
		st = runbook_lines_add(&view->models, model, err);
	}
	if (view->models.n > 1)
		qsort(view->models.list, view->models.n, sizeof(view->models.list[0]), by_text);
	return st;
}
