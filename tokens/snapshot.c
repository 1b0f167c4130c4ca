/*
 * The snapshot: the tokens that the modules hold at one moment, and what was left out.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/internal.h"

#include "base/text.h"
#include "tokens/ckr.h"

#include <stdlib.h>
#include <string.h>

enum status problems_add(struct problems *problems, const struct error *problem)
{
	struct error *grown = realloc(problems->list, (problems->n + 1) * sizeof(*grown));

	if (grown == NULL)
		return ST_NO_MEMORY;
	problems->list = grown;
	problems->list[problems->n++] = *problem;
	return ST_OK;
}

void problems_clear(struct problems *problems)
{
	free(problems->list);
	*problems = (struct problems){0};
}

static void module_snapshot_clear(struct module_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n; i++)
		token_free(snapshot->list[i]);
	free(snapshot->list);
	problems_clear(&snapshot->problems);
	*snapshot = (struct module_snapshot){0};
}

void snapshot_drop(struct tokens *tokens)
{
	for (size_t i = 0; tokens->snapshots != NULL && i < tokens->n_modules; i++)
		module_snapshot_clear(&tokens->snapshots[i]);
	free(tokens->snapshots);
	free(tokens->list);
	free(tokens->blanks);
	tokens->snapshots = NULL;
	tokens->list = tokens->blanks = NULL;
	tokens->n = tokens->n_blanks = 0;
	tokens->drops++;
}

static enum status add_broken(
    struct module_snapshot *snapshot, const struct module *m, const struct slot_reading *r)
{
	char reader[4 * 64 + 1];
	struct error problem;

	ckr_error(&problem, r->rv, r->failed);
	text_printable_into(reader, sizeof(reader),
	    token_field(r->slot.slotDescription, sizeof(r->slot.slotDescription)));
	if (reader[0] == '\0')
		error_where(&problem, _("%s: slot %lu"), m->path, r->id);
	else
		error_where(&problem, _("%s: slot %lu '%s'"), m->path, r->id, reader);
	return problems_add(&snapshot->problems, &problem);
}

static enum status add_slots(
    struct module_snapshot *snapshot, struct module *m, const struct slot_reading *list, size_t n)
{
	snapshot->list = calloc(n + 1, sizeof(*snapshot->list));
	if (snapshot->list == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		if (list[i].rv != CKR_OK) {
			if (add_broken(snapshot, m, &list[i]) != ST_OK)
				return ST_NO_MEMORY;
			continue;
		}
		snapshot->list[snapshot->n] = token_new(m, &list[i]);
		if (snapshot->list[snapshot->n] == NULL)
			return ST_NO_MEMORY;
		snapshot->n++;
	}
	return ST_OK;
}

/* Whatever happens, module_snapshot_clear() must follow; a module's own failure is in ERR. */
static enum status read_module(
    struct module *m, struct module_snapshot *snapshot, struct error *err)
{
	struct slot_reading *list = NULL;
	enum status status;
	size_t n = 0;

	*snapshot = (struct module_snapshot){0};
	status = slots_read(m, &list, &n, err);
	if (status == ST_OK) {
		status = add_slots(snapshot, m, list, n);
		free(list);
		return status == ST_OK ? ST_OK : error_no_memory(err);
	}
	if (err->where[0] == '\0')
		error_where(err, "%s", m->path);
	return status;
}

static bool same_token(const struct token *a, const struct token *b)
{
	const CK_TOKEN_INFO *x = &a->raw, *y = &b->raw;

	return a->info.slot_id == b->info.slot_id && x->flags == y->flags &&
	       strcmp(a->info.reader, b->info.reader) == 0 &&
	       memcmp(x->label, y->label, sizeof(x->label)) == 0 &&
	       memcmp(x->manufacturerID, y->manufacturerID, sizeof(x->manufacturerID)) == 0 &&
	       memcmp(x->model, y->model, sizeof(x->model)) == 0 &&
	       memcmp(x->serialNumber, y->serialNumber, sizeof(x->serialNumber)) == 0;
}

static bool same_problem(const struct error *a, const struct error *b)
{
	return a->status == b->status && strcmp(a->where, b->where) == 0 &&
	       strcmp(a->what, b->what) == 0;
}

static bool same_snapshot(const struct module_snapshot *a, const struct module_snapshot *b)
{
	if (a->n != b->n || a->problems.n != b->problems.n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_token(a->list[i], b->list[i]))
			return false;
	for (size_t i = 0; i < a->problems.n; i++)
		if (!same_problem(&a->problems.list[i], &b->problems.list[i]))
			return false;
	return true;
}

