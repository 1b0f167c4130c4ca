/*
 * Compares what was told with what there is: see watch_known.h.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/watch_known.h"

#include <stdlib.h>
#include <string.h>

static void free_tokens(struct token ***list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		token_free((*list)[i]);
	free(*list);
	*list = NULL;
	*n = 0;
}

static void forget_events(struct watch_known *known)
{
	free_tokens(&known->removed, &known->n_removed);
	free(known->events);
	known->events = NULL;
	known->n_events = 0;
}

void known_forget_news(struct watch_known *known)
{
	forget_events(known);
	problems_clear(&known->problems);
}

void known_free(struct watch_known *known)
{
	known_forget_news(known);
	free_tokens(&known->list, &known->n);
	problems_clear(&known->told);
}

/* ---- problems ------------------------------------------------------------------------------- */

/* The words may differ from time to time: what stays is where. */
static bool has_problem(const struct problems *problems, const struct error *problem)
{
	for (size_t i = 0; i < problems->n; i++)
		if (problems->list[i].status == problem->status &&
		    strcmp(problems->list[i].where, problem->where) == 0)
			return true;
	return false;
}

/* Adds the snapshot's problems, but not those that are in EXCEPT. */
static enum status add_problems(
    const struct tokens *tokens, const struct problems *except, struct problems *out)
{
	enum status status = ST_OK;

	for (size_t m = 0; tokens->snapshots != NULL && m < tokens->n_modules; m++) {
		const struct problems *found = &tokens->snapshots[m].problems;

		for (size_t i = 0; i < found->n && status == ST_OK; i++)
			if (!has_problem(except, &found->list[i]))
				status = problems_add(out, &found->list[i]);
	}
	return status;
}

bool known_in_doubt(
    const struct watch_known *known, const struct tokens *tokens, const struct module *module)
{
	for (size_t m = 0; tokens->snapshots != NULL && m < tokens->n_modules; m++) {
		const struct problems *found = &tokens->snapshots[m].problems;

		if (module != NULL && tokens->modules[m] != module)
			continue;
		for (size_t i = 0; i < found->n; i++)
			if (!has_problem(&known->told, &found->list[i]))
				return true;
	}
	return false;
}

enum status known_tell_problems(struct watch_known *known, const struct tokens *tokens)
{
	const size_t before = known->problems.n;
	enum status status = add_problems(tokens, &known->told, &known->problems);

	for (size_t i = before; i < known->problems.n && status == ST_OK; i++)
		status = problems_add(&known->told, &known->problems.list[i]);
	return status;
}

/* A problem that is over may be told again. */
static enum status forget_old_problems(struct watch_known *known, const struct tokens *tokens)
{
	const struct problems none = {0};
	struct problems now = {0};
	size_t n = 0;
	enum status status = add_problems(tokens, &none, &now);

	for (size_t i = 0; i < known->told.n && status == ST_OK; i++)
		if (has_problem(&now, &known->told.list[i]))
			known->told.list[n++] = known->told.list[i];
	if (status == ST_OK)
		known->told.n = n;
	problems_clear(&now);
	return status;
}

/* ---- tokens --------------------------------------------------------------------------------- */

/* All that are in the snapshot: those that are initialised, then the blank ones. */
static size_t count_all(const struct tokens *tokens)
{
	return tokens->n + tokens->n_blanks;
}

static struct token *token_at(const struct tokens *tokens, size_t i)
{
	return i < tokens->n ? tokens->list[i] : tokens->blanks[i - tokens->n];
}

/* Wherever it is plugged in; blank ones are all alike, but for their slots. */
static bool same_identity(const struct token *a, const struct token *b)
{
	const struct token_identity *x = &a->identity, *y = &b->identity;

	if (a->info.initialised != b->info.initialised)
		return false;
	if (!a->info.initialised)
		return x->module == y->module && x->slot_id == y->slot_id;
	return x->module == y->module && memcmp(x->label, y->label, sizeof(x->label)) == 0 &&
	       memcmp(x->serial, y->serial, sizeof(x->serial)) == 0;
}

/* The token of the snapshot that is TOKEN and was not SEEN for another one; none is: how
 * many there are. */
static size_t find_token(const struct tokens *tokens, const bool *seen, const struct token *token)
{
	size_t k = 0;

	while (k < count_all(tokens) && (seen[k] || !same_identity(token_at(tokens, k), token)))
		k++;
	return k;
}

/* What is to become of the known tokens: which stay, in LIST, and which were removed. */
static size_t sort_known(
    struct watch_known *known, const struct tokens *tokens, bool *seen, struct token **list)
{
	size_t n = 0;

	for (size_t i = 0; i < known->n; i++) {
		struct token *token = known->list[i];
		const size_t k = find_token(tokens, seen, token);

		if (k < count_all(tokens)) {
			seen[k] = true;
			token_free(token);
		} else if (known_in_doubt(known, tokens, token->identity.module)) {
			list[n++] = token;
		} else {
			known->removed[known->n_removed++] = token;
		}
	}
	return n;
}

static void make_events(struct watch_known *known, const struct tokens *tokens, const bool *seen)
{
	for (size_t i = 0; i < known->n_removed; i++)
		known->events[known->n_events++] =
		    (struct token_event){.token = &known->removed[i]->info};
	for (size_t i = 0; i < count_all(tokens); i++)
		if (!seen[i])
			known->events[known->n_events++] = (struct token_event){
			    .inserted = true, .token = &token_at(tokens, i)->info};
}

/* Appends copies of the snapshot's tokens to a list that has room. */
static enum status copy_tokens(const struct tokens *tokens, struct token **list, size_t *n)
{
	for (size_t i = 0; i < count_all(tokens); i++) {
		list[*n] = token_copy(token_at(tokens, i));
		if (list[*n] == NULL)
			return ST_NO_MEMORY;
		++*n;
	}
	return ST_OK;
}

enum status known_compare(struct watch_known *known, const struct tokens *tokens)
{
	const size_t most = known->n + count_all(tokens) + 1;
	struct token **list = calloc(most, sizeof(*list));
	bool *seen = calloc(count_all(tokens) + 1, sizeof(*seen));
	enum status status = ST_NO_MEMORY;

	forget_events(known);
	known->removed = calloc(most, sizeof(*known->removed));
	known->events = calloc(most, sizeof(*known->events));
	if (list != NULL && seen != NULL && known->removed != NULL && known->events != NULL) {
		known->n = sort_known(known, tokens, seen, list);
		free(known->list);
		known->list = list;
		list = NULL;
		make_events(known, tokens, seen);
		status = copy_tokens(tokens, known->list, &known->n);
	}
	if (status == ST_OK)
		status = forget_old_problems(known, tokens);
	free(list);
	free(seen);
	return status;
}

enum status known_begin(struct watch_known *known, const struct tokens *tokens)
{
	const struct problems none = {0};

	known->list = calloc(count_all(tokens) + 1, sizeof(*known->list));
	if (known->list == NULL)
		return ST_NO_MEMORY;
	if (copy_tokens(tokens, known->list, &known->n) != ST_OK)
		return ST_NO_MEMORY;
	return add_problems(tokens, &none, &known->told);
}
