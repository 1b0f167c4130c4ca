/*
 * The steps of a runbook: what each changes, what to type, what to do then, the way back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/runbook.h"

#include "admin/todo.h"

#include <stdio.h>

/* ---- what to type ------------------------------------------------------------------------------
 */

/* COMMAND with the runbook's --config, and what it SAYS (may be NULL), into SLOT. */
static enum status fill(struct runbook_view *view, size_t index, struct runbook_command *slot,
    const char *command, const char *says, struct error *err)
{
	struct runbook_step_parts *parts = &view->parts[index];
	struct buffer typed = BUFFER_INIT;
	enum status st;

	buffer_printf(&typed, "%s%s", command, view->runbook.config_option);
	st = buffer_text(&typed) != NULL
		 ? runbook_lines_add(&parts->typed, buffer_text(&typed), err)
		 : error_no_memory(err);
	if (st == ST_OK && says != NULL)
		st = runbook_lines_add(&parts->says, says, err);
	if (st == ST_OK) {
		slot->command = parts->typed.list[parts->typed.n - 1];
		slot->says = says != NULL ? parts->says.list[parts->says.n - 1] : NULL;
	}
	buffer_free(&typed);
	return st;
}

static enum status add_command(struct runbook_view *view, size_t index, const char *command,
    const char *says, struct error *err)
{
	struct runbook_command *slot =
	    &view->parts[index].commands[view->steps[index].n_commands++];

	return fill(view, index, slot, command, says, err);
}

static enum status add_later(struct runbook_view *view, size_t index, const char *command,
    const char *says, struct error *err)
{
	struct runbook_command *slot = &view->parts[index].later[view->steps[index].n_later++];

	return fill(view, index, slot, command, says, err);
}

/* What `migrate status` begins with. */
static void say_status(const struct runbook_view *view, struct buffer *out)
{
	char line[128];

	snprintf(line, sizeof(line), _("%lld, to %s"), (long long)view->journal.number,
	    migrate_end_word(view->journal.wish.end));
	migrate_put_row(out, SIZE_MAX, _("Migration"), line);
	/* Ended by a newline, which is not told. */
	if (out->len > 0)
		out->len--;
}

/*
 * What `migrate next` begins with, and what it says once it has signed.  The next step's CTL has
 * the next number if nothing comes between.
 */
static enum status say_next(
    const struct runbook_view *view, size_t index, struct buffer *out, struct error *err)
{
	const struct journal_position *position = &view->position;
	const struct generation *made = view->steps[index].made;
	int64_t number = made != NULL ? made->number : 0;
	enum status st = ST_OK;

	if (made == NULL && position->place == JOURNAL_READY && position->next == index &&
	    view->cluster.store != NULL)
		st = store_next_number(view->cluster.store, &number, err);
	buffer_printf(out, _("Step %zu of %zu: %s"), index + 1, view->journal.n_steps,
	    view->steps[index].title);
	buffer_printf(out, "\n...\n");
	if (number > 0)
		buffer_printf(out, _("Generation %lld is signed by %s,"), (long long)number,
		    made != NULL ? made->signer : "...");
	else
		buffer_printf(out, "%s", _("Generation ... is signed by ...,"));
	return st;
}

/* COMMAND, and what it says from SAYS, which is emptied. */
static enum status add_saying(struct runbook_view *view, size_t index, const char *command,
    struct buffer *says, struct error *err)
{
	const char *text = buffer_text(says);
	const enum status st =
	    text != NULL ? add_command(view, index, command, text, err) : error_no_memory(err);

	buffer_reset(says);
	return st;
}

/* Phones fetch the CTL when they are reset, and many are off: they are looked at afterwards. */
static enum status add_commands_later(struct runbook_view *view, size_t index, struct error *err)
{
	char says[128];
	enum status st;

	snprintf(says, sizeof(says), "%s  ...", _("Phones in the file"));
	st = add_later(view, index, "ctlsign phones import FILE.csv", says, err);
	if (st == ST_OK)
		st = add_later(view, index, "ctlsign phones check",
		    _("(at its end: how many did not hold the newest generation yet)"), err);
	return st;
}

static enum status add_commands(struct runbook_view *view, size_t index, struct error *err)
{
	struct buffer says = BUFFER_INIT;
	enum status st = ST_OK;

