/*
 * Drift of servers, firewalls, other entries, CAPF and their certificates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_drift.h"
#include "harness.h"

#include <stdio.h>

static struct drift_scene scene;

static void begin(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
}

static void test_clean(void)
{
	static const enum cluster_signing signings[] = {SIGNING_TOKENS, SIGNING_TOKENLESS};

	for (size_t i = 0; i < 2; i++) {
		drift_scene(&scene, "12.5(1)", signings[i]);
		drift_scene_sign(&scene);
		CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
		CU_ASSERT_EQUAL(scene.list.n_records, signings[i] == SIGNING_TOKENS ? 11 : 9);
		CU_ASSERT_EQUAL(scene.drift.n, 0);
		CU_ASSERT_EQUAL(scene.drift.n_updates, 0);
		CU_ASSERT_PTR_NULL(scene.drift.items);
		drift_scene_free(&scene);
	}
}

static void test_server_added(void)
{
	char text[128];

	begin();
	fixture_cluster_node(
	    &scene.inventory, NODE_SUBSCRIBER, "cucm-sub2", "10.1.2.20", SERVICE_CALLMANAGER);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-added:cucm-sub2"));
	snprintf(text, sizeof(text),
	    "server cucm-sub2 (CCM, 10.1.2.20) is not in the CTL: serial %s",
	    drift_scene_serial(drift_scene_node(&scene, "cucm-sub2")->certificate.x509));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text,
	    "ctlsign update, then restart TFTP, CallManager and CTIManager, and reset"));
	drift_scene_free(&scene);
}

static void test_restart_by_release(void)
{
	drift_scene(&scene, "11.5(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
	fixture_cluster_node(
	    &scene.inventory, NODE_SUBSCRIBER, "cucm-sub2", "10.1.2.20", SERVICE_CALLMANAGER);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-added:cucm-sub2"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "",
	    "ctlsign update, then restart TFTP and CallManager, and reset the phones"));
	drift_scene_free(&scene);
}

static void test_server_removed(void)
{
	X509 *certificate;
	char text[160];

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	certificate = fixture_cluster_node(
	    &scene.inventory, NODE_SUBSCRIBER, "cucm-sub2", "10.1.2.20", SERVICE_CALLMANAGER)
			  ->certificate.x509;
	drift_scene_sign(&scene);
	drift_scene_drop_node(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-removed:cucm-sub2.lab"));
	snprintf(text, sizeof(text),
	    "server cucm-sub2.lab (CCM, 10.1.2.20) stands in the CTL and no longer in "
	    "ctlsign.conf: serial %s",
	    drift_scene_serial(certificate));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "ctlsign update"));
	drift_scene_free(&scene);
}

static void test_server_renamed(void)
{
	begin();
	fixture_cluster_text(&drift_scene_node(&scene, "cucm-sub1")->dns, "cucm-west.lab");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-renamed:cucm-sub1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "server cucm-sub1 is called cucm-west.lab now, in the CTL it is 'cucm-sub1.lab'",
	    "ctlsign update"));
	drift_scene_free(&scene);
}

static void test_renamed_with_new_certificate(void)
{
	struct inventory_node *node;

	begin();
	node = drift_scene_node(&scene, "cucm-sub1");
	fixture_cluster_text(&node->dns, "cucm-west.lab");
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert("cucm-west.lab", 0));
	CU_ASSERT_TRUE(
	    drift_scene_is(&scene, "server-renamed:cucm-sub1 callmanager-certificate:cucm-sub1"));
	drift_scene_free(&scene);
}

static void test_server_readdressed(void)
{
	begin();
	fixture_cluster_address(&drift_scene_node(&scene, "cucm-sub1")->address, "10.9.9.9");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-readdressed:cucm-sub1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "server cucm-sub1 has the address 10.9.9.9 now, in the CTL it has 10.1.2.4",
	    "ctlsign update"));
	drift_scene_free(&scene);
}

/* Its own record, CAPF's and the SASTs' change with it. */
static void test_publisher_once(void)
{
	struct inventory_node *publisher;

	begin();
	publisher = drift_scene_node(&scene, "cucm-pub");
	fixture_cluster_text(&publisher->dns, "cucm-one.lab");
	fixture_cluster_address(&publisher->address, "10.1.2.30");
	CU_ASSERT_TRUE(
	    drift_scene_is(&scene, "server-renamed:cucm-pub server-readdressed:cucm-pub"));
	drift_scene_free(&scene);
}

static void test_server_role(void)
{
	begin();
	drift_scene_node(&scene, "cucm-sub1")->services = SERVICE_CALLMANAGER;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-role:cucm-sub1"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "server cucm-sub1 is CCM now, in the CTL it is CCM+TFTP", "ctlsign update"));
	drift_scene_node(&scene, "cucm-sub1")->services = SERVICE_TVS;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-role:cucm-sub1"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "server cucm-sub1 runs neither CallManager nor TFTP now", "ctlsign update"));
	drift_scene_free(&scene);
}

