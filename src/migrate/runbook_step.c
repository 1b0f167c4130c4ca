/*
 * A step of the runbook: what it changes, what must be true before, what to type, what to compare,
 * the way back, and who did it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/runbook_pen.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Groups of phones that are told one by one; the list of phones has all (ctlsign phones show). */
#define GROUPS_SHOWN 20

static const char *text_of(struct buffer *buf)
{
	const char *text = buffer_text(buf);

	return text != NULL ? text : "";
}

/* The step that is to be done now; others are done, or cannot be looked at yet. */
static bool is_next(const struct runbook *runbook, size_t index)
{
	return runbook->position != NULL && runbook->position->next == index &&
	       runbook->position->place == JOURNAL_READY &&
	       runbook->journal->state == MIGRATION_OPEN;
}

static void put_sentences(const struct runbook_pen *pen, enum runbook_mark mark,
    const char *const *sentences, size_t n, struct buffer *out)
{
	pen->list(out);
	for (size_t i = 0; i < n; i++)
		pen->item(out, mark, sentences[i]);
	pen->list_end(out);
}

/* ---- a step that was made ---------------------------------------------------------------------
 */

static void put_words(
    const struct runbook_pen *pen, const struct journal_step *step, struct buffer *out)
{
	char text[256];

	if (step->said_phones_hold > 0) {
		snprintf(text, sizeof(text),
		    _("An officer said that all phones hold generation %lld (--phones-hold)."),
		    (long long)step->said_phones_hold);
		pen->paragraph(out, text);
	}
	if (step->accepted_lockout > 0) {
		snprintf(text, sizeof(text),
		    ngettext("An officer accepted that %llu phone is locked out "
			     "(--accept-lockout).",
			"An officer accepted that %llu phones are locked out (--accept-lockout).",
			(unsigned long)step->accepted_lockout),
		    (unsigned long long)step->accepted_lockout);
		pen->paragraph(out, text);
	}
}

static void put_made(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	const struct runbook_step *step = &runbook->steps[index];
	const struct generation *made = step->made;
	struct buffer when = BUFFER_INIT, md5 = BUFFER_INIT, sha1 = BUFFER_INIT;
	const char *who = step->step->who[0] != '\0' ? step->step->who : NULL;
	char number[32];

	if (made == NULL)
		return;
	snprintf(number, sizeof(number), "%lld", (long long)made->number);
	text_time_local(&when, made->made);
	runbook_put_checksum(&md5, made->md5);
	runbook_put_checksum(&sha1, made->sha1);
	pen->heading(out, 3, _("What was done"));
	pen->table(out, (const char *[]){_("What"), _("Value")}, 2);
	pen->row(out, (const char *[]){_("Generation"), number}, 2);
	pen->row(out, (const char *[]){_("State"), runbook_state_word(runbook, made)}, 2);
	pen->row(out, (const char *[]){_("Made"), text_of(&when)}, 2);
	pen->row(out, (const char *[]){_("By"), who != NULL ? who : made->who}, 2);
	pen->row(out, (const char *[]){_("Signed by"), made->signer}, 2);
	pen->row(out, (const char *[]){"MD5", text_of(&md5)}, 2);
	pen->row(out, (const char *[]){"SHA-1", text_of(&sha1)}, 2);
	pen->table_end(out);
	put_words(pen, step->step, out);
	buffer_free(&when);
	buffer_free(&md5);
	buffer_free(&sha1);
}

/* ---- what must be true before -----------------------------------------------------------------
 */

static const char *condition_word(enum condition_state state)
{
	switch (state) {
	case CONDITION_MET:
		return _("yes");
	case CONDITION_NOT_MET:
		return _("NO");
	default:
		return _("not known");
	}
}

static void put_condition_row(
    const struct runbook_pen *pen, const struct condition *condition, struct buffer *out)
{
	const bool met = condition->state == CONDITION_MET;

	pen->row(out,
	    (const char *[]){
		condition->text, condition_word(condition->state), met ? "" : condition->todo, ""},
	    4);
}

