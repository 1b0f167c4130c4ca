/*
 * Running clusters taken over: the inventory made from a CTL calls for that CTL and no other.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_takeover.h"
#include "harness.h"

#include <ctype.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* ---- lists that somebody else made ---------------------------------------------------------- */

static void the_command_lines_list(void)
{
	struct taken t;

	taken_whole(&t, fixture_cucm_list());
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "cnfn");
	CU_ASSERT_EQUAL(t.takeover.mode, MODE_MIXED);
	CU_ASSERT_EQUAL(t.takeover.signing, SIGNING_TOKENLESS);
	CU_ASSERT_STRING_EQUAL(t.takeover.release.text, "10.5(1)");
	CU_ASSERT_TRUE(t.takeover.release_guessed);
	CU_ASSERT_EQUAL_FATAL(t.inventory.n_nodes, 2);
	CU_ASSERT_STRING_EQUAL(t.inventory.cluster, "cucm-1051-a-pub");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].name, "cucm-1051-a-pub");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].dns, "cucm-1051-a-pub");
	CU_ASSERT_EQUAL(
	    t.inventory.nodes[0].services, SERVICE_CALLMANAGER | SERVICE_TFTP | SERVICE_CAPF);
	CU_ASSERT_EQUAL(
	    X509_cmp(t.inventory.nodes[0].certificate.x509, fixture_cucm_cert(FIXTURE_CUCM_PUB)),
	    0);
	CU_ASSERT_EQUAL(
	    X509_cmp(t.inventory.nodes[0].capf.x509, fixture_cucm_cert(FIXTURE_CUCM_CAPF)), 0);
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[1].name, "cucm-1051-a-sub1");
	CU_ASSERT_EQUAL(t.inventory.tokenless_signer, SIGNER_CALLMANAGER);
	CU_ASSERT_TRUE(t.inventory.export_controlled);
	CU_ASSERT_FALSE(t.inventory.has_digest);
	CU_ASSERT_TRUE(taken_says(&t, "which is SHA-1."));
	CU_ASSERT_EQUAL(t.takeover.n_files, 3);
	taken_free(&t);
}

static void the_windows_clients_list(void)
{
	struct taken t;

	taken_whole(&t, fixture_windows_list());
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "ttnnf");
	CU_ASSERT_EQUAL(t.takeover.mode, MODE_NON_SECURE);
	CU_ASSERT_EQUAL(t.takeover.signing, SIGNING_TOKENS);
	CU_ASSERT_STRING_EQUAL(t.takeover.release.text, "10.5(2)");
	CU_ASSERT_EQUAL_FATAL(t.inventory.n_nodes, 2);
	/* Nothing in such a list says a server's name. */
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].name, "publisher");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].dns, "10.48.47.153");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[1].name, "subscriber");
	CU_ASSERT_PTR_NULL(t.inventory.nodes[0].certificate.path);
	CU_ASSERT_PTR_NOT_NULL(t.inventory.nodes[0].capf.x509);
	CU_ASSERT_TRUE(taken_says(&t, "does not have this certificate"));
	CU_ASSERT_FALSE(taken_says(&t, "\nexport-controlled"));
	CU_ASSERT_EQUAL(t.takeover.n_files, 1);
	taken_free(&t);
}

/* ---- lists that are made here --------------------------------------------------------------- */

