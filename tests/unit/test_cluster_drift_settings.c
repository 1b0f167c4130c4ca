/*
 * Drift of settings: domain, upgrade, digest, restored data, mode, clock, and ends of certificates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_drift.h"
#include "fixture_lists.h"
#include "harness.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (24L * 60 * 60)

static struct drift_scene scene;

static void begin(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
}

static void move_to(const char *domain)
{
	char dns[64];

	fixture_cluster_text(&scene.inventory.domain, domain);
	for (size_t i = 0; i < scene.inventory.n_nodes; i++) {
		snprintf(dns, sizeof(dns), "%s.%s", scene.inventory.nodes[i].name, domain);
		fixture_cluster_text(&scene.inventory.nodes[i].dns, dns);
	}
}

static void test_domain_once(void)
{
	begin();
	scene.request.domain = "lab";
	move_to("west.example");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "domain:west.example"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "the cluster's domain is west.example now, the CTL was made for lab",
	    "ctlsign update, then restart"));
	drift_scene_free(&scene);
}

/* With the domain, CUCM makes new certificates; and a server may move at the same time. */
static void test_domain_and_more(void)
{
	begin();
	scene.request.domain = "lab";
	move_to("west.example");
	fixture_cluster_certificate(&drift_scene_node(&scene, "cucm-sub1")->certificate,
	    fixture_cluster_cert("cucm-sub1.west.example", 0));
	fixture_cluster_address(&drift_scene_node(&scene, "cucm-sub1")->address, "10.9.9.4");
	fixture_cluster_text(&drift_scene_node(&scene, "tftp1")->dns, "files.west.example");
	CU_ASSERT_TRUE(drift_scene_is(&scene,
	    "server-readdressed:cucm-sub1 tftp-renamed:tftp1 callmanager-certificate:cucm-sub1 "
	    "domain:west.example"));
	drift_scene_free(&scene);
}

/* When it is not known which domain the CTL was made for, each name is told. */
static void test_domain_not_known(void)
{
	begin();
	move_to("west.example");
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "server-renamed:cucm-pub server-renamed:cucm-sub1 tftp-renamed:tftp1"));
	drift_scene_free(&scene);
}

static void test_domain_with_and_without(void)
{
	begin();
	scene.request.domain = "";
	fixture_cluster_text(&scene.inventory.domain, "lab");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "domain:lab"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "the cluster's domain is lab now, the CTL was made without one", "update"));
	scene.request.domain = "lab";
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	fixture_cluster_text(&scene.inventory.domain, NULL);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "domain:"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "the cluster has no domain now, the CTL was made for lab", "update"));
	scene.request.domain = "";
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	drift_scene_free(&scene);
}

static void test_non_secure(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	scene.request.mode = MODE_NON_SECURE;
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!left-behind:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "phones go back to default only when it is deleted on phones and servers",
	    "delete the CTL on the phones, and CTLFile.tlv on every TFTP server"));

	/* Servers' certificates are not in it, so new ones do not matter; CAPF's is. */
	fixture_cluster_certificate(
	    &scene.inventory.nodes[1].certificate, fixture_cluster_cert("cucm-sub1.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!left-behind:"));
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].capf, fixture_cluster_cert("CAPF-cucm-pub", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "capf-certificate:cucm-pub !left-behind:"));
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].capf, fixture_cluster_cert("CAPF-cucm-pub", 0));

	/* CallManager's as SAST is there, too. */
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "callmanager-certificate:cucm-pub !left-behind:"));
	fixture_cluster_certificate(
	    &scene.inventory.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 0));

	/* The domain matters only where names change by it. */
	scene.request.domain = "lab";
	fixture_cluster_text(&scene.inventory.domain, "west.example");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!left-behind:"));
	move_to("west.example");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "domain:west.example !left-behind:"));
	drift_scene_free(&scene);
}

static void test_servers_in_non_secure_mode(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	scene.request.mode = MODE_NON_SECURE;
	drift_scene_sign(&scene);
	fixture_cluster_text(&drift_scene_node(&scene, "cucm-sub1")->dns, "cucm-west.lab");
	fixture_cluster_address(&drift_scene_node(&scene, "tftp1")->address, "10.9.9.5");
	fixture_cluster_node(
	    &scene.inventory, NODE_SUBSCRIBER, "cucm-sub2", "10.1.2.20", SERVICE_CALLMANAGER);
	CU_ASSERT_TRUE(drift_scene_is(&scene,
	    "server-added:cucm-sub2 server-renamed:cucm-sub1 tftp-readdressed:tftp1 "
	    "!left-behind:"));
	CU_ASSERT_STRING_EQUAL(
	    scene.drift.items[0].text, "server cucm-sub2 (CCM, 10.1.2.20) is not in the CTL");
	drift_scene_free(&scene);
}

