/*
 * What goes where.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_cluster.h"
#include "fixture_publish.h"
#include "harness.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static struct publish_plan plan;

static void make(void)
{
	struct error err;

	CU_ASSERT_EQUAL_FATAL(publish_plan_make(fixture_publish_inventory(),
				  (struct bytes){(const uint8_t *)"the CTL", 7}, &plan, &err),
	    ST_OK);
}

static void end(void)
{
	publish_plan_free(&plan);
	fixture_publish_end();
}

/* "a b c": the names of the files of place number I. */
static const char *files(size_t i)
{
	static char names[512];

	names[0] = '\0';
	CU_ASSERT_FATAL(i < plan.n_places);
	for (size_t k = 0; k < plan.places[i].n_files; k++) {
		strcat(names, k > 0 ? " " : "");
		strcat(names, plan.places[i].files[k].name);
	}
	return names;
}

static void is(size_t i, const char *node, const char *target, const char *names)
{
	CU_ASSERT_FATAL(i < plan.n_places);
	CU_ASSERT_STRING_EQUAL(plan.places[i].node, node);
	if (target == NULL)
		CU_ASSERT_PTR_NULL(plan.places[i].target);
	if (target != NULL) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(plan.places[i].target);
		CU_ASSERT_STRING_EQUAL(plan.places[i].target->text, target);
	}
	CU_ASSERT_STRING_EQUAL(files(i), names);
}

/* A CTL whose CAPF certificate is this VERSION of it; -1: it has none. */
static void make_with_capf(int version)
{
	struct tl_entry entries[] = {
	    {.role = TL_ROLE_SAST, .certificate = fixture_cluster_cert("cucm-pub.lab", 0)},
	    {.role = TL_ROLE_CAPF, .dns = "cucm-pub.lab"}};
	struct buffer ctl = BUFFER_INIT;
	struct error err;

	if (version >= 0)
		entries[1].certificate = fixture_cluster_cert("CAPF-cucm-pub", (unsigned)version);
	fixture_cluster_list(
	    entries, version >= 0 ? 2 : 1, fixture_cluster_cert("cucm-pub.lab", 0), &ctl);
	CU_ASSERT_EQUAL_FATAL(
	    publish_plan_make(fixture_publish_inventory(), buffer_bytes(&ctl), &plan, &err), ST_OK);
	buffer_free(&ctl);
}

static void test_everywhere(void)
{
	struct inventory *inventory;

	fixture_publish_begin();
	inventory = fixture_publish_inventory();
	fixture_cluster_certificate(
	    &inventory->nodes[0].capf, fixture_cluster_cert("CAPF-cucm-pub", 0));
	X509_up_ref(inventory->nodes[0].capf.x509);
	fixture_publish_target(&inventory->nodes[0].deliver, "mem:pub");
	fixture_publish_subscribers(1);
	fixture_publish_target(
	    &fixture_cluster_node(inventory, NODE_TFTP, "tftp1", "10.1.2.9", SERVICE_TFTP)->deliver,
	    "mem:tftp1");
	fixture_publish_target(
	    &fixture_cluster_node(inventory, NODE_MEDIA, "media1", "10.1.2.10", 0)->deliver,
	    "mem:media1");
	fixture_publish_target(&fixture_cluster_server(inventory, FIXTURE_ALTERNATE_TFTP, "alt",
				   "10.9.9.9", TL_ROLE_TFTP)
				    ->deliver,
	    "mem:alt");
	fixture_publish_target(
	    &fixture_cluster_server(inventory, FIXTURE_FIREWALL, "asa", "10.9.9.10", TL_ROLE_CCM)
		 ->deliver,
	    "mem:asa");
	fixture_publish_target(&fixture_cluster_server(inventory, FIXTURE_ENTRY, "app",
				   "2001:db8::7", TL_ROLE_APP_SERVER)
				    ->deliver,
	    "mem:app");
	make_with_capf(0);
	CU_ASSERT_EQUAL(plan.n_places, 7);
	CU_ASSERT_EQUAL(plan.n_targets, 7);
	CU_ASSERT_EQUAL(plan.n_by_hand, 0);
	is(0, "cucm-pub", "mem:pub", "CTLFile.tlv");
	is(1, "sub1", "mem:sub1", "CTLFile.tlv capf.cer capf.pem");
	is(2, "tftp1", "mem:tftp1", "CTLFile.tlv capf.cer capf.pem");
	is(3, "media1", "mem:media1", "capf.cer capf.pem");
	is(4, "alt", "mem:alt", "CTLFile.tlv");
	is(5, "asa", "mem:asa", "CTLFile.tlv");
	is(6, "app", "mem:app", "CTLFile.tlv");
	CU_ASSERT_STRING_EQUAL(plan.places[0].address, "10.1.2.3");
	CU_ASSERT_STRING_EQUAL(plan.places[6].address, "2001:db8::7");
	CU_ASSERT_TRUE(plan.places[5].needs_ctl);
	CU_ASSERT_FALSE(plan.places[3].needs_ctl);
	CU_ASSERT_FALSE(plan.places[6].needs_ctl);
	publish_plan_free(&plan);
	/* Without CAPF in it there are no files of CAPF. */
	make();
	is(1, "sub1", "mem:sub1", "CTLFile.tlv");
	is(3, "media1", "mem:media1", "");
	CU_ASSERT_EQUAL(plan.places[0].files[0].data.len, 7);
	CU_ASSERT_EQUAL(memcmp(plan.places[0].files[0].data.data, "the CTL", 7), 0);
	end();
}

