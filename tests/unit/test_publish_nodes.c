/*
 * Who holds what.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_lists.h"
#include "fixture_publish.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

static struct node_copies copies;
static struct error err;

static void begin(void)
{
	struct inventory *inventory;

	fixture_publish_begin();
	inventory = fixture_publish_inventory();
	fixture_publish_target(&inventory->nodes[0].deliver, "mem:pub");
	fixture_publish_url(&inventory->nodes[0].verify, "http://mem:pub");
	fixture_publish_subscribers(2);
	fixture_publish_current("CTL 1", 0, true);
}

static void ask(const struct publish_request *request)
{
	CU_ASSERT_EQUAL_FATAL(
	    publish_nodes_by(request, fixture_publish_means(), &copies, &err), ST_OK);
}

static void end(void)
{
	node_copies_free(&copies);
	fixture_publish_end();
}

static void test_same(void)
{
	begin();
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL(copies.n, 4);
	CU_ASSERT_EQUAL(copies.n_odd, 0);
	CU_ASSERT_EQUAL(copies.n_failed, 0);
	CU_ASSERT_EQUAL(copies.n_without, 0);
	CU_ASSERT_EQUAL(copies.current, 1);
	CU_ASSERT_EQUAL(copies.pending, 0);
	CU_ASSERT_STRING_EQUAL(copies.list[0].node, "cucm-pub");
	CU_ASSERT_STRING_EQUAL(copies.list[0].place, "mem:pub");
	CU_ASSERT_STRING_EQUAL(copies.list[1].place, "http://mem:pub");
	CU_ASSERT_FALSE(copies.list[0].by_phone);
	CU_ASSERT_TRUE(copies.list[1].by_phone);
	CU_ASSERT_STRING_EQUAL(copies.list[3].node, "sub2");
	for (size_t i = 0; i < copies.n; i++) {
		CU_ASSERT_TRUE(copies.list[i].there);
		CU_ASSERT_EQUAL(copies.list[i].generation, 1);
		CU_ASSERT_FALSE(copies.list[i].pending);
		CU_ASSERT_EQUAL(copies.list[i].made, 0);
		/* Of "CTL 1", by another program. */
		CU_ASSERT_STRING_EQUAL(copies.list[i].md5, "3457a7b33788136935153653ae2bc111");
		CU_ASSERT_STRING_EQUAL(
		    copies.list[i].sha1, "ddfcd8a65e245d1033aea0827989c8841a293903");
		CU_ASSERT_STRING_EQUAL(copies.list[i].sha256,
		    "8d785819d950cd203ed515ad5302a60b92b860384d9823ffc91038248d5f0806");
	}
	end();
}

static void test_odd(void)
{
	begin();
	fixture_publish_pending("CTL 2", 1);
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "CTL 2");
	fixture_publish_put("mem:sub2", PUBLISH_CTL, NULL);
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL(copies.pending, 2);
	CU_ASSERT_EQUAL(copies.n_odd, 2);
	CU_ASSERT_FALSE(copies.list[0].odd);
	CU_ASSERT_TRUE(copies.list[2].odd);
	CU_ASSERT_TRUE(copies.list[2].pending);
	CU_ASSERT_EQUAL(copies.list[2].generation, 2);
	CU_ASSERT_TRUE(copies.list[3].odd);
	CU_ASSERT_FALSE(copies.list[3].there);
	CU_ASSERT_STRING_EQUAL(copies.list[3].sha256, "");
	end();
}

static void test_failed(void)
{
	begin();
	fixture_publish_timeout(100);
	fixture_publish_wrong("mem:sub1", 0, FIXTURE_HANGS);
	fixture_publish_url(&fixture_publish_inventory()->nodes[2].verify, "http://away");
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL(copies.n, 5);
	CU_ASSERT_EQUAL(copies.n_failed, 2);
	CU_ASSERT_EQUAL(copies.n_odd, 0);
	CU_ASSERT_EQUAL(copies.list[2].err.status, ST_FAILED);
	CU_ASSERT_STRING_EQUAL(copies.list[2].err.where, "mem:sub1");
	CU_ASSERT_FALSE(copies.list[2].odd);
	CU_ASSERT_STRING_EQUAL(copies.list[4].err.what, "nobody is there");
	end();
}

