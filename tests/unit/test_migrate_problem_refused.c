/*
 * Problems that cannot be made of a cluster, why not, and those that just can.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_migrate_asked.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refused(enum status status, const char *what, const char *hint)
{
	CU_ASSERT_EQUAL(asked_make(), status);
	if (strstr(asked.err.what, what) == NULL || strstr(asked.err.hint, hint) == NULL)
		printf("# %s; %s\n", asked.err.what, asked.err.hint);
	CU_ASSERT_PTR_NOT_NULL(strstr(asked.err.what, what));
	CU_ASSERT_PTR_NOT_NULL(strstr(asked.err.hint, hint));
	asked_end();
}

static void no_list_is_refused(void)
{
	asked_begin("12.5(1)");
	asked.cluster.list = NULL;
	refused(ST_FAILED, "no CTL yet", "ctlsign set-cluster mixed-mode");
}

static void release_without_tokenless_is_refused(void)
{
	X509 *sasts[] = {asked_token(1), asked_token(2)};

	asked_begin("9.1(2)");
	asked_set_current(sasts, 2, asked_token(1), "ttn", SIGNING_TOKENS);
	refused(ST_FAILED, "release 9.1(2) has no CTL without tokens", "10.0(1)");
}

static void nothing_to_do_is_said(void)
{
	X509 *sasts[] = {asked_callmanager(0), asked_itlrecovery(0)};

	asked_begin("12.5(1)");
	asked_set_current(sasts, 2, asked_callmanager(0), "cin", SIGNING_TOKENLESS);
	refused(ST_FAILED, "nothing is to be done: generation 3", "ctlsign.conf");
}

static void other_signer_is_something_to_do(void)
{
	X509 *sasts[] = {asked_callmanager(0), asked_itlrecovery(0)};

	asked_begin("12.5(1)");
	asked_set_current(sasts, 2, asked_itlrecovery(0), "cin", SIGNING_TOKENLESS);
	CU_ASSERT_EQUAL(asked_make(), ST_OK);
	asked_end();
}

static void one_token_is_refused(void)
{
	X509 *sasts[] = {asked_callmanager(0), asked_itlrecovery(0)};

	asked_begin("12.5(1)");
	asked_set_current(sasts, 2, asked_callmanager(0), "cin", SIGNING_TOKENLESS);
	asked.wish.end = MIGRATE_TOKENS;
	asked.wish.tokens[0] = asked_shared(asked_token(1));
	asked.wish.tokens[1] = asked_shared(asked_token(1));
	asked.wish.n_tokens = 2;
	refused(ST_USAGE, "the CTL would have 1 token, and two are needed", "--new-token");
}

static void lost_and_new_is_refused(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.end = MIGRATE_ROTATE;
	asked.wish.tokens[0] = asked_shared(asked_token(1));
	asked.wish.n_tokens = 1;
	asked.wish.lost[0] = asked_shared(asked_token(1));
	asked.wish.n_lost = 1;
	refused(ST_USAGE, "token CN=SAST-1 (40:01:", "say one of the two");
}

static void unknown_without_is_refused(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.end = MIGRATE_TOKENS;
	asked.wish.without[0] = asked_shared(asked_token(9));
	asked.wish.n_without = 1;
	refused(ST_USAGE, "is a SAST of no CTL of this cluster", "ctlsign show");
}

static void signer_without_a_key_is_refused(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	free(asked.inventory.callmanager_key.where);
	asked.inventory.callmanager_key.where = NULL;
	refused(ST_FAILED, "CallManager is to sign, and the inventory does not say",
	    "callmanager { key = ");
}

static void lost_signer_is_refused(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.lost[0] = asked_shared(asked_callmanager(0));
	asked.wish.n_lost = 1;
	refused(ST_FAILED, "its key is said to be lost", "its new certificate");
}

static void unnamed_itlrecovery_is_refused(void)
{
	X509 *sasts[] = {asked_token(1), asked_token(2)};

	asked_begin("10.5(2)");
	asked_set_current(sasts, 2, asked_token(1), "ttn", SIGNING_TOKENS);
	fixture_cluster_certificate(&asked.inventory.itlrecovery, NULL);
	refused(ST_FAILED, "ITLRecovery's certificate is not named", "itlrecovery { certificate");
}

static void own_certificate_is_no_other_clusters(void)
{
	asked_begin("12.5(1)");
	asked_bridge();
	asked.wish.end = MIGRATE_JOIN_CLUSTER;
	asked.wish.foreign[0] = asked_shared(asked_callmanager(0));
	asked.wish.n_foreign = 1;
	refused(ST_USAGE, "would stand in the CTL for two things", "certificates of their own");
}

static void too_many_are_refused(void)
{
	char cn[32];

	asked_begin("12.5(1)");
	asked_bridge();
	for (size_t i = 0; i < 21; i++) {
		snprintf(cn, sizeof(cn), "other-%zu.lab", i);
		asked.trust[i] = fixture_cluster_cert(cn, 0);
	}
	asked.cluster.n_trust = 20;
	CU_ASSERT_EQUAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_sasts, MIGRATE_SASTS_MAX);
	migrate_problem_free(&asked.problem);
	asked.cluster.n_trust = 21;
	refused(ST_LIMIT, "more than 24 SASTs", "");
}

static void old_ones_that_cannot_sign_are_left_out_when_there_are_many(void)
{
	X509 *old[] = {asked_token(7), asked_token(1)};
	char cn[32];

	asked_begin("12.5(1)");
	asked_bridge();
	for (size_t i = 0; i < 20; i++) {
		snprintf(cn, sizeof(cn), "other-%zu.lab", i);
		asked.trust[i] = fixture_cluster_cert(cn, 0);
	}
	asked.cluster.n_trust = 20;
	asked_add_held(old, 2, asked_token(7));
	asked_add_group(PHONE_HOLDS_LIST, 0, 1, 3);
	CU_ASSERT_EQUAL_FATAL(asked_make(), ST_OK);
	CU_ASSERT_EQUAL(asked.problem.n_sasts, MIGRATE_SASTS_MAX);
	CU_ASSERT_EQUAL(asked.problem.groups[0].held, 1);
	asked_end();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"no current CTL is refused", no_list_is_refused},
	    {"a release without tokenless signing is refused",
		release_without_tokenless_is_refused},
	    {"nothing to be done is said", nothing_to_do_is_said},
	    {"another signer is something to be done", other_signer_is_something_to_do},
	    {"one token, named twice, is refused", one_token_is_refused},
	    {"a token that is lost and new is refused", lost_and_new_is_refused},
	    {"a token to leave that is none is refused", unknown_without_is_refused},
	    {"a signer whose key is not named is refused", signer_without_a_key_is_refused},
	    {"a signer whose key is lost is refused", lost_signer_is_refused},
	    {"ITLRecovery has to be named", unnamed_itlrecovery_is_refused},
	    {"an own certificate is no other cluster's", own_certificate_is_no_other_clusters},
	    {"more SASTs than a plan can tell apart are refused", too_many_are_refused},
	    {"old ones that cannot sign are left out when there are many",
		old_ones_that_cannot_sign_are_left_out_when_there_are_many},
	};

	return harness_main("migrate problem refused", tests, HARNESS_COUNT(tests));
}
