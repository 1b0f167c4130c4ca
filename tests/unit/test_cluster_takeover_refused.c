/*
 * Lists that are not taken over, as no inventory calls for them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_takeover.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

static void a_list_that_is_no_clusters(void)
{
	struct taken t;

	CU_ASSERT_EQUAL(taken_from(&t, fixture_community_list(), NULL), ST_LIMIT);
	CU_ASSERT_STRING_NOT_EQUAL(taken_error.where, "");
	taken_free(&t);
}

static void refused(const struct made *made, enum status st, const char *where, const char *what)
{
	struct taken t;

	CU_ASSERT_EQUAL(taken_from(&t, made_list(made, "SAST-1"), NULL), st);
	CU_ASSERT_STRING_EQUAL(taken_error.where, where);
	CU_ASSERT_PTR_NOT_NULL(strstr(taken_error.what, what));
	if (strstr(taken_error.what, what) == NULL)
		fprintf(stderr, "%s: %s\n", taken_error.where, taken_error.what);
	taken_free(&t);
}

static void records_without_a_place(void)
{
	struct made base = {.n = 0}, made;

	made_sasts(&base, true, false);
	made = base;
	refused(&made, ST_LIMIT, "", "names no server");
	made_publisher(&base);

	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, "x.lab", "x.lab", NULL);
	refused(&made, ST_LIMIT, "record 5: x.lab", "no IP address");
	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, NULL, "x.lab", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 5: x.lab", "no certificate, although");
	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, "x.lab", "two words", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 5: two words", "no host name");
	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, "x.lab", "two\nlines", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 5: two\\x0Alines", "no host name");
	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, "x.lab", "a\\b", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 5: a\\\\b", "no host name");
	made = base;
	made_add(&made, TL_ROLE_CAPF, "x.lab", "x.lab", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 5: x.lab", "a CAPF already (record 4)");
}

static void records_that_stand_twice(void)
{
	struct made base = {.n = 0}, made;

	made_sasts(&base, true, false);
	made_publisher(&base);
	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab", "10.1.2.3");
	refused(&made, ST_LIMIT, "record 5: cucm-pub.lab", "record 3 has the same address");
	made = base;
	made_add(&made, TL_ROLE_TFTP, "cucm-pub.lab", "CUCM-pub.lab", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 5: CUCM-pub.lab", "record 3 has the same name");
	made = base;
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab", "10.1.2.8");
	made_add(&made, TL_ROLE_CCM_TFTP, "cucm-pub.lab", "cucm-pub.lab", "10.1.2.9");
	refused(&made, ST_LIMIT, "record 6: cucm-pub.lab", "more than two addresses");
	made = base;
	made_add(&made, TL_ROLE_SAST, "SAST-2", NULL, NULL);
	refused(&made, ST_LIMIT, "record 5: CN=SAST-2;O=Lab;C=PL", "record 2 is the same SAST");
}

static void more_than_a_cluster_has(void)
{
	char names[18][16], addresses[18][16];
	struct made made = {.n = 0};
	struct taken t;

	made_sasts(&made, true, false);
	made_publisher(&made);
	for (size_t i = 0; i < 17; i++) {
		snprintf(names[i], sizeof(names[i]), "sub%zu.lab", i);
		snprintf(addresses[i], sizeof(addresses[i]), "10.3.0.%zu", i + 1);
		made_add(&made, TL_ROLE_CCM_TFTP, "sub", names[i], addresses[i]);
	}
	refused(&made, ST_LIMIT, "", "17 subscribers");
	made.n--;
	taken_whole(&t, made_list(&made, "SAST-1"));
	CU_ASSERT_EQUAL(t.inventory.n_nodes, 17);
	taken_free(&t);
}

/* The sample with BEFORE, which stands in it, replaced. */
static enum status take_patched(struct taken *t, const void *before, const void *after, size_t len)
{
	struct buffer file = BUFFER_INIT;
	enum status st;
	uint8_t *at;

	buffer_add(&file, fixture_cucm_list()->data, fixture_cucm_list()->len);
	at = memmem(file.data, file.len, before, len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	memcpy(at, after, len);
	st = taken_from(t, &file, NULL);
	taken_free(t);
	buffer_free(&file);
	return st;
}

static void an_itl(void)
{
	struct taken t;

	CU_ASSERT_EQUAL(take_patched(&t, "CTLFile.tlv", "ITLFile.tlv", 11), ST_FORMAT);
}

static void a_role_that_nobody_knows(void)
{
	static const uint8_t role_2[] = {4, 0, 2, 0, 2}, role_99[] = {4, 0, 2, 0, 99};
	struct taken t;

	CU_ASSERT_EQUAL(take_patched(&t, role_2, role_99, 5), ST_LIMIT);
	CU_ASSERT_STRING_EQUAL(taken_error.where, "record 2: cucm-1051-a-pub");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a list that is no cluster's is refused", a_list_that_is_no_clusters},
	    {"records that have no place in an inventory", records_without_a_place},
	    {"records that stand twice", records_that_stand_twice},
	    {"more than a cluster has", more_than_a_cluster_has},
	    {"an ITL is refused", an_itl},
	    {"a role that nobody knows is refused", a_role_that_nobody_knows},
	};
	const int rc = harness_main("cluster takeover refused", tests, HARNESS_COUNT(tests));

	made_list(NULL, NULL);
	return rc;
}
