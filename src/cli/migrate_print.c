/*
 * How a migration's plan is shown to people.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"

#include "admin/todo.h"
#include "base/text.h"
#include "cli/cluster_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- phones ------------------------------------------------------------------------------------
 */

/* The problem's group of phones that can do what those of the fleet's GROUP can; n_groups: none. */
static size_t group_like(const struct migrate_problem *problem, const struct fleet_group *group)
{
	size_t i = 0;

	while (i < problem->n_groups && (problem->groups[i].phone.family != group->family ||
					    problem->groups[i].phone.itl != group->itl))
		i++;
	return i;
}

/*
 * A phone may hold one of several lists, so it is in several groups of the problem.  The first step
 * is asked of the fleet; a later one meets phones that all hold the same.
 */
static void count_phones(const struct migrate_shown *shown, size_t index,
    const struct phone_verdict *verdicts, struct migrate_outcomes *out)
{
	const struct migrate_problem *problem = &shown->view->problem;
	const struct fleet_answer *fleet = &shown->view->fleet;
	uint64_t *const unknown = &out->phones[PHONE_UNKNOWN];

	if (index == 0 && shown->asked != NULL) {
		memcpy(out->phones, shown->asked->by_outcome, sizeof(out->phones));
		*unknown -= problem->n_left_out < *unknown ? problem->n_left_out : *unknown;
		return;
	}
	for (size_t i = 0; i < fleet->n_groups; i++) {
		const size_t at = group_like(problem, &fleet->groups[i]);

		if (at < problem->n_groups)
			out->phones[verdicts[at].outcome] += fleet->groups[i].n;
	}
}

void migrate_outcomes(const struct migrate_shown *shown, size_t index, struct migrate_outcomes *out)
{
	const struct migrate_view *view = shown->view;
	const struct migrate_problem *problem = &view->problem;
	const struct migrate_list *before =
	    index > 0 ? &view->plan.steps[index - 1] : &problem->current;
	struct phone_verdict *verdicts = calloc(problem->n_groups + 1, sizeof(*verdicts));

	*out = (struct migrate_outcomes){{0}, {0}};
	if (verdicts == NULL)
		return;
	migrate_judge_step(problem, before, &view->plan.steps[index], verdicts);
	for (size_t i = 0; i < problem->n_groups; i++)
		out->groups[verdicts[i].outcome]++;
	count_phones(shown, index, verdicts, out);
	free(verdicts);
}

static void count_text(enum phone_outcome outcome, unsigned long n, char *out, size_t size)
{
	switch (outcome) {
	case PHONE_FIRST:
		snprintf(out, size,
		    ngettext("%lu takes it as its first CTL", "%lu take it as their first CTL", n),
		    n);
		break;
	case PHONE_UNCHANGED:
		snprintf(out, size, ngettext("%lu holds it already", "%lu hold it already", n), n);
		break;
	case PHONE_BY_SAST:
		snprintf(
		    out, size, ngettext("%lu accepts it by SAST", "%lu accept it by SAST", n), n);
		break;
	case PHONE_BY_TVS:
		snprintf(out, size,
		    ngettext("%lu accepts it through TVS", "%lu accept it through TVS", n), n);
		break;
	case PHONE_REJECTED:
		snprintf(out, size, ngettext("%lu REJECTS it", "%lu REJECT it", n), n);
		break;
	default:
		snprintf(out, size, _("of %lu it cannot be told"), n);
		break;
	}
}

/* A check without a fleet speaks of kinds of phones. */
static const char *kind_text(enum phone_outcome outcome)
{
	switch (outcome) {
	case PHONE_FIRST:
		return _("phones without a CTL take it as their first");
	case PHONE_UNCHANGED:
		return _("phones that hold it already keep it");
	case PHONE_BY_SAST:
		return _("phones accept it by SAST");
	case PHONE_BY_TVS:
		return _("phones with Security By Default accept it through TVS");
	case PHONE_REJECTED:
		return _("some phones REJECT it");
	default:
		break;
	}
	return _("of some phones it cannot be told");
}

static const char *digest_text(unsigned digest)
{
	return digest == TL_SHA512 ? "SHA-512" : digest == TL_SHA256 ? "SHA-256" : "SHA-1";
}

