/*
 * What every phone would do with the new CTL: the model is asked before anybody is asked for a PIN.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_parts.h"

#include "base/text.h"
#include "phone/lockouts.h"
#include "phone/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Phones that are named on the terminal; the others stand in --lockout-list. */
#define NAMED_MOST 10

/* The question for one change, and its answer. */
struct asking {
	struct change *c;
	X509 *signer;
	struct phone_world world;
	struct buffer file; /* unsigned */
	struct phone_list offered;
	struct fleet_question question;
	struct fleet_answer answer;
	size_t named;
};

/* ---- asking ------------------------------------------------------------------------------------
 */

/* The list as phones will see it, but for the signature, which is verified before it goes out. */
static enum status build_offer(struct asking *a, struct error *err)
{
	struct tl_plan plan = a->c->plan;
	enum status st;

	plan.signer = a->signer;
	st = tl_build(&plan, &a->file, err);
	if (st == ST_OK)
		st = phone_list_read(buffer_bytes(&a->file), &a->offered, err);
	a->offered.valid = true;
	a->offered.md5[0] = a->offered.sha1[0] = '\0';
	return st;
}

static time_t file_time(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 ? sb.st_mtime : 0;
}

static enum status open_world(struct asking *a, struct error *err)
{
	struct change *c = a->c;
	enum status st = phone_world_open(&c->cluster->inventory, c->cluster->store,
	    c->cluster->current.number, c->trust, c->n_trust, &a->world, err);

	if (st == ST_OK && c->served.is_other)
		st = phone_world_add(&a->world, buffer_bytes(&c->served.file), c->output,
		    file_time(c->cluster->inventory.ctl_file), err);
	return st;
}

/* The officer's word has to be of a generation that phones can have. */
static enum status check_word(const struct asking *a, struct error *err)
{
	const struct change_request *r = a->c->request;
	const int64_t current = a->c->cluster->current.number;

	if (r->phones_hold == 0)
		return ST_OK;
	for (size_t i = 0; i < a->world.lists.n; i++)
		if (a->world.lists.list[i].list.generation == r->phones_hold &&
		    r->phones_hold <= current)
			return ST_OK;
	error_set(err, ST_USAGE,
	    _("--phones-hold %" PRId64 ": there is no such generation that "
	      "all phones can hold"),
	    r->phones_hold);
	if (current > 0)
		error_hint(err,
		    _("the current one is %" PRId64 "; see them all with: ctlsign history"),
		    current);
	else
		error_hint(err, "%s", _("this is the cluster's first CTL: leave it out"));
	return ST_USAGE;
}

static enum status ask(struct asking *a, struct error *err)
{
	enum status st = open_world(a, err);

	if (st == ST_OK)
		st = check_word(a, err);
	if (st == ST_OK)
		st = build_offer(a, err);
	if (st != ST_OK)
		return st;
	a->question = phone_world_question(&a->world, &a->offered);
	a->question.phones_hold = a->c->request->phones_hold;
	return fleet_ask(&a->question, &a->answer, err);
}

/* ---- the answer, without a fleet ---------------------------------------------------------------
 */

/* The list that the first class of phones that would be locked out holds. */
static const struct fleet_list *list_of(const struct asking *a, const struct fleet_group *group)
{
	const size_t at = group->judged < a->world.lists.n ? group->judged : group->list;

	return at < a->world.lists.n ? &a->world.lists.list[at] : NULL;
}

/* Phones that hold the current list, or the file that is served, come before older ones. */
static const struct fleet_group *worst_class(const struct asking *a)
{
	const struct fleet_group *worst = NULL;
	int64_t rank = -1;

	for (size_t i = 0; i < a->answer.n_groups; i++) {
		const struct fleet_group *group = &a->answer.groups[i];
		const struct fleet_list *list = list_of(a, group);
		const int64_t number = list != NULL ? list->list.generation : 0;
		int64_t mine = number;

		if (group->verdict.outcome != PHONE_REJECTED)
			continue;
		if (number == a->c->cluster->current.number)
			mine = INT64_MAX;
		else if (number == 0)
			mine = INT64_MAX - 1;
		if (mine > rank) {
			rank = mine;
			worst = group;
		}
	}
	return worst;
}

static enum status judge_classes(struct asking *a, enum tokenless_signer usual, struct error *err)
{
	struct change *c = a->c;
	const struct fleet_group *worst = worst_class(a);
	const struct fleet_list *list = worst != NULL ? list_of(a, worst) : NULL;

