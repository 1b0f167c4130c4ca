/*
 * The generations that a runbook tells of: from the history, with their SASTs from the files.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/runbook.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows of the history ----------------------------------------------------------------------
 */

static enum status copy_text(char **out, const char *text, struct error *err)
{
	*out = strdup(text != NULL ? text : "");
	return *out != NULL ? ST_OK : error_no_memory(err);
}

/* All but the file. */
static enum status copy_generation(
    const struct generation *from, struct generation *out, struct error *err)
{
	char *const *const texts[] = {&from->md5, &from->sha1, &from->sha256, &from->signer,
	    &from->signer_serial, &from->digest, &from->reason, &from->who, &from->origins,
	    &from->release, &from->domain, &from->file};
	char **const copies[] = {&out->md5, &out->sha1, &out->sha256, &out->signer,
	    &out->signer_serial, &out->digest, &out->reason, &out->who, &out->origins,
	    &out->release, &out->domain, &out->file};
	enum status st = ST_OK;

	out->number = from->number;
	out->state = from->state;
	out->made = from->made;
	out->mode = from->mode;
	out->signing = from->signing;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && st == ST_OK; i++)
		st = copy_text(copies[i], *texts[i], err);
	return st;
}

static enum status take(void *context, const struct generation *generation, struct error *err)
{
	struct runbook_view *view = context;
	struct generation *grown =
	    realloc(view->generations, (view->n_generations + 1) * sizeof(*grown));

	if (grown == NULL)
		return error_no_memory(err);
	view->generations = grown;
	grown[view->n_generations] = (struct generation)GENERATION_INIT;
	return copy_generation(generation, &grown[view->n_generations++], err);
}

/* ---- what their files say ---------------------------------------------------------------------
 */

static const struct fleet_list *list_of(const struct runbook_view *view, int64_t number)
{
	for (size_t i = 0; i < view->world.lists.n; i++)
		if (view->world.lists.list[i].list.generation == number)
			return &view->world.lists.list[i];
	return NULL;
}

/* The name of a SAST; its signer's is remembered, too. */
static enum status take_sast(struct runbook_view *view, size_t index, const struct trustlist *list,
    size_t record, struct error *err)
{
	const char *origins = view->generations[index].origins;
	char name[128];
	enum status st;

	runbook_sast_name(record < strlen(origins) ? origins[record] : (char)ORIGIN_KEPT,
	    &list->records[record], name, sizeof(name));
	st = runbook_lines_add(&view->sasts[index], name, err);
	if (st == ST_OK && tl_signer_record(list) == &list->records[record]) {
		st = runbook_lines_add(&view->signers, name, err);
		if (st == ST_OK)
			view->told[index].signer = view->signers.list[view->signers.n - 1];
	}
	return st;
}

static enum status take_sasts(struct runbook_view *view, size_t index, struct error *err)
{
	const struct fleet_list *file = list_of(view, view->generations[index].number);
	struct trustlist list = TRUSTLIST_INIT;
	enum status st;

	if (file == NULL || file->file.len == 0)
		return ST_OK;
	st = tl_read(&list, buffer_bytes(&file->file), err);
	for (size_t i = 0; i < list.n_records && st == ST_OK; i++)
		if (list.records[i].has_role && list.records[i].role == TL_ROLE_SAST)
			st = take_sast(view, index, &list, i, err);
	tl_free(&list);
	return st;
}

/* Whom servers had before INDEX: the newest before it that is not taken back. */
static void take_before(struct runbook_view *view, size_t index)
{
	struct runbook_generation *told = &view->told[index];
	const struct fleet_list *mine = list_of(view, view->generations[index].number), *before;
	size_t i = index;

	told->trusted = PHONE_MAYBE;
	while (i > 0 && view->generations[i - 1].state == GENERATION_ABANDONED)
		i--;
	if (i == 0)
		return;
	told->before = view->generations[i - 1].number;
	before = list_of(view, told->before);
	if (mine != NULL && before != NULL)
		told->trusted =
		    phone_list_knows(&before->list, &mine->list.signer) ? PHONE_YES : PHONE_NO;
}

static uint64_t count_phones(const struct runbook_view *view, int64_t number)
{
	uint64_t n = 0;

	for (size_t i = 0; i < view->fleet.n_groups; i++) {
		const struct fleet_group *group = &view->fleet.groups[i];

		if (group->ctl == PHONE_HOLDS_LIST && group->list < view->world.lists.n &&
		    view->world.lists.list[group->list].list.generation == number)
			n += group->n;
	}
	return n;
}

enum status runbook_gather_history(struct runbook_view *view, struct error *err)
{
	enum status st = ST_OK;

	if (view->cluster.store != NULL)
		st = store_history(view->cluster.store, take, view, err);
	if (st != ST_OK)
		return st;
	view->told = calloc(view->n_generations + 1, sizeof(*view->told));
	view->sasts = calloc(view->n_generations + 1, sizeof(*view->sasts));
	if (view->told == NULL || view->sasts == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < view->n_generations && st == ST_OK; i++) {
		struct runbook_generation *told = &view->told[i];

		told->generation = &view->generations[i];
		told->signer = "";
		told->phones = count_phones(view, view->generations[i].number);
		take_before(view, i);
		st = take_sasts(view, i, err);
		told->sasts = view->sasts[i].list;
		told->n_sasts = view->sasts[i].n;
	}
	return st;
}