static bool capf_is(unsigned version)
{
	const uint8_t *at = buffer_bytes(&plan.capf_der).data;
	X509 *der = d2i_X509(NULL, &at, (long)plan.capf_der.len);
	const bool is =
	    der != NULL && X509_cmp(der, fixture_cluster_cert("CAPF-cucm-pub", version)) == 0;

	X509_free(der);
	return is;
}

static void test_capf_of_the_ctl(void)
{
	struct inventory *inventory;

	fixture_publish_begin();
	inventory = fixture_publish_inventory();
	fixture_cluster_certificate(
	    &inventory->nodes[0].capf, fixture_cluster_cert("CAPF-cucm-pub", 1));
	fixture_publish_subscribers(1);
	make_with_capf(1);
	CU_ASSERT_FALSE(plan.capf_differs);
	CU_ASSERT_TRUE(capf_is(1));
	publish_plan_free(&plan);
	/* Another one: what phones believe is what the CTL says. */
	make_with_capf(0);
	CU_ASSERT_TRUE(plan.capf_differs);
	CU_ASSERT_TRUE(capf_is(0));
	publish_plan_free(&plan);
	make_with_capf(-1);
	CU_ASSERT_TRUE(plan.capf_differs);
	publish_plan_free(&plan);
	/* No CAPF in this cluster, and so no file of it. */
	inventory->nodes[0].services &= ~(unsigned)SERVICE_CAPF;
	make_with_capf(-1);
	CU_ASSERT_FALSE(plan.capf_differs);
	is(1, "sub1", "mem:sub1", "CTLFile.tlv");
	end();
}

static void test_capf_forms(void)
{
	struct inventory *inventory;
	const uint8_t *at;
	X509 *capf, *der, *pem;
	BIO *bio;

	fixture_publish_begin();
	inventory = fixture_publish_inventory();
	capf = fixture_cluster_cert("CAPF-cucm-pub", 0);
	X509_up_ref(capf);
	fixture_cluster_certificate(&inventory->nodes[0].capf, capf);
	fixture_publish_subscribers(1);
	make_with_capf(0);
	/* The publisher, which has no target, is carried to. */
	is(0, "cucm-pub", NULL, "CTLFile.tlv");
	is(1, "sub1", "mem:sub1", "CTLFile.tlv capf.cer capf.pem");
	CU_ASSERT_EQUAL(plan.n_by_hand, 1);
	at = plan.places[1].files[1].data.data;
	der = d2i_X509(NULL, &at, (long)plan.places[1].files[1].data.len);
	bio = BIO_new_mem_buf(
	    plan.places[1].files[2].data.data, (int)plan.places[1].files[2].data.len);
	pem = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(der);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pem);
	CU_ASSERT_EQUAL(X509_cmp(der, capf), 0);
	CU_ASSERT_EQUAL(X509_cmp(pem, capf), 0);
	CU_ASSERT_PTR_EQUAL(
	    at, plan.places[1].files[1].data.data + plan.places[1].files[1].data.len);
	X509_free(der);
	X509_free(pem);
	BIO_free(bio);
	end();
}