static void test_tftp_servers(void)
{
	struct inventory *inventory = &scene.inventory;

	begin();
	fixture_cluster_server(
	    inventory, FIXTURE_ALTERNATE_TFTP, "alt2", "10.1.2.21", TL_ROLE_TFTP);
	fixture_cluster_node(inventory, NODE_TFTP, "tftp2", "10.1.2.22", SERVICE_TFTP);
	fixture_cluster_text(&drift_scene_node(&scene, "tftp1")->dns, "files.lab");
	fixture_cluster_address(&inventory->alternate_tftp[0].address, "10.9.9.9");
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "tftp-added:tftp2 tftp-added:alt2 tftp-renamed:tftp1 tftp-readdressed:alt1"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 1, "TFTP server alt2 (TFTP, 10.1.2.21) is not in the CTL", "update"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 2,
	    "TFTP server tftp1 is called files.lab now, in the CTL it is 'tftp1.lab'", "update"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 3,
	    "TFTP server alt1 has the address 10.9.9.9 now, in the CTL it has 10.1.2.6", "update"));
	drift_scene_free(&scene);

	begin();
	drift_scene_drop_node(&scene);
	drift_scene_drop_server(inventory->alternate_tftp, &inventory->n_alternate_tftp);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "tftp-removed:tftp1.lab tftp-removed:alt1.lab"));
	drift_scene_free(&scene);

	begin();
	inventory->alternate_tftp[0].role = TL_ROLE_CCM_TFTP;
	drift_scene_sign(&scene);
	inventory->alternate_tftp[0].role = TL_ROLE_TFTP;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "tftp-role:alt1"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "TFTP server alt1 is TFTP now, in the CTL it is CCM+TFTP", "update"));
	drift_scene_free(&scene);
}

static void test_firewalls(void)
{
	struct inventory *inventory = &scene.inventory;

	begin();
	fixture_cluster_server(inventory, FIXTURE_FIREWALL, "asa2", "10.1.2.21", TL_ROLE_CCM);
	fixture_cluster_text(&inventory->firewalls[0].dns, "wall.lab");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "firewall-added:asa2 firewall-renamed:asa1"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "firewall asa2 (CCM, 10.1.2.21) is not in the CTL: serial", "update"));
	drift_scene_free(&scene);

	begin();
	fixture_cluster_address(&inventory->firewalls[0].address, "fd00::7");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "firewall-readdressed:asa1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "firewall asa1 has the address fd00::7 now, in the CTL it has 10.1.2.7", "update"));
	drift_scene_drop_server(inventory->firewalls, &inventory->n_firewalls);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "firewall-removed:asa1.lab"));
	drift_scene_free(&scene);

	begin();
	inventory->firewalls[0].role = TL_ROLE_FIREWALL;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "firewall-role:asa1"));
	drift_scene_free(&scene);
}

static void test_entries(void)
{
	struct inventory *inventory = &scene.inventory;

	begin();
	fixture_cluster_server(inventory, FIXTURE_ENTRY, "app1", "10.1.2.21", TL_ROLE_APP_SERVER);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "entry-added:app1"));
	CU_ASSERT_TRUE(drift_scene_says(
	    &scene, 0, "entry app1 (APP-SERVER, 10.1.2.21) is not in the CTL", "update"));
	drift_scene_drop_server(inventory->entries, &inventory->n_entries);
	fixture_cluster_certificate(
	    &inventory->entries[0].certificate, fixture_cluster_cert("srst1.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "entry-changed:srst1"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 0, "certificate of entry srst1 is new: serial", "update"));
	fixture_cluster_address(&inventory->entries[0].address, "10.9.9.9");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "entry-changed:srst1"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 0, "entry srst1 has the address 10.9.9.9 now", "update"));
	drift_scene_drop_server(inventory->entries, &inventory->n_entries);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "entry-removed:srst1.lab"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "entry srst1.lab (SRST, 10.1.2.8) stands in the CTL and no longer in ctlsign.conf",
	    "update"));
	drift_scene_free(&scene);
}

static void test_capf(void)
{
	struct inventory_node *publisher;
	X509 *certificate;
	char text[128];

	begin();
	publisher = drift_scene_node(&scene, "cucm-pub");
	certificate = publisher->capf.x509;
	publisher->services &= ~(unsigned)SERVICE_CAPF;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "capf-removed:cucm-pub"));
	snprintf(text, sizeof(text),
	    "CAPF runs no longer on cucm-pub, and stands in the CTL as cucm-pub.lab: serial %s",
	    drift_scene_serial(certificate));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "update"));
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	publisher->services |= SERVICE_CAPF;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "capf-activated:cucm-pub"));
	snprintf(text, sizeof(text), "CAPF is active on cucm-pub and not in the CTL: serial %s",
	    drift_scene_serial(certificate));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "update"));
	drift_scene_free(&scene);
}

