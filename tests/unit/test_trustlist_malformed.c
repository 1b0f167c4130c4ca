/*
 * Malformed trust lists: each is refused, with the place and a reason.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <stdlib.h>
#include <string.h>

static struct error err;

static enum status read_bytes(const void *data, size_t len)
{
	struct trustlist list = TRUSTLIST_INIT;
	/* An exact heap copy, so that a sanitizer sees one byte too many. */
	uint8_t *copy = malloc(len != 0 ? len : 1);
	enum status status;

	memcpy(copy, data, len);
	error_clear(&err);
	status = tl_read(&list, (struct bytes){copy, len}, &err);
	CU_ASSERT_EQUAL(err.status, status);
	tl_free(&list);
	free(copy);
	return status;
}

/* FILE is ST_FORMAT with exactly this text and place, and says what to do. */
static void refuses(const struct buffer *file, const char *what, const char *where)
{
	CU_ASSERT_EQUAL(read_bytes(file->data, file->len), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, what);
	CU_ASSERT_STRING_EQUAL(err.where, where);
	CU_ASSERT_STRING_EQUAL(err.hint, "the file is cut off or damaged: fetch it again");
	if (strcmp(err.what, what) != 0 || strcmp(err.where, where) != 0)
		printf("# %s: %s\n", err.where, err.what);
}

static void copy_of(struct buffer *out, const struct buffer *sample)
{
	buffer_reset(out);
	buffer_add(out, sample->data, sample->len);
}

static void explains_foreign_files(void)
{
	static const struct {
		const char *content;
		size_t len;
		const char *expected;
	} files[] = {
	    {"", 0, "the file is empty"},
	    {"-----BEGIN CERTIFICATE-----\n", 28, "PEM"},
	    {"\x30\x82\x02\xb2\x30\x82", 6, "DER"},
	    {"<device>", 8, "XML"},
	    {"hello world", 11, "does not start with a Version element"},
	    {"\x01\x00\x02\x01", 4, "does not start with a Version element"},
	    {"\x01\x00\x03\x01\x02\x03", 6, "does not start with a Version element"},
	    {"\x01\x00\x02\x02\x00\x02\x00\x02", 8, ".enc.sgn"},
	    {"\x01\x00\x02\x03\x00\x02\x00\x02", 8, "version 3.0"},
	};

	const size_t n = sizeof(files) / sizeof(files[0]);

	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(read_bytes(files[i].content, files[i].len), ST_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, files[i].expected));
		/* No place is to blame, but for the version. */
		CU_ASSERT_STRING_EQUAL(err.where, i == n - 1 ? "offset 0" : "");
		CU_ASSERT_STRING_EQUAL(err.hint, "name a CTLFile.tlv or ITLFile.tlv");
	}
}

/* A signed configuration file: the header of the community sample, as version 1.0, then XML. */
static void explains_sgn(void)
{
	struct buffer file = BUFFER_INIT;

	buffer_add(&file, fixture_cucm_list()->data, 336);
	buffer_add(&file, "<device/>", 9);
	file.data[4] = 0;
	CU_ASSERT_EQUAL(read_bytes(file.data, file.len), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "(.sgn)"));
	CU_ASSERT_STRING_EQUAL(err.where, "");
	CU_ASSERT_STRING_EQUAL(err.hint, "name a CTLFile.tlv or ITLFile.tlv");
	CU_ASSERT_EQUAL(read_bytes(file.data, 336), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "(.sgn)"));
	buffer_free(&file);
}

static void refuses_huge_files(void)
{
	size_t len = TL_MAX_FILE + 1;
	uint8_t *data = calloc(1, len);

	CU_ASSERT_EQUAL(read_bytes(data, len), ST_LIMIT);
	free(data);
}

/* Offsets in the CUCM sample's header, from its published lengths. */
enum {
	AT_LENGTH = 5,
	AT_SIGNER_ID = 10,
	AT_SIGNER_NAME = 13,
	AT_SERIAL = 78,
	AT_CA_NAME = 97,
	AT_SIGNATURE_INFO = 162,
	AT_DIGEST = 165,
	AT_ALGO_INFO = 169,
	AT_ALGO = 172,
	AT_MODULUS = 176,
	AT_SIGNATURE = 180,
	AT_FILENAME = 311,
	AT_TIMESTAMP = 326,
	AT_PADDING = 333,
	AT_RECORD_1 = 336,
	AT_RECORD_3 = 2648,
};

