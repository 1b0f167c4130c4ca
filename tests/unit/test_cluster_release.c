/*
 * Releases: their names, every row of the table, and what lies between the rows.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "cluster/release.h"

#include <stdio.h>
#include <string.h>

static struct error err;

static struct release parsed(const char *text)
{
	struct release release;

	if (release_parse(text, &release, &err) != ST_OK) {
		fprintf(stderr, "# %s: %s\n", text, err.what);
		CU_FAIL("a release is refused");
	}
	return release;
}

static void reads_what_people_write(void)
{
	static const struct {
		const char *text, *kept;
		unsigned major, minor, maintenance;
	} cases[] = {
	    {"12.5(1)", "12.5(1)", 12, 5, 1},
	    {"12.5(1)SU3", "12.5(1)SU3", 12, 5, 1},
	    {"11.5(1)su10", "11.5(1)su10", 11, 5, 1},
	    {"10.5(2)SU3a", "10.5(2)SU3a", 10, 5, 2},
	    {"12.5", "12.5", 12, 5, 1},
	    {"12.5.1", "12.5.1", 12, 5, 1},
	    {"7.1.5", "7.1.5", 7, 1, 5},
	    {"14", "14", 14, 0, 1},
	    {"14SU2", "14SU2", 14, 0, 1},
	    {" 12.5 (1) SU 3\t", "12.5(1)SU3", 12, 5, 1},
	    {"9.1(2)", "9.1(2)", 9, 1, 2},
	    {"5.0", "5.0", 5, 0, 1},
	    {"15", "15", 15, 0, 1},
	};

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		struct release release = parsed(cases[i].text);

		CU_ASSERT_STRING_EQUAL(release.text, cases[i].kept);
		CU_ASSERT_EQUAL(release.major, cases[i].major);
		CU_ASSERT_EQUAL(release.minor, cases[i].minor);
		CU_ASSERT_EQUAL(release.maintenance, cases[i].maintenance);
	}
}

static void refuses_what_is_none(void)
{
	static const char *const cases[] = {"", " ", "x", "12.", "12.5(", "12.5(1", "12.5()",
	    "12.5(1)S", "12.5(1)SU", "12.5(1)SU0", "12.5(1)SU3ab", "12.5(1)x", "012.5", "12.05",
	    "123.5", "12.5.1.1", "12,5", "-12.5", "12.5(-1)", "12.5(1)\n", "\xff", "12.5(100)",
	    "12.5(1)SU3 and very much more than fits"};
	struct release release;

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(release_parse(cases[i], &release, &err), ST_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "this is not a release: '"));
		CU_ASSERT_STRING_EQUAL(err.hint, "write it as 12.5(1), 12.5(1)SU3 or 14SU2");
	}
	CU_ASSERT_EQUAL(release_parse("x", &release, NULL), ST_USAGE);
}

static void refuses_what_never_was(void)
{
	static const char *const cases[] = {"13.0", "13", "12.6", "10.6(1)", "16", "15.5", "14.5",
	    "4.3", "0", "12.5(0)", "12.5(10)"};
	struct release release;

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		CU_ASSERT_EQUAL(release_parse(cases[i], &release, &err), ST_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "there is no release '"));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "known are 5.0,"));
	}
}

static void compares(void)
{
	struct release release = parsed("10.5(2)");

	CU_ASSERT_EQUAL(release_compare(&release, 10, 5, 2), 0);
	CU_ASSERT_TRUE(release_compare(&release, 10, 5, 1) > 0);
	CU_ASSERT_TRUE(release_compare(&release, 10, 5, 3) < 0);
	CU_ASSERT_TRUE(release_compare(&release, 10, 0, 9) > 0);
	CU_ASSERT_TRUE(release_compare(&release, 11, 0, 1) < 0);
	CU_ASSERT_TRUE(release_compare(&release, 9, 9, 9) > 0);
}

/* The table of the guide, and what lies between its rows. */
static void has_every_row(void)
{
	static const struct {
		const char *release, *row;
		bool anchors, tokenless, second, itlrecovery_signs, sha512, cti, registration;
		bool no_token, supported;
	} cases[] = {
	    {"15", "12.0(1) and later", 1, 1, 1, 1, 1, 1, 1, 1, 1},
	    {"14SU2", "12.0(1) and later", 1, 1, 1, 1, 1, 1, 1, 1, 1},
	    {"12.5(1)", "12.0(1) and later", 1, 1, 1, 1, 1, 1, 1, 1, 1},
	    {"12.0(1)", "12.0(1) and later", 1, 1, 1, 1, 1, 1, 1, 1, 1},
	    {"11.5(3)", "11.5(x)", 1, 1, 1, 0, 1, 0, 0, 1, 1},
	    {"11.5(1)SU10", "11.5(x)", 1, 1, 1, 0, 1, 0, 0, 1, 1},
	    {"11.0(1)", "10.5(2)", 0, 1, 1, 0, 0, 0, 0, 1, 1},
	    {"10.5(2)", "10.5(2)", 0, 1, 1, 0, 0, 0, 0, 1, 1},
	    {"10.5(1)", "10.5(1), 10.0(1)", 0, 1, 0, 0, 0, 0, 0, 1, 0},
	    {"10.0(1)", "10.5(1), 10.0(1)", 0, 1, 0, 0, 0, 0, 0, 1, 0},
	    {"9.1(2)", "9.1(2)", 0, 0, 0, 0, 0, 0, 0, 0, 0},
	    {"9.0", "9.1(2)", 0, 0, 0, 0, 0, 0, 0, 0, 0},
	    {"5.0", "9.1(2)", 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		struct release release = parsed(cases[i].release);
		const struct release_rules *rules = release_rules(&release);

		CU_ASSERT_STRING_EQUAL(rules->releases, cases[i].row);
		CU_ASSERT_EQUAL(rules->tokens_list_anchors, cases[i].anchors);
		CU_ASSERT_EQUAL(rules->tokenless, cases[i].tokenless);
		CU_ASSERT_EQUAL(rules->tokenless_itlrecovery, cases[i].second);
		CU_ASSERT_EQUAL(rules->itlrecovery_may_sign, cases[i].itlrecovery_signs);
		CU_ASSERT_EQUAL(rules->sha512, cases[i].sha512);
		CU_ASSERT_EQUAL(rules->restart_ctimanager, cases[i].cti);
		CU_ASSERT_EQUAL(rules->registration, cases[i].registration);
		CU_ASSERT_EQUAL(rules->nonsecure_without_token, cases[i].no_token);
		CU_ASSERT_EQUAL(rules->supported, cases[i].supported);
	}
}

static void lists_its_rows(void)
{
	static const char *const rows[] = {
	    "12.0(1) and later", "11.5(x)", "10.5(2)", "10.5(1), 10.0(1)", "9.1(2)"};
	struct release newest = parsed("15");

	for (size_t i = 0; i < HARNESS_COUNT(rows); i++)
		CU_ASSERT_STRING_EQUAL(release_rules_at(i)->releases, rows[i]);
	CU_ASSERT_PTR_NULL(release_rules_at(HARNESS_COUNT(rows)));
	CU_ASSERT_PTR_NULL(release_rules_at((size_t)-1));
	CU_ASSERT_PTR_EQUAL(release_rules(&newest), release_rules_at(0));
}

static void knows_what_an_upgrade_crosses(void)
{
	static const struct {
		const char *from, *to, *crossed;
	} cases[] = {
	    {"7.1(3)", "7.1(5)", "7.1.5"},
	    {"7.1(2)", "9.1(2)", "7.1.5"},
	    {"7.1(5)", "9.1(2)", NULL},
	    {"9.1(2)", "10.0(1)", NULL},
	    {"9.1(2)", "10.5(1)", "10.5"},
	    {"10.0(1)", "12.5(1)", "10.5"},
	    {"6.1", "12.5(1)", "10.5"},
	    {"10.5(1)", "10.5(2)", NULL},
	    {"10.5(2)", "14", NULL},
	    {"12.5(1)", "9.1(2)", "10.5"},
	    {"8.6(2)", "6.1", "7.1.5"},
	    {"12.5(1)", "12.5(1)SU3", NULL},
	};

	for (size_t i = 0; i < HARNESS_COUNT(cases); i++) {
		struct release from = parsed(cases[i].from), to = parsed(cases[i].to);
		const char *crossed = NULL;
		bool crosses = release_crosses(&from, &to, &crossed);

		CU_ASSERT_EQUAL(crosses, cases[i].crossed != NULL);
		CU_ASSERT_EQUAL(release_crosses(&from, &to, NULL), crosses);
		if (cases[i].crossed != NULL) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(crossed);
			CU_ASSERT_STRING_EQUAL(crossed, cases[i].crossed);
		}
	}
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"reads a release as people write it", reads_what_people_write},
	    {"refuses what is no release", refuses_what_is_none},
	    {"refuses releases that never were or are not known", refuses_what_never_was},
	    {"compares releases", compares},
	    {"has every row of the table, and what lies between", has_every_row},
	    {"lists its rows, newest first", lists_its_rows},
	    {"knows which upgrades want a new list", knows_what_an_upgrade_crosses},
	};

	return harness_main("cluster_release", tests, HARNESS_COUNT(tests));
}
