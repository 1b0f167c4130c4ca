/*
 * tl_lint(): a clean list has no findings; the codes that tell of the file and its signature, each
 * on the list that deserves it, alone; the order of findings and their number.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lint.h"
#include "fixture_lists.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

static void test_clean(void)
{
	looks_clean(&looks);
	lint_now();
	lint_print();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_clean_itl(void)
{
	looks_clean(&looks);
	looks.filename = looks_text("ITLSEP00aa11BB22cc.tlv");
	looks.records[1].role = TL_ROLE_TVS;
	lint_now();
	lint_print();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_severity_names(void)
{
	CU_ASSERT_STRING_EQUAL(tl_severity_name(TL_ADVICE), "advice");
	CU_ASSERT_STRING_EQUAL(tl_severity_name(TL_WARNING), "warning");
	CU_ASSERT_STRING_EQUAL(tl_severity_name(TL_ERROR), "error");
}

static void test_unsigned(void)
{
	looks_clean(&looks);
	looks.sign = false;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "unsigned", TL_ERROR, 0));
	lint_done();
}

static void test_bad_signature(void)
{
	struct error err;

	looks_clean(&looks);
	looks_make(&looks);
	/* A bit of the last record's address. */
	looks.file.data[looks.file.len - 1] ^= 1;
	error_clear(&err);
	CU_ASSERT_EQUAL(tl_read(&looks.list, buffer_bytes(&looks.file), &err), ST_OK);
	CU_ASSERT_EQUAL(tl_lint(&looks.list, LOOKS_NOW, LINT_DAYS, &findings, &err), ST_OK);
	CU_ASSERT_TRUE(lint_only(1, "bad-signature", TL_ERROR, 0));
	lint_done();
}

static void test_signer_not_sast(void)
{
	looks_clean(&looks);
	looks.signer_serial = looks_bytes("\x12\x34", 2);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "signer-not-sast", TL_ERROR, 0));
	CU_ASSERT_STRING_EQUAL(findings.items[0].text,
	    "the signer CN=SAST-1;O=Acme (serial 12:34), issued by CN=SAST-1;O=Acme, is none of "
	    "the SAST records");
	lint_done();
}

static void test_few_sast(void)
{
	looks_clean(&looks);
	looks.records[1] = looks.records[4];
	looks.n = 4;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "few-sast", TL_WARNING, 0));
	/* The same token twice is one token. */
	looks.records[1] = looks.records[0];
	looks.records[1].dns = looks_text("other");
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "few-sast", TL_WARNING, 0));
	/* None at all. */
	looks.records[0] = looks.records[2];
	looks.records[1] = looks.records[3];
	looks.n = 2;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lint_find("few-sast"));
	CU_ASSERT_EQUAL(lint_find("few-sast")->severity, TL_ERROR);
	CU_ASSERT_PTR_NOT_NULL(lint_find("signer-not-sast"));
	lint_done();
}

/* What comes of a forgotten server option. */
static void test_no_server(void)
{
	static const unsigned servers[] = {TL_ROLE_CCM, TL_ROLE_CCM_TFTP, TL_ROLE_TFTP};
	static const unsigned others[] = {TL_ROLE_CAPF, TL_ROLE_TVS, TL_ROLE_APP_SERVER};

	looks_clean(&looks);
	looks.n = 3;
	for (size_t i = 0; i < 3; i++) {
		looks.records[2].role = others[i];
		lint_now();
		CU_ASSERT_TRUE(lint_only(1, "no-server", TL_WARNING, 0));
		CU_ASSERT_STRING_EQUAL(findings.items[0].text,
		    "the list has no CCM, CCM+TFTP or TFTP record: phones that load it trust no "
		    "server");
		CU_ASSERT_NOT_EQUAL(findings.items[0].hint[0], '\0');
		looks.records[2].role = servers[i];
		lint_now();
		CU_ASSERT_EQUAL(findings.n, 0);
	}
	looks.n = 2;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "no-server", TL_WARNING, 0));
	/* An ITL may be of other servers. */
	looks.filename = looks_text("ITLFile.tlv");
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_few_sast_itl(void)
{
	looks_clean(&looks);
	looks.filename = looks_text("ITLFile.tlv");
	looks.records[0].role = looks.records[1].role = TL_ROLE_TVS;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lint_find("few-sast"));
	CU_ASSERT_EQUAL(lint_find("few-sast")->severity, TL_ERROR);
	lint_done();
}

