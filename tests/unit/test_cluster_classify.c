/*
 * What the records of a list stand for.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan.h"
#include "fixture_cluster.h"
#include "fixture_lists.h"
#include "harness.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static struct inventory cluster;

/* FILE's records are EXPECTED, a character each. */
static void list_is(
    const struct buffer *file, const struct inventory *inventory, const char *expected)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct error err;
	char *origins;

	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(file), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_decode_certificates(&list, NULL, 0, &err), ST_OK);
	/* Exactly the room that is promised. */
	origins = malloc(list.n_records + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(origins);
	memset(origins, '?', list.n_records + 1);
	cluster_classify(&list, inventory, origins);
	CU_ASSERT_EQUAL_FATAL(origins[list.n_records], '\0');
	CU_ASSERT_STRING_EQUAL(origins, expected);
	free(origins);
	tl_free(&list);
}

static void entries_are(const struct tl_entry *entries, size_t n, const struct inventory *inventory,
    const char *expected)
{
	struct buffer file = BUFFER_INIT;

	fixture_cluster_list(entries, n, entries[0].certificate, &file);
	list_is(&file, inventory, expected);
	buffer_free(&file);
}

static struct tl_entry entry(unsigned role, const char *cn, const char *dns)
{
	return (struct tl_entry){.role = role,
	    .certificate = cn != NULL ? fixture_cluster_cert(cn, 0) : NULL,
	    .dns = dns};
}

static void the_samples(void)
{
	list_is(fixture_cucm_list(), NULL, "cnfn");
	list_is(fixture_windows_list(), NULL, "ttnnf");
	list_is(fixture_community_list(), NULL, "et");
}

