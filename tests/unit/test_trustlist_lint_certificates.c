/*
 * tl_lint(): the codes that tell of certificates, each on the list that deserves it, alone.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lint.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static void test_certificate_undecodable(void)
{
	looks_clean(&looks);
	looks.records[4].certificate = looks_bytes("\x30\x03\x02\x01\x00", 5);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "certificate-undecodable", TL_ERROR, 5));
	looks.records[4].certificate.len = 0;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "certificate-undecodable", TL_ERROR, 5));
	lint_done();
}

static void test_public_key_mismatch(void)
{
	looks_clean(&looks);
	looks.records[4].public_key = looks.records[0].public_key;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "public-key-mismatch", TL_ERROR, 5));
	lint_done();
}

static void test_serial(void)
{
	uint8_t reversed[8];

	looks_clean(&looks);
	for (size_t i = 0; i < 8; i++)
		reversed[i] = looks.records[1].serial.data[7 - i];
	looks.records[1].serial = looks_bytes(reversed, 8);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "serial-reversed", TL_ADVICE, 2));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "4A:21:9F:00:00:01:00:02"));
	reversed[3] ^= 1;
	looks.records[1].serial = looks_bytes(reversed, 8);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "serial-mismatch", TL_ERROR, 2));
	/* With the sign byte of DER. */
	looks.records[1].serial = looks_bytes("\x00\x4a\x21\x9f\x00\x00\x01\x00\x02", 9);
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_name_differs(void)
{
	looks_clean(&looks);
	looks.records[2].subject = looks_text("CN=somebody;O=Acme");
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "name-differs", TL_ADVICE, 3));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "SUBJECTNAME"));
	looks.records[2].issuer = looks_text("CN=somebody;O=Acme");
	lint_now();
	CU_ASSERT_TRUE(lint_only(2, "name-differs", TL_ADVICE, 3));
	/* Dialects that phones take: certificate order, other case, the Windows client's. */
	looks.records[2].subject = looks_text("CN=CUCM-PUB;O=ACME");
	looks.records[2].issuer = looks_text("cn=\"cucm-pub     \";o=\"Acme");
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	looks.records[2].issuer = looks_text("O=Acme,CN=cucm-pub");
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static time_t utc(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return timegm(&tm);
}

static void test_dates(void)
{
	looks_clean(&looks);
	looks.n = 3;
	/* All certificates of the fixture end on 2049-12-31 and start on 2020-01-01. */
	lint_at(utc(2050, 1, 1), LINT_DAYS);
	CU_ASSERT_TRUE(lint_only(3, "expired", TL_WARNING, 1));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "2049-12-31"));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "SAST-1"));
	lint_at(utc(2049, 12, 10), 30);
	CU_ASSERT_TRUE(lint_only(3, "expires-soon", TL_WARNING, 1));
	lint_at(utc(2049, 12, 10), 20);
	CU_ASSERT_EQUAL(findings.n, 0);
	looks.timestamp = 0;
	lint_at(utc(2019, 12, 31), LINT_DAYS);
	CU_ASSERT_TRUE(lint_only(3, "not-yet-valid", TL_WARNING, 1));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "2020-01-01"));
	lint_done();
}

/* Once for a certificate, however many entries it stands in. */
static void test_dates_once(void)
{
	looks_clean(&looks);
	looks.n = 3;
	looks.records[2] = looks.records[1];
	looks.records[2].role = TL_ROLE_TFTP;
	looks.records[2].dns = looks_text("tftp");
	lint_at(utc(2050, 1, 1), LINT_DAYS);
	CU_ASSERT_TRUE(lint_only(2, "expired", TL_WARNING, 1));
	lint_done();
}

static void test_key_sizes(void)
{
	static const struct {
		int bits;
		const char *code;
		enum tl_severity severity;
	} cases[] = {
	    {1024, "rsa-1024", TL_ADVICE},
	    {3072, "rsa-over-2048", TL_WARNING},
	    {4096, "rsa-over-2048", TL_WARNING},
	    {8192, "rsa-over-4096", TL_ERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		looks_clean(&looks);
		looks_record(&looks.records[4], TL_ROLE_CCM_TFTP,
		    looks_cert("cucm-sub1", looks_public_key(cases[i].bits), 9), "cucm-sub1",
		    "10.0.0.2");
		lint_now();
		CU_ASSERT_TRUE(lint_only(1, cases[i].code, cases[i].severity, 5));
		lint_done();
	}
}

static void test_key_type(void)
{
	looks_clean(&looks);
	looks_record(&looks.records[3], TL_ROLE_CAPF,
	    looks_cert("CAPF-1", fixture_key(FIXTURE_ED25519), 9), "cucm-pub", "10.0.0.1");
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "key-type", TL_WARNING, 4));
	CU_ASSERT_PTR_NOT_NULL(strstr(findings.items[0].text, "ED25519"));
	looks_record(&looks.records[3], TL_ROLE_SAST,
	    looks_cert("SAST-3", fixture_key(FIXTURE_EC_P256), 9), NULL, NULL);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "key-type", TL_WARNING, 4));
	lint_done();
}

static void test_ec_needs_1_1(void)
{
	looks_clean(&looks);
	looks_record(&looks.records[4], TL_ROLE_CCM_TFTP,
	    looks_cert("cucm-sub1", fixture_key(FIXTURE_EC_P256), 9), "cucm-sub1", "10.0.0.2");
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "ec-needs-1.1", TL_WARNING, 5));
	looks.signer_version = 0x0100;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "ec-needs-1.1", TL_WARNING, 5));
	looks.signer_version = 0x0101;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	looks.signer_version = 0;
	looks.records[4].role = TL_ROLE_CAPF;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"certificate-undecodable", test_certificate_undecodable},
	    {"public-key-mismatch", test_public_key_mismatch},
	    {"serial-mismatch and serial-reversed", test_serial},
	    {"name-differs", test_name_differs},
	    {"expired, expires-soon, not-yet-valid", test_dates},
	    {"a certificate's dates are told once", test_dates_once},
	    {"rsa-1024, rsa-over-2048, rsa-over-4096", test_key_sizes},
	    {"key-type", test_key_type},
	    {"ec-needs-1.1", test_ec_needs_1_1},
	};

	setenv("TZ", "UTC", 1);
	return harness_main("trustlist_lint_certificates", tests, HARNESS_COUNT(tests));
}
