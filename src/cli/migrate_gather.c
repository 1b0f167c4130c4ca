/*
 * Gathers what a migration's plan is made of: the cluster, its phones, the wanted end.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/migrate.h"
#include "cli/phones.h"

#include "base/text.h"
#include "phone/lockouts.h"

void migrate_view_close(struct migrate_view *view)
{
	migrate_plan_free(&view->plan);
	migrate_problem_free(&view->problem);
	fleet_answer_free(&view->fleet);
	phone_world_close(&view->world);
	*view = (struct migrate_view){.cluster = NULL};
}

unsigned migrate_digest(const struct cluster *cluster)
{
	if (cluster->inventory.has_digest)
		return cluster->inventory.digest;
	if (cluster->current.number > 0)
		return cluster->list.digest;
	return release_rules(&cluster->inventory.release)->sha512 ? TL_SHA512 : TL_SHA1;
}

/* Of a generation that is none the model would say that nobody holds an older one. */
static enum status check_word(const struct cluster *cluster, int64_t said, struct error *err)
{
	const int64_t newest = cluster->pending.number > cluster->current.number
				   ? cluster->pending.number
				   : cluster->current.number;

	if (said <= newest)
		return ST_OK;
	error_set(err, ST_USAGE, _("--phones-hold %lld: the newest generation is %lld"),
	    (long long)said, (long long)newest);
	error_hint(err, "%s", _("see: ctlsign history"));
	return ST_USAGE;
}

enum status migrate_gather(struct cluster *cluster, const struct migrate_wish *wish,
    int64_t phones_hold, struct migrate_view *out, struct error *err)
{
	struct migrate_cluster now = {.inventory = &cluster->inventory,
	    .list = cluster->current.number > 0 ? &cluster->list : NULL,
	    .current = &cluster->current,
	    .trust = cluster->trust,
	    .n_trust = cluster->n_trust,
	    .digest = migrate_digest(cluster),
	    .fleet = &out->fleet,
	    .lists = &out->world.lists,
	    .phones_hold = phones_hold};
	struct fleet_question question;
	enum status st = check_word(cluster, phones_hold, err);

	out->cluster = cluster;
	if (st == ST_OK)
		st = cluster_load(cluster, err);
	if (st == ST_OK)
		st = phone_world_open(&cluster->inventory, cluster->store, cluster->current.number,
		    cluster->trust, cluster->n_trust, &out->world, err);
	if (st != ST_OK)
		return st;
	question = phone_world_question(&out->world, NULL);
	question.phones_hold = phones_hold;
	st = fleet_ask(&question, &out->fleet, err);
	if (st == ST_OK)
		st = migrate_problem_make(&now, wish, &out->problem, err);
	if (st == ST_OK)
		st = migrate_plan_make(&out->problem, &out->plan, err);
	return st;
}

enum status migrate_asks_older(const struct migrate_view *view, const struct migrate_wish *wish,
    bool *older, struct error *err)
{
	struct migrate_view present = {.cluster = NULL};
	enum status st = ST_OK;

	*older = false;
	if (!view->plan.found || view->plan.n_steps < 2 || view->fleet.behind == 0)
		return ST_OK;
	st = migrate_gather(view->cluster, wish, view->cluster->current.number, &present, err);
	*older = st == ST_OK && present.plan.found && present.plan.n_steps < view->plan.n_steps;
	migrate_view_close(&present);
	return st;
}

/* ---- one step ----------------------------------------------------------------------------------
 */

/* Phone-SAST-trust while a step's CTL is the one of the servers; borrowed.  Returns its number. */
static size_t trust_of_step(
    const struct journal *journal, size_t index, X509 *out[MIGRATE_SASTS_MAX])
{
	const migrate_set trust = journal->steps[index].list.trust;
	size_t n = 0;

	for (size_t i = 0; i < journal->n_sasts && i < MIGRATE_SASTS_MAX; i++)
		if ((trust >> i & 1) != 0)
			out[n++] = journal->sasts[i].certificate;
	return n;
}

enum status migrate_ask(const struct cluster *cluster, const struct journal *journal, size_t index,
    int64_t phones_hold, struct migrate_asked *out, struct error *err)
{
	X509 *trust[MIGRATE_SASTS_MAX];
	const size_t n = trust_of_step(journal, index, trust);
	enum status st = phone_world_open(&cluster->inventory, cluster->store,
	    cluster->current.number, trust, n, &out->world, err);

	if (st == ST_OK)
		st = journal_offer(journal, index, migrate_digest(cluster), &out->offer, err);
	if (st != ST_OK)
		return st;
	out->question = phone_world_question(&out->world, &out->offer);
	out->question.phones_hold = phones_hold;
	return fleet_ask(&out->question, &out->answer, err);
}

void migrate_asked_close(struct migrate_asked *asked)
{
	fleet_answer_free(&asked->answer);
	phone_list_free(&asked->offer);
	phone_world_close(&asked->world);
}

/* ---- who would be locked out -------------------------------------------------------------------
 */

/* Phones that are named on the terminal; the others stand in --lockout-list. */
#define NAMED_MOST 10

struct naming {
	const struct migrate_asked *asked;
	struct buffer *out;
	size_t n;
};

static enum status name_phone(void *context, const struct fleet_phone *phone, struct error *err)
{
	struct naming *naming = context;
	const struct fleet_group *group = phone->group;
	struct buffer model = BUFFER_INIT;

	(void)err;
	if (phone_outcome_is_safe(group->verdict.outcome) || naming->n++ >= NAMED_MOST)
		return ST_OK;
	text_printable(&model, text_bytes(group->model));
	buffer_printf(naming->out, _("  %s (%s), %s: %s\n"), phone->name,
	    buffer_text(&model) != NULL ? buffer_text(&model) : "",
	    phones_holds_text(group, &naming->asked->world.lists),
	    phone_why_text(group->verdict.why));
	buffer_free(&model);
	return ST_OK;
}

enum status migrate_name_lockouts(const struct migrate_asked *asked, uint64_t at_risk,
    const char *path, struct buffer *out, struct error *err)
{
	struct naming naming = {.asked = asked, .out = out};
	enum status st;

	if (!asked->answer.has_fleet || at_risk == 0)
		return ST_OK;
	st = fleet_each(&asked->question, &asked->answer, name_phone, &naming, err);
	if (st == ST_OK && naming.n > NAMED_MOST)
		buffer_printf(out,
		    ngettext("  and %zu more phone; --lockout-list FILE gets all that reject it\n",
			"  and %zu more phones; --lockout-list FILE gets all that reject it\n",
			(unsigned long)(naming.n - NAMED_MOST)),
		    naming.n - NAMED_MOST);
	if (st == ST_OK && path != NULL)
		st = phone_lockouts_write(&asked->question, &asked->answer, path, err);
	return st;
}