/* A phone asks for its own file first: an old one, or none, is told beside a CTL in order. */
static void test_phones(void)
{
	const char *const name = "CTLSEP001122AABBCC.tlv";

	begin();
	fixture_publish_phone("001122AABBCC");
	fixture_publish_put("mem:pub", name, "CTL 1");
	fixture_publish_put("mem:sub1", name, "CTL 0");
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL_FATAL(copies.n, 6);
	CU_ASSERT_EQUAL(copies.n_odd, 2);
	CU_ASSERT_EQUAL(copies.n_failed, 0);
	CU_ASSERT_STRING_EQUAL(copies.list[2].place, "mem:sub1");
	CU_ASSERT_FALSE(copies.list[2].odd);
	CU_ASSERT_STRING_EQUAL(copies.list[3].node, "sub1");
	CU_ASSERT_STRING_EQUAL(copies.list[3].place, "mem:sub1/CTLSEP001122AABBCC.tlv");
	CU_ASSERT_TRUE(copies.list[3].odd);
	CU_ASSERT_TRUE(copies.list[3].there);
	CU_ASSERT_EQUAL(copies.list[3].generation, 0);
	CU_ASSERT_PTR_NULL(copies.list[4].file);
	CU_ASSERT_STRING_EQUAL(copies.list[5].place, "mem:sub2/CTLSEP001122AABBCC.tlv");
	CU_ASSERT_FALSE(copies.list[5].there);
	node_copies_free(&copies);
	/* Where both are old, the CTL says it all; so does a place that is away. */
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "CTL 0");
	fixture_publish_put("mem:sub2", name, "CTL 1");
	fixture_publish_wrong("mem:pub", 0, FIXTURE_DOWN_BEFORE);
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL(copies.n, 4);
	CU_ASSERT_EQUAL(copies.n_odd, 1);
	CU_ASSERT_EQUAL(copies.n_failed, 1);
	CU_ASSERT_STRING_EQUAL(copies.list[2].place, "mem:sub1");
	CU_ASSERT_TRUE(copies.list[2].odd);
	node_copies_free(&copies);
	/* One that only that file cannot be had from has failed for it. */
	fixture_publish_put("mem:sub1", PUBLISH_CTL, "CTL 1");
	fixture_publish_put("mem:sub1", name, "CTL 1");
	fixture_publish_wrong("mem:sub1", 1, FIXTURE_REFUSES);
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL_FATAL(copies.n, 5);
	CU_ASSERT_EQUAL(copies.n_odd, 0);
	CU_ASSERT_EQUAL(copies.n_failed, 1);
	CU_ASSERT_EQUAL(copies.list[3].err.status, ST_IO);
	end();
}

static void test_without(void)
{
	struct inventory *inventory;

	begin();
	inventory = fixture_publish_inventory();
	fixture_cluster_node(inventory, NODE_SUBSCRIBER, "far", "10.1.2.8", SERVICE_CALLMANAGER);
	/* These need none, or get none. */
	fixture_publish_target(
	    &fixture_cluster_node(inventory, NODE_MEDIA, "media1", "10.1.2.10", 0)->deliver,
	    "mem:media1");
	fixture_cluster_server(inventory, FIXTURE_ENTRY, "app", "10.1.2.7", TL_ROLE_APP_SERVER);
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL(copies.n, 4);
	CU_ASSERT_EQUAL_FATAL(copies.n_without, 1);
	CU_ASSERT_STRING_EQUAL(copies.without[0], "far");
	end();
}

static void test_no_state(void)
{
	struct publish_request request;

	begin();
	request = *fixture_publish_request();
	request.store = NULL;
	fixture_publish_put("mem:sub2", PUBLISH_CTL, "CTL 0");
	ask(&request);
	CU_ASSERT_EQUAL(copies.current, 0);
	CU_ASSERT_EQUAL(copies.list[0].generation, 0);
	/* What most have is taken for right. */
	CU_ASSERT_EQUAL(copies.n_odd, 1);
	CU_ASSERT_TRUE(copies.list[3].odd);
	end();
}

/* A list has a time, and is found though it holds bytes of any kind. */
static void test_made(void)
{
	struct tl_entry entry = {
	    .role = TL_ROLE_SAST, .certificate = fixture_cluster_cert("SAST-1", 0)};
	struct buffer list = BUFFER_INIT;

	begin();
	fixture_cluster_list(&entry, 1, entry.certificate, &list);
	fixture_publish_put_bytes("mem:sub1", PUBLISH_CTL, buffer_bytes(&list));
	ask(fixture_publish_request());
	CU_ASSERT_EQUAL(copies.list[2].made, FIXTURE_TIMESTAMP);
	CU_ASSERT_TRUE(copies.list[2].odd);
	CU_ASSERT_EQUAL(copies.list[2].generation, 0);
	buffer_free(&list);
	end();
}

static const struct harness_test tests[] = {
    {"all hold the current generation", test_same},
    {"those with another one, or none, are odd", test_odd},
    {"those that do not answer are told", test_failed},
    {"old files of single phones are told", test_phones},
    {"nodes that cannot be asked are named", test_without},
    {"without a state, most are right", test_no_state},
    {"the time of a list is its own", test_made},
};

int main(void)
{
	return harness_main("publish_nodes", tests, HARNESS_COUNT(tests));
}