static void refuses_wrong_header_lengths(void)
{
	struct buffer file = BUFFER_INIT;

	copy_of(&file, fixture_cucm_list());
	buffer_set_u16(&file, AT_LENGTH + 3, 9);
	refuses(
	    &file, "HeaderLength is 9, but the header's elements go on to offset 10", "offset 5");
	buffer_set_u16(&file, AT_LENGTH + 3, 4948);
	refuses(&file, "HeaderLength is 4948, but the file has only 4947 bytes", "offset 5");
	buffer_set_u16(&file, AT_LENGTH + 3, 328);
	refuses(&file, "header: 2 bytes are left where an element should be", "offset 326");
	buffer_set_u16(&file, AT_LENGTH + 3, 332);
	refuses(&file, "header: TIMESTAMP runs 1 byte past the header's end", "offset 326");
	/* Short by padding only: then the first record starts with what was padding. */
	buffer_set_u16(&file, AT_LENGTH + 3, 335);
	refuses(&file, "record 1 does not start with RECORDLENGTH", "offset 335");
	/* Without HeaderLength the header has no end but the file's. */
	copy_of(&file, fixture_cucm_list());
	file.data[AT_LENGTH] = 77;
	CU_ASSERT_EQUAL(read_bytes(file.data, file.len), ST_FORMAT);
	buffer_reset(&file);
	buffer_add(&file, fixture_cucm_list()->data, AT_RECORD_1);
	file.data[AT_LENGTH] = 77;
	refuses(&file, "the header ends without HeaderLength", "offset 336");
	buffer_free(&file);
}

static void refuses_wrong_containers(void)
{
	struct buffer file = BUFFER_INIT;

	copy_of(&file, fixture_cucm_list());
	buffer_set_u16(&file, AT_SIGNER_ID + 1, 148);
	refuses(&file, "header: CANAME runs 1 byte past the end of SIGNERID", "offset 97");
	buffer_set_u16(&file, AT_SIGNER_ID + 1, 86);
	refuses(&file, "header: 2 bytes are left where an element should be", "offset 97");
	buffer_set_u16(&file, AT_SIGNER_ID + 1, 84);
	refuses(&file, "header: CANAME stands outside SIGNERID", "offset 97");
	buffer_set_u16(&file, AT_SIGNER_ID + 1, 400);
	refuses(&file, "header: SIGNERID runs 77 bytes past the header's end", "offset 10");
	copy_of(&file, fixture_cucm_list());
	buffer_set_u16(&file, AT_ALGO_INFO + 1, 9);
	refuses(&file, "header: SIGNATUREALGOINFO runs 1 byte past the end of SIGNATUREINFO",
	    "offset 169");
	buffer_set_u16(&file, AT_SIGNATURE_INFO + 1, 16);
	refuses(&file, "header: 1 byte is left where an element should be", "offset 180");
	/* A container in itself. */
	copy_of(&file, fixture_cucm_list());
	file.data[AT_DIGEST] = TL_H_SIGNER_ID;
	refuses(&file, "header: SIGNERID stands there twice", "offset 165");
	file.data[AT_SIGNER_ID] = 77;
	refuses(&file, "header: SIGNERID stands inside SIGNATUREINFO", "offset 165");
	buffer_free(&file);
}

static void refuses_wrong_sizes_and_repetition(void)
{
	static const struct {
		size_t at;
		unsigned as;
		const char *what;
	} retagged[] = {
	    {AT_SIGNER_NAME, TL_H_SERIAL, "header: SERIALNUMBER stands there twice"},
	    {AT_FILENAME, TL_H_LENGTH, "header: HeaderLength stands there twice"},
	    {AT_FILENAME, TL_H_VERSION, "header: Version stands there twice"},
	    {AT_FILENAME, TL_H_SIGNATURE, "header: SIGNATURE stands there twice"},
	    {AT_TIMESTAMP, TL_H_SIGNER_VERSION, "header: the size of SIGNERVERSION is 4, not 2"},
	    {AT_FILENAME, TL_H_TIMESTAMP, "header: the size of TIMESTAMP is 12, not 4"},
	    {AT_MODULUS, TL_H_SIGNATURE_ALGO, "header: SIGNATUREALGORITHM stands there twice"},
	};
	struct buffer file = BUFFER_INIT;
	struct error first;

	for (size_t i = 0; i < sizeof(retagged) / sizeof(retagged[0]); i++) {
		copy_of(&file, fixture_cucm_list());
		file.data[retagged[i].at] = (uint8_t)retagged[i].as;
		CU_ASSERT_EQUAL(read_bytes(file.data, file.len), ST_FORMAT);
		first = err;
		/* The second of the two is at fault. */
		CU_ASSERT_STRING_EQUAL(first.what, retagged[i].what);
	}
	buffer_free(&file);
}

static void refuses_missing_elements(void)
{
	static const struct {
		size_t at;
		const char *what;
	} needed[] = {
	    {AT_SERIAL, "the header ends without SERIALNUMBER"},
	    {AT_CA_NAME, "the header ends without CANAME"},
	    {AT_DIGEST, "the header ends without DIGESTALGORITHM"},
	    {AT_ALGO, "the header ends without SIGNATUREALGORITHM"},
	    {AT_MODULUS, "the header ends without SIGNATUREMODULUS"},
	    {AT_SIGNATURE, "the header ends without SIGNATURE"},
	};
	static const size_t optional[] = {AT_SIGNER_NAME, AT_FILENAME, AT_TIMESTAMP};
	struct buffer file = BUFFER_INIT;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		copy_of(&file, fixture_cucm_list());
		file.data[needed[i].at] = 77;
		refuses(&file, needed[i].what, "offset 336");
	}
	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
		copy_of(&file, fixture_cucm_list());
		file.data[optional[i]] = 77;
		CU_ASSERT_EQUAL(read_bytes(file.data, file.len), ST_OK);
	}
	buffer_free(&file);
}

