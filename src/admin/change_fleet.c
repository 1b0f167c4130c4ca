/*
 * What the phones of a fleet would do with the new CTL, and what comes of that.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_phones.h"

#include "phone/lockouts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Phones that are named on the terminal; the others stand in --lockout-list. */
#define NAMED_MOST 10

/* ---- who is at risk ----------------------------------------------------------------------------
 */

/* Whether it takes the list depends on what nobody has said of it. */
static bool is_doubtful(const struct fleet_group *group)
{
	const enum phone_why why = group->verdict.why;

	return group->verdict.outcome == PHONE_UNKNOWN &&
	       (why == PHONE_WHY_WHICH_CTL || why == PHONE_WHY_WHICH_FAMILY ||
		   why == PHONE_WHY_WHICH_ITL);
}

static bool is_at_risk(const struct asking *a, const struct fleet_group *group)
{
	return group->verdict.outcome == PHONE_REJECTED ||
	       (a->c->phones.doubtful > 0 && is_doubtful(group));
}

static uint64_t at_risk(const struct asking *a)
{
	return a->answer.by_outcome[PHONE_REJECTED] + a->c->phones.doubtful;
}

/* ---- by name -----------------------------------------------------------------------------------
 */

static enum status name_phone(void *context, const struct fleet_phone *phone, struct error *err)
{
	struct asking *a = context;
	struct buffer line = BUFFER_INIT;

	(void)err;
	if (!is_at_risk(a, phone->group) || a->named++ >= NAMED_MOST)
		return ST_OK;
	buffer_printf(&line, _("%s (%s): %s"), phone->name, phone->group->model,
	    phone_why_text(phone->group->verdict.why));
	if (buffer_text(&line) != NULL)
		a->c->request->warn(a->c->request->context, buffer_text(&line));
	buffer_free(&line);
	return ST_OK;
}

/* By name, as far as there is room, and all of them in a file if one is named. */
static enum status name_phones(struct asking *a, struct error *err)
{
	const uint64_t n = at_risk(a);
	const char *path = a->c->request->lockout_list;
	char line[256];
	enum status st = fleet_each(&a->question, &a->answer, name_phone, a, err);

	if (st == ST_OK && n > NAMED_MOST) {
		snprintf(line, sizeof(line),
		    ngettext("and %" PRIu64 " more phone; --lockout-list FILE gets all of them",
			"and %" PRIu64 " more phones; --lockout-list FILE gets all of them",
			(unsigned long)(n - NAMED_MOST)),
		    n - NAMED_MOST);
		a->c->request->warn(a->c->request->context, line);
	}
	if (st == ST_OK && path != NULL)
		st = phone_lockouts_write(&a->question, &a->answer, path, err);
	return st;
}

static void hint_of_why(const struct asking *a, enum tokenless_signer usual, struct error *err)
{
	if (a->answer.by_outcome[PHONE_REJECTED] == 0 && a->c->phones.doubtful > 0) {
		error_hint(err, "%s",
		    _("read in what they hold, their models and ITLs (ctlsign phones import); see "
		      "them with: ctlsign phones show --outcome unknown; or sign with a SAST that "
		      "every CTL of late lists"));
		return;
	}
	switch (a->answer.groups[0].verdict.why) {
	case PHONE_WHY_DIGEST:
	case PHONE_WHY_KEY:
	case PHONE_WHY_SIZE:
		change_hint_at_list(a->answer.groups[0].verdict.why, err);
		break;
	default:
		if (a->c->stranger)
			change_hint_the_way(a->c, usual, err);
		else
			error_hint(err, "%s",
			    _("they hold an earlier CTL: see that they fetch the current one, and "
			      "read in what they hold then; or sign with a SAST that their CTL "
			      "lists, too (ctlsign export N -o FILE; ctlsign show FILE)"));
		break;
	}
}

static enum status refuse_fleet(struct asking *a, enum tokenless_signer usual, struct error *err)
{
	const uint64_t n = a->answer.by_outcome[PHONE_REJECTED], doubtful = a->c->phones.doubtful;
	struct buffer name = BUFFER_INIT;
	enum status st = name_phones(a, err);

	if (st != ST_OK)
		return st;
	change_name_with_serial(a->signer, &name);
	if (doubtful == 0)
		error_set(err, ST_LOCKOUT,
		    ngettext("%" PRIu64 " phone of %" PRIu64
			     " would be locked out by a CTL signed by "
			     "%s; --accept-lockout %" PRIu64 " signs anyway",
			"%" PRIu64 " phones of %" PRIu64 " would be locked out by a CTL signed by "
			"%s; --accept-lockout %" PRIu64 " signs anyway",
			(unsigned long)n),
		    n, a->answer.n, buffer_text(&name), n);
	else
		error_set(err, ST_LOCKOUT,
		    ngettext("%" PRIu64 " phone of %" PRIu64
			     " would be locked out by a CTL signed by "
			     "%s, and of %" PRIu64
			     " more it cannot be told; --accept-lockout %" PRIu64 " signs anyway",
			"%" PRIu64 " phones of %" PRIu64 " would be locked out by a CTL signed by "
			"%s, and of %" PRIu64 " more it cannot be told; --accept-lockout %" PRIu64
			" signs anyway",
			(unsigned long)n),
		    n, a->answer.n, buffer_text(&name), doubtful, n + doubtful);
	hint_of_why(a, usual, err);
	buffer_free(&name);
	return ST_LOCKOUT;
}

