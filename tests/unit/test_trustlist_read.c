/*
 * Reading trust lists: the three dialects' content as the view gives it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/x509.h>
#include <string.h>

static struct error err;

static void read_ok(struct trustlist *list, const struct buffer *file)
{
	enum status status = tl_read(list, buffer_bytes(file), &err);

	CU_ASSERT_EQUAL_FATAL(status, ST_OK);
}

static bool is_text(struct bytes stored, const char *text)
{
	return stored.len == strlen(text) + 1 && memcmp(stored.data, text, stored.len) == 0;
}

/* The lengths of a record's elements 2 to 10 in the order of the published table. */
static void check_record(const struct trustlist *list, size_t i, const size_t expected[10])
{
	const struct tl_record *r = &list->records[i];

	CU_ASSERT_EQUAL(r->length, expected[0]);
	CU_ASSERT_EQUAL(r->dns.len, expected[1]);
	CU_ASSERT_EQUAL(r->subject.len, expected[2]);
	CU_ASSERT_TRUE(r->has_role);
	CU_ASSERT_EQUAL(r->role, expected[3]);
	CU_ASSERT_EQUAL(r->issuer.len, expected[4]);
	CU_ASSERT_EQUAL(r->serial.len, expected[5]);
	CU_ASSERT_EQUAL(r->public_key.len, expected[6]);
	CU_ASSERT_EQUAL(r->signature.len, expected[7]);
	CU_ASSERT_EQUAL(r->certificate.len, expected[8]);
	CU_ASSERT_EQUAL(r->ip.len, expected[9]);
}

static void reads_cucm(void)
{
	static const size_t records[4][10] = {
	    {1156, 16, 62, 0, 62, 16, 140, 128, 694, 4},
	    {1156, 16, 62, 2, 62, 16, 140, 128, 694, 4},
	    {1138, 16, 60, 4, 60, 16, 140, 128, 680, 4},
	    {1161, 17, 63, 2, 63, 16, 140, 128, 696, 4},
	};
	struct trustlist list = TRUSTLIST_INIT;

	CU_ASSERT_EQUAL(fixture_cucm_list()->len, 4947);
	read_ok(&list, fixture_cucm_list());
	CU_ASSERT_EQUAL(list.header_length, 336);
	CU_ASSERT_EQUAL(list.version[0], 1);
	CU_ASSERT_EQUAL(list.version[1], 2);
	CU_ASSERT_FALSE(list.has_signer_version);
	CU_ASSERT_TRUE(is_text(
	    list.signer_name, "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"));
	CU_ASSERT_TRUE(bytes_equal(list.signer_issuer, list.signer_name));
	CU_ASSERT_EQUAL(list.signer_serial.len, 16);
	CU_ASSERT_EQUAL(list.signer_serial.data[0], 0x70);
	CU_ASSERT_EQUAL(list.digest, TL_SHA1);
	CU_ASSERT_EQUAL(list.signature_algorithm, 0);
	CU_ASSERT_EQUAL(list.modulus_code, 1);
	CU_ASSERT_EQUAL(list.signature.len, 128);
	CU_ASSERT_EQUAL(list.signature_offset, 180);
	CU_ASSERT_TRUE(is_text(list.filename, "CTLFile.tlv"));
	CU_ASSERT_TRUE(list.has_timestamp);
	CU_ASSERT_EQUAL(list.timestamp, FIXTURE_TIMESTAMP);
	/* 14 elements and three bytes of padding. */
	CU_ASSERT_EQUAL(list.n_header_elements, 17);
	CU_ASSERT_EQUAL(list.elements[16].tag, TL_H_PADDING);
	CU_ASSERT_EQUAL(list.elements[16].offset, 335);
	CU_ASSERT_EQUAL(list.elements[2].tag, TL_H_SIGNER_ID);
	CU_ASSERT_EQUAL(list.elements[2].value.len, 149);
	CU_ASSERT_EQUAL_FATAL(list.n_records, 4);
	for (size_t i = 0; i < 4; i++)
		check_record(&list, i, records[i]);
	CU_ASSERT_EQUAL(list.records[3].offset, 3786);
	CU_ASSERT_EQUAL(list.records[3].n_elements, 10);
	CU_ASSERT_PTR_EQUAL(tl_signer_record(&list), &list.records[0]);
	tl_free(&list);
}

