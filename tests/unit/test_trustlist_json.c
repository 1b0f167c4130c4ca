/*
 * tl_show_json(): every key with its type and value.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_golden.h"
#include "fixture_looks.h"
#include "harness.h"

#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct looks looks;

static void done(void)
{
	looks_free(&looks);
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

/* OBJECT has exactly the keys in KEYS, each with the type behind '=' (s i b o a n). */
static bool has_keys(const json_t *object, const char *keys)
{
	char copy[512], *state;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", keys);
	for (char *key = strtok_r(copy, " ", &state); key != NULL;
	     key = strtok_r(NULL, " ", &state)) {
		char *type = strchr(key, '=');
		const json_t *value;
		bool ok;

		*type++ = '\0';
		value = json_object_get(object, key);
		ok = (*type == 's' && json_is_string(value)) ||
		     (*type == 'i' && json_is_integer(value)) ||
		     (*type == 'b' && json_is_boolean(value)) ||
		     (*type == 'o' && json_is_object(value)) ||
		     (*type == 'a' && json_is_array(value)) ||
		     (*type == 'n' && json_is_null(value));
		if (!ok) {
			printf("# key %s\n", key);
			return false;
		}
		n++;
	}
	return json_object_size(object) == n;
}

static bool is_string(const json_t *object, const char *key, const char *value)
{
	const char *have = json_string_value(json_object_get(object, key));

	if (have != NULL && strcmp(have, value) == 0)
		return true;
	printf("# %s: %s\n", key, have != NULL ? have : "(none)");
	return false;
}

static json_int_t integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

#define LIST_KEYS                                                                                  \
	"file=s length=i md5=s sha1=s sha256=s version=s header_length=i signer=o digest=s "       \
	"verified=b records=a "
#define RECORD_KEYS "number=i length=i public_key_length=i signature_length=i signed_this_file=b "

static void test_json_list(void)
{
	json_t *json;

	golden_list(&looks);
	json = tl_show_json(&looks.list, &verified);
	CU_ASSERT_TRUE_FATAL(has_keys(json, LIST_KEYS "signer_version=s filename=s timestamp=s"));
	CU_ASSERT_TRUE(is_string(json, "file", "dir/CTLFile.tlv"));
	CU_ASSERT_EQUAL(integer(json, "length"), (json_int_t)looks.file.len);
	CU_ASSERT_TRUE(is_string(json, "md5", "e2258b6471871c332efa0646ee9d4c7c"));
	CU_ASSERT_TRUE(is_string(json, "sha1", "d7a40d720d3f2480f14bfdd40d0f01bf9cede7de"));
	CU_ASSERT_TRUE(is_string(
	    json, "sha256", "90eecf96bf75c8d2018a7bba670fe0fb56638f4ae9d2e4c469deba1184120841"));
	CU_ASSERT_TRUE(is_string(json, "version", "1.2"));
	CU_ASSERT_EQUAL(integer(json, "header_length"), 308);
	CU_ASSERT_TRUE(is_string(json, "signer_version", "1.1"));
	CU_ASSERT_TRUE(is_string(json, "digest", "sha512"));
	CU_ASSERT_TRUE(is_string(json, "filename", "CTLFile.tlv"));
	CU_ASSERT_TRUE(is_string(json, "timestamp", "2026-11-22T12:00:00Z"));
	CU_ASSERT_TRUE(json_is_true(json_object_get(json, "verified")));
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "records")), 3);
	json_decref(json);
	done();
}

static void test_json_signer(void)
{
	json_t *json, *signer;

	golden_list(&looks);
	json = tl_show_json(&looks.list, &verified);
	signer = json_object_get(json, "signer");
	CU_ASSERT_TRUE_FATAL(has_keys(signer, "subject=s issuer=s serial=s"));
	CU_ASSERT_TRUE(
	    is_string(signer, "subject", "CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme"));
	CU_ASSERT_TRUE(
	    is_string(signer, "issuer", "CN=SAST-ADN0054f509;OU=Voice Operations;O=Acme"));
	CU_ASSERT_TRUE(is_string(signer, "serial", "4A:21:9F:00:00:01:00:01"));
	json_decref(json);
	done();
}

