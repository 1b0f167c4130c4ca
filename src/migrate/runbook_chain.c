/*
 * The chain of generations that a runbook shows: those that were, and the plan's that are to come.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include <stdio.h>
#include <string.h>

bool runbook_step_is_done(const struct runbook *runbook, size_t index)
{
	return runbook->position != NULL && index < runbook->position->next;
}

bool runbook_step_is_signed(const struct runbook *runbook, size_t index)
{
	return runbook_step_is_done(runbook, index) ||
	       (runbook->position != NULL && runbook->position->place == JOURNAL_PENDING &&
		   index == runbook->position->next);
}

bool runbook_is_given_up(const struct runbook *runbook)
{
	return runbook->journal != NULL && runbook->journal->state == MIGRATION_ABORTED;
}

bool runbook_step_is_told(const struct runbook *runbook, size_t index)
{
	return !runbook_is_given_up(runbook) || runbook_step_is_signed(runbook, index);
}

const char *runbook_step_word(const struct runbook *runbook, size_t index)
{
	if (runbook_step_is_done(runbook, index))
		return _("done");
	if (runbook_step_is_signed(runbook, index))
		return _("signed, not on all servers yet");
	if (runbook->position != NULL && index == runbook->position->next &&
	    runbook->position->place == JOURNAL_READY && runbook->journal->state == MIGRATION_OPEN)
		return _("next");
	return runbook_is_given_up(runbook) ? _("given up") : _("planned");
}

const char *runbook_state_word(const struct runbook *runbook, const struct generation *generation)
{
	switch (generation->state) {
	case GENERATION_PENDING:
		return _("signed, not on all servers yet");
	case GENERATION_ABANDONED:
		return _("taken back");
	default:
		return generation->number == runbook->current ? _("in use now") : _("done");
	}
}

static enum runbook_look look_of(const struct generation *generation)
{
	switch (generation->state) {
	case GENERATION_PENDING:
		return RUNBOOK_PENDING;
	case GENERATION_ABANDONED:
		return RUNBOOK_TAKEN_BACK;
	default:
		return RUNBOOK_IN_USE;
	}
}

/* ---- generations that are -------------------------------------------------------------------- */

static void say_arrow(const struct runbook_generation *g, char *out, size_t size)
{
	const bool named = g->signer != NULL && g->signer[0] != '\0';
	const char *signer = named ? g->signer : g->generation->signer;

	if (g->before == 0)
		snprintf(out, size, _("signed by %s: the first one"), signer);
	else if (g->trusted == PHONE_YES)
		snprintf(out, size, _("signed by %s, whom generation %lld trusts"), signer,
		    (long long)g->before);
	else if (g->trusted == PHONE_NO)
		snprintf(out, size, _("signed by %s, whom generation %lld does NOT trust"), signer,
		    (long long)g->before);
	else
		snprintf(out, size, _("signed by %s"), signer);
}

static void say_phones(
    const struct runbook *runbook, const struct runbook_generation *g, char *out, size_t size)
{
	out[0] = '\0';
	if (runbook->fleet != NULL && runbook->fleet->has_fleet)
		snprintf(out, size,
		    ngettext(
			"%llu phone holds it", "%llu phones hold it", (unsigned long)g->phones),
		    (unsigned long long)g->phones);
}

static void take_generation(
    const struct runbook *runbook, const struct runbook_generation *g, struct runbook_link *link)
{
	*link = (struct runbook_link){
	    .look = look_of(g->generation), .state = runbook_state_word(runbook, g->generation)};
	snprintf(
	    link->name, sizeof(link->name), _("Generation %lld"), (long long)g->generation->number);
	say_arrow(g, link->arrow, sizeof(link->arrow));
	say_phones(runbook, g, link->phones, sizeof(link->phones));
	for (size_t i = 0; i < g->n_sasts && i < RUNBOOK_LINK_SASTS; i++)
		link->sasts[link->n_sasts++] = g->sasts[i];
}

/* ---- steps to come --------------------------------------------------------------------------- */

/* What was before step INDEX, in a word or two, and whether it trusts the step's signer. */
static bool before_step(const struct runbook *runbook, size_t index, char *out, size_t size)
{
	const int signer = runbook->steps[index].step->list.signer;
	const struct generation *made = index > 0 ? runbook->steps[index - 1].made : NULL;
	const int64_t number = index == runbook->journal->n_before ? runbook->journal->base
			       : made != NULL			   ? made->number
								   : 0;

	if (number > 0)
		snprintf(out, size, _("generation %lld"), (long long)number);
	else
		snprintf(out, size, _("step %zu"), index);
	return signer >= 0 &&
	       (journal_before(runbook->journal, index)->sasts & (migrate_set)1 << signer) != 0;
}

static void take_step(const struct runbook *runbook, size_t index, struct runbook_link *link)
{
	const struct journal *journal = runbook->journal;
	const struct migrate_list *list = &runbook->steps[index].step->list;
	const bool named = list->signer >= 0 && (size_t)list->signer < journal->n_sasts;
	const char *signer = named ? journal->sasts[list->signer].name : "?";
	char before[64];

	*link = (struct runbook_link){
	    .look = RUNBOOK_PLANNED, .state = runbook_step_word(runbook, index)};
	snprintf(link->name, sizeof(link->name), _("Step %zu"), index + 1);
	/* TRANSLATORS: the second %s is "generation 3" or "step 1" */
	if (before_step(runbook, index, before, sizeof(before)))
		snprintf(link->arrow, sizeof(link->arrow), _("to be signed by %s, whom %s trusts"),
		    signer, before);
	else
		snprintf(link->arrow, sizeof(link->arrow),
		    _("to be signed by %s, whom %s does NOT list: phones ask TVS"), signer, before);
	for (size_t i = 0; i < journal->n_sasts && link->n_sasts < RUNBOOK_LINK_SASTS; i++)
		if ((list->sasts & (migrate_set)1 << i) != 0)
			link->sasts[link->n_sasts++] = journal->sasts[i].name;
}

/* ---- both ------------------------------------------------------------------------------------ */

/* The generation that the migration began from; 0: there was none, or there is no migration. */
static int64_t began_from(const struct journal *journal)
{
	if (journal == NULL)
		return 0;
	/* A new plan has another base; the steps before it stay. */
	if (journal->n_before > 0 && journal->steps[0].generation > 0 &&
	    journal->steps[0].generation <= journal->base)
		return journal->steps[0].generation - 1;
	return journal->base;
}

static size_t first_generation(const struct runbook *runbook)
{
	const int64_t from = began_from(runbook->journal);
	size_t first = 0;

	while (
	    first < runbook->n_generations && runbook->generations[first].generation->number < from)
		first++;
	return first;
}

size_t runbook_chain(const struct runbook *runbook, struct runbook_link links[RUNBOOK_LINKS_MAX])
{
	size_t first = first_generation(runbook), steps = 0, n = 0;

	while (steps < runbook->n_steps &&
	       (runbook_step_is_signed(runbook, steps) || !runbook_step_is_told(runbook, steps)))
		steps++;
	/* Steps are eight at most, so that there is room for generations. */
	while (runbook->n_generations - first + runbook->n_steps - steps > RUNBOOK_LINKS_MAX)
		first++;
	for (; first < runbook->n_generations; first++)
		take_generation(runbook, &runbook->generations[first], &links[n++]);
	for (; steps < runbook->n_steps; steps++)
		take_step(runbook, steps, &links[n++]);
	return n;
}