static void reads_windows(void)
{
	static const size_t records[5][10] = {
	    {1186, 1, 56, 0, 42, 10, 140, 0, 902, 4},
	    {1186, 1, 56, 0, 42, 10, 140, 0, 902, 4},
	    {33, 13, 0, 2, 0, 0, 0, 0, 0, 4},
	    {33, 13, 0, 2, 0, 0, 0, 0, 0, 4},
	    {1004, 13, 60, 4, 60, 16, 140, 0, 680, 4},
	};
	struct trustlist list = TRUSTLIST_INIT;
	const ASN1_INTEGER *serial;
	X509 *cert;

	CU_ASSERT_EQUAL(fixture_windows_list()->len, 3746);
	read_ok(&list, fixture_windows_list());
	CU_ASSERT_EQUAL(list.header_length, 304);
	CU_ASSERT_TRUE(is_text(
	    list.signer_name, "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems"));
	CU_ASSERT_TRUE(is_text(list.signer_issuer, "cn=Cisco Manufacturing CA;o=Cisco Systems"));
	CU_ASSERT_EQUAL_FATAL(list.n_records, 5);
	for (size_t i = 0; i < 5; i++)
		check_record(&list, i, records[i]);
	CU_ASSERT_PTR_NULL(list.records[0].signature.data);
	CU_ASSERT_PTR_NULL(list.records[2].certificate.data);
	CU_ASSERT_TRUE(is_text(list.records[2].dns, "10.48.47.153"));
	CU_ASSERT_PTR_EQUAL(tl_signer_record(&list), &list.records[0]);

	/* The token's serial is stored byte-reversed against its certificate. */
	CU_ASSERT_EQUAL_FATAL(tl_record_x509(&list.records[0], &cert, &err), ST_OK);
	serial = X509_get0_serialNumber(cert);
	CU_ASSERT_EQUAL_FATAL(ASN1_STRING_length(serial), 10);
	for (size_t i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(
		    ASN1_STRING_get0_data(serial)[i], list.records[0].serial.data[9 - i]);
	X509_free(cert);

	read_ok(&list, fixture_windows_list_token_2());
	CU_ASSERT_PTR_EQUAL(tl_signer_record(&list), &list.records[1]);
	tl_free(&list);
}

static void reads_community(void)
{
	struct trustlist list = TRUSTLIST_INIT;

	read_ok(&list, fixture_community_list());
	CU_ASSERT_TRUE(list.has_signer_version);
	CU_ASSERT_EQUAL(list.signer_version[0], 1);
	CU_ASSERT_EQUAL(list.signer_version[1], 1);
	CU_ASSERT_TRUE(is_text(list.signer_name, "CN=signer\\, with comma,O=Community"));
	CU_ASSERT_EQUAL(list.elements[4].tag, TL_H_SIGNER_NAME);
	CU_ASSERT_EQUAL(list.elements[5].tag, TL_H_CA_NAME);
	CU_ASSERT_EQUAL(list.elements[6].tag, TL_H_SERIAL);
	CU_ASSERT_EQUAL(list.digest, TL_SHA256);
	CU_ASSERT_EQUAL_FATAL(list.n_records, 2);
	CU_ASSERT_EQUAL(list.records[0].role, TL_ROLE_TVS);
	CU_ASSERT_EQUAL(list.records[0].public_key.len, 65);
	CU_ASSERT_PTR_NULL(list.records[0].ip.data);
	CU_ASSERT_PTR_NULL(list.records[1].dns.data);
	CU_ASSERT_PTR_EQUAL(tl_signer_record(&list), &list.records[1]);
	tl_free(&list);
}

/* Names lose their NUL and nothing else. */
static void strips_the_nul(void)
{
	static const uint8_t text[] = {'a', 'b', 0, 0};

	CU_ASSERT_EQUAL(tl_string((struct bytes){text, 4}).len, 3);
	CU_ASSERT_EQUAL(tl_string((struct bytes){text, 3}).len, 2);
	CU_ASSERT_EQUAL(tl_string((struct bytes){text, 2}).len, 2);
	CU_ASSERT_EQUAL(tl_string((struct bytes){text, 0}).len, 0);
	CU_ASSERT_EQUAL(tl_string((struct bytes){NULL, 0}).len, 0);
}

/* Reading one file after another keeps the arrays and forgets the last file. */
static void reuses_its_memory(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	const struct tl_element *elements;
	const struct tl_record *records;

	read_ok(&list, fixture_cucm_list());
	elements = list.elements;
	records = list.records;
	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		read_ok(&list, fixture_sample(i));
		CU_ASSERT_PTR_EQUAL(list.elements, elements);
		CU_ASSERT_PTR_EQUAL(list.records, records);
	}
	CU_ASSERT_EQUAL(list.n_records, 2);
	read_ok(&list, fixture_windows_list());
	CU_ASSERT_FALSE(list.has_signer_version);
	tl_free(&list);
	CU_ASSERT_PTR_NULL(list.elements);
	tl_free(&list);
}