static void test_upgrade(void)
{
	struct release from;
	struct error err;

	begin();
	CU_ASSERT_EQUAL(release_parse("10.0(1)", &from, &err), ST_OK);
	scene.request.release = &from;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "upgrade:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "the cluster runs release 12.5(1) now and the CTL was made for 10.0(1): across 10.5",
	    "ctlsign update, then restart"));
	CU_ASSERT_EQUAL(release_parse("11.5(1)", &from, &err), ST_OK);
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	drift_scene_free(&scene);
}

static void test_digest(void)
{
	begin();
	CU_ASSERT_EQUAL(scene.list.digest, TL_SHA512);
	scene.inventory.has_digest = true;
	scene.inventory.digest = TL_SHA512;
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	scene.inventory.digest = TL_SHA1;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "digest:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "the digest is to be SHA-1, in the CTL it is SHA-512: phones must know it", "update"));
	scene.list.digest = TL_SHA1;
	scene.inventory.digest = TL_SHA512;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "digest:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "the digest is to be SHA-512, in the CTL it is SHA-1: phones must know it, which takes "
	    "firmware of the age of release 11.5(1)",
	    "update"));
	scene.inventory.has_digest = false;
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	drift_scene_free(&scene);
}

static void test_file(void)
{
	begin();
	scene.request.file_differs = true;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "data-restored:"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "CTLFile.tlv is not the CTL of the current generation", "update"));
	scene.request.file_missing = true;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "data-restored:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "the CTL is not there: CTLFile.tlv", "update"));
	drift_scene_free(&scene);
}

static void test_clock(void)
{
	begin();
	scene.request.now = FIXTURE_TIMESTAMP - 60;
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	scene.request.now = FIXTURE_TIMESTAMP - 61;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!clock:"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "the CTL was made on 2015-02-06 13:38:56 UTC, and this machine's clock says "
	    "2015-02-06 13:37:55 UTC",
	    "set this machine's clock"));
	drift_scene_free(&scene);
}

/* The certificate, with another end. */
static void ends(struct inventory_certificate *certificate, time_t when)
{
	X509 *other = X509_dup(certificate->x509);
	ASN1_TIME *end = ASN1_TIME_set(NULL, when);

	CU_ASSERT_EQUAL(X509_set1_notAfter(other, end), 1);
	fixture_cluster_certificate(certificate, other);
	ASN1_TIME_free(end);
	X509_free(other);
}

static void test_expires(void)
{
	time_t end;

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	end = scene.request.now + 7 * DAY + 10;
	ends(&scene.inventory.nodes[0].certificate, end);
	ends(&scene.inventory.nodes[2].certificate, end);
	ends(&scene.inventory.firewalls[0].certificate, end - 6 * DAY);
	ends(&scene.inventory.itlrecovery, end);
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "!expires:cucm-pub !expires:ITLRecovery !expires:tftp1 !expires:asa1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "CallManager certificate of cucm-pub expires in 7 days: on 2015-02-13 14:39:06 UTC",
	    "have a new one made and name it in ctlsign.conf; ctlsign status then tells"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 1, "ITLRecovery certificate expires in 7 days", "update"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 2, "TFTP certificate of tftp1 expires in 7 days", "update"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 3, "certificate of firewall asa1 expires in 1 day: on", "update"));

	/* The clock is another matter. */
	scene.list.timestamp = 0;
	scene.request.now = end - 30 * DAY + 1;
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "!expires:cucm-pub !expires:ITLRecovery !expires:tftp1 !expires:asa1"));
	scene.inventory.expiry_days = 25;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!expires:asa1"));
	scene.inventory.expiry_days = 0;
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));

	scene.request.now = end;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!expired:asa1"));
	scene.inventory.expiry_days = 1;
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "!expires:cucm-pub !expires:ITLRecovery !expires:tftp1 !expired:asa1"));
	scene.request.now = end + 1;
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "!expired:cucm-pub !expired:ITLRecovery !expired:tftp1 !expired:asa1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "CallManager certificate of cucm-pub has expired: on 2015-02-13 14:39:06 UTC",
	    "name it in ctlsign.conf"));
	drift_scene_free(&scene);
}

/* No ctlsign.conf names the certificates of tokens and of Phone-SAST-trust. */
static void test_sasts_expire(void)
{
	X509 *other = fixture_cluster_cert("ITLRECOVERY_other.lab", 0);
	X509 *token = fixture_cluster_cert("SAST-1", 0);
	char todo[256];
	time_t begin, end;

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	scene.trust[scene.n_trust++] = other;
	drift_scene_sign(&scene);
	scene.list.timestamp = 0;
	CU_ASSERT_TRUE(tl_certificate_validity(token, &begin, &end));
	scene.request.now = end + 1;
	drift_scene_ask(&scene);
	CU_ASSERT_STRING_EQUAL(scene.drift.items[0].name, "CN=SAST-1;O=Lab;C=PL");
	snprintf(todo, sizeof(todo),
	    "prepare a new token, then: ctlsign update --add-token --remove-token %s",
	    drift_scene_serial(token));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "certificate of token CN=SAST-1;O=Lab;C=PL has expired", todo));
	for (size_t i = 0; i < scene.drift.n; i++) {
		if (strstr(scene.drift.items[i].text, "Phone-SAST-trust") == NULL)
			continue;
		snprintf(todo, sizeof(todo), "ctlsign trust remove %s, then: ctlsign update",
		    drift_scene_serial(other));
		CU_ASSERT_TRUE(drift_scene_says(&scene, i, "has expired", todo));
		drift_scene_free(&scene);
		return;
	}
	CU_FAIL("nothing is told of Phone-SAST-trust");
	drift_scene_free(&scene);
}

