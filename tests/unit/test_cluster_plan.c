/*
 * The entries that a cluster calls for, by release, mode and kind of signing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cluster/plan.h"
#include "fixture_cluster.h"
#include "fixture_plan.h"
#include "harness.h"

#include <openssl/x509.h>
#include <string.h>

#define TOKENS	    "t SAST SAST-1 - -\nt SAST SAST-2 - -\n"
#define CALLMANAGER "c SAST cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
#define ITLRECOVERY "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3\n"

#define MIXED                                                                                      \
	"n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3\n"                                          \
	"f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3\n"                                             \
	"n CCM cucm-sub.lab cucm-sub.lab 10.1.2.4\n"                                               \
	"n TFTP tftp.lab tftp.lab 10.1.2.5\n"                                                      \
	"a TFTP other.lab other.lab 10.9.0.1\n"                                                    \
	"w CCM asa.lab asa.lab 10.1.2.250\n"                                                       \
	"e APP-SERVER app.lab app.lab 10.1.2.7\n"

#define NON_SECURE                                                                                 \
	"n CCM+TFTP - cucm-pub.lab 10.1.2.3\n"                                                     \
	"f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3\n"                                             \
	"n CCM - cucm-sub.lab 10.1.2.4\n"                                                          \
	"n TFTP - tftp.lab 10.1.2.5\n"                                                             \
	"a TFTP - other.lab 10.9.0.1\n"                                                            \
	"w CCM - asa.lab 10.1.2.250\n"                                                             \
	"e APP-SERVER app.lab app.lab 10.1.2.7\n"

static struct inventory cluster;
static X509 *tokens[2];

/* A cluster with one of everything; a media server and what is not CallManager have no entry. */
static struct plan_request whole_cluster(const char *release)
{
	fixture_cluster(&cluster, release);
	fixture_cluster_node(&cluster, NODE_SUBSCRIBER, "cucm-sub", "10.1.2.4",
	    SERVICE_CALLMANAGER | SERVICE_CTIMANAGER | SERVICE_TVS);
	fixture_cluster_node(&cluster, NODE_TFTP, "tftp", "10.1.2.5", SERVICE_TFTP);
	fixture_cluster_node(&cluster, NODE_MEDIA, "media", "10.1.2.6", SERVICE_CTL_PROVIDER);
	fixture_cluster_server(&cluster, FIXTURE_ALTERNATE_TFTP, "other", "10.9.0.1", TL_ROLE_TFTP);
	fixture_cluster_server(&cluster, FIXTURE_FIREWALL, "asa", "10.1.2.250", TL_ROLE_CCM);
	fixture_cluster_server(&cluster, FIXTURE_ENTRY, "app", "10.1.2.7", TL_ROLE_APP_SERVER);
	tokens[0] = fixture_cluster_cert("SAST-1", 0);
	tokens[1] = fixture_cluster_cert("SAST-2", 0);
	return (struct plan_request){.inventory = &cluster, .mode = MODE_MIXED};
}

static struct plan_request with_tokens(const char *release)
{
	struct plan_request request = whole_cluster(release);

	request.tokens = tokens;
	request.n_tokens = 2;
	return request;
}

static struct plan_request tokenless(const char *release)
{
	struct plan_request request = whole_cluster(release);

	request.signing = SIGNING_TOKENLESS;
	return request;
}

/* Both modes of REQUEST, whose SASTs are the same in both. */
static void both_modes(struct plan_request request, const char *mixed, const char *non_secure)
{
	request.mode = MODE_MIXED;
	fixture_plan_is(&request, mixed);
	request.mode = MODE_NON_SECURE;
	fixture_plan_is(&request, non_secure);
	fixture_cluster_free(&cluster);
}

