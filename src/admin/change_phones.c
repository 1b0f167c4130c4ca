/*
 * What every phone would do with the new CTL: the model is asked before anybody is asked for a PIN.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/change_phones.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static enum status open_world(struct asking *a, struct error *err)
{
	struct change *c = a->c;

	return phone_world_open(&c->cluster->inventory, c->cluster->store,
	    c->cluster->current.number, c->trust, c->n_trust, &a->world, err);
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
	return change_refuse(c, a->signer, worst->verdict.why, list != NULL ? &list->list : NULL,
	    list != NULL ? list->name : "", usual, err);
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
		st = a.answer.has_fleet ? change_judge_fleet(&a, usual, err)
					: judge_classes(&a, usual, err);
	fleet_answer_free(&a.answer);
	phone_list_free(&a.offered);
	buffer_free(&a.file);
	phone_world_close(&a.world);
	return st;
}