static void test_json_record(void)
{
	json_t *json, *record, *cert;

	golden_list(&looks);
	json = tl_show_json(&looks.list, &verified);
	record = json_array_get(json_object_get(json, "records"), 1);
	CU_ASSERT_TRUE_FATAL(has_keys(record, RECORD_KEYS "role=s dns=s ip=s subject=s issuer=s "
							  "serial=s certificate=o"));
	CU_ASSERT_EQUAL(integer(record, "number"), 2);
	CU_ASSERT_EQUAL(integer(record, "length"), (json_int_t)looks.list.records[1].length);
	CU_ASSERT_TRUE(is_string(record, "role", "CCM+TFTP"));
	CU_ASSERT_TRUE(is_string(record, "dns", "cucm-pub"));
	CU_ASSERT_TRUE(is_string(record, "ip", "10.0.0.1"));
	CU_ASSERT_TRUE(is_string(record, "subject", "CN=cucm-pub;O=Acme"));
	CU_ASSERT_TRUE(is_string(record, "issuer", "CN=cucm-pub;O=Acme"));
	CU_ASSERT_TRUE(
	    is_string(record, "serial", "70:CA:F6:4E:09:07:51:B9:DF:22:F4:9F:75:4F:C5:BB"));
	CU_ASSERT_EQUAL(integer(record, "public_key_length"), 65);
	CU_ASSERT_EQUAL(
	    integer(record, "signature_length"), (json_int_t)looks.list.records[1].signature.len);
	CU_ASSERT_TRUE(json_is_false(json_object_get(record, "signed_this_file")));
	cert = json_object_get(record, "certificate");
	CU_ASSERT_TRUE_FATAL(
	    has_keys(cert, "length=i sha1=s sha256=s not_before=s not_after=s key=s"));
	CU_ASSERT_EQUAL(integer(cert, "length"), 409);
	CU_ASSERT_TRUE(is_string(cert, "sha1", "df8e205250deadd201c80f041a2f0ed8f0a6b54e"));
	CU_ASSERT_TRUE(is_string(
	    cert, "sha256", "f4e46d38960f56dee08de8ae023db5f8c857f3b6820effe623dd99a6f308e388"));
	CU_ASSERT_TRUE(is_string(cert, "not_before", "2026-11-23T05:27:42Z"));
	CU_ASSERT_TRUE(is_string(cert, "not_after", "2027-11-23T05:27:42Z"));
	CU_ASSERT_TRUE(is_string(cert, "key", "EC P-256"));
	record = json_array_get(json_object_get(json, "records"), 0);
	CU_ASSERT_TRUE(json_is_true(json_object_get(record, "signed_this_file")));
	CU_ASSERT_TRUE(is_string(record, "role", "SAST"));
	CU_ASSERT_TRUE(is_string(record, "dns", ""));
	CU_ASSERT_TRUE(is_string(record, "ip", "0.0.0.0"));
	CU_ASSERT_TRUE(is_string(json_object_get(record, "certificate"), "key", "RSA-2048"));
	json_decref(json);
	done();
}

/* What a list leaves out is null; what nobody knows is a number's text. */
static void test_json_absent(void)
{
	json_t *json, *records;

	golden_list(&looks);
	looks.filename = looks.signer_name = (struct bytes){NULL, 0};
	looks.has_timestamp = false;
	looks.signer_version = 0;
	looks.digest = 9;
	looks.records[0] = (struct looks_record){.has_role = false};
	looks.records[1].role = 4711;
	looks.records[1].certificate = looks_bytes("x", 1);
	looks_make(&looks);
	json = tl_show_json(&looks.list, &not_verified);
	CU_ASSERT_TRUE_FATAL(has_keys(json, LIST_KEYS "signer_version=n filename=n timestamp=n"));
	CU_ASSERT_TRUE(is_string(json, "digest", "9"));
	CU_ASSERT_TRUE(json_is_false(json_object_get(json, "verified")));
	CU_ASSERT_TRUE(has_keys(json_object_get(json, "signer"), "subject=n issuer=s serial=s"));
	records = json_object_get(json, "records");
	CU_ASSERT_TRUE(has_keys(json_array_get(records, 0),
	    RECORD_KEYS "role=n dns=n ip=n subject=n issuer=n serial=n certificate=n"));
	CU_ASSERT_EQUAL(integer(json_array_get(records, 0), "public_key_length"), 0);
	CU_ASSERT_TRUE(is_string(json_array_get(records, 1), "role", "4711"));
	CU_ASSERT_TRUE(has_keys(json_object_get(json_array_get(records, 1), "certificate"),
	    "length=i sha1=s sha256=s not_before=n not_after=n key=n"));
	json_decref(json);
	done();
}

static void test_json_hostile(void)
{
	struct bytes hostile = looks_hostile();
	json_t *json, *record;
	char *text;

	golden_list(&looks);
	looks.filename = looks.signer_name = looks.records[0].dns = hostile;
	looks.records[0].ip = looks_bytes("abc", 3);
	looks_make(&looks);
	json = tl_show_json(&looks.list, &(struct tl_show_info){.file = "a\xff\033b"});
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_TRUE(is_string(json, "file", "a\\xFF\\x1Bb"));
	CU_ASSERT_TRUE(is_string(json, "filename",
	    "CN=\\x1B]0;owned\\x07\\x1B[2J\\xFF\\xC3;\\x0D\\x0A"
	    "The CTL file was verified successfully.\\x0A\\x00x"));
	record = json_array_get(json_object_get(json, "records"), 0);
	CU_ASSERT_TRUE(json_is_null(json_object_get(record, "ip")));
	text = json_dumps(json, JSON_COMPACT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_TRUE(looks_is_printable(text_bytes(text)));
	free(text);
	json_decref(json);
	done();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"keys and values of the list", test_json_list},
	    {"the signer", test_json_signer},
	    {"a record and its certificate", test_json_record},
	    {"what is absent or unknown", test_json_absent},
	    {"hostile text comes out printable", test_json_hostile},
	};

	return harness_main("trustlist_json", tests, HARNESS_COUNT(tests));
}