	if (c->request->has_accept_lockout) {
		error_set(err, ST_USAGE, "%s",
		    _("--accept-lockout takes the number of phones, and which phones there are "
		      "nobody has said"));
		error_hint(err, "%s",
		    _("read them in with: ctlsign phones import FILE; or sign without knowing, "
		      "with --force-signer"));
		return ST_USAGE;
	}
	c->unknown = worst != NULL;
	if (worst == NULL || c->request->force_signer)
		return ST_OK;
	return change_refuse(c, a->signer, list != NULL ? &list->list : NULL,
	    list != NULL ? list->name : "", usual, err);
}

/* ---- the answer of a fleet ---------------------------------------------------------------------
 */

static enum status name_phone(void *context, const struct fleet_phone *phone, struct error *err)
{
	struct asking *a = context;
	struct buffer line = BUFFER_INIT;

	(void)err;
	if (phone->group->verdict.outcome != PHONE_REJECTED || a->named++ >= NAMED_MOST)
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
	const uint64_t n = a->answer.by_outcome[PHONE_REJECTED];
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
	switch (a->answer.groups[0].verdict.why) {
	case PHONE_WHY_DIGEST:
		error_hint(err, "%s",
		    _("sign with a digest that all phones know: digest = sha1 in ctlsign.conf"));
		break;
	case PHONE_WHY_KEY:
		error_hint(err, "%s", _("sign with a smaller key, RSA-2048 at the most"));
		break;
	case PHONE_WHY_SIZE:
		error_hint(err, "%s", _("make the CTL smaller: fewer or smaller certificates"));
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
	const uint64_t n = a->answer.by_outcome[PHONE_REJECTED];
	struct buffer name = BUFFER_INIT;
	enum status st = name_phones(a, err);

	if (st != ST_OK)
		return st;
	change_name_with_serial(a->signer, &name);
	error_set(err, ST_LOCKOUT,
	    ngettext("%" PRIu64 " phone of %" PRIu64 " would be locked out by a CTL signed by %s; "
		     "--accept-lockout %" PRIu64 " signs anyway",
		"%" PRIu64 " phones of %" PRIu64 " would be locked out by a CTL signed by %s; "
		"--accept-lockout %" PRIu64 " signs anyway",
		(unsigned long)n),
	    n, a->answer.n, buffer_text(&name), n);
	hint_of_why(a, usual, err);
	buffer_free(&name);
	return ST_LOCKOUT;
}

static enum status refuse_number(const struct asking *a, struct error *err)
{
	const uint64_t n = a->answer.by_outcome[PHONE_REJECTED];

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
	char line[512];

	for (size_t i = 0; n > 0 && i < a->answer.n_groups; i++) {
		const struct fleet_group *group = &a->answer.groups[i];

		if (group->verdict.outcome != PHONE_UNKNOWN)
			continue;
		snprintf(line, sizeof(line),
		    ngettext("of %" PRIu64 " phone it cannot be told whether it accepts the CTL: "
			     "not known is %s; see: ctlsign phones check",
			"of %" PRIu64 " phones it cannot be told whether they accept the CTL: "
			"not known is, for most of them, %s; see: ctlsign phones check",
			(unsigned long)n),
		    n, phone_why_text(group->verdict.why));
		a->c->request->warn(a->c->request->context, line);
		return;
	}
}

static enum status judge_fleet(struct asking *a, enum tokenless_signer usual, struct error *err)
{
	const struct change_request *r = a->c->request;
	struct change_phones *phones = &a->c->phones;

	phones->known = true;
	phones->n = a->answer.n;
	memcpy(phones->by_outcome, a->answer.by_outcome, sizeof(phones->by_outcome));
	warn_of_unknown(a);
	if (r->has_accept_lockout && r->accept_lockout != a->answer.by_outcome[PHONE_REJECTED])
		return refuse_number(a, err);
	if (a->answer.by_outcome[PHONE_REJECTED] == 0)
		return ST_OK;
	if (!r->has_accept_lockout)
		return refuse_fleet(a, usual, err);
	return name_phones(a, err);
}

/* ---- both --------------------------------------------------------------------------------------
 */

enum status change_check_phones(
    struct change *c, X509 *signer, enum tokenless_signer usual, struct error *err)
{
	struct asking a = {.c = c, .signer = signer};
	enum status st;

	c->stranger = c->current != NULL && tl_find_sast(c->current, signer) == NULL;
	st = ask(&a, err);
	if (st == ST_OK)
		st = a.answer.has_fleet ? judge_fleet(&a, usual, err)
					: judge_classes(&a, usual, err);
	fleet_answer_free(&a.answer);
	phone_list_free(&a.offered);
	buffer_free(&a.file);
	phone_world_close(&a.world);
	return st;
}
