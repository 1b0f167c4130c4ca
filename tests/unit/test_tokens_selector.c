/*
 * Selectors: what is taken, and what is refused rather than ignored.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "tokens/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status parse(const char *text, struct error *err)
{
	struct token_selector *s = NULL;
	enum status status;

	error_clear(err);
	status = token_selector_parse(text, &s, err);
	if (status == ST_OK) {
		CU_ASSERT_PTR_NOT_NULL(s);
		token_selector_free(s);
	} else {
		CU_ASSERT_PTR_NULL(s);
		CU_ASSERT_EQUAL(err->status, status);
		CU_ASSERT(err->what[0] != '\0');
	}
	return status;
}

static void test_scheme(void)
{
	CU_ASSERT(token_selector_is_uri("pkcs11:"));
	CU_ASSERT(token_selector_is_uri("PKCS11:token=a"));
	CU_ASSERT(!token_selector_is_uri("pkcs11"));
	CU_ASSERT(!token_selector_is_uri("/etc/pkcs11:"));
	CU_ASSERT(!token_selector_is_uri(""));
}

static void test_taken(void)
{
	static const char *const good[] = {
	    "SAST-1",
	    "4a21b3c4",
	    "any text: with; everything? & more",
	    "pkcs11:",
	    "PkCs11:token=SAST-1",
	    "pkcs11:token=SAST%201;serial=4a21;manufacturer=SafeNet%2C%20Inc.;model=eToken",
	    "pkcs11:token=",
	    "pkcs11:slot-id=0",
	    "pkcs11:slot-id=999999999999999999",
	    "pkcs11:slot-description=Reader;slot-manufacturer=Gemalto",
	    "pkcs11:library-version=2.6;library-description=x;library-manufacturer=y",
	    "pkcs11:id=%00%01;object=Key%201;type=cert",
	    "pkcs11:type=private",
	    "pkcs11:type=public",
	    "pkcs11:token=a?module-path=/usr/lib/x.so&module-name=x",
	    "pkcs11:?module-name=x",
	    "pkcs11:token=a?",
	};
	struct error err;

	for (size_t i = 0; i < HARNESS_COUNT(good); i++)
		CU_ASSERT_EQUAL(parse(good[i], &err), ST_OK);
}

static void test_malformed(void)
{
	static const char *const bad[] = {
	    "pkcs11:token",
	    "pkcs11:token=a;",
	    "pkcs11:;token=a",
	    "pkcs11:token=a;;serial=b",
	    "pkcs11:token=%4",
	    "pkcs11:token=%zz",
	    "pkcs11:id=%0g",
	    "pkcs11:id=",
	    "pkcs11:object=",
	    "pkcs11:token=a b",
	    "pkcs11:token=a\n",
	    "pkcs11:token=a;token=b",
	    "pkcs11:token=a;token=a",
	    "pkcs11:token=%00",
	    "pkcs11:serial=a%00b",
	    "pkcs11:slot-id=",
	    "pkcs11:slot-id=-1",
	    "pkcs11:slot-id=0x10",
	    "pkcs11:slot-id=18446744073709551616",
	    "pkcs11:library-version=4294967297.1",
	    "pkcs11:library-version=1.",
	    "pkcs11:library-version=.1",
	    "pkcs11:library-version=256",
	    "pkcs11:type=data",
	    "pkcs11:type=secret-key",
	    "pkcs11:type=",
	    "pkcs11:token=longer-than-the-32-bytes-a-label-has",
	    "pkcs11:serial=longer-than-16-by",
	    "pkcs11:?module-path=a&module-path=b",
	};
	struct error err;

	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		if (parse(bad[i], &err) != ST_USAGE) {
			fprintf(stderr, "# taken: %s\n", bad[i]);
			CU_FAIL("a malformed URI was taken");
		}
	}
}

static void test_long_uri(void)
{
	char *text = malloc(8193);
	struct error err;

	memset(text, 'a', 8192);
	memcpy(text, "pkcs11:id=", 10);
	text[8192] = '\0';
	CU_ASSERT_EQUAL(parse(text, &err), ST_USAGE);
	text[300] = '\0';
	CU_ASSERT_EQUAL(parse(text, &err), ST_OK);
	free(text);
}

static void test_not_understood(void)
{
	static const char *const bad[] = {
	    "pkcs11:tokens=a",
	    "pkcs11:Token=a",
	    "pkcs11:token=a;x-vendor=b",
	    "pkcs11:objecttype=cert",
	    "pkcs11:token=a?x-vendor=b",
	    "pkcs11:token=a?token=b",
	    "pkcs11:module-path=/x",
	    "pkcs11:=a",
	};
	struct error err;

	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		CU_ASSERT_EQUAL(parse(bad[i], &err), ST_USAGE);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "not understood"));
	}
}

static void test_no_pins(void)
{
	static const char *const bad[] = {
	    "pkcs11:token=a?pin-value=s3cret-in-uri",
	    "pkcs11:token=a;pin-value=s3cret-in-uri",
	    "pkcs11:token=a?module-name=b&pin-value=s3cret-in-uri",
	    "pkcs11:token=a?pin-source=file:/s3cret-in-uri",
	    "pkcs11:token=a;pin-source=/s3cret-in-uri",
	    "pkcs11:token=a?pinfile=/s3cret-in-uri",
	};
	struct error err;

	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		CU_ASSERT_EQUAL(parse(bad[i], &err), ST_USAGE);
		CU_ASSERT_PTR_NULL(strstr(err.what, "s3cret"));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "--pin-file"));
	}
}

static void test_empty(void)
{
	struct error err;

	CU_ASSERT_EQUAL(parse("", &err), ST_USAGE);
	token_selector_free(NULL);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the URI scheme is known in any case", test_scheme},
	    {"labels, serials and RFC 7512 URIs are taken", test_taken},
	    {"malformed URIs are refused", test_malformed},
	    {"an overlong URI is refused", test_long_uri},
	    {"attributes that are not understood are refused", test_not_understood},
	    {"PINs and PIN files in a URI are refused and not repeated", test_no_pins},
	    {"an empty name is refused", test_empty},
	};

	return harness_main("tokens selector", tests, HARNESS_COUNT(tests));
}
