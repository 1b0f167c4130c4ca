/*
 * Drift of servers that move, of a publisher that is replaced, and of records too many.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_drift.h"
#include "harness.h"

static struct drift_scene scene;

static void begin(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	drift_scene_sign(&scene);
}

static void test_next_address(void)
{
	struct inventory_node *node;

	begin();
	node = drift_scene_node(&scene, "tftp1");
	fixture_cluster_address(&node->next_address, "10.9.9.5");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "next-address:tftp1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "TFTP server tftp1 is about to move to 10.9.9.5, which the CTL does not list yet",
	    "ctlsign update, and wait until the phones have that CTL, before the server moves"));

	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!moving:tftp1"));
	CU_ASSERT_EQUAL(scene.drift.n_updates, 0);
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "TFTP server tftp1 is about to move from 10.1.2.5 to 10.9.9.5; the CTL lists both",
	    "make its next-address its address"));

	fixture_cluster_address(&node->next_address, "10.9.9.6");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "next-address:tftp1"));

	fixture_cluster_address(&node->address, "10.9.9.5");
	fixture_cluster_address(&node->next_address, NULL);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "tftp-readdressed:tftp1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "TFTP server tftp1 is at 10.9.9.5, and the CTL still lists 10.1.2.5: the old address "
	    "can go",
	    "update"));
	drift_scene_free(&scene);
}

static void test_publisher_moves(void)
{
	struct inventory_node *node;

	begin();
	node = drift_scene_node(&scene, "cucm-pub");
	fixture_cluster_address(&node->next_address, "10.9.9.3");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "next-address:cucm-pub"));
	drift_scene_sign(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "!moving:cucm-pub"));
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert("cucm-pub.lab", 1));
	CU_ASSERT_TRUE(drift_scene_is(&scene, "callmanager-certificate:cucm-pub !moving:cucm-pub"));
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert("cucm-pub.lab", 0));
	fixture_cluster_text(&node->dns, "cucm-one.lab");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-renamed:cucm-pub !moving:cucm-pub"));
	fixture_cluster_text(&node->dns, "cucm-pub.lab");
	fixture_cluster_address(&node->address, "10.9.9.3");
	fixture_cluster_address(&node->next_address, NULL);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-readdressed:cucm-pub"));
	drift_scene_free(&scene);
}

static void test_new_server_that_moves(void)
{
	begin();
	fixture_cluster_address(&fixture_cluster_node(&scene.inventory, NODE_SUBSCRIBER,
				    "cucm-sub2", "10.1.2.20", SERVICE_CALLMANAGER)
				     ->next_address,
	    "10.9.9.20");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-added:cucm-sub2"));
	drift_scene_free(&scene);
}

/* Lists of others have a server as CCM and as TFTP, or twice. */
static void test_second_record(void)
{
	struct inventory_node *node;

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	node = fixture_cluster_node(
	    &scene.inventory, NODE_SUBSCRIBER, "second", "10.1.2.4", SERVICE_TFTP);
	fixture_cluster_text(&node->dns, "cucm-sub1.lab");
	drift_scene_sign(&scene);
	drift_scene_drop_node(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-role:cucm-sub1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "server cucm-sub1 is CCM+TFTP, and the CTL lists it as TFTP, too", "update"));
	drift_scene_free(&scene);

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	node = fixture_cluster_node(&scene.inventory, NODE_SUBSCRIBER, "second", "10.1.2.4",
	    SERVICE_CALLMANAGER | SERVICE_TFTP);
	fixture_cluster_text(&node->dns, "cucm-sub1.lab");
	drift_scene_sign(&scene);
	drift_scene_drop_node(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-removed:cucm-sub1"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0,
	    "server cucm-sub1 stands twice in the CTL, with the same address", "update"));
	drift_scene_free(&scene);
}

