/*
 * Reading a fleet in: columns, values, what is wrong, and that it is all or nothing.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "phone/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MD5  "00112233445566778899aabbccddeeff"
#define SHA1 "00112233445566778899aabbccddeeff01234567"

static struct error err;
static struct fleet_imported done;

static const char *csv_path(void)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/phones.csv", harness_directory());
	return path;
}

/* Imports the file with TEXT, of LEN bytes, into the state; `done` has what came of it. */
static enum status import_bytes(const void *text, size_t len, bool replace, bool skip_bad)
{
	struct fleet_import request = {.path = csv_path(),
	    .act = "phones import",
	    .replace = replace,
	    .skip_bad = skip_bad,
	    .seen = 1000};
	FILE *file = fopen(csv_path(), "wb");
	enum status st;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fwrite(text, 1, len, file);
	fclose(file);
	fleet_imported_free(&done);
	request.store = store_opened(STORE_CHANGE);
	error_clear(&err);
	st = fleet_import(&request, &done, &err);
	store_close(request.store);
	return st;
}

static enum status import(const char *text)
{
	return import_bytes(text, strlen(text), false, false);
}

/* The phones as "NAME|MODEL|CTL|ITL;..." */
static enum status add_phone(void *context, const struct store_phone_row *row, struct error *e)
{
	(void)e;
	buffer_printf(context, "%s|%u|%u|%u|%lld;", row->name, row->model, row->ctl, row->itl,
	    (long long)row->seen);
	return ST_OK;
}

static void check_phones(const char *expected)
{
	struct store *store = store_opened(STORE_READ);
	struct store_phone_words words = {0};
	struct buffer rows = BUFFER_INIT, out = BUFFER_INIT;
	char *at, *row;

	CU_ASSERT_EQUAL(store_phone_words(store, &words, &err), ST_OK);
	CU_ASSERT_EQUAL(store_phones_each(store, add_phone, &rows, &err), ST_OK);
	at = strdup(buffer_text(&rows));
	for (row = strtok(at, ";"); row != NULL; row = strtok(NULL, ";")) {
		char name[129];
		unsigned model, ctl, itl;

		CU_ASSERT_EQUAL_FATAL(
		    sscanf(row, "%128[^|]|%u|%u|%u", name, &model, &ctl, &itl), 4);
		buffer_printf(&out, "%s|%s|%s|%s;", name, words.models[model], words.checksums[ctl],
		    words.checksums[itl]);
	}
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), expected);
	if (strcmp(buffer_text(&out), expected) != 0)
		printf("# %s\n# %s\n", buffer_text(&out), expected);
	free(at);
	buffer_free(&rows);
	buffer_free(&out);
	store_phone_words_free(&words);
	store_close(store);
}

static void check_problem(size_t at, uint64_t line, const char *text)
{
	CU_ASSERT_FATAL(at < done.n_problems);
	CU_ASSERT_EQUAL(done.problems[at].line, line);
	CU_ASSERT_PTR_NOT_NULL(strstr(done.problems[at].text, text));
	if (strstr(done.problems[at].text, text) == NULL || done.problems[at].line != line)
		printf("# line %d: %s\n", (int)done.problems[at].line, done.problems[at].text);
}

/* ---- what is right -------------------------------------------------------------------------- */

static void test_columns(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("itl sha-1;Device Type;Description;CTL Checksum;Device Name\n"
			       "none;Cisco 7965;x;" MD5 ";sepaabbccddeeff\n"
			       "" SHA1 ";;\"a;\"\"b\";Not Installed;CSFanna\n"),
	    ST_OK);
	CU_ASSERT_EQUAL(done.delimiter, ';');
	CU_ASSERT_STRING_EQUAL(done.columns[0], "Device Name");
	CU_ASSERT_STRING_EQUAL(done.columns[1], "Device Type");
	CU_ASSERT_STRING_EQUAL(done.columns[2], "CTL Checksum");
	CU_ASSERT_STRING_EQUAL(done.columns[3], "itl sha-1");
	CU_ASSERT_EQUAL(done.rows, 2);
	CU_ASSERT_EQUAL(done.added, 2);
	check_phones("CSFanna||none|" SHA1 ";SEPAABBCCDDEEFF|Cisco 7965|" MD5 "|none;");
}

static void test_two_ctl_columns(void)
{
	store_remove();
	CU_ASSERT_EQUAL(
	    import("Name,CTL MD5,CTL SHA1\nA," MD5 "," SHA1 "\nB,," SHA1 "\nC,,\n"), ST_OK);
	CU_ASSERT_STRING_EQUAL(done.columns[2], "CTL MD5, CTL SHA1");
	CU_ASSERT_STRING_EQUAL(done.columns[3], "");
	check_phones("A||" MD5 "|;B||" SHA1 "|;C|||;");
}