/* Makes the two lists of tokens anew, from what the modules hold. */
static enum status make_lists(struct tokens *tokens, struct error *err)
{
	size_t total = 0;

	for (size_t i = 0; i < tokens->n_modules; i++)
		total += tokens->snapshots[i].n;
	free(tokens->list);
	free(tokens->blanks);
	tokens->n = tokens->n_blanks = 0;
	tokens->list = calloc(total + 1, sizeof(*tokens->list));
	tokens->blanks = calloc(total + 1, sizeof(*tokens->blanks));
	if (tokens->list == NULL || tokens->blanks == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < tokens->n_modules; i++) {
		for (size_t k = 0; k < tokens->snapshots[i].n; k++) {
			struct token *token = tokens->snapshots[i].list[k];

			if (token->info.initialised)
				tokens->list[tokens->n++] = token;
			else
				tokens->blanks[tokens->n_blanks++] = token;
		}
	}
	return ST_OK;
}

static enum status begin_snapshots(struct tokens *tokens, struct error *err)
{
	if (tokens->snapshots == NULL)
		tokens->snapshots = calloc(tokens->n_modules + 1, sizeof(*tokens->snapshots));
	return tokens->snapshots == NULL ? error_no_memory(err) : ST_OK;
}

enum status snapshot_read(struct tokens *tokens, size_t module, bool *changed, struct error *err)
{
	struct module_snapshot fresh, *old;
	struct error problem;
	enum status status;

	*changed = false;
	if (begin_snapshots(tokens, err) != ST_OK)
		return ST_NO_MEMORY;
	old = &tokens->snapshots[module];
	status = read_module(tokens->modules[module], &fresh, &problem);
	/* Nothing is known anew: what was known stays. */
	if (status != ST_OK && watchdog_was_woken(tokens->modules[module]->dog)) {
		module_snapshot_clear(&fresh);
		return ST_OK;
	}
	if (status != ST_OK && status != ST_NO_MEMORY)
		status = problems_add(&fresh.problems, &problem);
	*changed = status == ST_OK && !same_snapshot(old, &fresh);
	if (!*changed) {
		module_snapshot_clear(&fresh);
		return status == ST_OK ? ST_OK : error_no_memory(err);
	}
	module_snapshot_clear(old);
	*old = fresh;
	return make_lists(tokens, err);
}

enum status tokens_refresh(struct tokens *tokens, struct error *err)
{
	enum status status;

	snapshot_drop(tokens);
	status = begin_snapshots(tokens, err);
	for (size_t i = 0; i < tokens->n_modules && status == ST_OK; i++) {
		struct module_snapshot *snapshot = &tokens->snapshots[i];
		struct error problem;

		status = read_module(tokens->modules[i], snapshot, &problem);
		if (status != ST_OK && status != ST_NO_MEMORY && !tokens->modules[i]->named)
			status = problems_add(&snapshot->problems, &problem);
		if (status == ST_NO_MEMORY)
			error_no_memory(err);
		else if (status != ST_OK)
			*err = problem;
	}
	if (status == ST_OK)
		status = make_lists(tokens, err);
	if (status != ST_OK)
		snapshot_drop(tokens);
	return status;
}

size_t tokens_count(const struct tokens *tokens)
{
	return tokens->n;
}

const struct token_info *tokens_at(const struct tokens *tokens, size_t index)
{
	return &tokens->list[index]->info;
}

size_t tokens_blank_count(const struct tokens *tokens)
{
	return tokens->n_blanks;
}

const struct token_info *tokens_blank_at(const struct tokens *tokens, size_t index)
{
	return &tokens->blanks[index]->info;
}

size_t tokens_problem_count(const struct tokens *tokens)
{
	size_t n = tokens->module_problems.n;

	for (size_t i = 0; tokens->snapshots != NULL && i < tokens->n_modules; i++)
		n += tokens->snapshots[i].problems.n;
	return n;
}

const struct error *tokens_problem_at(const struct tokens *tokens, size_t index)
{
	const struct problems *problems = &tokens->module_problems;

	for (size_t i = 0; index >= problems->n; i++) {
		index -= problems->n;
		problems = &tokens->snapshots[i].problems;
	}
	return &problems->list[index];
}

bool tokens_wedged(void)
{
	return watchdog_any_stuck();
}