static void test_export_control(void)
{
	begin();
	scene.inventory.export_controlled = false;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!export-control:"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "an update will be refused", "set export-controlled = yes in ctlsign.conf"));
	scene.request.mode = MODE_NON_SECURE;
	drift_scene_ask(&scene);
	for (size_t i = 0; i < scene.drift.n; i++)
		CU_ASSERT_STRING_NOT_EQUAL(scene.drift.items[i].code, "export-control");
	drift_scene_free(&scene);
}

/* Before the first CTL the inventory is looked at. */
static void test_no_list(void)
{
	struct cluster_plan plan = {NULL, NULL, 0};
	struct plan_request request = {.inventory = &scene.inventory, .mode = MODE_MIXED};
	struct drift drift;
	struct error err;

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	ends(&scene.inventory.nodes[2].certificate, scene.request.now + DAY);
	scene.inventory.export_controlled = false;
	CU_ASSERT_EQUAL_FATAL(cluster_plan(&request, &plan, &err), ST_OK);
	scene.request.plan = &plan;
	CU_ASSERT_EQUAL_FATAL(cluster_drift(&scene.request, &drift, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(drift.n, 2);
	CU_ASSERT_EQUAL(drift.n_updates, 0);
	CU_ASSERT_STRING_EQUAL(drift.items[0].code, "expires");
	CU_ASSERT_STRING_EQUAL(drift.items[0].name, "tftp1");
	CU_ASSERT_STRING_EQUAL(
	    drift.items[0].todo, "have a new one made, and name it in ctlsign.conf");
	CU_ASSERT_STRING_EQUAL(drift.items[1].code, "export-control");
	CU_ASSERT_PTR_NOT_NULL(strstr(drift.items[1].text, "set-cluster mixed-mode"));
	drift_free(&drift);
	cluster_plan_free(&plan);
	drift_scene_free(&scene);
}

/* Updates before warnings, in the order of the codes. */
static void test_order(void)
{
	begin();
	scene.request.file_differs = true;
	scene.request.now = FIXTURE_TIMESTAMP - 3600;
	scene.request.domain = "lab";
	fixture_cluster_address(&drift_scene_node(&scene, "tftp1")->next_address, "10.9.9.5");
	fixture_cluster_certificate(
	    &scene.inventory.nodes[1].certificate, fixture_cluster_cert("cucm-sub1.lab", 1));
	fixture_cluster_address(&scene.inventory.alternate_tftp[0].address, "10.9.9.9");
	fixture_cluster_node(
	    &scene.inventory, NODE_SUBSCRIBER, "cucm-sub2", "10.1.2.20", SERVICE_CALLMANAGER);
	CU_ASSERT_TRUE(drift_scene_is(&scene,
	    "server-added:cucm-sub2 tftp-readdressed:alt1 callmanager-certificate:cucm-sub1 "
	    "domain: data-restored: next-address:tftp1 !clock:"));
	CU_ASSERT_EQUAL(scene.drift.n_updates, 6);
	drift_free(&scene.drift);
	CU_ASSERT_PTR_NULL(scene.drift.items);
	drift_scene_free(&scene);
}

static const struct harness_test tests[] = {
    {"a new domain is told once, not for every server", test_domain_once},
    {"a new domain beside other changes", test_domain_and_more},
    {"without the domain of before, each name is told", test_domain_not_known},
    {"a domain where there was none, and none where there was one", test_domain_with_and_without},
    {"non-secure mode: left behind, and servers' certificates do not matter", test_non_secure},
    {"non-secure mode: servers still count", test_servers_in_non_secure_mode},
    {"an upgrade across 10.5", test_upgrade},
    {"another digest is asked for", test_digest},
    {"the file is another one, or missing", test_file},
    {"the clock went backwards by more than a minute", test_clock},
    {"certificates that end: each once, with whose and when", test_expires},
    {"tokens and Phone-SAST-trust that end", test_sasts_expire},
    {"export control does not allow mixed mode", test_export_control},
    {"no CTL yet: warnings of the inventory and its certificates", test_no_list},
    {"updates come first, in the order of the codes", test_order},
};

int main(void)
{
	(void)setenv("TZ", "UTC", 1);
	return harness_main("cluster_drift_settings", tests, HARNESS_COUNT(tests));
}
