/*
 * tl_lint(): the codes that tell of entries, each on the list that deserves it, alone.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lint.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static void test_missing_element_record(void)
{
	const struct bytes none = {NULL, 0};

	looks_clean(&looks);
	looks.records[2].subject = none;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "missing-element", TL_ERROR, 3));
	looks.records[2].issuer = none;
	looks.records[2].serial = none;
	looks.records[2].public_key = none;
	lint_now();
	CU_ASSERT_TRUE(lint_only(4, "missing-element", TL_ERROR, 3));
	looks_free(&looks);
	looks_clean(&looks);
	looks.records[4].has_role = false;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "missing-element", TL_ERROR, 5));
	CU_ASSERT_STRING_EQUAL(findings.items[0].text, "FUNCTION is missing");
	/* What tools leave out whose lists phones take. */
	looks_free(&looks);
	looks_clean(&looks);
	looks.records[0].dns = looks.records[0].ip = looks.records[0].signature = none;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_unknown_element(void)
{
	looks_clean(&looks);
	looks.records[1].more = looks_bytes("\x63\x00\x01x\x64\x00\x00", 7);
	lint_now();
	CU_ASSERT_TRUE(lint_only(2, "unknown-element", TL_ADVICE, 2));
	looks.records[1].more = (struct bytes){NULL, 0};
	looks.more = looks_bytes("\x63\x00\x01x", 4);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "unknown-element", TL_ADVICE, 0));
	lint_done();
}

static void test_unterminated_string(void)
{
	looks_clean(&looks);
	looks.records[4].dns = looks_bytes("cucm-sub1", 9);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "unterminated-string", TL_WARNING, 5));
	looks.records[3].subject.len--;
	looks.records[3].issuer.len--;
	looks.records[4].dns = looks_text("cucm-sub1");
	lint_now();
	CU_ASSERT_TRUE(lint_only(2, "unterminated-string", TL_WARNING, 4));
	looks_free(&looks);
	looks_clean(&looks);
	looks.signer_name.len--;
	looks.filename.len--;
	lint_now();
	CU_ASSERT_TRUE(lint_only(2, "unterminated-string", TL_WARNING, 0));
	lint_done();
}

static void test_name_over_255(void)
{
	char name[257];

	memset(name, 'x', 256);
	name[256] = '\0';
	looks_clean(&looks);
	looks.records[2].dns = looks_text(name);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "name-over-255", TL_ERROR, 3));
	looks.records[2].dns = looks_text(name + 1);
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	looks.signer_name = looks_text(name);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "name-over-255", TL_ERROR, 0));
	lint_done();
}

static void test_unknown_role(void)
{
	looks_clean(&looks);
	looks.records[3].role = 255;
	looks.records[4].role = 4711;
	lint_now();
	CU_ASSERT_TRUE(lint_only(2, "unknown-role", TL_WARNING, 4));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[1].text, "4711"));
	lint_done();
}

static void test_duplicate_entry(void)
{
	looks_clean(&looks);
	looks.records[5] = looks.records[2];
	looks.n = 6;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "duplicate-entry", TL_WARNING, 6));
	CU_ASSERT_STRING_EQUAL(findings.items[0].text,
	    "CCM+TFTP cucm-pub (serial 4A:21:9F:00:00:01:00:03) is listed already as record 3");
	/* One certificate in several roles, or at several addresses, is no duplicate. */
	looks.records[5].role = TL_ROLE_SAST;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	looks.records[5].role = TL_ROLE_CCM_TFTP;
	looks.records[5].ip = looks_bytes("\x0a\x00\x00\x09", 4);
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_no_address(void)
{
	looks_clean(&looks);
	looks.records[2].dns = looks_text("");
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	looks.records[2].ip = looks_bytes("\0\0\0\0", 4);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "no-address", TL_WARNING, 3));
	looks.records[2].ip = looks.records[2].dns = (struct bytes){NULL, 0};
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "no-address", TL_WARNING, 3));
	lint_done();
}

static void test_ip(void)
{
	looks_clean(&looks);
	looks.records[2].ip = looks_bytes("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "ipv6-unverified", TL_WARNING, 3));
	looks.records[2].ip.len = 5;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "bad-ip-length", TL_ERROR, 3));
	looks.records[2].ip.len = 0;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "bad-ip-length", TL_ERROR, 3));
	lint_done();
}

static void strip_certificate(struct looks_record *record)
{
	record->subject = record->issuer = record->serial = record->public_key = record->signature =
	    record->certificate = (struct bytes){NULL, 0};
}

static void test_no_certificate(void)
{
	looks_clean(&looks);
	strip_certificate(&looks.records[3]);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "no-certificate", TL_WARNING, 4));
	/* One server of two. */
	looks_free(&looks);
	looks_clean(&looks);
	strip_certificate(&looks.records[4]);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "no-certificate", TL_WARNING, 5));
	/* A token. */
	looks_free(&looks);
	looks_clean(&looks);
	strip_certificate(&looks.records[1]);
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL(lint_find("few-sast"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(lint_find("no-certificate"));
	CU_ASSERT_EQUAL(lint_find("no-certificate")->severity, TL_ERROR);
	CU_ASSERT_EQUAL(lint_find("no-certificate")->record, 2);
	lint_done();
}

static void test_non_secure(void)
{
	looks_clean(&looks);
	strip_certificate(&looks.records[2]);
	strip_certificate(&looks.records[4]);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "non-secure-entry", TL_ADVICE, 0));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "2 server records"));
	lint_done();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"missing-element in a record", test_missing_element_record},
	    {"unknown-element", test_unknown_element},
	    {"unterminated-string", test_unterminated_string},
	    {"name-over-255", test_name_over_255},
	    {"unknown-role", test_unknown_role},
	    {"duplicate-entry", test_duplicate_entry},
	    {"no-address", test_no_address},
	    {"bad-ip-length and ipv6-unverified", test_ip},
	    {"no-certificate", test_no_certificate},
	    {"non-secure-entry", test_non_secure},
	};

	setenv("TZ", "UTC", 1);
	return harness_main("trustlist_lint_records", tests, HARNESS_COUNT(tests));
}
