/*
 * tl_show(): a fixed list comes out as expected to the letter, in 80 columns, and nothing that a
 * file holds reaches the terminal raw.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_golden.h"
#include "fixture_lists.h"
#include "fixture_looks.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct looks looks;
static struct buffer shown;

static const char *show(const struct tl_show_info *info)
{
	struct error err;

	error_clear(&err);
	buffer_reset(&shown);
	CU_ASSERT_EQUAL_FATAL(tl_show(&looks.list, info, &shown, &err), ST_OK);
	return buffer_text(&shown);
}

static void done(void)
{
	looks_free(&looks);
	buffer_free(&shown);
}

static const struct tl_show_info verified = {
    .file = "dir/CTLFile.tlv",
    .mtime = LOOKS_NOW - 60,
    .verified = true,
    .now = LOOKS_NOW,
};

static const struct tl_show_info not_verified = {
    .file = "CTLFile.tlv",
    .not_verified_reason = "the signature is wrong",
    .now = LOOKS_NOW,
};

/* Says where two texts part, which a mere assertion does not. */
static bool same_text(const char *a, const char *b)
{
	size_t line = 1;

	for (size_t i = 0; a[i] != '\0' || b[i] != '\0'; i++) {
		if (a[i] != b[i]) {
			printf("# differs in line %zu: %.60s\n", line, a + i);
			return false;
		}
		line += a[i] == '\n';
	}
	return true;
}

static void test_golden(void)
{
	const char *text;

	golden_list(&looks);
	text = show(&verified);
	CU_ASSERT_TRUE(same_text(text, golden_text));
	done();
}

static void test_not_verified(void)
{
	golden_list(&looks);
	CU_ASSERT_PTR_NOT_NULL(strstr(show(&not_verified),
	    "\nThe CTL file could not be verified: the signature is wrong.\n"));
	CU_ASSERT_PTR_NULL(strstr(show(&not_verified), "successfully"));
	done();
}

static void test_itl(void)
{
	golden_list(&looks);
	looks.filename = looks_text("ITLFile.tlv");
	looks_make(&looks);
	show(&verified);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(buffer_text(&shown), "The checksum value of the ITL file:\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown), "\nITL Record #:3\n"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(buffer_text(&shown), "\nThe ITL file was verified successfully.\n"));
	CU_ASSERT_PTR_NULL(strstr(buffer_text(&shown), "CTL"));
	done();
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p != NULL; p = strstr(p + 1, what))
		n++;
	return n;
}

static void test_dates(void)
{
	struct tl_show_info info = verified;

	golden_list(&looks);
	CU_ASSERT_EQUAL(count(show(&info), "EXPIRED"), 0);
	CU_ASSERT_EQUAL(count(show(&info), "NOT YET"), 0);
	info.now = LOOKS_NOW + 400 * 86400; /* the server's certificate lasts a year */
	CU_ASSERT_EQUAL(count(show(&info), "EXPIRED"), 2);
	info.now = LOOKS_NOW - 86400;
	CU_ASSERT_EQUAL(count(show(&info), "NOT YET"), 4);
	done();
}

static void test_signer_lines(void)
{
	looks_clean(&looks);
	looks_make(&looks);
	show(&verified);
	CU_ASSERT_EQUAL(
	    count(buffer_text(&shown), "This etoken was used to sign the CTL file."), 1);
	CU_ASSERT_EQUAL(
	    count(buffer_text(&shown), "This etoken was not used to sign the CTL file."), 1);
	done();
}

/* Lines fit a terminal when their parts do; nothing is left at a line's end. */
static void test_width(void)
{
	looks_clean(&looks);
	looks.records[2].subject = looks_text(
	    "CN=cucm-with-a-long-name.voice.example.com;OU=Voice Operations;O=Acme Incorporated;"
	    "L=Springfield;ST=Massachusetts;C=US");
	looks_make(&looks);
	show(&verified);
	for (char *line = strtok((char *)shown.data, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		if (strlen(line) > 80) {
			printf("# %s\n", line);
			CU_FAIL("a line is too long");
		}
		CU_ASSERT_NOT_EQUAL(line[strlen(line) - 1], ' ');
	}
	show(&verified);
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown),
	    " CN=cucm-with-a-long-name.voice.example.com;\n"
	    "                                 OU=Voice Operations;O=Acme Incorporated;\n"
	    "                                 L=Springfield;ST=Massachusetts;C=US\n"));
	done();
}