static void sasts_by_name_and_certificate(void)
{
	const struct tl_entry entries[] = {
	    entry(TL_ROLE_SAST, "SAST-1", ""),
	    entry(TL_ROLE_SAST, "ITLRECOVERY_cucm-pub.lab", "cucm-pub.lab"),
	    entry(TL_ROLE_SAST, "cucm-pub.lab", "cucm-pub.lab"),
	    entry(TL_ROLE_SAST, "not-ITLRECOVERY_x", "cucm-pub.lab"),
	    entry(TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab"),
	    /* Its certificate stands at a CAPF only: no server's. */
	    entry(TL_ROLE_SAST, "capf", ""),
	    entry(TL_ROLE_CAPF, "capf", "cucm-pub.lab"),
	};

	entries_are(entries, 7, NULL, "tictntf");
}

/* In non-secure mode the servers have only names. */
static void sasts_by_name_alone(void)
{
	const struct tl_entry entries[] = {
	    entry(TL_ROLE_SAST, "ITLRECOVERY_cucm-pub.lab", "cucm-pub.lab"),
	    entry(TL_ROLE_SAST, "cucm", "cucm-pub.lab"),
	    entry(TL_ROLE_SAST, "SAST-1", ""),
	    entry(TL_ROLE_CCM_TFTP, NULL, "cucm-pub.lab"),
	    entry(TL_ROLE_CCM, NULL, ""),
	};
	const struct tl_entry by_subject[] = {
	    entry(TL_ROLE_SAST, "cucm-sub.lab", ""),
	    entry(TL_ROLE_SAST, "cucm-sub.lab2", ""),
	    entry(TL_ROLE_CCM, NULL, "cucm-sub.lab"),
	};

	entries_are(entries, 5, NULL, "ictnn");
	entries_are(by_subject, 3, NULL, "ctn");
}

static void servers_by_the_inventory(void)
{
	const struct tl_entry entries[] = {
	    entry(TL_ROLE_SAST, "SAST-1", ""),
	    entry(TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab"),
	    entry(TL_ROLE_TFTP, "other.lab", "other.lab"),
	    entry(TL_ROLE_CCM, "asa.lab", "asa.lab"),
	    entry(TL_ROLE_CCM, "app.lab", "app.lab"),
	    entry(TL_ROLE_CCM, "gone.lab", "gone.lab"),
	    /* Windows client: the address for the name; the second is where it is about to move. */
	    entry(TL_ROLE_TFTP, "x.lab", "10.9.0.1"),
	    entry(TL_ROLE_CCM, "y.lab", "10.2.0.250"),
	    /* The name of a firewall, the role of none. */
	    entry(TL_ROLE_TFTP, "asa.lab", "asa.lab"),
	    entry(TL_ROLE_CAPF, "capf", "cucm-pub.lab"),
	    entry(TL_ROLE_VPN, "vpn", "vpn.lab"),
	};

	fixture_cluster(&cluster, "12.5(1)");
	fixture_cluster_server(&cluster, FIXTURE_ALTERNATE_TFTP, "other", "10.9.0.1", TL_ROLE_TFTP);
	fixture_cluster_address(
	    &fixture_cluster_server(&cluster, FIXTURE_FIREWALL, "asa", "10.1.2.250", TL_ROLE_CCM)
		 ->next_address,
	    "10.2.0.250");
	fixture_cluster_server(&cluster, FIXTURE_ENTRY, "app", "10.1.2.7", TL_ROLE_CCM);
	entries_are(entries, 11, &cluster, "tnawenawnfe");
	entries_are(entries, 11, NULL, "tnnnnnnnnfe");
	fixture_cluster_free(&cluster);
}

/* What stands beside the cluster's own anchors is of another cluster. */
static void there_is_one_of_each_anchor(void)
{
	const struct tl_entry entries[] = {
	    entry(TL_ROLE_SAST, "ITLRECOVERY_pub2.lab", ""),
	    entry(TL_ROLE_SAST, "cucm-sub.lab", ""),
	    entry(TL_ROLE_SAST, "cucm-pub.lab", ""),
	    entry(TL_ROLE_SAST, "ITLRECOVERY_cucm-pub.lab", ""),
	    entry(TL_ROLE_CCM, "cucm-pub.lab", "cucm-pub.lab"),
	    entry(TL_ROLE_CCM, "cucm-sub.lab", "cucm-sub.lab"),
	};

	entries_are(entries, 6, NULL, "icppnn");
	fixture_cluster(&cluster, "12.5(1)");
	entries_are(entries, 6, &cluster, "ppcinn");
	/* A certificate that the list does not have, or that is not loaded, decides nothing. */
	fixture_cluster_certificate(
	    &cluster.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 1));
	fixture_cluster_certificate(&cluster.nodes[0].certificate, NULL);
	entries_are(entries, 6, &cluster, "icppnn");
	/* One that is ITLRecovery's whatever its name. */
	fixture_cluster_certificate(&cluster.itlrecovery, fixture_cluster_cert("cucm-sub.lab", 0));
	entries_are(entries, 6, &cluster, "picpnn");
	fixture_cluster_free(&cluster);
}

/* Records that are hardly any, and names that end early. */
static void odd_records(void)
{
	static const char *const subjects[] = {"CN=ITLRECOVERY_", "CN=ITLRECOVERY", "CN=", "CN", "",
	    ";CN=ITLRECOVERY_x", "O=Lab,CN=ITLRECOVERY_x", "OCN=ITLRECOVERY_x",
	    "cn=itlrecovery_x;O=Lab"};
	struct buffer file = BUFFER_INIT;
	size_t begin;

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const bool is = i == 0 || (i >= 5 && i != 7);

		buffer_reset(&file);
		buffer_add(&file, fixture_windows_list()->data, fixture_windows_list()->len);
		begin = fixture_record_begin(&file);
		fixture_u16(&file, TL_R_FUNCTION, TL_ROLE_SAST);
		/* Without a NUL at the end, too. */
		fixture_element(&file, TL_R_SUBJECT, subjects[i], strlen(subjects[i]));
		fixture_record_end(&file, begin);
		list_is(&file, NULL, is ? "ttnnfi" : "ttnnft");
	}
	buffer_reset(&file);
	buffer_add(&file, fixture_windows_list()->data, fixture_windows_list()->len);
	for (unsigned role = 0; role < 3; role++) {
		begin = fixture_record_begin(&file);
		if (role > 0)
			fixture_u16(&file, TL_R_FUNCTION, role == 1 ? 99 : TL_ROLE_UNKNOWN);
		fixture_record_end(&file, begin);
	}
	list_is(&file, NULL, "ttnnfkke");
	buffer_free(&file);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the samples of the three dialects", the_samples},
	    {"SASTs by name and certificate", sasts_by_name_and_certificate},
	    {"SASTs by name alone", sasts_by_name_alone},
	    {"servers by the inventory", servers_by_the_inventory},
	    {"there is one of each anchor", there_is_one_of_each_anchor},
	    {"odd records", odd_records},
	};

	return harness_main("cluster classify", tests, HARNESS_COUNT(tests));
}