static void refuses_wrong_records(void)
{
	struct buffer file = BUFFER_INIT;
	size_t function = AT_RECORD_3 + 5 + 19 + 63;
	size_t certificate = AT_RECORD_3 + 1138 - 7 - 683;

	copy_of(&file, fixture_cucm_list());
	CU_ASSERT_EQUAL_FATAL(file.data[function], TL_R_FUNCTION);
	CU_ASSERT_EQUAL_FATAL(file.data[certificate], TL_R_CERTIFICATE);
	buffer_set_u16(&file, certificate + 1, 680 + 7 + 12);
	refuses(&file, "record 3: CERTIFICATE runs 12 bytes past the record's end", "offset 3096");
	buffer_set_u16(&file, certificate + 1, 680 + 6);
	refuses(
	    &file, "record 3: 1 byte is left at its end, too few for an element", "offset 3785");
	copy_of(&file, fixture_cucm_list());
	file.data[function] = TL_R_HASH_ALGORITHM;
	file.data[AT_RECORD_3 + 5] = TL_R_FUNCTION;
	refuses(&file, "record 3: the size of FUNCTION is 16, not 2", "offset 2653");
	file.data[AT_RECORD_3 + 5] = TL_R_IP_ADDRESS;
	refuses(&file, "record 3: IPADDRESS stands there twice", "offset 3779");
	copy_of(&file, fixture_cucm_list());
	buffer_set_u16(&file, AT_RECORD_3 + 3, 4);
	refuses(&file, "record 3: RECORDLENGTH is 4, less than 5", "offset 2648");
	buffer_set_u16(&file, AT_RECORD_3 + 3, 2300);
	refuses(&file, "record 3 runs 1 byte past the end of the file", "offset 2648");
	buffer_set_u16(&file, AT_RECORD_3 + 3, 1138 + 1161);
	refuses(&file, "record 3: RECORDLENGTH stands there twice", "offset 3786");
	buffer_set_u16(&file, AT_RECORD_3 + 3, 1138 - 7);
	refuses(&file, "record 4 does not start with RECORDLENGTH", "offset 3779");
	copy_of(&file, fixture_cucm_list());
	buffer_add(&file, "\x01\x00\x02\x00", 4);
	refuses(
	    &file, "record 5: 4 bytes are left of the file, too few for a record", "offset 4947");
	buffer_free(&file);
}

/* IPADDRESS of any length and unknown tags are nobody's error. */
static void keeps_what_it_does_not_know(void)
{
	static const uint8_t more[] = {77, 0, 3, 'a', 'b', 'c', 77, 0, 0, 13, 200, 0, 1, 13};
	static const uint8_t serial[] = {1};
	struct fixture_header header = {"n", "i", {serial, 1}, 9, 9, 0, false, more, sizeof(more)};
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	size_t record;

	fixture_header(&file, &header);
	record = fixture_record_begin(&file);
	fixture_element(&file, 10, "12345", 5);
	fixture_element(&file, 99, NULL, 0);
	fixture_element(&file, 13, "x", 1);
	fixture_element(&file, 99, "yz", 2);
	fixture_record_end(&file, record);
	CU_ASSERT_EQUAL_FATAL(tl_read(&list, buffer_bytes(&file), &err), ST_OK);
	CU_ASSERT_EQUAL(list.digest, 9);
	CU_ASSERT_EQUAL(list.modulus_code, 9);
	CU_ASSERT_EQUAL(list.signature.len, 0);
	CU_ASSERT_EQUAL_FATAL(list.n_records, 1);
	CU_ASSERT_EQUAL(list.records[0].ip.len, 5);
	CU_ASSERT_EQUAL(list.records[0].n_elements, 5);
	CU_ASSERT_FALSE(list.records[0].has_role);
	CU_ASSERT_EQUAL(list.elements[list.records[0].first_element + 3].tag, 13);
	CU_ASSERT_EQUAL(list.elements[list.records[0].first_element + 3].value.len, 1);
	CU_ASSERT_PTR_NULL(tl_signer_record(&list));
	tl_free(&list);
	buffer_free(&file);
}

static const struct harness_test tests[] = {
    {"files that are no trust list are named for what they look like", explains_foreign_files},
    {"a signed configuration file is told from a trust list", explains_sgn},
    {"more than 1 MB is over the limit", refuses_huge_files},
    {"HeaderLength must be where the header ends", refuses_wrong_header_lengths},
    {"containers hold exactly their elements, and those only", refuses_wrong_containers},
    {"known elements have their size and stand once", refuses_wrong_sizes_and_repetition},
    {"a header needs what verifying needs", refuses_missing_elements},
    {"records tile the file, elements tile the record", refuses_wrong_records},
    {"unknown elements and odd addresses are kept", keeps_what_it_does_not_know},
};

int main(void)
{
	return harness_main("trustlist_malformed", tests, HARNESS_COUNT(tests));
}