static void test_hostile_text(void)
{
	struct bytes hostile = looks_hostile();

	looks_clean(&looks);
	looks.signer_name = looks.signer_issuer = looks.filename = hostile;
	looks.signer_serial = looks_bytes("", 0);
	for (size_t i = 0; i < 2; i++) {
		struct looks_record *record = &looks.records[i];

		record->dns = i == 0 ? hostile : looks_bytes("", 0);
		record->subject = record->issuer = hostile;
		record->role = i == 0 ? 4711 : 0;
		record->public_key = record->certificate = hostile;
		record->ip = looks_bytes("\033[2J\n", 5);
		record->serial = hostile;
	}
	looks.records[3] = (struct looks_record){.has_role = false};
	looks_make(&looks);
	show(&(struct tl_show_info){.not_verified_reason = "a\033[1m reason\n"});
	CU_ASSERT_TRUE(looks_is_printable(buffer_bytes(&shown)));
	/* The words stand inside a name, never as a line of their own. */
	CU_ASSERT_PTR_NULL(strstr(buffer_text(&shown), "\nThe CTL file was verified"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown), "CN=\\x1B]0;owned\\x07"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown), "could not be verified: a\\x1B[1m"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown), "unknown (4711)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown), "This is no X.509 certificate."));
	done();
}

static void test_long_elements_are_cut(void)
{
	uint8_t element[3 + 300] = {0x63, 300 >> 8, 300 & 0xff};

	memset(element + 3, 0xab, 300);
	looks_clean(&looks);
	looks.records[1].more = looks.more = looks_bytes(element, sizeof(element));
	looks_make(&looks);
	show(&verified);
	CU_ASSERT_EQUAL(count(buffer_text(&shown), "99      (unknown)"), 2);
	CU_ASSERT_EQUAL(
	    count(buffer_text(&shown), "AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB AB\n"),
	    2 * 64 / 16);
	CU_ASSERT_EQUAL(count(buffer_text(&shown), "\n                                 ...\n"), 2);
	done();
}

/* As many records as a file can hold make no flood. */
static void test_many_records(void)
{
	static const uint8_t record[5] = {TL_R_LENGTH, 0, 2, 0, 5};
	struct error err;
	char more[80];
	size_t n = 5;

	error_clear(&err);
	looks_clean(&looks);
	looks_make(&looks);
	for (; n < 1000; n++)
		buffer_add(&looks.file, record, sizeof(record));
	CU_ASSERT_EQUAL_FATAL(tl_read(&looks.list, buffer_bytes(&looks.file), &err), ST_OK);
	show(&verified);
	CU_ASSERT_EQUAL(count(buffer_text(&shown), "\nCTL Record #:"), 1000);
	CU_ASSERT_PTR_NULL(strstr(buffer_text(&shown), "not shown"));
	for (; looks.file.len + sizeof(record) <= TL_MAX_FILE; n++)
		buffer_add(&looks.file, record, sizeof(record));
	CU_ASSERT_EQUAL_FATAL(tl_read(&looks.list, buffer_bytes(&looks.file), &err), ST_OK);
	snprintf(
	    more, sizeof(more), "\n\n... %zu more records are not shown\n\nSummary\n", n - 1000);
	CU_ASSERT_TRUE(n > 200000);
	show(&verified);
	CU_ASSERT_EQUAL(count(buffer_text(&shown), "\nCTL Record #:"), 1000);
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown), more));
	CU_ASSERT_TRUE(shown.len < 300000);
	done();
}

static void test_samples(void)
{
	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		struct error err;

		error_clear(&err);
		looks = (struct looks){0};
		CU_ASSERT_EQUAL_FATAL(
		    tl_read(&looks.list, buffer_bytes(fixture_sample(i)), &err), ST_OK);
		show(&verified);
		CU_ASSERT_TRUE(looks_is_printable(buffer_bytes(&shown)));
		if (i == 1)
			CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&shown),
			    "SIGNERNAME            56 cn=\"SAST-ADN0054f509        \";ou=IPCBU;\n"
			    "                                 o=\"Cisco Systems\n"));
		done();
	}
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a fixed list, to the letter", test_golden},
	    {"a list that does not verify says why", test_not_verified},
	    {"an ITL is called so", test_itl},
	    {"expired and not yet valid certificates are marked", test_dates},
	    {"who signed, after each SAST", test_signer_lines},
	    {"lines have 80 columns at most", test_width},
	    {"hostile text comes out printable", test_hostile_text},
	    {"unknown elements are cut", test_long_elements_are_cut},
	    {"of very many records a thousand are shown", test_many_records},
	    {"the three dialects", test_samples},
	};

	setenv("TZ", "UTC", 1);
	return harness_main("trustlist_show", tests, HARNESS_COUNT(tests));
}