static void one_of_everything(void)
{
	struct made made = {.n = 0};
	struct taken t;

	made_sasts(&made, true, true);
	/* The publisher is not the first one, and it is about to move. */
	made_add(&made, TL_ROLE_CCM, "cucm-sub.lab", "cucm-sub.lab", "10.1.2.4");
	made_publisher(&made);
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab", "10.1.9.3");
	made_add(&made, TL_ROLE_TFTP, "tftp1.lab", "tftp1.lab", "10.1.2.5");
	made_add(&made, TL_ROLE_TFTP, "tftp2.lab", "tftp2.lab", "10.1.2.6");
	made_add(&made, TL_ROLE_TFTP, "tftp1.other", "tftp1.other", "10.9.2.5");
	made_add(&made, TL_ROLE_APP_SERVER, "app.lab", "app.lab", "2001:db8::7");
	taken_whole(&t, made_list(&made, "SAST-2"));
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "ttcinnfnnnae");
	CU_ASSERT_EQUAL(t.takeover.signing, SIGNING_TOKENS);
	CU_ASSERT_STRING_EQUAL(t.takeover.release.text, "12.5(1)");
	CU_ASSERT_EQUAL_FATAL(t.inventory.n_nodes, 4);
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].name, "cucm-pub");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].dns, "cucm-pub.lab");
	CU_ASSERT_EQUAL(t.inventory.nodes[0].next_address.bytes[2], 9);
	CU_ASSERT_EQUAL(t.inventory.nodes[1].role, NODE_SUBSCRIBER);
	CU_ASSERT_EQUAL(t.inventory.nodes[1].services, SERVICE_CALLMANAGER);
	CU_ASSERT_TRUE(taken_says(&t, "If this is a firewall"));
	CU_ASSERT_EQUAL(t.inventory.nodes[2].role, NODE_TFTP);
	CU_ASSERT_EQUAL(t.inventory.nodes[3].role, NODE_TFTP);
	CU_ASSERT_EQUAL_FATAL(t.inventory.n_alternate_tftp, 1);
	/* "tftp1" is taken. */
	CU_ASSERT_STRING_EQUAL(t.inventory.alternate_tftp[0].name, "tftp1-2");
	CU_ASSERT_EQUAL_FATAL(t.inventory.n_entries, 1);
	CU_ASSERT_EQUAL(t.inventory.entries[0].role, TL_ROLE_APP_SERVER);
	CU_ASSERT_EQUAL(t.inventory.entries[0].address.len, 16);
	CU_ASSERT_PTR_NOT_NULL(t.inventory.itlrecovery.x509);
	CU_ASSERT_FALSE(taken_says(&t, "\ntokenless-signer"));
	taken_free(&t);
}

static void signed_by_itlrecovery(void)
{
	struct made made = {.n = 0};
	struct taken t;

	made_sasts(&made, false, true);
	made_add(&made, TL_ROLE_SAST, "ITLRECOVERY_pub.other", NULL, NULL);
	made_add(&made, TL_ROLE_SAST, "pub.other", NULL, NULL);
	made_publisher(&made);
	taken_whole(&t, made_list(&made, "ITLRECOVERY_cucm-pub.lab"));
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "cippnf");
	CU_ASSERT_EQUAL(t.takeover.signing, SIGNING_TOKENLESS);
	CU_ASSERT_STRING_EQUAL(t.takeover.release.text, "12.5(1)");
	CU_ASSERT_EQUAL(t.inventory.tokenless_signer, SIGNER_ITLRECOVERY);
	taken_free(&t);

	/* No release before 12.0 signs so. */
	CU_ASSERT_EQUAL(
	    taken_from(&t, made_list(&made, "ITLRECOVERY_cucm-pub.lab"), "11.5(1)"), ST_USAGE);
	taken_free(&t);
}

static void the_other_clusters_comes_first(void)
{
	struct made made = {.n = 0};
	struct taken t;

	made_add(&made, TL_ROLE_SAST, "ITLRECOVERY_pub.other", NULL, NULL);
	made_sasts(&made, false, true);
	made_publisher(&made);
	taken_whole(&t, made_list(&made, "cucm-pub.lab"));
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "pcinf");
	CU_ASSERT_EQUAL(t.inventory.tokenless_signer, SIGNER_CALLMANAGER);
	taken_free(&t);
}

static void non_secure_without_tokens(void)
{
	struct made made = {.n = 0};
	struct taken t;

	made_sasts(&made, false, true);
	made_add(&made, TL_ROLE_CCM_TFTP, NULL, "cucm-sub.lab", "10.1.2.4");
	made_add(&made, TL_ROLE_CCM_TFTP, NULL, "cucm-pub.lab", "10.1.2.3");
	taken_whole(&t, made_list(&made, "cucm-pub.lab"));
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "cinn");
	CU_ASSERT_EQUAL(t.takeover.mode, MODE_NON_SECURE);
	CU_ASSERT_EQUAL(t.takeover.signing, SIGNING_TOKENLESS);
	/* Its certificate is known, being a SAST. */
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].name, "cucm-pub");
	CU_ASSERT_PTR_NOT_NULL(t.inventory.nodes[0].certificate.x509);
	taken_free(&t);
}