static void test_certificates(void)
{
	struct inventory_node *node;
	X509 *old;
	char text[160];

	begin();
	node = drift_scene_node(&scene, "cucm-sub1");
	old = node->certificate.x509;
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert("cucm-sub1.lab", 1));
	node = drift_scene_node(&scene, "tftp1");
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert("tftp1.lab", 1));
	node = drift_scene_node(&scene, "cucm-pub");
	fixture_cluster_certificate(&node->capf, fixture_cluster_cert("CAPF-cucm-pub", 1));
	fixture_cluster_certificate(
	    &scene.inventory.alternate_tftp[0].certificate, fixture_cluster_cert("alt1.lab", 1));
	fixture_cluster_certificate(
	    &scene.inventory.firewalls[0].certificate, fixture_cluster_cert("asa1.lab", 1));
	fixture_cluster_certificate(
	    &scene.inventory.itlrecovery, fixture_cluster_cert("ITLRECOVERY_cucm-pub.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene,
	    "callmanager-certificate:cucm-sub1 tftp-certificate:tftp1 tftp-certificate:alt1 "
	    "firewall-certificate:asa1 capf-certificate:cucm-pub "
	    "itlrecovery-certificate:ITLRecovery"));
	snprintf(text, sizeof(text),
	    "CallManager certificate of cucm-sub1 is new: serial %s; in the CTL it is %s",
	    drift_scene_serial(fixture_cluster_cert("cucm-sub1.lab", 1)), drift_scene_serial(old));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, text, "ctlsign update, then restart TFTP"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 1, "TFTP certificate of tftp1 is new", "update"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 2, "TFTP certificate of alt1 is new", "update"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 3, "certificate of firewall asa1 is new", "update"));
	CU_ASSERT_TRUE(
	    drift_scene_says(&scene, 4, "CAPF certificate of cucm-pub is new: serial", "update"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 5, "ITLRecovery certificate is new", "update"));
	drift_scene_free(&scene);
}

/* The publisher's record and CallManager's SAST: one cause. */
static void test_publisher_certificate_once(void)
{
	static const enum cluster_signing signings[] = {SIGNING_TOKENS, SIGNING_TOKENLESS};

	for (size_t i = 0; i < 2; i++) {
		drift_scene(&scene, "12.5(1)", signings[i]);
		drift_scene_sign(&scene);
		fixture_cluster_certificate(
		    &scene.inventory.nodes[0].certificate, fixture_cluster_cert("cucm-pub.lab", 1));
		CU_ASSERT_TRUE(drift_scene_is(&scene, "callmanager-certificate:cucm-pub"));
		drift_scene_free(&scene);
	}
}

/* One certificate for all servers tells none of them apart. */
static void test_cluster_wide_certificate(void)
{
	X509 *shared = fixture_cluster_cert("all.lab", 0);

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	for (size_t i = 0; i < scene.inventory.n_nodes; i++)
		fixture_cluster_certificate(&scene.inventory.nodes[i].certificate, shared);
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, ""));
	drift_scene_drop_node(&scene);
	drift_scene_drop_node(&scene);
	fixture_cluster_certificate(&fixture_cluster_node(&scene.inventory, NODE_SUBSCRIBER,
					"cucm-sub7", "10.1.7.7", SERVICE_CALLMANAGER | SERVICE_TFTP)
					 ->certificate,
	    shared);
	CU_ASSERT_TRUE(drift_scene_is(
	    &scene, "server-added:cucm-sub7 server-removed:cucm-sub1.lab tftp-removed:tftp1.lab"));
	drift_scene_free(&scene);
}

static const struct harness_test tests[] = {
    {"a CTL that is as it should be has no items", test_clean},
    {"a server that is new is told with its role, address and serial", test_server_added},
    {"what to restart depends on the release", test_restart_by_release},
    {"a server that is gone is told with its serial", test_server_removed},
    {"a server of another name is told as renamed", test_server_renamed},
    {"a new name with a new certificate is both", test_renamed_with_new_certificate},
    {"a server of another address is told as re-addressed", test_server_readdressed},
    {"what changes with the publisher is told once", test_publisher_once},
    {"other services are another role", test_server_role},
    {"TFTP servers have codes of their own", test_tftp_servers},
    {"firewalls have codes of their own", test_firewalls},
    {"other entries have codes of their own", test_entries},
    {"CAPF activated and removed", test_capf},
    {"new certificates are told by whose they are, with both serials", test_certificates},
    {"the publisher's new certificate is told once", test_publisher_certificate_once},
    {"a certificate of the whole cluster renames nothing", test_cluster_wide_certificate},
};

int main(void)
{
	return harness_main("cluster_drift", tests, HARNESS_COUNT(tests));
}
