/*
 * Writing what was read gives the same bytes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <string.h>

static struct error err;

static void round_trip(const struct buffer *file)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer out = BUFFER_INIT;

	buffer_add(&out, "old content", 11);
	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(file), &err), ST_OK);
	CU_ASSERT_EQUAL(tl_write(&list, &out, &err), ST_OK);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), buffer_bytes(file)));
	buffer_free(&out);
	tl_free(&list);
}

static void samples(void)
{
	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++)
		round_trip(fixture_sample(i));
	round_trip(fixture_windows_list_token_2());
}

/* Unknown elements everywhere, also nested, empty containers, padding in odd places, any order. */
static void oddities(void)
{
	static const uint8_t serial[] = {1};
	struct buffer file = BUFFER_INIT;
	size_t outer, inner, record;

	fixture_u16(&file, 1, 0x0102);
	buffer_add_u8(&file, 13);
	fixture_element(&file, 200, "??", 2);
	outer = fixture_container_begin(&file, 7);
	inner = fixture_container_begin(&file, 9);
	fixture_u8(&file, 11, 1);
	fixture_element(&file, 201, "nested", 6);
	fixture_u8(&file, 10, 0);
	fixture_container_end(&file, inner);
	fixture_element(&file, 202, NULL, 0);
	fixture_u8(&file, 8, 1);
	buffer_add_u8(&file, 13);
	fixture_container_end(&file, outer);
	fixture_element(&file, 12, "not a signature", 15);
	outer = fixture_container_begin(&file, 3);
	fixture_text(&file, 6, "i");
	fixture_element(&file, 5, serial, 1);
	fixture_container_end(&file, outer);
	fixture_element(&file, 2, "\0\0", 2);
	fixture_element(&file, 200, "??", 2);
	for (size_t i = 0; i < 5; i++)
		buffer_add_u8(&file, 13);
	buffer_set_u16(&file, file.len - 12, (unsigned)file.len);
	record = fixture_record_begin(&file);
	fixture_record_end(&file, record);
	record = fixture_record_begin(&file);
	fixture_element(&file, 13, NULL, 0);
	fixture_element(&file, 250, "odd", 3);
	fixture_element(&file, 11, "hash", 4);
	fixture_element(&file, 12, "h", 1);
	fixture_record_end(&file, record);
	round_trip(&file);
	buffer_free(&file);
}

/* A header alone has no records to write. */
static void header_alone(void)
{
	struct buffer file = BUFFER_INIT;

	buffer_add(&file, fixture_cucm_list()->data, 336);
	round_trip(&file);
	buffer_free(&file);
}

static const struct harness_test tests[] = {
    {"every sample is written back as it was read", samples},
    {"unknown and nested elements, padding and empty records survive", oddities},
    {"a header without records survives", header_alone},
};

int main(void)
{
	return harness_main("trustlist_write", tests, HARNESS_COUNT(tests));
}