static void test_phones(void)
{
	struct inventory *inventory;

	fixture_publish_begin();
	inventory = fixture_publish_inventory();
	fixture_publish_phone("001122AABBCC");
	fixture_publish_phone("001122AABBCD");
	fixture_publish_subscribers(1);
	inventory->nodes[0].services = SERVICE_CALLMANAGER;
	fixture_publish_target(&inventory->nodes[0].deliver, "mem:pub");
	fixture_publish_target(
	    &fixture_cluster_server(inventory, FIXTURE_FIREWALL, "asa", "10.9.9.10", TL_ROLE_CCM)
		 ->deliver,
	    "mem:asa");
	make();
	is(0, "cucm-pub", "mem:pub", "CTLFile.tlv");
	is(1, "sub1", "mem:sub1", "CTLFile.tlv CTLSEP001122AABBCC.tlv CTLSEP001122AABBCD.tlv");
	is(2, "asa", "mem:asa", "CTLFile.tlv");
	CU_ASSERT_PTR_EQUAL(plan.places[1].files[2].data.data, plan.places[1].files[0].data.data);
	end();
}

static void test_by_hand(void)
{
	struct inventory *inventory;

	fixture_publish_begin();
	inventory = fixture_publish_inventory();
	fixture_cluster_node(inventory, NODE_SUBSCRIBER, "sub1", "10.1.2.4", SERVICE_CALLMANAGER);
	fixture_cluster_node(inventory, NODE_MEDIA, "media1", "10.1.2.10", 0);
	fixture_cluster_server(inventory, FIXTURE_ENTRY, "app", "10.1.2.7", TL_ROLE_APP_SERVER);
	fixture_publish_target(&inventory->nodes[0].deliver, "mem:a");
	fixture_publish_target(&inventory->nodes[0].deliver, "mem:b");
	make();
	/* Two targets of one node; nothing is carried to who needs nothing. */
	CU_ASSERT_EQUAL(plan.n_places, 3);
	CU_ASSERT_EQUAL(plan.n_targets, 2);
	CU_ASSERT_EQUAL(plan.n_by_hand, 1);
	is(1, "cucm-pub", "mem:b", "CTLFile.tlv");
	is(2, "sub1", NULL, "CTLFile.tlv");
	publish_plan_free(&plan);

	fixture_cluster_certificate(
	    &inventory->nodes[0].capf, fixture_cluster_cert("CAPF-cucm-pub", 0));
	X509_up_ref(inventory->nodes[0].capf.x509);
	make_with_capf(0);
	CU_ASSERT_EQUAL(plan.n_places, 4);
	CU_ASSERT_EQUAL(plan.n_by_hand, 1);
	is(3, "media1", NULL, "capf.cer capf.pem");
	end();
}

static const struct harness_test tests[] = {
    {"the CTL goes where it is needed, CAPF's certificate to all but the publisher",
	test_everywhere},
    {"CAPF's certificate goes in DER and in PEM form", test_capf_forms},
    {"CAPF's certificate is the one of the CTL", test_capf_of_the_ctl},
    {"files of single phones go to TFTP servers, with the CTL's bytes", test_phones},
    {"who has no target is carried to", test_by_hand},
};

int main(void)
{
	return harness_main("publish_plan", tests, HARNESS_COUNT(tests));
}
