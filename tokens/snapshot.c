/*
 * The snapshot: the tokens that the modules hold at one moment, and what was left out.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/internal.h"

#include "base/text.h"
#include "tokens/ckr.h"

#include <stdio.h>
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

struct token *token_of(const struct token_info *info)
{
	return (struct token *)info;
}

struct bytes token_field(const unsigned char *field, size_t size)
{
	while (size > 0 && field[size - 1] == ' ')
		size--;
	return (struct bytes){field, size};
}

static void token_free(struct token *token)
{
	if (token == NULL)
		return;
	certificates_drop(token);
	free(token);
}

void snapshot_drop(struct tokens *tokens)
{
	for (size_t i = 0; i < tokens->n; i++)
		token_free(tokens->list[i]);
	free(tokens->list);
	tokens->list = NULL;
	tokens->n = 0;
	problems_clear(&tokens->slot_problems);
}

#define PRINTABLE(array, field)                                                                    \
	text_printable_into(array, sizeof(array), token_field(field, sizeof(field)))

static struct token *token_new(struct module *m, const struct slot_reading *r)
{
	struct token *t = calloc(1, sizeof(*t));
	const CK_FLAGS flags = r->token.flags;

	if (t == NULL)
		return NULL;
	t->slot_raw = r->slot;
	t->raw = r->token;
	t->info = (struct token_info){
	    .module = m->path,
	    .slot_id = r->id,
	    .reader = PRINTABLE(t->text.reader, r->slot.slotDescription),
	    .label = PRINTABLE(t->text.label, r->token.label),
	    .manufacturer = PRINTABLE(t->text.manufacturer, r->token.manufacturerID),
	    .model = PRINTABLE(t->text.model, r->token.model),
	    .serial = PRINTABLE(t->text.serial, r->token.serialNumber),
	    .login_required = (flags & CKF_LOGIN_REQUIRED) != 0,
	    .pin_initialised = (flags & CKF_USER_PIN_INITIALIZED) != 0,
	    .pin_pad = (flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0,
	    .pin_count_low = (flags & CKF_USER_PIN_COUNT_LOW) != 0,
	    .pin_final_try = (flags & CKF_USER_PIN_FINAL_TRY) != 0,
	    .pin_locked = (flags & CKF_USER_PIN_LOCKED) != 0,
	    .write_protected = (flags & CKF_WRITE_PROTECTED) != 0,
	};
	t->identity.module = m;
	t->identity.slot_id = r->id;
	memcpy(t->identity.label, r->token.label, sizeof(t->identity.label));
	memcpy(t->identity.serial, r->token.serialNumber, sizeof(t->identity.serial));
	snprintf(t->identity.name, sizeof(t->identity.name), _("token '%s' (serial %s)"),
	    t->info.label, t->info.serial);
	return t;
}

static enum status add_token(struct tokens *tokens, struct module *m, const struct slot_reading *r)
{
	struct token **grown = realloc(tokens->list, (tokens->n + 1) * sizeof(struct token *));

	if (grown == NULL)
		return ST_NO_MEMORY;
	tokens->list = grown;
	grown[tokens->n] = token_new(m, r);
	if (grown[tokens->n] == NULL)
		return ST_NO_MEMORY;
	tokens->n++;
	return ST_OK;
}

static enum status add_broken(
    struct tokens *tokens, const struct module *m, const struct slot_reading *r)
{
	char reader[4 * 64 + 1];
	struct error problem;

	ckr_error(&problem, r->rv, r->failed);
	PRINTABLE(reader, r->slot.slotDescription);
	if (reader[0] == '\0')
		error_where(&problem, _("%s: slot %lu"), m->path, r->id);
	else
		error_where(&problem, _("%s: slot %lu '%s'"), m->path, r->id, reader);
	return problems_add(&tokens->slot_problems, &problem);
}

static enum status add_slots(
    struct tokens *tokens, struct module *m, const struct slot_reading *list, size_t n)
{
	enum status status = ST_OK;

	for (size_t i = 0; i < n && status == ST_OK; i++) {
		if (list[i].rv != CKR_OK)
			status = add_broken(tokens, m, &list[i]);
		else if ((list[i].token.flags & CKF_TOKEN_INITIALIZED) != 0)
			status = add_token(tokens, m, &list[i]);
	}
	return status;
}

static enum status read_module(struct tokens *tokens, struct module *m, struct error *err)
{
	struct slot_reading *list = NULL;
	struct error problem;
	enum status status;
	size_t n = 0;

	status = slots_read(m, &list, &n, &problem);
	if (status == ST_OK) {
		status = add_slots(tokens, m, list, n);
		free(list);
		return status == ST_OK ? ST_OK : error_no_memory(err);
	}
	if (problem.where[0] == '\0')
		error_where(&problem, "%s", m->path);
	if (!m->named && problems_add(&tokens->slot_problems, &problem) == ST_OK)
		return ST_OK;
	*err = problem;
	return status;
}

enum status tokens_refresh(struct tokens *tokens, struct error *err)
{
	enum status status = ST_OK;

	snapshot_drop(tokens);
	for (size_t i = 0; i < tokens->n_modules && status == ST_OK; i++)
		status = read_module(tokens, tokens->modules[i], err);
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

size_t tokens_problem_count(const struct tokens *tokens)
{
	return tokens->module_problems.n + tokens->slot_problems.n;
}

const struct error *tokens_problem_at(const struct tokens *tokens, size_t index)
{
	const struct problems *modules = &tokens->module_problems;

	if (index < modules->n)
		return &modules->list[index];
	return &tokens->slot_problems.list[index - modules->n];
}

bool tokens_wedged(void)
{
	return watchdog_any_stuck();
}