/* What must be true before a step that is still far away: today's answer would say nothing. */
static const char *later_text(const struct condition *condition)
{
	static const struct {
		const char *code, *text;
	} texts[] = {
	    {"published", N_("every server has the CTL of the step before")},
	    {"phones-hold", N_("every phone holds the CTL of the step before")},
	    {"phones-accept", N_("every phone accepts it: ctlsign migrate status says so")},
	    {"inventory-callmanager", N_("ctlsign.conf names the CallManager certificate that the "
					 "step lists")},
	    {"inventory-itlrecovery", N_("ctlsign.conf names the ITLRecovery certificate that the "
					 "step lists")},
	    {"key-callmanager", N_("the key of CallManager is there to sign")},
	    {"key-itlrecovery", N_("the key of ITLRecovery is there to sign")},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (condition->code != NULL && strcmp(condition->code, texts[i].code) == 0)
			return _(texts[i].text);
	return condition->text;
}

static void put_conditions(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	const struct conditions *conditions = runbook->steps[index].conditions;

	if (conditions == NULL || conditions->n == 0 || runbook_step_is_signed(runbook, index))
		return;
	pen->heading(out, 3, _("What must be true before"));
	if (!is_next(runbook, index)) {
		/* It cannot be seen before the steps before it are done. */
		pen->list(out);
		for (size_t i = 0; i < conditions->n; i++)
			pen->item(out, RUNBOOK_OPEN, later_text(&conditions->list[i]));
		pen->list_end(out);
		return;
	}
	pen->paragraph(out, conditions->ready
				? _("All of it is true, as far as ctlsign can see today:")
				: _("NOT all of it is true today, and ctlsign refuses the step:"));
	pen->table(out,
	    (const char *[]){_("What"), _("True today"), _("What to do then"), _("Seen by, when")},
	    4);
	for (size_t i = 0; i < conditions->n; i++)
		put_condition_row(pen, &conditions->list[i], out);
	pen->table_end(out);
}

/* ---- what phones would do ---------------------------------------------------------------------
 */

static void put_group(const struct runbook_pen *pen, const struct fleet_lists *lists,
    const struct fleet_group *group, struct buffer *out)
{
	struct buffer text = BUFFER_INIT;
	char number[32] = "";

	fleet_group_text(group, lists, &text);
	if (group->n > 0)
		snprintf(number, sizeof(number), "%llu", (unsigned long long)group->n);
	pen->row(out,
	    (const char *[]){text_of(&text), number, phone_outcome_text(group->verdict.outcome),
		phone_why_text(group->verdict.why)},
	    4);
	buffer_free(&text);
}

static void put_phones(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	const struct fleet_answer *answer = runbook->steps[index].answer;
	char text[128];

	if (answer == NULL || answer->n_groups == 0 || runbook->steps[index].lists == NULL ||
	    runbook_step_is_signed(runbook, index))
		return;
	pen->heading(out, 3, _("What phones will do"));
	pen->table(out,
	    (const char *[]){_("Phones"), _("How many"), _("What becomes of it"), _("Why")}, 4);
	for (size_t i = 0; i < answer->n_groups && i < GROUPS_SHOWN; i++)
		put_group(pen, runbook->steps[index].lists, &answer->groups[i], out);
	pen->table_end(out);
	if (answer->n_groups <= GROUPS_SHOWN)
		return;
	snprintf(text, sizeof(text),
	    ngettext("And %zu group more: ctlsign phones check",
		"And %zu groups more: ctlsign phones check",
		(unsigned long)(answer->n_groups - GROUPS_SHOWN)),
	    answer->n_groups - GROUPS_SHOWN);
	pen->paragraph(out, text);
}

/* ---- what to type, and after ------------------------------------------------------------------
 */

static void put_commands(const struct runbook_pen *pen, const char *heading,
    const struct runbook_command *commands, size_t n, struct buffer *out)
{
	if (n == 0)
		return;
	pen->heading(out, 3, heading);
	for (size_t i = 0; i < n; i++)
		pen->command(out, &commands[i]);
}

/* What phones have to show: known once it is signed, room to write it down before. */
static void put_compare(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	const struct generation *made = runbook->steps[index].made;
	struct buffer md5 = BUFFER_INIT, sha1 = BUFFER_INIT;

	pen->heading(out, 3, _("Checksums to compare on phones"));
	if (made == NULL) {
		pen->paragraph(out,
		    _("They are known when it is signed: copy them from ctlsign status, or make "
		      "this runbook anew."));
		pen->line(out, "MD5:");
		pen->line(out, "SHA-1:");
		return;
	}
	runbook_put_checksum(&md5, made->md5);
	runbook_put_checksum(&sha1, made->sha1);
	pen->table(out, (const char *[]){"MD5", "SHA-1"}, 2);
	pen->row(out, (const char *[]){text_of(&md5), text_of(&sha1)}, 2);
	pen->table_end(out);
	buffer_free(&md5);
	buffer_free(&sha1);
}

/* ---- the way back ------------------------------------------------------------------------------
 */

/* A piece of a sentence, without the blanks and commas at its ends. */
static void put_piece(
    const struct runbook_pen *pen, const char *text, size_t len, struct buffer *out)
{
	struct buffer piece = BUFFER_INIT;

	while (len > 0 && strchr(" ,;", text[0]) != NULL) {
		text++;
		len--;
	}
	while (len > 0 && strchr(" ,;", text[len - 1]) != NULL)
		len--;
	buffer_add(&piece, text, len);
	if (len > 0)
		pen->paragraph(out, text_of(&piece));
	buffer_free(&piece);
}

/* What is to be typed stands alone, so that nobody types half of it. */
static void put_back(const struct runbook_pen *pen, const struct runbook *runbook,
    const char *sentence, struct buffer *out)
{
	const char *command = strstr(sentence, "ctlsign ");
	struct buffer typed = BUFFER_INIT;
	size_t len;

	if (command == NULL) {
		put_piece(pen, sentence, strlen(sentence), out);
		return;
	}
	len = strcspn(command, ",;");
	buffer_add(&typed, command, len);
	put_piece(pen, sentence, (size_t)(command - sentence), out);
	runbook_put_command(pen, runbook, text_of(&typed), out);
	put_piece(pen, command + len, strlen(command + len), out);
	buffer_free(&typed);
}

void runbook_put_back(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	const struct runbook_step *step = &runbook->steps[index];

	for (size_t i = 0; i < step->n_back; i++)
		put_back(pen, runbook, step->back[i], out);
}

/* ---- the step as a whole -----------------------------------------------------------------------
 */

static void put_heading(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	struct buffer text = BUFFER_INIT;

	/* TRANSLATORS: "Step 2 of 3 (planned): Bridge: signed by a token, ..." */
	buffer_printf(&text, _("Step %zu of %zu (%s): %s"), index + 1, runbook->n_steps,
	    runbook_step_word(runbook, index), runbook->steps[index].title);
	pen->heading(out, 2, text_of(&text));
	buffer_free(&text);
}

static void put_signature(const struct runbook_pen *pen, struct buffer *out)
{
	pen->line(out, _("Done by, date and time:"));
	pen->line(out, _("Seen by, date and time:"));
}

void runbook_put_step(
    const struct runbook_pen *pen, const struct runbook *runbook, size_t index, struct buffer *out)
{
	const struct runbook_step *step = &runbook->steps[index];

	pen->page(out);
	put_heading(pen, runbook, index, out);
	if (step->n_changes > 0) {
		pen->heading(out, 3, _("What changes"));
		put_sentences(pen, RUNBOOK_POINT, step->changes, step->n_changes, out);
	}
	put_made(pen, runbook, index, out);
	put_conditions(pen, runbook, index, out);
	put_phones(pen, runbook, index, out);
	put_commands(pen, _("What to type"), step->commands, step->n_commands, out);
	if (step->n_todo > 0) {
		pen->heading(out, 3, _("What to do then"));
		put_sentences(pen, RUNBOOK_OPEN, step->todo, step->n_todo, out);
	}
	put_compare(pen, runbook, index, out);
	put_commands(
	    pen, _("Days later, when the phones have been on"), step->later, step->n_later, out);
	if (step->n_back > 0) {
		pen->heading(out, 3, _("The way back"));
		runbook_put_back(pen, runbook, index, out);
	}
	put_signature(pen, out);
}