/* "Device" alone is taken only where no column says it better. */
static void test_best_name(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("Device,Name,Device Name,CTL\nx y,z z,A,\n"), ST_OK);
	CU_ASSERT_STRING_EQUAL(done.columns[0], "Device Name");
	check_phones("A|||;");
}

static void test_values(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("Name,CTL,ITL\n"
			       "A,00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF,-\n"
			       "B,00112233 44556677 8899aabb ccddeeff,NO\n"
			       "C,unknown,not installed\n"
			       "D,None,\n"),
	    ST_OK);
	check_phones("A||" MD5 "|none;B||" MD5 "|none;C|||none;D||none|;");
}

static void test_bom_crlf_cr(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("\xef\xbb\xbfName,CTL\r\nA,none\r\n\r\nB,\"none\"\r\n,\r\n"), ST_OK);
	check_phones("A||none|;B||none|;");
	CU_ASSERT_EQUAL(import("Name\tCTL\rC\tnone\rD\tnone"), ST_OK);
	CU_ASSERT_EQUAL(done.delimiter, '\t');
	check_phones("A||none|;B||none|;C||none|;D||none|;");
}

static void test_field_over_lines(void)
{
	store_remove();
	CU_ASSERT_EQUAL(
	    import("Name,Text,CTL\nA,\"one\ntwo\r\n\nfour\",none\nB,,abc\n"), ST_FORMAT);
	CU_ASSERT_EQUAL(done.rows, 1);
	check_problem(0, 6, "'abc'");
}

/* Names that are longer than a key of the sort, and rows that come in any order. */
static void test_order(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("Name,CTL\nABCDEFGHIJKLMNOPQ2,none\nB,\nABCDEFGHIJKLMNOPQ1,none\n"
			       "ABCDEFGHIJKLMNOP,\nABCDEFGHIJKLMNO,\nABCDEFGHIJKLMNOPQ2,none\n"),
	    ST_OK);
	CU_ASSERT_EQUAL(done.rows, 5);
	CU_ASSERT_EQUAL(done.bad, 0);
	check_phones("ABCDEFGHIJKLMNO|||;ABCDEFGHIJKLMNOP|||;ABCDEFGHIJKLMNOPQ1||none|;"
		     "ABCDEFGHIJKLMNOPQ2||none|;B|||;");
}

static void test_replace(void)
{
	static const char text[] = "Name,CTL\nB,none\n";

	store_remove();
	CU_ASSERT_EQUAL(import("Name,CTL\nA,none\nB,\n"), ST_OK);
	CU_ASSERT_EQUAL(import_bytes(text, strlen(text), true, false), ST_OK);
	CU_ASSERT_EQUAL(done.changed, 1);
	CU_ASSERT_EQUAL(done.removed, 1);
	check_phones("B||none|;");
}

/* What spreadsheets write before the header row, for themselves. */
static void test_sep(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("sep=;\r\nName;Model, long;CTL\r\nCSFanna;x;none\r\n"), ST_OK);
	CU_ASSERT_EQUAL(done.delimiter, ';');
	CU_ASSERT_EQUAL(done.rows, 1);
	/* It counts more than what stands most in the header row. */
	CU_ASSERT_EQUAL(
	    import("\xEF\xBB\xBF\nSEP=\t\nName\tCTL\tx,y,z\nCSFbert\tnone\t1\n"), ST_OK);
	CU_ASSERT_EQUAL(done.delimiter, '\t');
	CU_ASSERT_EQUAL(import("\"sep=,\"\nName,CTL,a;b;c\nCSFcarl,none,1\n"), ST_OK);
	CU_ASSERT_EQUAL(done.delimiter, ',');
	check_phones("CSFanna||none|;CSFbert||none|;CSFcarl||none|;");
	/* Once, and with a delimiter that there is. */
	CU_ASSERT_EQUAL(import("sep=;\nsep=;\nName;CTL\nCSFanna;none\n"), ST_FORMAT);
	CU_ASSERT_EQUAL(import("sep=|\nName,CTL\nCSFanna,none\n"), ST_FORMAT);
	CU_ASSERT_EQUAL(import("sep=;\n"), ST_FORMAT);
	CU_ASSERT_EQUAL(import("sep=;"), ST_FORMAT);
}

