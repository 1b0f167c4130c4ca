/*
 * The SPEC syntax: CERTIFICATE[,dns=NAME][,ip=ADDRESS]
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "cli/spec.h"

#include <string.h>

static struct cli_spec spec;
static struct error err;

static void plain(void)
{
	CU_ASSERT_EQUAL_FATAL(cli_spec_parse("a.pem", &spec, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(spec.certificate, "a.pem");
	CU_ASSERT_PTR_NULL(spec.dns);
	CU_ASSERT_EQUAL(spec.ip_len, 0);
	cli_spec_free(&spec);
}

static void both_options_in_any_order(void)
{
	static const uint8_t ip[4] = {10, 1, 2, 3};
	static const char *const texts[] = {
	    "a.pem,dns=cucm-1.lab,ip=10.1.2.3", "a.pem,ip=10.1.2.3,dns=cucm-1.lab"};

	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(cli_spec_parse(texts[i], &spec, &err), ST_OK);
		CU_ASSERT_STRING_EQUAL(spec.certificate, "a.pem");
		CU_ASSERT_STRING_EQUAL(spec.dns, "cucm-1.lab");
		CU_ASSERT_EQUAL(spec.ip_len, 4);
		CU_ASSERT_EQUAL(memcmp(spec.ip, ip, 4), 0);
		cli_spec_free(&spec);
	}
}

static void ipv6(void)
{
	CU_ASSERT_EQUAL_FATAL(cli_spec_parse("a,ip=2001:db8::7", &spec, &err), ST_OK);
	CU_ASSERT_EQUAL(spec.ip_len, 16);
	CU_ASSERT_EQUAL(spec.ip[0], 0x20);
	CU_ASSERT_EQUAL(spec.ip[15], 7);
	cli_spec_free(&spec);
}

static void commas_stay_in_names_and_uris(void)
{
	CU_ASSERT_EQUAL_FATAL(cli_spec_parse("a,b=c.pem,dns=x", &spec, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(spec.certificate, "a,b=c.pem");
	cli_spec_free(&spec);
	CU_ASSERT_EQUAL_FATAL(
	    cli_spec_parse("pkcs11:token=a,b;id=%01,ip=1.2.3.4", &spec, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(spec.certificate, "pkcs11:token=a,b;id=%01");
	cli_spec_free(&spec);
}

static void refuses(const char *text, const char *word)
{
	CU_ASSERT_EQUAL(cli_spec_parse(text, &spec, &err), ST_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, word));
	CU_ASSERT_PTR_NULL(spec.certificate);
	CU_ASSERT_PTR_NULL(spec.dns);
}

static void bad_ones_are_refused(void)
{
	refuses("", "missing");
	refuses(",dns=x", "missing");
	refuses("a,dns=x,dns=y", "twice");
	refuses("a,ip=1.2.3.4,ip=1.2.3.5", "twice");
	refuses("a,ip=1.2.3", "not an IP address");
	refuses("a,ip=", "not an IP address");
	refuses("a,ip=1.2.3.4/24", "not an IP address");
	refuses("a,dns=", "not a host name");
	refuses("a,dns=a b", "not a host name");
	refuses("a,dns=\x1b[2J", "\\x1B");
}

static void a_name_as_long_as_the_format_takes(void)
{
	char text[300] = "a,dns=";

	memset(text + 6, 'x', 254);
	CU_ASSERT_EQUAL(cli_spec_parse(text, &spec, &err), ST_OK);
	cli_spec_free(&spec);
	text[6 + 254] = 'x';
	CU_ASSERT_EQUAL(cli_spec_parse(text, &spec, &err), ST_USAGE);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a certificate alone", plain},
	    {"dns= and ip= in any order", both_options_in_any_order},
	    {"an IPv6 address", ipv6},
	    {"commas stay part of file names and URIs", commas_stay_in_names_and_uris},
	    {"bad ones are refused with the reason", bad_ones_are_refused},
	    {"a name of 254 bytes, and not of 255", a_name_as_long_as_the_format_takes},
	};

	return harness_main("spec", tests, HARNESS_COUNT(tests));
}
