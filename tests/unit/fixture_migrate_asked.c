/*
 * A cluster of which a migration is asked, its current list, and lists that phones hold: what a
 * problem is made of.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_migrate_asked.h"

#include "fixture_cluster.h"
#include "harness.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture_asked asked;

X509 *asked_token(int number)
{
	char cn[32];

	snprintf(cn, sizeof(cn), "SAST-%d", number);
	return fixture_cluster_cert(cn, (unsigned)number % 2);
}

X509 *asked_callmanager(unsigned version)
{
	return fixture_cluster_cert("cucm-pub.lab", version);
}

X509 *asked_itlrecovery(unsigned version)
{
	return fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", version);
}

static void make_list(X509 *const *sasts, size_t n, X509 *signer, struct buffer *out)
{
	struct tl_entry entries[32];

	memset(entries, 0, sizeof(entries));
	for (size_t i = 0; i < n; i++)
		entries[i] = (struct tl_entry){.role = TL_ROLE_SAST, .certificate = sasts[i]};
	entries[n] = (struct tl_entry){.role = TL_ROLE_CCM_TFTP,
	    .certificate = asked_callmanager(0),
	    .dns = "cucm-pub.lab",
	    .ip = {10, 1, 2, 3},
	    .ip_len = 4};
	fixture_cluster_list(entries, n + 1, signer, out);
}

void asked_set_current(
    X509 *const *sasts, size_t n, X509 *signer, const char *origins, enum cluster_signing signing)
{
	make_list(sasts, n, signer, &asked.file);
	CU_ASSERT_EQUAL_FATAL(tl_read(&asked.list, buffer_bytes(&asked.file), &asked.err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_decode_certificates(&asked.list, NULL, 0, &asked.err), ST_OK);
	free(asked.current.origins);
	asked.current.number = 3;
	asked.current.origins = strdup(origins);
	asked.current.signing = (int)signing;
	asked.current.mode = 1;
}

void asked_begin(const char *release)
{
	memset(&asked, 0, sizeof(asked));
	fixture_cluster(&asked.inventory, release);
	asked.inventory.callmanager_key.where = strdup("cm.key");
	asked.inventory.itlrecovery_key.where = strdup("itl.key");
	asked.lists.list = asked.held;
	asked.fleet.groups = asked.groups;
	asked.cluster = (struct migrate_cluster){.inventory = &asked.inventory,
	    .list = &asked.list,
	    .current = &asked.current,
	    .trust = asked.trust,
	    .digest = TL_SHA512,
	    .fleet = &asked.fleet,
	    .lists = &asked.lists};
}

void asked_end(void)
{
	migrate_problem_free(&asked.problem);
	migrate_wish_free(&asked.wish);
	free(asked.inventory.callmanager_key.where);
	free(asked.inventory.itlrecovery_key.where);
	fixture_cluster_free(&asked.inventory);
	tl_free(&asked.list);
	buffer_free(&asked.file);
	free(asked.current.origins);
	for (size_t i = 0; i < asked.lists.n; i++) {
		phone_list_free(&asked.held[i].list);
		buffer_free(&asked.held[i].file);
	}
}

void asked_read_held(void)
{
	struct fleet_list *held = &asked.held[asked.lists.n++];

	CU_ASSERT_EQUAL_FATAL(
	    phone_list_read(buffer_bytes(&held->file), &held->list, &asked.err), ST_OK);
	held->list.generation = (int64_t)asked.lists.n;
	held->list.valid = true;
	held->served = true;
	snprintf(held->name, sizeof(held->name), "generation %zu", asked.lists.n);
}

void asked_add_held(X509 *const *sasts, size_t n, X509 *signer)
{
	make_list(sasts, n, signer, &asked.held[asked.lists.n].file);
	asked_read_held();
}

void asked_add_group(enum phone_holds ctl, size_t list, size_t since, uint64_t n)
{
	asked.groups[asked.fleet.n_groups++] = (struct fleet_group){.model = "",
	    .family = &phone_family_with_sbd,
	    .ctl = ctl,
	    .list = list,
	    .since = since,
	    .itl = PHONE_YES,
	    .n = n};
	asked.fleet.n += n;
	asked.fleet.has_fleet = true;
}

X509 *asked_shared(X509 *certificate)
{
	X509_up_ref(certificate);
	return certificate;
}

enum status asked_make(void)
{
	error_clear(&asked.err);
	return migrate_problem_make(&asked.cluster, &asked.wish, &asked.problem, &asked.err);
}

int asked_at(X509 *certificate)
{
	for (size_t i = 0; i < asked.problem.n_sasts; i++)
		if (asked.problem.sasts[i].certificate != NULL &&
		    X509_cmp(asked.problem.sasts[i].certificate, certificate) == 0)
			return (int)i;
	CU_FAIL_FATAL("no such SAST");
	return -1;
}

void asked_bridge(void)
{
	X509 *sasts[] = {
	    asked_token(1), asked_token(2), asked_callmanager(0), asked_itlrecovery(0)};

	asked_set_current(sasts, 4, asked_token(1), "ttcin", SIGNING_TOKENS);
}