static void names_roles_and_digests(void)
{
	enum tl_digest digest = TL_SHA1;

	CU_ASSERT_STRING_EQUAL(tl_role_name(0), "SAST");
	CU_ASSERT_STRING_EQUAL(tl_role_title(0), "System Administrator Security Token");
	CU_ASSERT_STRING_EQUAL(tl_role_name(1), "CCM");
	CU_ASSERT_STRING_EQUAL(tl_role_name(2), "CCM+TFTP");
	CU_ASSERT_STRING_EQUAL(tl_role_title(2), "CCM+TFTP");
	CU_ASSERT_STRING_EQUAL(tl_role_name(3), "TFTP");
	CU_ASSERT_STRING_EQUAL(tl_role_name(4), "CAPF");
	CU_ASSERT_STRING_EQUAL(tl_role_name(5), "SRST");
	CU_ASSERT_STRING_EQUAL(tl_role_name(7), "APP-SERVER");
	CU_ASSERT_STRING_EQUAL(tl_role_name(20), "CA");
	CU_ASSERT_STRING_EQUAL(tl_role_name(21), "TVS");
	CU_ASSERT_PTR_NULL(tl_role_name(8));
	CU_ASSERT_PTR_NULL(tl_role_title(28));
	CU_ASSERT_STRING_EQUAL(tl_digest_name(1), "SHA-1");
	CU_ASSERT_STRING_EQUAL(tl_digest_name(2), "SHA-256");
	CU_ASSERT_STRING_EQUAL(tl_digest_name(3), "SHA-512");
	CU_ASSERT_PTR_NULL(tl_digest_name(0));
	CU_ASSERT_PTR_NULL(tl_digest_name(4));
	CU_ASSERT_TRUE(tl_digest_parse("sha512", &digest));
	CU_ASSERT_EQUAL(digest, TL_SHA512);
	CU_ASSERT_TRUE(tl_digest_parse("sha1", &digest));
	CU_ASSERT_EQUAL(digest, TL_SHA1);
	CU_ASSERT_FALSE(tl_digest_parse("SHA-1", &digest));
	CU_ASSERT_FALSE(tl_digest_parse("md5", &digest));
	CU_ASSERT_EQUAL(digest, TL_SHA1);
}

static const struct harness_test tests[] = {
    {"the published CUCM list: header 336, records 1156, 1156, 1138, 1161", reads_cucm},
    {"a Windows client's list: header 304, records 1186, 33, 1004", reads_windows},
    {"a community list: element 28, order 4 6 5, an EC key, elements left out", reads_community},
    {"stored strings lose one NUL", strips_the_nul},
    {"reading many files allocates once", reuses_its_memory},
    {"roles and digests have the names that CUCM prints", names_roles_and_digests},
};

int main(void)
{
	return harness_main("trustlist_read", tests, HARNESS_COUNT(tests));
}
