/*
 * Problems for the planner, made by hand.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_DIGESTS                                                                                \
	{                                                                                          \
		PHONE_NO, PHONE_YES, PHONE_YES, PHONE_YES                                          \
	}

const struct phone_family fixture_modern = {"modern", PHONE_YES, ALL_DIGESTS, UINT_MAX};
const struct phone_family fixture_plain = {"plain", PHONE_NO, ALL_DIGESTS, UINT_MAX};
const struct phone_family fixture_old = {
    "old", PHONE_NO, {PHONE_NO, PHONE_YES, PHONE_YES, PHONE_NO}, 2048};
const struct phone_family fixture_small = {"small", PHONE_YES, ALL_DIGESTS, 2048};
const struct phone_family fixture_unnamed = {
    "unnamed", PHONE_MAYBE, {PHONE_NO, PHONE_YES, PHONE_MAYBE, PHONE_MAYBE}, 0};

static struct migrate_group groups[FIXTURE_GROUPS_MAX];
/* What SASTs are told apart by: a serial and a key of one byte each. */
static const unsigned char letters[] = "abcdefghijklmnopqrstuvwx";

void fixture_problem(struct migrate_problem *problem, const char *release)
{
	struct release parsed;
	struct error err;

	memset(problem, 0, sizeof(*problem));
	memset(groups, 0, sizeof(groups));
	if (release_parse(release, &parsed, &err) != ST_OK) {
		fprintf(stderr, "# %s\n", err.what);
		exit(1);
	}
	problem->rules = release_rules(&parsed);
	problem->digest = TL_SHA256;
	problem->tvs = true;
	problem->groups = groups;
}

migrate_set fixture_sast(struct migrate_problem *problem, enum migrate_kind kind, bool has_key)
{
	const size_t i = problem->n_sasts++;
	struct migrate_sast *sast = &problem->sasts[i];

	sast->kind = kind;
	sast->has_key = has_key;
	sast->key_bits = 2048;
	sast->anchor.issuer = (struct bytes){(const unsigned char *)"CN=x", 5};
	sast->anchor.serial = (struct bytes){&letters[i], 1};
	sast->anchor.key = (struct bytes){&letters[i], 1};
	snprintf(sast->name, sizeof(sast->name), "SAST %c", letters[i]);
	return (migrate_set)1 << i;
}

int fixture_index(migrate_set bit)
{
	return bit == 0 ? -1 : __builtin_ctz(bit);
}

void fixture_current(struct migrate_problem *problem, migrate_set tokens, migrate_set callmanager,
    migrate_set itlrecovery, migrate_set trust, migrate_set signer)
{
	problem->has_current = true;
	problem->current = (struct migrate_list){
	    .signing = tokens != 0 ? SIGNING_TOKENS : SIGNING_TOKENLESS,
	    .sasts = tokens | callmanager | itlrecovery | trust,
	    .tokens = tokens,
	    .callmanager = fixture_index(callmanager),
	    .itlrecovery = fixture_index(itlrecovery),
	    .trust = trust,
	    .signer = fixture_index(signer),
	};
	problem->certificates = problem->current.sasts;
}

void fixture_goal(struct migrate_problem *problem, migrate_set tokens, migrate_set callmanager,
    migrate_set itlrecovery, migrate_set signers)
{
	problem->goal = (struct migrate_goal){
	    .signing = tokens != 0 ? SIGNING_TOKENS : SIGNING_TOKENLESS,
	    .tokens = tokens,
	    .callmanager = fixture_index(callmanager),
	    .itlrecovery = fixture_index(itlrecovery),
	    .signers = signers,
	};
}

struct migrate_group *fixture_group(struct migrate_problem *problem,
    const struct phone_family *family, enum phone_answer itl, migrate_set held, uint64_t n)
{
	struct migrate_group *group = &groups[problem->n_groups++];

	group->phone.family = family;
	group->phone.ctl = held != 0 ? PHONE_HOLDS_LIST : PHONE_HOLDS_NONE;
	group->phone.itl = itl;
	group->held = held;
	group->digest = held != 0 ? TL_SHA256 : 0;
	group->key_bits = held != 0 ? 2048 : 0;
	group->n = n;
	snprintf(group->text, sizeof(group->text), "%s phones, group %zu",
	    family != NULL ? family->name : "other", problem->n_groups);
	return group;
}

static void print_set(const char *name, migrate_set set)
{
	fprintf(stderr, " %s ", name);
	if (set == 0)
		fputc('-', stderr);
	for (int i = 0; i < MIGRATE_SASTS_MAX; i++)
		if ((set >> i & 1) != 0)
			fputc(letters[i], stderr);
}

void fixture_print(const struct migrate_list *list)
{
	fprintf(stderr, "# %s", list->signing == SIGNING_TOKENS ? "token-signed" : "tokenless");
	print_set("tokens", list->tokens);
	print_set("cm", list->callmanager < 0 ? 0 : (migrate_set)1 << list->callmanager);
	print_set("itl", list->itlrecovery < 0 ? 0 : (migrate_set)1 << list->itlrecovery);
	print_set("trust", list->trust);
	print_set("by", list->signer < 0 ? 0 : (migrate_set)1 << list->signer);
	fputc('\n', stderr);
}
