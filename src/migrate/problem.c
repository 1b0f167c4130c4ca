/*
 * Makes a planner's problem of a cluster, its fleet and a wish.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/problem_parts.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static const char *const ends[] = {
    [MIGRATE_TOKENLESS] = "tokenless",
    [MIGRATE_TOKENS] = "tokens",
    [MIGRATE_ROTATE] = "rotate",
    [MIGRATE_JOIN_CLUSTER] = "join-cluster",
};
#define N_ENDS (sizeof(ends) / sizeof(ends[0]))

const char *migrate_end_name(enum migrate_end end)
{
	return ends[end];
}

bool migrate_end_parse(const char *name, enum migrate_end *out)
{
	for (size_t i = 0; i < N_ENDS; i++) {
		if (strcmp(ends[i], name) != 0)
			continue;
		*out = (enum migrate_end)i;
		return true;
	}
	return false;
}

static void free_all(X509 **certificates, size_t n)
{
	for (size_t i = 0; i < n; i++)
		X509_free(certificates[i]);
}

void migrate_wish_free(struct migrate_wish *wish)
{
	free_all(wish->tokens, wish->n_tokens);
	free_all(wish->without, wish->n_without);
	free_all(wish->lost, wish->n_lost);
	free_all(wish->foreign, wish->n_foreign);
	X509_free(wish->callmanager);
	X509_free(wish->itlrecovery);
	*wish = (struct migrate_wish){.n_tokens = 0};
}

void migrate_problem_free(struct migrate_problem *problem)
{
	struct problem_owned *owned = problem->owned;

	for (size_t i = 0; i < problem->n_sasts; i++)
		X509_free(problem->sasts[i].certificate);
	for (size_t i = 0; owned != NULL && i < MIGRATE_SASTS_MAX; i++)
		buffer_free(&owned->bytes[i]);
	free(owned);
	free(problem->groups);
	*problem = (struct migrate_problem){.n_sasts = 0};
}

static bool runs_tvs(const struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_nodes; i++)
		if ((inventory->nodes[i].services & SERVICE_TVS) != 0)
			return true;
	return false;
}

/* New records follow the style of the current list. */
static enum status find_style(struct problem_making *m, struct error *err)
{
	struct tl_makings makings = {.n_entries = 0};
	enum status st = tl_take_apart(m->cluster->list, &makings, err);

	m->names = makings.names;
	tl_makings_free(&makings);
	return st;
}

enum status migrate_problem_make(const struct migrate_cluster *cluster,
    const struct migrate_wish *wish, struct migrate_problem *out, struct error *err)
{
	struct problem_making making = {.cluster = cluster, .wish = wish, .out = out};
	enum status st;

	*out = (struct migrate_problem){.digest = cluster->digest,
	    .rules = release_rules(&cluster->inventory->release),
	    .tvs = runs_tvs(cluster->inventory)};
	st = problem_check_wish(cluster, wish, err);
	if (st != ST_OK)
		return st;
	out->has_current = true;
	making.owned = calloc(1, sizeof(*making.owned));
	out->owned = making.owned;
	if (making.owned == NULL)
		return error_no_memory(err);
	st = find_style(&making, err);
	if (st == ST_OK)
		st = problem_mark_held(&making, err);
	if (st == ST_OK)
		st = problem_collect(&making, err);
	if (st == ST_OK)
		st = problem_make_groups(&making, err);
	if (st == ST_OK)
		st = problem_make_goal(&making, err);
	free(making.may_hold);
	return st;
}