static void test_rounded(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("Name,CTL,ITL\nCSFanna,1.23E+31,none\nCSFbert,none,\"1,23457e+39\"\n"
			       "CSFcarl,1E31,none\nCSFdora,1.23E+,none\nCSFemil,E+31,none\n"),
	    ST_FORMAT);
	CU_ASSERT_EQUAL_FATAL(done.n_problems, 5);
	check_problem(0, 2,
	    "CTL: '1.23E+31': a spreadsheet has changed this number: format the "
	    "column as text");
	check_problem(1, 3, "ITL: '1,23457e+39': a spreadsheet has changed");
	for (size_t i = 2; i < 5; i++)
		check_problem(i, i + 2, "is no checksum");
}

/* ---- what is wrong -------------------------------------------------------------------------- */

static void test_wrong_rows(void)
{
	static const char text[] = "Name,CTL,ITL\n"
				   "A,0011223344556677889900112233445,\n"
				   "x y,none,\n"
				   ",none,\n"
				   "B,none\n"
				   "C,none,,more\n"
				   "D,no\"ne,\n"
				   "E,\"none\"x,\n"
				   "F,none,\xff\n"
				   "G,none,\n"
				   "H,no\rne,\n"
				   "I,none";
	static const char *const texts[] = {"no checksum", "'x y'", "name is missing",
	    "only 2 columns, and the first row 3", "it has 4 columns", "quote", "quote", "ITL: '",
	    "carriage return", "cut in the middle"};
	static const uint64_t lines[] = {2, 3, 4, 5, 6, 7, 8, 9, 11, 12};

	store_remove();
	CU_ASSERT_EQUAL(import(text), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "10 rows are wrong"));
	CU_ASSERT_STRING_EQUAL(err.where, csv_path());
	CU_ASSERT_EQUAL(done.bad, 10);
	CU_ASSERT_EQUAL_FATAL(done.n_problems, 10);
	for (size_t i = 0; i < 10; i++)
		check_problem(i, lines[i], texts[i]);
	check_phones("");
	CU_ASSERT_EQUAL(import_bytes(text, strlen(text), false, true), ST_OK);
	CU_ASSERT_EQUAL(done.rows, 1);
	check_phones("G||none|;");
}

static void test_twice(void)
{
	store_remove();
	CU_ASSERT_EQUAL(
	    import("Name,Model,CTL\nB,m,none\nA,m,none\nB,m,none\nA,n,none\n"), ST_FORMAT);
	CU_ASSERT_EQUAL(done.bad, 1);
	check_problem(0, 5, "A stands with other content in line 3 already");
}

/* The rows that the quote would have swallowed are there. */
static void test_unclosed_quotes(void)
{
	static const char text[] =
	    "Name,Text,CTL\nA,\"open,none\nB,x,none\nC,\"y\",none\nD,\",none\nE,z,";

	store_remove();
	CU_ASSERT_EQUAL(import_bytes(text, strlen(text), false, true), ST_OK);
	CU_ASSERT_EQUAL(done.bad, 2);
	check_problem(0, 2, "a quote begins here that is not closed");
	check_problem(1, 5, "a quote begins here that is not closed");
	check_phones("B||none|;C||none|;E|||;");
}

/* A quote is given up long before the end of a large file. */
static void test_quote_swallows_little(void)
{
	struct buffer text = BUFFER_INIT;

	store_remove();
	buffer_printf(&text, "Name,CTL\n\"A,none\n");
	for (int i = 0; i < 100000; i++)
		buffer_printf(&text, "SEP%012X,none\n", (unsigned)i);
	CU_ASSERT_EQUAL(import_bytes(text.data, text.len, false, true), ST_OK);
	CU_ASSERT_EQUAL(done.rows, 100000);
	CU_ASSERT_EQUAL(done.bad, 1);
	check_problem(0, 2, "quote");
	buffer_free(&text);
}

static void test_too_much(void)
{
	struct buffer text = BUFFER_INIT;

	store_remove();
	buffer_printf(&text, "Name,Text,CTL\nA,");
	for (int i = 0; i < 1025; i++)
		buffer_add_u8(&text, 'x');
	buffer_printf(&text, ",none\nB,");
	for (int i = 0; i < 3000000; i++)
		buffer_add_u8(&text, i % 2 == 0 ? 'y' : ' ');
	buffer_printf(&text, ",none\nC,");
	for (int i = 0; i < 70; i++)
		buffer_add_u8(&text, ',');
	buffer_printf(&text, "\nD,");
	buffer_add(&text, "\0", 1);
	buffer_printf(&text, ",none\nE,");
	for (int i = 0; i < 1024; i++)
		buffer_add_u8(&text, 'z');
	buffer_printf(&text, ",none\n");
	CU_ASSERT_EQUAL(import_bytes(text.data, text.len, false, true), ST_OK);
	CU_ASSERT_EQUAL_FATAL(done.bad, 4);
	check_problem(0, 2, "a field is longer than 1024 bytes");
	check_problem(1, 3, "longer than 64 KB");
	check_problem(2, 4, "more than 64 columns");
	check_problem(3, 5, "NUL");
	check_phones("E||none|;");
	buffer_free(&text);
}