/* Adds to RECORD an element of LEN bytes in all, which readers know and skip. */
static void add_filler(struct looks_record *record, size_t len)
{
	static uint8_t filler[TL_PHONE_MAX];

	filler[0] = TL_R_CERTIFICATE_HASH;
	filler[1] = (uint8_t)((len - 3) >> 8);
	filler[2] = (uint8_t)(len - 3);
	record->more = looks_bytes(filler, len);
}

static void fill_to(size_t size)
{
	size_t missing;

	looks_make(&looks);
	missing = size - looks.file.len;
	add_filler(&looks.records[3], missing / 2);
	add_filler(&looks.records[4], missing - missing / 2);
	looks_make(&looks);
	CU_ASSERT_EQUAL(looks.file.len, size);
}

static void test_size(void)
{
	looks_clean(&looks);
	fill_to(65537);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "over-64k", TL_ERROR, 0));
	lint_done();
	looks_clean(&looks);
	fill_to(65536);
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "near-64k", TL_WARNING, 0));
	lint_done();
	looks_clean(&looks);
	fill_to(58000);
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_unknown_algorithm(void)
{
	looks_clean(&looks);
	looks.digest = 9;
	looks.sign = false;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL(lint_find("unsigned"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(lint_find("unknown-algorithm"));
	CU_ASSERT_EQUAL(lint_find("unknown-algorithm")->severity, TL_ERROR);
	looks.digest = TL_SHA256;
	looks.algorithm = 1;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL(lint_find("unknown-algorithm"));
	lint_done();
}

static void test_sha1_digest(void)
{
	looks_clean(&looks);
	looks.digest = TL_SHA1;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "sha1-digest", TL_ADVICE, 0));
	looks.digest = TL_SHA256;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_modulus_mismatch(void)
{
	looks_clean(&looks);
	looks.modulus_code = 1;
	looks.sign = false;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lint_find("modulus-mismatch"));
	CU_ASSERT_EQUAL(lint_find("modulus-mismatch")->severity, TL_ERROR);
	CU_ASSERT_EQUAL(lint_find("modulus-mismatch")->record, 0);
	looks.signature_len = 128; /* now the code fits, but not the key */
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lint_find("modulus-mismatch"));
	CU_ASSERT_EQUAL(lint_find("modulus-mismatch")->record, 1);
	looks.signature_len = 256;
	looks.modulus_code = 77;
	lint_now();
	CU_ASSERT_PTR_NOT_NULL(lint_find("modulus-mismatch"));
	lint_done();
}

static void test_unknown_version(void)
{
	looks_clean(&looks);
	looks.version = 0x0103;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "unknown-version", TL_WARNING, 0));
	looks.version = 0x0102;
	looks.signer_version = 0x0102;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "unknown-version", TL_WARNING, 0));
	looks.signer_version = 0x0100;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_filename(void)
{
	static const char *const odd[] = {"", "CTLFILE.TLV", "CTLSEP00aa11BB22c.tlv",
	    "CTLSEP00aa11BB22cg.tlv", "CTLFile.tlv ", "\033[2Jx"};

	looks_clean(&looks);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		looks.filename = looks_text(odd[i]);
		lint_now();
		CU_ASSERT_TRUE(lint_only(1, "filename", TL_ADVICE, 0));
		CU_ASSERT_PTR_NULL(strchr(findings.items[0].text, '\033'));
	}
	looks.filename = looks_text("CTLSEP00aa11BB22cc.tlv");
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_future_timestamp(void)
{
	looks_clean(&looks);
	looks.timestamp = (uint32_t)LOOKS_NOW + 301;
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "future-timestamp", TL_WARNING, 0));
	looks.timestamp = (uint32_t)LOOKS_NOW + 300;
	lint_now();
	CU_ASSERT_EQUAL(findings.n, 0);
	lint_done();
}

static void test_header_padding(void)
{
	looks_clean(&looks);
	looks.pad = false;
	/* The clean header's length is no multiple of 4 by itself. */
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "header-padding", TL_ADVICE, 0));
	lint_done();
}

static void test_missing_element_header(void)
{
	looks_clean(&looks);
	looks.filename = (struct bytes){NULL, 0};
	lint_now();
	CU_ASSERT_TRUE(lint_only(1, "missing-element", TL_WARNING, 0));
	looks.has_timestamp = false;
	lint_now();
	CU_ASSERT_TRUE(lint_only(2, "missing-element", TL_WARNING, 0));
	looks.signer_name = (struct bytes){NULL, 0};
	lint_now();
	CU_ASSERT_TRUE(lint_only(3, "missing-element", TL_WARNING, 0));
	lint_done();
}