static void tokens_by_release(void)
{
	static const char *const anchored[] = {
	    "15.0(1)", "14.0(1)", "12.5(1)", "12.0(1)", "11.5(1)", "11.5(3)"};
	static const char *const bare[] = {"10.5(2)", "10.5(1)", "10.0(1)", "9.1(2)", "8.6(2)"};

	for (size_t i = 0; i < sizeof(anchored) / sizeof(anchored[0]); i++)
		both_modes(with_tokens(anchored[i]), TOKENS CALLMANAGER ITLRECOVERY MIXED,
		    TOKENS CALLMANAGER ITLRECOVERY NON_SECURE);
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
		both_modes(with_tokens(bare[i]), TOKENS MIXED, TOKENS NON_SECURE);
}

static void tokenless_by_release(void)
{
	static const char *const two[] = {"15.0(1)", "12.5(1)", "12.0(1)", "11.5(1)", "10.5(2)"};
	static const char *const one[] = {"10.5(1)", "10.0(1)"};

	for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
		both_modes(tokenless(two[i]), CALLMANAGER ITLRECOVERY MIXED,
		    CALLMANAGER ITLRECOVERY NON_SECURE);
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		both_modes(tokenless(one[i]), CALLMANAGER MIXED, CALLMANAGER NON_SECURE);
}

static void before_10_there_is_no_tokenless_signing(void)
{
	struct plan_request request = tokenless("9.1(2)");

	for (int mode = MODE_NON_SECURE; mode <= MODE_MIXED; mode++) {
		request.mode = (enum cluster_mode)mode;
		fixture_plan_fails(&request,
		    "ctlsign.conf: release 9.1(2) has no CTL without tokens; sign with tokens, or "
		    "enter the release after an upgrade to 10.0(1) or later");
	}
	fixture_cluster_free(&cluster);
}

/* The way back from tokenless to tokens: they are listed before they sign. */
static void tokens_may_stand_in_a_tokenless_list(void)
{
	struct plan_request request = with_tokens("12.5(1)");

	request.signing = SIGNING_TOKENLESS;
	both_modes(request, TOKENS CALLMANAGER ITLRECOVERY MIXED,
	    TOKENS CALLMANAGER ITLRECOVERY NON_SECURE);
}

static void certificates_of_other_clusters_are_sasts(void)
{
	X509 *trust[] = {
	    fixture_cluster_cert("ITLRECOVERY_pub2.lab", 0), fixture_cluster_cert("pub2.lab", 0)};
	static const char two[] = "p SAST ITLRECOVERY_pub2.lab - -\np SAST pub2.lab - -\n";
	char expected[2048];

	for (int signing = SIGNING_TOKENS; signing <= SIGNING_TOKENLESS; signing++) {
		struct plan_request request = with_tokens("12.5(1)");

		request.signing = (enum cluster_signing)signing;
		request.trust = trust;
		request.n_trust = 2;
		strcpy(expected, TOKENS CALLMANAGER ITLRECOVERY);
		strcat(expected, two);
		strcat(expected, MIXED);
		fixture_plan_is(&request, expected);
		fixture_cluster_free(&cluster);
	}
}

/* A token twice, a token that is another cluster's, the own anchors among the trusted. */
static void a_certificate_is_a_sast_once(void)
{
	struct plan_request request = with_tokens("12.5(1)");
	X509 *twice[] = {tokens[0], tokens[1], tokens[0]};
	X509 *trust[] = {tokens[1], fixture_cluster_cert("cucm-pub.lab", 0),
	    fixture_cluster_cert("pub2.lab", 0), fixture_cluster_cert("pub2.lab", 0),
	    fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 0)};

	request.tokens = twice;
	request.n_tokens = 3;
	request.trust = trust;
	request.n_trust = 5;
	fixture_plan_is(&request, TOKENS CALLMANAGER ITLRECOVERY "p SAST pub2.lab - -\n" MIXED);
	fixture_cluster_free(&cluster);
	/* The CallManager certificate that ITLRecovery's file was mistaken for. */
	request = tokenless("12.5(1)");
	fixture_cluster_certificate(&cluster.itlrecovery, fixture_cluster_cert("cucm-pub.lab", 0));
	fixture_plan_is(&request, CALLMANAGER MIXED);
	fixture_cluster_free(&cluster);
}

