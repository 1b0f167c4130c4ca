/*
 * A migration from tokens to tokenless that is under way: its journal, and real generations in a
 * real state file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate_underway.h"

#include "fixture_cluster.h"
#include "fixture_store.h"
#include "harness.h"

#include "migrate/problem_parts.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture_underway underway;

static struct problem_owned owned;
static struct generation current, pending;
static struct error err;

static X509 *cert(int index)
{
	static const char *const names[] = {
	    "SAST-1", "SAST-2", "cucm-pub.lab", "ITLRECOVERY_cucm-pub.lab", "SAST-5"};

	return fixture_cluster_cert(names[index], 0);
}

struct generation underway_generation(
    migrate_set sasts, int signer, enum cluster_signing signing, const char *reason)
{
	struct generation generation = store_generation_of("");
	struct tl_entry entries[8];
	size_t n = 0;

	memset(entries, 0, sizeof(entries));
	for (int i = 0; i < 5; i++)
		if ((sasts & 1u << i) != 0)
			entries[n++] =
			    (struct tl_entry){.role = TL_ROLE_SAST, .certificate = cert(i)};
	entries[n++] = (struct tl_entry){.role = TL_ROLE_CCM_TFTP,
	    .certificate = cert(UNDERWAY_CALLMANAGER),
	    .dns = reason,
	    .ip = {10, 1, 2, 3},
	    .ip_len = 4};
	fixture_cluster_list(entries, n, cert(signer), &generation.ctl);
	free(generation.reason);
	generation.reason = strdup(reason);
	generation.signing = (int)signing;
	return generation;
}

void underway_put(struct generation generation, bool finish)
{
	struct audit_entry entry = store_entry("test");

	CU_ASSERT_EQUAL_FATAL(store_begin(underway.store, &generation, &entry, &err), ST_OK);
	if (finish)
		CU_ASSERT_EQUAL_FATAL(
		    store_finish(underway.store, generation.number, &entry, &err), ST_OK);
	generation_free(&generation);
}

void underway_base(const char *reason)
{
	underway_put(
	    underway_generation(UNDERWAY_TOKENS, UNDERWAY_TOKEN_1, SIGNING_TOKENS, reason), true);
}

void underway_bridge(bool finish)
{
	underway_put(underway_generation(UNDERWAY_TOKENS | UNDERWAY_ANCHORS, UNDERWAY_TOKEN_1,
			 SIGNING_TOKENS, "migrate next"),
	    finish);
}

void underway_last(bool finish)
{
	underway_put(underway_generation(
			 UNDERWAY_ANCHORS, UNDERWAY_ITLRECOVERY, SIGNING_TOKENLESS, "migrate next"),
	    finish);
}

void underway_begin(void)
{
	static const enum migrate_kind kinds[] = {
	    MIGRATE_TOKEN, MIGRATE_TOKEN, MIGRATE_CALLMANAGER, MIGRATE_ITLRECOVERY};
	static const char *const names[] = {
	    "token CN=SAST-1", "token CN=SAST-2", "CallManager", "ITLRecovery"};
	struct migrate_wish wish = {.end = MIGRATE_TOKENLESS};

	memset(&underway.problem, 0, sizeof(underway.problem));
	memset(&owned, 0, sizeof(owned));
	memset(&underway.plan, 0, sizeof(underway.plan));
	underway.problem.n_sasts = UNDERWAY_N_SASTS;
	for (int i = 0; i < UNDERWAY_N_SASTS; i++) {
		struct migrate_sast *sast = &underway.problem.sasts[i];

		sast->kind = kinds[i];
		sast->certificate = cert(i);
		snprintf(sast->name, sizeof(sast->name), "%s", names[i]);
		CU_ASSERT_EQUAL_FATAL(problem_make_anchor(sast->certificate, TL_NAMES_CUCM,
					  &owned.bytes[i], &sast->anchor, &err),
		    ST_OK);
	}
	underway.problem.current = (struct migrate_list){.sasts = UNDERWAY_TOKENS,
	    .tokens = UNDERWAY_TOKENS,
	    .callmanager = -1,
	    .itlrecovery = -1,
	    .signer = UNDERWAY_TOKEN_1};
	underway.plan.n_steps = 2;
	underway.plan.steps[0] = (struct migrate_list){.sasts = UNDERWAY_TOKENS | UNDERWAY_ANCHORS,
	    .tokens = UNDERWAY_TOKENS,
	    .callmanager = UNDERWAY_CALLMANAGER,
	    .itlrecovery = UNDERWAY_ITLRECOVERY,
	    .signer = UNDERWAY_TOKEN_1};
	underway.plan.steps[1] = (struct migrate_list){.signing = SIGNING_TOKENLESS,
	    .sasts = UNDERWAY_ANCHORS,
	    .callmanager = UNDERWAY_CALLMANAGER,
	    .itlrecovery = UNDERWAY_ITLRECOVERY,
	    .signer = UNDERWAY_ITLRECOVERY};
	underway.store = store_opened(STORE_CHANGE);
	underway_base("set-cluster mixed-mode");
	CU_ASSERT_EQUAL_FATAL(journal_begin(&underway.problem, &underway.plan, &wish, 1, "anna",
				  &underway.journal, &err),
	    ST_OK);
}

void underway_locate(void)
{
	generation_free(&current);
	generation_free(&pending);
	CU_ASSERT_EQUAL_FATAL(store_current(underway.store, &current, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(store_pending(underway.store, &pending, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(journal_locate(&underway.journal, underway.store, &current, &pending,
				  &underway.position, &err),
	    ST_OK);
}

void underway_end(void)
{
	generation_free(&current);
	generation_free(&pending);
	journal_free(&underway.journal);
	for (size_t i = 0; i < UNDERWAY_N_SASTS; i++)
		buffer_free(&owned.bytes[i]);
	store_close(underway.store);
	store_remove();
}