static void test_order(void)
{
	looks_clean(&looks);
	looks.digest = TL_SHA1;				   /* advice, file */
	looks.records[4].public_key = looks_bytes("x", 1); /* error, 5 */
	looks.records[2].ip.len = 3;			   /* error, 3 */
	looks.records[3].role = 99;			   /* warning, 4 */
	looks.timestamp = (uint32_t)LOOKS_NOW + 9999;	   /* warning, file */
	lint_now();
	CU_ASSERT_EQUAL_FATAL(findings.n, 5);
	CU_ASSERT_STRING_EQUAL(findings.items[0].code, "bad-ip-length");
	CU_ASSERT_STRING_EQUAL(findings.items[1].code, "public-key-mismatch");
	CU_ASSERT_STRING_EQUAL(findings.items[2].code, "future-timestamp");
	CU_ASSERT_STRING_EQUAL(findings.items[3].code, "unknown-role");
	CU_ASSERT_STRING_EQUAL(findings.items[4].code, "sha1-digest");
	lint_done();
}

/* The samples that real phones take may get advice, but no error. */
static void test_samples(void)
{
	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		struct trustlist list = TRUSTLIST_INIT;
		struct error err;

		error_clear(&err);
		CU_ASSERT_EQUAL(tl_read(&list, buffer_bytes(fixture_sample(i)), &err), ST_OK);
		CU_ASSERT_EQUAL(tl_lint(&list, LOOKS_NOW, LINT_DAYS, &findings, &err), ST_OK);
		for (size_t j = 0; j < findings.n; j++) {
			const struct tl_finding *f = &findings.items[j];

			CU_ASSERT_NOT_EQUAL(f->severity, TL_ERROR);
			/* The first and the last list have one SAST each, the last one no server.
			 */
			if (f->severity == TL_WARNING && strcmp(f->code, "few-sast") != 0) {
				CU_ASSERT_STRING_EQUAL(f->code, "no-server");
				CU_ASSERT_EQUAL(i, 2);
			}
		}
		if (i == 1) {
			CU_ASSERT_PTR_NOT_NULL(lint_find("serial-reversed"));
			CU_ASSERT_PTR_NOT_NULL(lint_find("non-secure-entry"));
		}
		tl_findings_free(&findings);
		tl_free(&list);
	}
}

/* As many records as a file can hold, each of them wrong in the same ways. */
static void test_many(void)
{
	static const uint8_t record[5] = {TL_R_LENGTH, 0, 2, 0, 5};
	struct trustlist list = TRUSTLIST_INIT;
	size_t n = 0, missing = 0;
	struct error err;

	error_clear(&err);
	looks_clean(&looks);
	looks_make(&looks);
	while (looks.file.len + sizeof(record) <= TL_MAX_FILE) {
		buffer_add(&looks.file, record, sizeof(record));
		n++;
	}
	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(&looks.file), &err), ST_OK);
	CU_ASSERT_EQUAL(tl_lint(&list, LOOKS_NOW, LINT_DAYS, &findings, &err), ST_OK);
	CU_ASSERT_TRUE(n > 200000);
	for (size_t i = 0; i < findings.n; i++)
		if (strcmp(findings.items[i].code, "missing-element") == 0)
			missing++;
	CU_ASSERT_EQUAL(missing, 50);
	CU_ASSERT_TRUE(findings.n < 200);
	CU_ASSERT_PTR_NOT_NULL(lint_find("over-64k"));
	CU_ASSERT_PTR_NOT_NULL(lint_find("bad-signature"));
	tl_free(&list);
	lint_done();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a clean CTL has no findings", test_clean},
	    {"a clean ITL has no findings", test_clean_itl},
	    {"severities have names", test_severity_names},
	    {"unsigned", test_unsigned},
	    {"bad-signature", test_bad_signature},
	    {"signer-not-sast", test_signer_not_sast},
	    {"few-sast", test_few_sast},
	    {"few-sast in an ITL", test_few_sast_itl},
	    {"no-server", test_no_server},
	    {"over-64k and near-64k", test_size},
	    {"unknown-algorithm", test_unknown_algorithm},
	    {"sha1-digest", test_sha1_digest},
	    {"modulus-mismatch", test_modulus_mismatch},
	    {"unknown-version", test_unknown_version},
	    {"filename", test_filename},
	    {"future-timestamp", test_future_timestamp},
	    {"header-padding", test_header_padding},
	    {"missing-element in the header", test_missing_element_header},
	    {"errors come first, then the file, then records", test_order},
	    {"lists that phones take have no errors", test_samples},
	    {"200,000 bad records make few findings", test_many},
	};

	setenv("TZ", "UTC", 1);
	return harness_main("trustlist_lint", tests, HARNESS_COUNT(tests));
}