/* A server is in the list by what runs on it. */
static void services_make_the_role(void)
{
	struct plan_request request;
	struct inventory_node *node;

	fixture_cluster(&cluster, "9.1(2)");
	request = (struct plan_request){.inventory = &cluster, .mode = MODE_MIXED};
	fixture_cluster_node(&cluster, NODE_SUBSCRIBER, "both", "10.1.2.4",
	    SERVICE_CALLMANAGER | SERVICE_TFTP | SERVICE_TVS);
	fixture_cluster_node(&cluster, NODE_SUBSCRIBER, "ccm", "10.1.2.5", SERVICE_CALLMANAGER);
	fixture_cluster_node(&cluster, NODE_SUBSCRIBER, "tftp", "10.1.2.6", SERVICE_TFTP);
	node =
	    fixture_cluster_node(&cluster, NODE_SUBSCRIBER, "none", "10.1.2.7", SERVICE_CTIMANAGER);
	fixture_cluster_certificate(&node->certificate, NULL);
	fixture_plan_is(&request, "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
				  "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3\n"
				  "n CCM+TFTP both.lab both.lab 10.1.2.4\n"
				  "n CCM ccm.lab ccm.lab 10.1.2.5\n"
				  "n TFTP tftp.lab tftp.lab 10.1.2.6\n");
	/* CAPF without CallManager beside it, and CAPF's certificate without CAPF. */
	cluster.nodes[0].services = SERVICE_CAPF;
	cluster.n_nodes = 1;
	fixture_plan_is(&request, "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3\n");
	cluster.nodes[0].services = SERVICE_CALLMANAGER;
	fixture_plan_is(&request, "n CCM cucm-pub.lab cucm-pub.lab 10.1.2.3\n");
	cluster.nodes[0].services = 0;
	fixture_plan_is(&request, "");
	cluster.n_nodes = 5;
	fixture_cluster_free(&cluster);
}

static void who_moves_stands_at_both_addresses(void)
{
	struct plan_request request = tokenless("12.5(1)");

	fixture_cluster_address(&cluster.nodes[0].next_address, "10.2.0.3");
	fixture_cluster_address(&cluster.nodes[2].next_address, "fd00::5");
	fixture_cluster_address(&cluster.alternate_tftp[0].next_address, "10.9.0.2");
	fixture_cluster_address(&cluster.firewalls[0].next_address, "10.2.0.250");
	fixture_cluster_address(&cluster.entries[0].next_address, "10.2.0.7");
	both_modes(request,
	    CALLMANAGER ITLRECOVERY "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
				    "n CCM+TFTP cucm-pub.lab cucm-pub.lab 10.2.0.3 next\n"
				    "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3\n"
				    "n CCM cucm-sub.lab cucm-sub.lab 10.1.2.4\n"
				    "n TFTP tftp.lab tftp.lab 10.1.2.5\n"
				    "n TFTP tftp.lab tftp.lab fd00::5 next\n"
				    "a TFTP other.lab other.lab 10.9.0.1\n"
				    "a TFTP other.lab other.lab 10.9.0.2 next\n"
				    "w CCM asa.lab asa.lab 10.1.2.250\n"
				    "w CCM asa.lab asa.lab 10.2.0.250 next\n"
				    "e APP-SERVER app.lab app.lab 10.1.2.7\n"
				    "e APP-SERVER app.lab app.lab 10.2.0.7 next\n",
	    CALLMANAGER ITLRECOVERY "n CCM+TFTP - cucm-pub.lab 10.1.2.3\n"
				    "n CCM+TFTP - cucm-pub.lab 10.2.0.3 next\n"
				    "f CAPF CAPF-cucm-pub cucm-pub.lab 10.1.2.3\n"
				    "n CCM - cucm-sub.lab 10.1.2.4\n"
				    "n TFTP - tftp.lab 10.1.2.5\n"
				    "n TFTP - tftp.lab fd00::5 next\n"
				    "a TFTP - other.lab 10.9.0.1\n"
				    "a TFTP - other.lab 10.9.0.2 next\n"
				    "w CCM - asa.lab 10.1.2.250\n"
				    "w CCM - asa.lab 10.2.0.250 next\n"
				    "e APP-SERVER app.lab app.lab 10.1.2.7\n"
				    "e APP-SERVER app.lab app.lab 10.2.0.7 next\n");
}