static enum status refuse_number(const struct asking *a, struct error *err)
{
	const uint64_t n = at_risk(a);

	error_set(err, ST_LOCKOUT,
	    ngettext("--accept-lockout says %" PRIu64 ", and %" PRIu64 " phone would be locked out",
		"--accept-lockout says %" PRIu64 ", and %" PRIu64 " phones would be locked out",
		(unsigned long)n),
	    a->c->request->accept_lockout, n);
	if (n > 0)
		error_hint(err, "%s",
		    _("look at them with the same command and --lockout-list FILE, without "
		      "--accept-lockout; then give the exact number"));
	else
		error_hint(err, "%s", _("leave it out: no phone is locked out"));
	return ST_LOCKOUT;
}

/* Nobody is predicted to be locked out, but nobody knows of these. */
static void warn_of_unknown(const struct asking *a)
{
	const uint64_t n = a->answer.by_outcome[PHONE_UNKNOWN];
	uint64_t by_why[N_PHONE_WHYS] = {0};
	enum phone_why most = PHONE_WHY_NOTHING;
	char line[512];

	for (size_t i = 0; i < a->answer.n_groups; i++)
		if (a->answer.groups[i].verdict.outcome == PHONE_UNKNOWN)
			by_why[a->answer.groups[i].verdict.why] += a->answer.groups[i].n;
	for (size_t i = 0; i < N_PHONE_WHYS; i++)
		if (by_why[i] > by_why[most])
			most = (enum phone_why)i;
	if (n == 0)
		return;
	snprintf(line, sizeof(line),
	    ngettext("of %" PRIu64
		     " phone it cannot be told whether it accepts the CTL: not known is "
		     "%s; see: ctlsign phones check",
		"of %" PRIu64
		" phones it cannot be told whether they accept the CTL: not known is, "
		"for most of them, %s; see: ctlsign phones check",
		(unsigned long)n),
	    n, phone_why_text(most));
	a->c->request->warn(a->c->request->context, line);
}

/* ---- the judgement ------------------------------------------------------------------------------
 */

/*
 * Phones of which it cannot be told are looked at as all phones are where there is no fleet: if a
 * class of them would be locked out, so may these.
 */
static enum status count_doubtful(struct asking *a, struct error *err)
{
	struct fleet_question question = a->question;
	struct fleet_answer classes = {0};
	uint64_t n = 0;
	enum status st;

	for (size_t i = 0; i < a->answer.n_groups; i++)
		if (is_doubtful(&a->answer.groups[i]))
			n += a->answer.groups[i].n;
	if (n == 0)
		return ST_OK;
	question.store = NULL;
	st = fleet_ask(&question, &classes, err);
	for (size_t i = 0; st == ST_OK && i < classes.n_groups; i++)
		if (classes.groups[i].verdict.outcome == PHONE_REJECTED)
			a->c->phones.doubtful = n;
	fleet_answer_free(&classes);
	return st;
}

/* The officer's number: of those at risk, or of all that are not proved to be safe. */
static bool number_fits(const struct asking *a)
{
	const uint64_t said = a->c->request->accept_lockout;

	return said == at_risk(a) ||
	       said == a->answer.by_outcome[PHONE_REJECTED] + a->answer.by_outcome[PHONE_UNKNOWN];
}

/*
 * The officer's word stands above what was seen, but not in silence: phones that would be at risk
 * without it are told.
 */
static enum status warn_of_word(struct asking *a, struct error *err)
{
	const int64_t word = a->question.phones_hold;
	struct fleet_answer seen = {0};
	struct fleet_question question = a->question;
	char line[512];
	uint64_t n;
	enum status st;

	if (word == 0)
		return ST_OK;
	question.phones_hold = 0;
	st = fleet_ask(&question, &seen, err);
	n = st == ST_OK ? seen.by_outcome[PHONE_REJECTED] : 0;
	if (n > a->answer.by_outcome[PHONE_REJECTED]) {
		snprintf(line, sizeof(line),
		    ngettext("%" PRIu64 " phone was last seen with a CTL that would lock it out; "
			     "--phones-hold %" PRId64
			     " overrules that, and it is locked out if the "
			     "word is wrong; see: ctlsign phones show --behind",
			"%" PRIu64 " phones were last seen with a CTL that would lock them out; "
			"--phones-hold %" PRId64 " overrules that, and they are locked out if the "
			"word is wrong; see: ctlsign phones show --behind",
			(unsigned long)n),
		    n, word);
		a->c->request->warn(a->c->request->context, line);
	}
	fleet_answer_free(&seen);
	return st;
}

enum status change_judge_fleet(struct asking *a, enum tokenless_signer usual, struct error *err)
{
	const struct change_request *r = a->c->request;
	struct change_phones *phones = &a->c->phones;
	enum status st;

	phones->known = true;
	phones->n = a->answer.n;
	memcpy(phones->by_outcome, a->answer.by_outcome, sizeof(phones->by_outcome));
	st = count_doubtful(a, err);
	if (st == ST_OK)
		st = warn_of_word(a, err);
	if (st != ST_OK)
		return st;
	warn_of_unknown(a);
	if (r->has_accept_lockout && !number_fits(a))
		return refuse_number(a, err);
	if (at_risk(a) == 0)
		return ST_OK;
	if (!r->has_accept_lockout)
		return refuse_fleet(a, usual, err);
	return name_phones(a, err);
}