static void one_certificate_for_all_servers(void)
{
	struct made made = {.n = 0};
	struct taken t;

	made_add(&made, TL_ROLE_SAST, "cucm-ms.lab", "cucm-pub.lab", "10.1.2.3");
	made_add(&made, TL_ROLE_SAST, "ITLRECOVERY_cucm-pub.lab", "cucm-pub.lab", "10.1.2.3");
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-ms.lab", "cucm-sub.lab", "10.1.2.4");
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-ms.lab", "cucm-pub.lab", "10.1.2.3");
	taken_whole(&t, made_list(&made, "cucm-ms.lab"));
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "cinn");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].name, "cucm-pub");
	taken_free(&t);
}

static void addresses_for_names(void)
{
	struct made made = {.n = 0};
	struct taken t;

	made_sasts(&made, true, false);
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-pub.lab", "10.1.2.3", "10.1.2.3");
	made_add(&made, TL_ROLE_CAPF, "CAPF-cucm-pub", "10.1.2.3", "10.1.2.3");
	made_add(&made, TL_ROLE_TFTP, "tftp1.lab", "10.1.2.5", "10.1.2.5");
	taken_whole(&t, made_list(&made, "SAST-1"));
	CU_ASSERT_STRING_EQUAL(t.takeover.origins, "ttnfn");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].name, "cucm-pub");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[0].dns, "cucm-pub.lab");
	CU_ASSERT_STRING_EQUAL(t.inventory.nodes[1].dns, "tftp1.lab");
	taken_free(&t);
}

static void hostile_names(void)
{
	static const char *const names[] = {"a\"b}subscriber,x{", "${HOME}", "../../../etc/passwd",
	    "#'comment'/*", "\"x'", "-rf", ".hidden", "ITLRECOVERY", "a-b}subscriber", "\xc3\xa4"};
	struct made made = {.n = 0};
	struct taken t;
	char address[32];

	made_sasts(&made, true, false);
	made_publisher(&made);
	for (size_t i = 0; i < HARNESS_COUNT(names); i++) {
		snprintf(address, sizeof(address), "10.2.0.%zu", i + 1);
		made_add(&made, i < 8 ? TL_ROLE_CCM_TFTP : TL_ROLE_APP_SERVER, "evil", names[i],
		    address);
	}
	taken_whole(&t, made_list(&made, "SAST-1"));
	CU_ASSERT_EQUAL_FATAL(t.inventory.n_nodes, 9);
	for (size_t i = 0; i < 8; i++)
		CU_ASSERT_STRING_EQUAL(t.inventory.nodes[i + 1].dns, names[i]);
	for (size_t i = 1; i < t.inventory.n_nodes; i++)
		for (const char *c = t.inventory.nodes[i].name; *c != '\0'; c++)
			CU_ASSERT_TRUE(isalnum((unsigned char)*c) || *c == '-');
	taken_free(&t);
}

static void the_release_that_is_given(void)
{
	struct taken t;

	CU_ASSERT_EQUAL(taken_from(&t, fixture_cucm_list(), "11.5(1)SU3"), ST_OK);
	CU_ASSERT_FALSE(t.takeover.release_guessed);
	CU_ASSERT_TRUE(taken_says(&t, "\nrelease = \"11.5(1)SU3\"\n"));
	CU_ASSERT_FALSE(taken_says(&t, "Guessed"));
	taken_free(&t);
	CU_ASSERT_EQUAL(taken_from(&t, fixture_cucm_list(), "9.1(2)"), ST_USAGE);
	taken_free(&t);
	CU_ASSERT_EQUAL(taken_from(&t, fixture_cucm_list(), "13.0"), ST_USAGE);
	taken_free(&t);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the command line's list", the_command_lines_list},
	    {"the Windows client's list", the_windows_clients_list},
	    {"one of everything", one_of_everything},
	    {"ITLRecovery signs", signed_by_itlrecovery},
	    {"another cluster's ITLRecovery comes first", the_other_clusters_comes_first},
	    {"non-secure mode without tokens", non_secure_without_tokens},
	    {"one certificate for all servers", one_certificate_for_all_servers},
	    {"addresses for names", addresses_for_names},
	    {"hostile names", hostile_names},
	    {"the release that is given", the_release_that_is_given},
	};
	const int rc = harness_main("cluster takeover", tests, HARNESS_COUNT(tests));

	made_list(NULL, NULL);
	return rc;
}