static void put_phones(
    const struct migrate_shown *shown, size_t index, size_t width, struct buffer *out)
{
	const bool has_fleet = shown->view->fleet.has_fleet;
	const unsigned long left_out = (unsigned long)shown->view->problem.n_left_out;
	const char *label = _("  Phones");
	struct migrate_outcomes outcomes;
	char line[160];

	migrate_outcomes(shown, index, &outcomes);
	for (enum phone_outcome o = 0; o < N_PHONE_OUTCOMES; o++) {
		if (has_fleet ? outcomes.phones[o] == 0 : outcomes.groups[o] == 0)
			continue;
		if (has_fleet)
			count_text(o, (unsigned long)outcomes.phones[o], line, sizeof(line));
		else
			snprintf(line, sizeof(line), "%s", kind_text(o));
		migrate_put_row(out, width, label, line);
		label = "";
	}
	if (left_out > 0) {
		snprintf(line, sizeof(line),
		    ngettext("%lu phone without a CTL: not known whether it knows %s; no step "
			     "changes that",
			"%lu phones without a CTL: not known whether they know %s; no step "
			"changes that",
			left_out),
		    left_out, digest_text(shown->view->problem.digest));
		migrate_put_row(out, width, label, line);
	} else if (shown->view->problem.n_groups == 0)
		migrate_put_row(out, width, label, _("no phone holds a CTL yet"));
}

/* ---- what stands now ---------------------------------------------------------------------------
 */

static void put_now(const struct migrate_shown *shown, size_t width, struct buffer *out)
{
	const struct cluster *cluster = shown->view->cluster;
	const struct generation *g = &cluster->current;
	const struct migrate_problem *problem = &shown->view->problem;
	char line[384], when[CLUSTER_TIME_MAX];
	const char *label = _("SASTs");

	snprintf(line, sizeof(line), _("generation %lld, %s, signed by %s"), (long long)g->number,
	    cluster_time_local(when, g->made), g->signer);
	migrate_put_row(out, width, _("Now"), line);
	for (size_t i = 0; i < problem->n_sasts; i++) {
		if ((problem->current.sasts >> i & 1) == 0)
			continue;
		migrate_put_row(out, width, label, problem->sasts[i].name);
		label = "";
	}
	if (shown->view->fleet.has_fleet)
		snprintf(line, sizeof(line),
		    ngettext("%llu phone, last seen %s", "%llu phones, last seen %s",
			(unsigned long)shown->view->fleet.n),
		    (unsigned long long)shown->view->fleet.n,
		    cluster_time_local(when, shown->view->fleet.newest));
	else
		snprintf(line, sizeof(line), "%s",
		    _("none were read in (ctlsign phones import): every kind of phone is thought "
		      "of"));
	migrate_put_row(out, width, _("Phones"), line);
}

/* ---- the steps ---------------------------------------------------------------------------------
 */

void migrate_put_conditions(const struct conditions *conditions, size_t width, struct buffer *out)
{
	const char *label = _("  Before");

	for (size_t i = 0; i < conditions->n; i++) {
		const struct condition *c = &conditions->list[i];
		char line[512];

		switch (c->state) {
		case CONDITION_MET:
			snprintf(line, sizeof(line), _("met: %s"), c->text);
			break;
		case CONDITION_NOT_MET:
			snprintf(line, sizeof(line), _("NOT MET: %s"), c->text);
			break;
		default:
			snprintf(line, sizeof(line), _("not known: %s"), c->text);
			break;
		}
		migrate_put_row(out, width, label, line);
		label = "";
		if (c->state == CONDITION_MET || c->todo[0] == '\0')
			continue;
		snprintf(line, sizeof(line), _("  do: %s"), c->todo);
		migrate_put_row(out, width, "", line);
	}
}

/* What has to be true before a step that comes after another one of this plan. */
static void put_later(
    const struct migrate_shown *shown, size_t at, size_t width, struct buffer *out)
{
	const struct migrate_list *list = &shown->journal->steps[at].list;
	char line[512];

	snprintf(line, sizeof(line), _("every phone holds the CTL of step %zu"), at);
	migrate_put_row(out, width, _("  Before"), line);
	if (list->signer >= 0 && shown->journal->sasts[list->signer].kind != MIGRATE_TOKEN) {
		snprintf(line, sizeof(line), _("the key of %s is there"),
		    shown->journal->sasts[list->signer].name);
		migrate_put_row(out, width, "", line);
	}
}

static void put_step(
    const struct migrate_shown *shown, size_t index, size_t width, struct buffer *out)
{
	const size_t at = shown->first + index;
	struct buffer lines = BUFFER_INIT, title = BUFFER_INIT;
	char head[64];

	snprintf(head, sizeof(head), _("Step %zu of %zu: "), at + 1, shown->journal->n_steps);
	buffer_printf(&title, "%s", head);
	journal_step_title(shown->journal, at, &title);
	buffer_add(out, "\n", 1);
	if (buffer_text(&title) != NULL)
		text_fold(out, buffer_text(&title), width);
	buffer_add(out, "\n", 1);
	journal_step_changes(shown->journal, at, &lines);
	migrate_put_rows(out, width, _("  Changes"), &lines);
	if (index == 0 && shown->older)
		migrate_put_row(out, width, _("  Because"),
		    _("phones were last seen with an older CTL; when they are seen with the "
		      "present one, this step may go"));
	if (index > 0)
		put_later(shown, at, width, out);
	else if (shown->before != NULL)
		migrate_put_conditions(shown->before, width, out);
	put_phones(shown, index, width, out);
	buffer_reset(&lines);
	journal_step_back(shown->journal, at, &lines);
	migrate_put_rows(out, width, _("  Way back"), &lines);
	buffer_free(&lines);
	buffer_free(&title);
}