static void test_many_wrong(void)
{
	struct buffer text = BUFFER_INIT;

	store_remove();
	buffer_printf(&text, "Name,CTL\n");
	/* Found at the end, but first by their lines. */
	buffer_printf(&text, "A,none\nA,\nA,%s\n", MD5);
	for (int i = 0; i < 200000; i++)
		buffer_printf(&text, "B,x\n");
	CU_ASSERT_EQUAL(import_bytes(text.data, text.len, false, false), ST_FORMAT);
	CU_ASSERT_EQUAL(done.bad, 200002);
	CU_ASSERT_EQUAL_FATAL(done.n_problems, FLEET_PROBLEMS_MAX);
	check_problem(0, 3, "line 2 already");
	check_problem(1, 4, "line 2 already");
	check_problem(2, 5, "'x'");
	check_problem(99, 102, "'x'");
	buffer_free(&text);
}

static void check_refused(const char *text, size_t len, const char *what)
{
	CU_ASSERT_EQUAL(import_bytes(text, len, true, true), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, what));
	CU_ASSERT_STRING_EQUAL(err.where, csv_path());
	CU_ASSERT_NOT_EQUAL(err.hint[0], '\0');
	if (strstr(err.what, what) == NULL)
		printf("# %s\n", err.what);
}

static void test_refused(void)
{
	store_remove();
	CU_ASSERT_EQUAL(import("Name,CTL\nA,none\n"), ST_OK);
	check_refused("", 0, "is empty");
	check_refused("\xef\xbb\xbf", 3, "first row cannot be read");
	check_refused("\xff\xfeN\0", 4, "UTF-16");
	check_refused("Name,CTL\n", 9, "no phone in it");
	check_refused("SEP001122AABB01,none\n", 21, "the names of the columns are missing");
	check_refused("Name,Model\nA,b\n", 15, "CTL");
	check_refused("Model,CTL\nA,none\n", 17, "name");
	check_refused("\x7f"
		      "ELF\0\0\0\0\n\0\0\n",
	    12, "cannot be read");
	check_refused("Name,CTL\nA,x\n", 13, "1 row is wrong");
	check_phones("A||none|;");
}

static void test_directory_and_nothing(void)
{
	struct fleet_import request = {.act = "phones import", .path = harness_directory()};

	store_remove();
	request.store = store_opened(STORE_CHANGE);
	fleet_imported_free(&done);
	CU_ASSERT_EQUAL(fleet_import(&request, &done, &err), ST_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "directory"));
	request.path = "/nowhere/phones.csv";
	CU_ASSERT_EQUAL(fleet_import(&request, &done, &err), ST_IO);
	CU_ASSERT_STRING_EQUAL(err.where, "/nowhere/phones.csv");
	store_close(request.store);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a line that names the delimiter", test_sep},
	    {"a checksum that a spreadsheet has changed", test_rounded},
	    {"columns are found by their headers", test_columns},
	    {"of two CTL columns the first with content counts", test_two_ctl_columns},
	    {"the best column is the name", test_best_name},
	    {"checksums are hex with separators, and words", test_values},
	    {"a byte-order mark, CRLF and CR", test_bom_crlf_cr},
	    {"a quoted field may run over lines", test_field_over_lines},
	    {"rows are put in order, and equal ones count once", test_order},
	    {"a file that replaces the fleet", test_replace},
	    {"wrong rows are told by line, and stop it all", test_wrong_rows},
	    {"a device with different content names both lines", test_twice},
	    {"a quote that is not closed swallows no other row", test_unclosed_quotes},
	    {"nor does it in a large file", test_quote_swallows_little},
	    {"fields, lines and rows have limits", test_too_much},
	    {"of many wrong rows the first are listed, all are counted", test_many_wrong},
	    {"what is no list of phones is refused, and nothing changes", test_refused},
	    {"a directory, and a file that is not there", test_directory_and_nothing},
	};
	const int rc = harness_main("fleet import", tests, HARNESS_COUNT(tests));

	fleet_imported_free(&done);
	return rc;
}