	say_status(view, &says);
	if (st == ST_OK)
		st = add_saying(view, index, "ctlsign migrate status", &says, err);
	buffer_reset(&says);
	if (st == ST_OK)
		st = say_next(view, index, &says, err);
	if (st == ST_OK)
		st = add_saying(view, index, "ctlsign migrate next", &says, err);
	/* Its signature is there: somebody has typed it. */
	if (st == ST_OK)
		view->parts[index].commands[view->steps[index].n_commands - 1].done =
		    view->steps[index].made != NULL;
	if (st == ST_OK)
		st = add_command(view, index, "ctlsign nodes",
		    _("(in every line the same SHA-1 and generation, and at its end: current)"),
		    err);
	buffer_free(&says);
	return st == ST_OK ? add_commands_later(view, index, err) : st;
}

/* ---- a step ------------------------------------------------------------------------------------
 */

static const struct generation *generation_of(const struct runbook_view *view, int64_t number)
{
	for (size_t i = 0; number > 0 && i < view->n_generations; i++)
		if (view->generations[i].number == number)
			return &view->generations[i];
	return NULL;
}

/* The generation that step INDEX became, also when that is not on all servers yet. */
static const struct generation *made_of(const struct runbook_view *view, size_t index)
{
	const bool pending =
	    view->position.place == JOURNAL_PENDING && view->position.next == index;

	return generation_of(
	    view, pending ? view->position.generation : view->journal.steps[index].generation);
}

static enum status add_words(struct runbook_view *view, size_t index, struct error *err)
{
	struct runbook_step_parts *parts = &view->parts[index];
	struct buffer text = BUFFER_INIT;
	enum status st;

	journal_step_title(&view->journal, index, &parts->title);
	journal_step_changes(&view->journal, index, &text);
	st = runbook_lines_split(&parts->changes, &text, err);
	buffer_reset(&text);
	journal_step_back(&view->journal, index, &text);
	if (st == ST_OK)
		st = runbook_lines_split(&parts->back, &text, err);
	buffer_reset(&text);
	admin_todo(&view->cluster.inventory, cluster_mode(&view->cluster), false, &text);
	if (st == ST_OK)
		st = runbook_lines_split(&parts->todo, &text, err);
	buffer_free(&text);
	return st;
}

/* What phones would do is only asked of the next step: later ones meet other phones. */
static enum status ask(struct runbook_view *view, size_t index, struct error *err)
{
	struct runbook_step_parts *parts = &view->parts[index];
	const struct journal_position *position = &view->position;
	const bool next = position->place == JOURNAL_READY && position->next == index;
	enum status st = ST_OK;

	if (index < position->next || view->journal.state != MIGRATION_OPEN)
		return ST_OK;
	if (next)
		st = migrate_ask(&view->cluster, &view->journal, index,
		    view->journal.steps[index].said_phones_hold, &parts->asked, err);
	if (st != ST_OK)
		return st;
	journal_conditions(&view->journal, index, position, &view->cluster.inventory,
	    next ? &parts->asked.answer : NULL, &parts->conditions);
	view->steps[index].conditions = &parts->conditions;
	view->steps[index].answer = next ? &parts->asked.answer : NULL;
	view->steps[index].lists = &parts->asked.world.lists;
	return ST_OK;
}

static enum status add_step(struct runbook_view *view, size_t index, struct error *err)
{
	struct runbook_step_parts *parts = &view->parts[index];
	struct runbook_step *step = &view->steps[index];
	enum status st = add_words(view, index, err);

	step->step = &view->journal.steps[index];
	step->made = made_of(view, index);
	if (st == ST_OK && buffer_text(&parts->title) == NULL)
		st = error_no_memory(err);
	if (st == ST_OK) {
		step->title = buffer_text(&parts->title);
		st = add_commands(view, index, err);
	}
	if (st == ST_OK)
		st = ask(view, index, err);
	if (st != ST_OK)
		return st;
	step->changes = parts->changes.list;
	step->n_changes = parts->changes.n;
	step->commands = parts->commands;
	step->later = parts->later;
	step->todo = parts->todo.list;
	step->n_todo = parts->todo.n;
	step->back = parts->back.list;
	step->n_back = parts->back.n;
	return ST_OK;
}

enum status runbook_gather_steps(struct runbook_view *view, struct error *err)
{
	enum status st = ST_OK;

	if (!view->has_journal)
		return ST_OK;
	for (size_t i = 0; i < view->journal.n_steps && i < MIGRATE_STEPS_MAX && st == ST_OK; i++)
		st = add_step(view, i, err);
	view->runbook.steps = view->steps;
	view->runbook.n_steps = view->journal.n_steps;
	return st;
}