/* What to restart is the same for every step, so it stands once. */
static void put_steps(const struct migrate_shown *shown, size_t width, struct buffer *out)
{
	const struct cluster *cluster = shown->view->cluster;
	struct buffer lines = BUFFER_INIT;

	for (size_t i = 0; i < shown->view->plan.n_steps; i++)
		put_step(shown, i, width, out);
	admin_todo(&cluster->inventory, cluster_mode(cluster), false, &lines);
	buffer_printf(out, "\n%s\n", _("After each step, once it is on every server:"));
	migrate_put_rows(out, width, _("  Do"), &lines);
	buffer_free(&lines);
}

/* Later updates are signed by whom ctlsign.conf says. */
static void put_setting(const struct migrate_shown *shown, size_t width, struct buffer *out)
{
	char line[256];

	migrate_setting_due(shown->journal, &shown->view->cluster->inventory, line);
	if (line[0] == '\0')
		return;
	buffer_add(out, "\n", 1);
	text_fold(out, line, width);
	buffer_add(out, "\n", 1);
}

void migrate_put_plan(const struct migrate_shown *shown, size_t width, struct buffer *out)
{
	const size_t n = shown->view->plan.n_steps;
	struct buffer head = BUFFER_INIT, name = BUFFER_INIT;
	const char *cluster;

	text_printable(&name, text_bytes(shown->view->cluster->inventory.cluster));
	cluster = buffer_text(&name);
	buffer_printf(&head,
	    ngettext("Migration of cluster %s to %s: %zu step, which every phone accepts.",
		"Migration of cluster %s to %s: %zu steps, each of which every phone accepts.",
		(unsigned long)n),
	    cluster != NULL ? cluster : "", migrate_end_word(shown->journal->wish.end), n);
	if (buffer_text(&head) != NULL)
		text_fold(out, buffer_text(&head), width);
	buffer_printf(out, "\n\n");
	put_now(shown, width, out);
	put_steps(shown, width, out);
	put_setting(shown, width, out);
	buffer_free(&head);
	buffer_free(&name);
}

/* ---- when there is none ------------------------------------------------------------------------
 */

/* Whom to visit, by what is wrong with them. */
struct visits {
	bool rejected, unknown;
	bool erasable; /* some of those that reject hold a CTL */
	bool strange;  /* some hold one that is none of the history */
	bool by_why[N_PHONE_WHYS];
};

static struct visits sort_visits(
    const struct migrate_shown *shown, const struct phone_verdict *verdicts)
{
	const struct migrate_plan *plan = &shown->view->plan;
	struct visits visits = {.rejected = plan->n_steps == 0};

	for (size_t i = 0; i < plan->n_visit && plan->n_steps > 0; i++) {
		const struct phone_verdict *verdict = &verdicts[plan->visit[i]];
		const enum phone_holds ctl = shown->view->problem.groups[plan->visit[i]].phone.ctl;

		if (verdict->outcome == PHONE_UNKNOWN) {
			visits.unknown = true;
			if (ctl == PHONE_HOLDS_OTHER)
				visits.strange = true;
			else
				visits.by_why[verdict->why] = true;
		} else {
			visits.rejected = true;
			visits.erasable = visits.erasable || ctl != PHONE_HOLDS_NONE;
		}
	}
	return visits;
}

static void put_paragraph(struct buffer *out, size_t width, const char *text)
{
	text_fold(out, text, width);
	buffer_add(out, "\n", 1);
}