/* An entry of a server's role shrinks like a server. */
static void other_entries_of_a_servers_role_shrink(void)
{
	struct plan_request request = with_tokens("9.1(2)");

	cluster.entries[0].role = TL_ROLE_CCM;
	request.mode = MODE_NON_SECURE;
	cluster.n_nodes = 1;
	cluster.nodes[0].services = 0;
	cluster.n_alternate_tftp = cluster.n_firewalls = 0;
	fixture_plan_is(&request, TOKENS "e CCM - app.lab 10.1.2.7\n");
	cluster.n_nodes = 4;
	cluster.n_alternate_tftp = cluster.n_firewalls = 1;
	fixture_cluster_free(&cluster);
}

static void origins_name_their_section(void)
{
	struct plan_request request = with_tokens("12.5(1)");
	static const unsigned lines[] = {0, 0, 11, 5, 10, 10, 20, 30, 50, 60, 70};
	static const char *const names[] = {NULL, NULL, NULL, NULL, "cucm-pub", "cucm-pub",
	    "cucm-sub", "tftp", "other", "asa", "app"};
	struct cluster_plan plan;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(cluster_plan(&request, &plan, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(plan.n, 11);
	for (size_t i = 0; i < plan.n; i++) {
		CU_ASSERT_EQUAL(plan.origins[i].line, lines[i]);
		CU_ASSERT_EQUAL(plan.origins[i].name == NULL, names[i] == NULL);
		if (names[i] != NULL && plan.origins[i].name != NULL)
			CU_ASSERT_STRING_EQUAL(plan.origins[i].name, names[i]);
	}
	cluster_plan_free(&plan);
	fixture_cluster_free(&cluster);
}

/* ---- what is missing ----------------------------------------------------------------------- */

static void a_missing_server_certificate_is_told_with_its_line(void)
{
	struct plan_request request = with_tokens("9.1(2)");

	fixture_cluster_certificate(&cluster.nodes[1].certificate, NULL);
	fixture_plan_fails(&request, "ctlsign.conf: line 20: subscriber 'cucm-sub' names no "
				     "certificate, and mixed mode needs "
				     "one; enter certificate = \"FILE\" there");
	request.mode = MODE_NON_SECURE;
	fixture_plan_is(&request, TOKENS NON_SECURE);
	request.mode = MODE_MIXED;
	fixture_cluster_certificate(
	    &cluster.nodes[1].certificate, fixture_cluster_cert("cucm-sub.lab", 0));

	fixture_cluster_certificate(&cluster.alternate_tftp[0].certificate, NULL);
	fixture_plan_fails(&request,
	    "ctlsign.conf: line 50: alternate-tftp 'other' names no certificate, and mixed mode "
	    "needs one; enter certificate = \"FILE\" there");
	fixture_cluster_certificate(
	    &cluster.alternate_tftp[0].certificate, fixture_cluster_cert("other.lab", 0));

	fixture_cluster_certificate(&cluster.firewalls[0].certificate, NULL);
	fixture_plan_fails(&request,
	    "ctlsign.conf: line 60: firewall 'asa' names no certificate, and mixed mode needs one; "
	    "enter certificate = \"FILE\" there");
	request.mode = MODE_NON_SECURE;
	fixture_plan_is(&request, TOKENS NON_SECURE);

	fixture_cluster_certificate(&cluster.entries[0].certificate, NULL);
	fixture_plan_fails(&request,
	    "ctlsign.conf: line 70: entry 'app' names no certificate, and its role needs one in "
	    "every mode; enter certificate = \"FILE\" there");
	fixture_cluster_free(&cluster);
}

static void a_missing_anchor_is_told_with_its_line(void)
{
	struct plan_request request = tokenless("10.5(2)");

	fixture_cluster_certificate(&cluster.nodes[0].certificate, NULL);
	for (int mode = MODE_NON_SECURE; mode <= MODE_MIXED; mode++) {
		request.mode = (enum cluster_mode)mode;
		fixture_plan_fails(&request,
		    "ctlsign.conf: line 10: publisher 'cucm-pub' names no certificate, and release "
		    "10.5(2) lists CallManager's as a SAST; enter certificate = \"FILE\" there");
	}
	/* A list of that age which tokens sign has neither. */
	request.signing = SIGNING_TOKENS;
	request.tokens = tokens;
	request.n_tokens = 2;
	request.mode = MODE_NON_SECURE;
	fixture_cluster_certificate(&cluster.itlrecovery, NULL);
	fixture_plan_is(&request, TOKENS NON_SECURE);

	request.signing = SIGNING_TOKENLESS;
	fixture_cluster_certificate(
	    &cluster.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 0));
	fixture_plan_fails(&request, "ctlsign.conf: line 5: ITLRecovery's certificate is not "
				     "named, and release 10.5(2) lists "
				     "it as a SAST; enter itlrecovery { certificate = \"FILE\" }");
	cluster.itlrecovery.line = 0;
	fixture_plan_fails(&request, "ctlsign.conf: ITLRecovery's certificate is not named, and "
				     "release 10.5(2) lists it as a "
				     "SAST; enter itlrecovery { certificate = \"FILE\" }");
	fixture_cluster_free(&cluster);

	/* 10.5(1) does not know it. */
	request = tokenless("10.5(1)");
	fixture_cluster_certificate(&cluster.itlrecovery, NULL);
	fixture_plan_is(&request, CALLMANAGER MIXED);
	fixture_cluster_free(&cluster);
	request = with_tokens("11.5(1)");
	fixture_cluster_certificate(&cluster.itlrecovery, NULL);
	fixture_plan_fails(&request, "ctlsign.conf: line 5: ITLRecovery's certificate is not "
				     "named, and release 11.5(1) lists "
				     "it as a SAST; enter itlrecovery { certificate = \"FILE\" }");
	fixture_cluster_free(&cluster);
}

static void a_missing_capf_certificate_is_told_in_both_modes(void)
{
	struct plan_request request = with_tokens("9.1(2)");

	fixture_cluster_certificate(&cluster.nodes[0].capf, NULL);
	for (int mode = MODE_NON_SECURE; mode <= MODE_MIXED; mode++) {
		request.mode = (enum cluster_mode)mode;
		fixture_plan_fails(&request,
		    "ctlsign.conf: line 10: CAPF runs on publisher 'cucm-pub', and its certificate "
		    "is not named; enter capf-certificate = \"FILE\" there, or take CAPF out of "
		    "services");
	}
	fixture_cluster_free(&cluster);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"tokens: the entries of each release, in both modes", tokens_by_release},
	    {"tokenless: the entries of each release, in both modes", tokenless_by_release},
	    {"before 10.0 there is no tokenless signing", before_10_there_is_no_tokenless_signing},
	    {"tokens may stand in a tokenless list", tokens_may_stand_in_a_tokenless_list},
	    {"certificates of other clusters are SASTs", certificates_of_other_clusters_are_sasts},
	    {"a certificate is a SAST once", a_certificate_is_a_sast_once},
	    {"services make the role", services_make_the_role},
	    {"who moves stands at both addresses", who_moves_stands_at_both_addresses},
	    {"other entries of a server's role shrink", other_entries_of_a_servers_role_shrink},
	    {"origins name their section", origins_name_their_section},
	    {"a missing server certificate is told with its line",
		a_missing_server_certificate_is_told_with_its_line},
	    {"a missing anchor is told with its line", a_missing_anchor_is_told_with_its_line},
	    {"a missing CAPF certificate is told in both modes",
		a_missing_capf_certificate_is_told_in_both_modes},
	};

	return harness_main("cluster plan", tests, HARNESS_COUNT(tests));
}