/* Into the place of a server that is gone: that one's record is not the mover's. */
static void test_moves_to_a_used_address(void)
{
	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	fixture_cluster_node(&scene.inventory, NODE_TFTP, "tftp2", "10.9.9.5", SERVICE_TFTP);
	drift_scene_sign(&scene);
	drift_scene_drop_node(&scene);
	fixture_cluster_address(&drift_scene_node(&scene, "tftp1")->next_address, "10.9.9.5");
	CU_ASSERT_TRUE(drift_scene_is(&scene, "tftp-removed:tftp2.lab next-address:tftp1"));
	drift_scene_free(&scene);
}

/* Another entry of a server's name has nothing to do with the server's role. */
static void test_entry_of_a_servers_name(void)
{
	struct inventory *inventory = &scene.inventory;

	drift_scene(&scene, "12.5(1)", SIGNING_TOKENS);
	fixture_cluster_text(&fixture_cluster_server(
				 inventory, FIXTURE_ENTRY, "app1", "10.1.2.4", TL_ROLE_APP_SERVER)
				  ->dns,
	    "cucm-sub1.lab");
	drift_scene_sign(&scene);
	drift_scene_drop_server(inventory->entries, &inventory->n_entries);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "entry-removed:cucm-sub1.lab"));
	drift_scene_free(&scene);
}

/* A publisher that nothing of the old one is left of. */
static void test_publisher_replaced(void)
{
	struct inventory_node *node;

	begin();
	node = drift_scene_node(&scene, "cucm-pub");
	fixture_cluster_text(&node->dns, "cucm-new.lab");
	fixture_cluster_address(&node->address, "10.7.7.7");
	fixture_cluster_certificate(&node->certificate, fixture_cluster_cert("cucm-new.lab", 0));
	fixture_cluster_certificate(&node->capf, fixture_cluster_cert("CAPF-cucm-new", 0));
	CU_ASSERT_TRUE(drift_scene_is(&scene,
	    "server-added:cucm-pub server-removed:cucm-pub.lab callmanager-certificate:cucm-pub "
	    "capf-certificate:cucm-pub"));
	drift_scene_free(&scene);
}

/* What nothing is known of goes by its role. */
static void test_kept_record(void)
{
	begin();
	drift_scene_drop_node(&scene);
	for (size_t i = 0; i < scene.list.n_records; i++)
		if (scene.list.records[i].role != TL_ROLE_SAST)
			scene.origins[i] = ORIGIN_KEPT;
	CU_ASSERT_TRUE(drift_scene_is(&scene, "tftp-removed:tftp1.lab"));
	drift_scene_free(&scene);
}

/* Nobody's text may reach a terminal as it is. */
static void test_printable(void)
{
	begin();
	fixture_cluster_text(&drift_scene_node(&scene, "cucm-sub1")->dns, "x\033[2J");
	drift_scene_sign(&scene);
	drift_scene_drop_node(&scene);
	drift_scene_drop_node(&scene);
	CU_ASSERT_TRUE(drift_scene_is(&scene, "server-removed:x\\x1B[2J tftp-removed:tftp1.lab"));
	CU_ASSERT_TRUE(drift_scene_says(&scene, 0, "server x\\x1B[2J (CCM+TFTP", "update"));
	drift_scene_free(&scene);
}

static const struct harness_test tests[] = {
    {"a server that moves: before, when the CTL knows it, and after", test_next_address},
    {"the publisher moves: told once at each step", test_publisher_moves},
    {"a new server with a next address is just new", test_new_server_that_moves},
    {"a record too many of a server that stays", test_second_record},
    {"a server moves to the address of one that is gone", test_moves_to_a_used_address},
    {"another entry that has a server's name", test_entry_of_a_servers_name},
    {"a publisher in the place of another", test_publisher_replaced},
    {"records that nothing is known of", test_kept_record},
    {"names of the list are made printable", test_printable},
};

int main(void)
{
	return harness_main("cluster_drift_moves", tests, HARNESS_COUNT(tests));
}