/* What nobody has said of them yet, and who can say it. */
static void put_unknown(const struct visits *visits, size_t width, struct buffer *out)
{
	put_paragraph(out, width,
	    _("Those of which it cannot be told: ctlsign phones show --outcome unknown names them "
	      "(it judges the CTL that ctlsign update would make now, not the one below)."));
	if (visits->strange)
		put_paragraph(out, width,
		    _("Nobody knows what a CTL trusts that is none of the history: erase it on "
		      "each of these phones, or see to it that it fetches the present one; then "
		      "read the phones in again and plan anew."));
	if (visits->by_why[PHONE_WHY_WHICH_CTL])
		put_paragraph(out, width,
		    _("Missing is which CTL they hold: read it in with ctlsign phones import."));
	if (visits->by_why[PHONE_WHY_WHICH_ITL])
		put_paragraph(out, width,
		    _("Missing is whether they hold an ITL: read it in with ctlsign phones "
		      "import."));
	if (visits->by_why[PHONE_WHY_WHICH_FAMILY])
		put_paragraph(out, width,
		    _("Missing is what their model can do: phone-families in ctlsign.conf can say "
		      "it (ctlsign-families(5))."));
	if (visits->by_why[PHONE_WHY_FIRMWARE])
		put_paragraph(out, width,
		    _("Missing is whether their firmware knows the digest: phone-families in "
		      "ctlsign.conf can say it (ctlsign-families(5)), or digest there can name one "
		      "that they know."));
	if (visits->by_why[PHONE_WHY_LARGEST_KEY])
		put_paragraph(out, width,
		    _("Missing is whether they can check a key of this size: phone-families in "
		      "ctlsign.conf can say it (ctlsign-families(5))."));
}

/* How to get the list of them, and what to do there. */
static void put_names(const struct migrate_shown *shown, const struct phone_verdict *verdicts,
    size_t width, struct buffer *out)
{
	const struct migrate_plan *plan = &shown->view->plan;
	const struct visits visits = sort_visits(shown, verdicts);
	char text[640];

	if (!shown->view->fleet.has_fleet) {
		put_paragraph(out, width,
		    _("No phones were read in, so every kind of phone is thought of that may be "
		      "there. Which ones are: ctlsign phones import FILE.csv; then plan anew. Or "
		      "say which generation all of them hold: --phones-hold GENERATION"));
		return;
	}
	if (visits.unknown)
		put_unknown(&visits, width, out);
	if (!visits.rejected)
		return;
	if (plan->n_steps > 0 && plan->steps[0].signer >= 0)
		snprintf(text, sizeof(text),
		    _("Names of those that reject it: ctlsign phones check --signer CERT --list "
		      "FILE, where CERT is the certificate of %s; or by what they hold: ctlsign "
		      "phones show --holds GENERATION."),
		    shown->view->problem.sasts[plan->steps[0].signer].name);
	else
		snprintf(text, sizeof(text), "%s",
		    _("Their names: ctlsign phones show --holds GENERATION."));
	put_paragraph(out, width, text);
	if (visits.erasable || plan->n_steps == 0)
		put_paragraph(out, width,
		    _("Erase the CTL on each of them, or see to it that it fetches the present "
		      "one; then read the phones in again and plan anew."));
}

static void put_visits(const struct migrate_shown *shown, size_t width, struct buffer *out)
{
	const struct migrate_problem *problem = &shown->view->problem;
	const struct migrate_plan *plan = &shown->view->plan;
	struct phone_verdict *verdicts = calloc(problem->n_groups + 1, sizeof(*verdicts));

	if (verdicts == NULL || plan->n_visit == 0) {
		free(verdicts);
		return;
	}
	if (plan->n_steps > 0)
		migrate_judge_step(problem, &problem->current, &plan->steps[0], verdicts);
	buffer_printf(out, "\n%s\n", _("To be visited first:"));
	for (size_t i = 0; i < plan->n_visit; i++) {
		const struct migrate_group *group = &problem->groups[plan->visit[i]];
		const char *why = phone_why_text(verdicts[plan->visit[i]].why);
		char number[32];

		if (group->n > 0)
			snprintf(number, sizeof(number), "%11llu", (unsigned long long)group->n);
		else
			snprintf(number, sizeof(number), "%11s", "-");
		migrate_put_row(out, width, number, group->text);
		if (plan->n_steps > 0 && why[0] != '\0')
			migrate_put_row(out, width, "", why);
	}
	buffer_add(out, "\n", 1);
	put_names(shown, verdicts, width, out);
	free(verdicts);
}

void migrate_put_no_plan(const struct migrate_shown *shown, size_t width, struct buffer *out)
{
	const struct migrate_plan *plan = &shown->view->plan;

	text_fold(out, _("There is no way there that every phone accepts."), width);
	buffer_add(out, "\n", 1);
	text_fold(out, plan->why, width);
	buffer_printf(out, "\n\n");
	put_now(shown, width, out);
	put_visits(shown, width, out);
	if (plan->n_steps == 0)
		return;
	buffer_add(out, "\n", 1);
	text_fold(out,
	    _("NOT SAFE: the way that would lock out the fewest. It is no plan, and none of the "
	      "migrate commands goes it:"),
	    width);
	buffer_add(out, "\n", 1);
	put_steps(shown, width, out);
}
