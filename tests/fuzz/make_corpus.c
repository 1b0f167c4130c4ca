/*
 * Writes the sample lists that the corpus of fuzz_trustlist is made of.  The committed corpus came
 * from here; keys are new at each run, so files made again differ in every signature.
 *
 * usage: make_corpus DIRECTORY
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "../unit/fixture_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lengths of the CUCM sample's header and of its first record. */
#define CUCM_HEADER   336
#define CUCM_RECORD_1 1156

static const char *directory;

static void save(const char *name, const void *data, size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void save_samples(void)
{
	const struct buffer *cucm = fixture_cucm_list();

	save("cucm.tlv", cucm->data, cucm->len);
	save("windows.tlv", fixture_windows_list()->data, fixture_windows_list()->len);
	save("community.tlv", fixture_community_list()->data, fixture_community_list()->len);
	save("header-only.tlv", cucm->data, CUCM_HEADER);
	save("one-record.tlv", cucm->data, CUCM_HEADER + CUCM_RECORD_1);
	save("cut-in-record.tlv", cucm->data, CUCM_HEADER + CUCM_RECORD_1 / 2);
}

/* The header of a signed configuration file is a trust list's of version 1.0. */
static void save_sgn(void)
{
	struct buffer file = BUFFER_INIT;

	buffer_add(&file, fixture_cucm_list()->data, CUCM_HEADER);
	file.data[4] = 0;
	buffer_add(&file, "<device/>\n", 10);
	save("configuration.sgn", file.data, file.len);
	buffer_free(&file);
}

/* Small records without certificates: everything unknown, repeated, empty or unprintable. */
static void save_oddities(void)
{
	static const uint8_t more[] = {77, 0, 3, 'a', 'b', 'c', 13, 77, 0, 0, 200, 0, 1, 13};
	static const uint8_t serial[] = {0, 1};
	static const char hostile[] = "CN=\x1b[2J\r\n\xe2\x80\xae\xff\\;O=%s%n";
	static const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	struct fixture_header header = {
	    hostile, hostile, {serial, 2}, 9, 7, 3, true, more, sizeof(more)};
	struct buffer file = BUFFER_INIT;
	size_t record;

	fixture_header(&file, &header);
	record = fixture_record_begin(&file);
	fixture_record_end(&file, record);
	for (unsigned role = 0; role < 30; role++) {
		record = fixture_record_begin(&file);
		fixture_u16(&file, 4, role);
		fixture_text(&file, 3, hostile);
		fixture_text(&file, 5, hostile);
		fixture_element(&file, 6, serial, role % 3);
		fixture_element(&file, 10, ip, role % 17);
		fixture_element(&file, 100 + role, hostile, role % sizeof(hostile));
		fixture_element(&file, 9, NULL, 0);
		fixture_record_end(&file, record);
	}
	save("oddities.tlv", file.data, file.len);
	/* The last record's FUNCTION stands there twice: refused. */
	file.data[file.len - 3] = 4;
	save("twice.tlv", file.data, file.len);
	buffer_free(&file);
}

/* SIGNERID is a byte longer or shorter than what is nested in it. */
static void save_overrun(void)
{
	struct buffer file = BUFFER_INIT;

	buffer_add(&file, fixture_community_list()->data, fixture_community_list()->len);
	file.data[17] ^= 1; /* SIGNERID's length */
	save("container-overrun.tlv", file.data, file.len);
	buffer_free(&file);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_corpus DIRECTORY\n");
		return 2;
	}
	directory = argv[1];
	save_samples();
	save_sgn();
	save_oddities();
	save_overrun();
	return 0;
}
