/*
 * Whatever a flipped bit makes of the samples, looking at the list works and stays printable.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_looks.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* Every so many bytes, to be done in seconds; FLIP_STRIDE=1 in the environment for all. */
#define STRIDE 17

static struct buffer file, shown;
static struct trustlist list, original;
static size_t readable;

static void check_show(void)
{
	const struct tl_show_info info = {.file = "x", .not_verified_reason = "flipped"};
	struct error err;
	json_t *json;

	buffer_reset(&shown);
	error_clear(&err);
	CU_ASSERT_EQUAL(tl_show(&list, &info, &shown, &err), ST_OK);
	if (!looks_is_printable(buffer_bytes(&shown)))
		/* UTF-8 may come about by chance; control characters may not. */
		for (size_t i = 0; i < shown.len; i++)
			if (shown.data[i] < 0x20 && shown.data[i] != '\n')
				CU_FAIL("a control character was shown");
	json = tl_show_json(&list, &info);
	CU_ASSERT_PTR_NOT_NULL(json);
	json_decref(json);
}

static void check_flip(size_t i, unsigned bit)
{
	struct tl_findings findings;
	struct tl_changes changes;
	struct error err;

	file.data[i] ^= (uint8_t)(1u << bit);
	error_clear(&err);
	if (tl_read(&list, buffer_bytes(&file), &err) == ST_OK) {
		readable++;
		check_show();
		CU_ASSERT_EQUAL(tl_lint(&list, LOOKS_NOW, 30, &findings, &err), ST_OK);
		CU_ASSERT_TRUE(findings.n > 0); /* bad-signature at the least */
		tl_findings_free(&findings);
		CU_ASSERT_EQUAL(tl_diff(&original, &list, &changes, &err), ST_OK);
		CU_ASSERT_FALSE(changes.same_bytes);
		CU_ASSERT_TRUE(changes.n > 0);
		tl_changes_free(&changes);
	}
	file.data[i] ^= (uint8_t)(1u << bit);
}

static void flip(size_t sample)
{
	const struct buffer *bytes = fixture_sample(sample);
	const char *stride = getenv("FLIP_STRIDE");
	struct error err;

	error_clear(&err);
	readable = 0;
	buffer_add(&file, bytes->data, bytes->len);
	CU_ASSERT_EQUAL_FATAL(tl_read(&original, buffer_bytes(bytes), &err), ST_OK);
	for (size_t i = 0; i < file.len; i += stride != NULL ? strtoul(stride, NULL, 10) : STRIDE)
		check_flip(i, (unsigned)(i % 8));
	/* Most bytes lie in certificates and names, where any value can be read. */
	CU_ASSERT_TRUE(readable > 50);
	buffer_free(&file);
	buffer_free(&shown);
	tl_free(&list);
	tl_free(&original);
}

static void test_cucm(void)
{
	flip(0);
}

static void test_windows(void)
{
	flip(1);
}

static void test_community(void)
{
	flip(2);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"CUCM's list", test_cucm},
	    {"the Windows client's list", test_windows},
	    {"the community's list", test_community},
	};

	return harness_main("trustlist_looks_flips", tests, HARNESS_COUNT(tests));
}
