/*
 * Subjects as people write them: what is taken, what it becomes, and what is said of the rest.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "base/bytes.h"
#include "ceremony/distinguished_name.h"
#include "trustlist/trustlist.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

/* The name in the certificate's own order, as RFC 4514 escapes it; "" when it was refused. */
static const char *name_of(const char *text)
{
	static char shown[2048];
	struct buffer out = BUFFER_INIT;
	X509_NAME *name;

	shown[0] = '\0';
	error_clear(&err);
	if (distinguished_name_parse(text, &name, &err) == ST_OK) {
		tl_name_text(name, TL_NAMES_RFC4514, &out, NULL);
		snprintf(shown, sizeof(shown), "%s", buffer_text(&out));
	} else {
		CU_ASSERT_PTR_NULL(name);
	}
	X509_NAME_free(name);
	buffer_free(&out);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	ERR_clear_error();
	return shown;
}

static void takes(const char *text, const char *expected)
{
	const char *name = name_of(text);

	if (strcmp(name, expected) != 0)
		fprintf(stderr, "# %s: '%s', expected '%s' (%s)\n", text, name, expected, err.what);
	CU_ASSERT_STRING_EQUAL(name, expected);
}

/* Refused with WHAT in the text, at the character PLACE; 0: no place is told. */
static void refuses(const char *text, size_t place, const char *what)
{
	char where[64] = "";

	name_of(text);
	if (place > 0)
		snprintf(where, sizeof(where), "subject, character %zu", place);
	if (err.status != ST_USAGE || strstr(err.what, what) == NULL ||
	    strcmp(err.where, where) != 0)
		fprintf(stderr, "# %s: '%s' at '%s', expected '%s' at '%s'\n", text, err.what,
		    err.where, what, where);
	CU_ASSERT_EQUAL(err.status, ST_USAGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, what));
	CU_ASSERT_STRING_EQUAL(err.where, where);
}

static void test_order(void)
{
	takes("CN=SAST-1", "CN=SAST-1");
	takes("CN=SAST-1,OU=IPT,O=Lab", "O=Lab,OU=IPT,CN=SAST-1");
	takes("cn=SAST-1,Ou=IPT,o=Lab,c=PL,st=a,l=b", "L=b,ST=a,C=PL,O=Lab,OU=IPT,CN=SAST-1");
	takes("CN=a,DC=lab,DC=example,UID=u,STREET=s", "STREET=s,UID=u,DC=example,DC=lab,CN=a");
	takes("CN=a,OU=1,OU=2", "OU=2,OU=1,CN=a");
}

static void test_dotted(void)
{
	takes("2.5.4.3=by number", "CN=by number");
	takes("CN=x,1.2.840.113549.1.9.1=a@b", "1.2.840.113549.1.9.1=a@b,CN=x");
	takes("CN=x,emailAddress=a@b,serialNumber=7", "2.5.4.5=7,1.2.840.113549.1.9.1=a@b,CN=x");
	refuses("9.9.9=x", 1, "'9.9.9' is not known");
	refuses("CN=x,2.5.4.=x", 6, "is not known");
}

static void test_escapes(void)
{
	takes("CN=a\\,b", "CN=a\\,b");
	takes("CN=\\ a\\ ", "CN=\\ a\\ ");
	takes("CN=\\#a", "CN=\\#a");
	takes("CN=a\\+b\\\"c\\\\d\\<e\\>f\\;g\\=h", "CN=a\\+b\\\"c\\\\d\\<e\\>f\\;g=h");
	takes("CN=a\\20b", "CN=a b");
	takes("CN=a\\2Cb\\2cc", "CN=a\\,b\\,c");
	takes("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87");
	takes("CN=Lu\xc4\x8di\xc4\x87,O=a=b#c", "O=a=b#c,CN=Lu\xc4\x8di\xc4\x87");
	refuses("CN=a\\", 5, "escape");
	refuses("CN=a\\x", 5, "escape");
	refuses("CN=a\\2", 5, "escape");
	refuses("CN=a\\2g", 5, "escape");
}

static void test_strict(void)
{
	refuses("", 1, "ends where an attribute has to follow");
	refuses("CN=a,", 6, "ends where an attribute has to follow");
	refuses(",CN=a", 1, "has to begin here");
	refuses("CN=a,,O=b", 6, "has to begin here");
	refuses("CN=a, O=b", 6, "blank where an attribute begins");
	refuses(" CN=a", 1, "blank where an attribute begins");
	refuses("CN", 3, "'='");
	refuses("CN =a", 3, "'='");
	refuses("CN= a", 4, "begin with a blank");
	refuses("CN=a ", 5, "end with a blank");
	refuses("CN=a  ,O=b", 6, "end with a blank");
	refuses("CN=a;O=b", 5, "';'");
	refuses("CN=a+O=b", 5, "'+'");
	refuses("CN=a\"b", 5, "\"");
	refuses("CN=a<b", 5, "<");
	refuses("CN=#0401", 4, "hexadecimal");
	refuses("/O=Lab/CN=a", 1, "'/'");
	refuses("XX=1,CN=a", 1, "'XX' is not known");
	/* Characters are counted, not bytes. */
	refuses("CN=\xc4\x87\xc4\x87,XX=1", 7, "'XX' is not known");
}

static void test_values(void)
{
	char text[128];

	refuses("CN=", 4, "empty");
	refuses("O=,CN=a", 3, "empty");
	refuses("CN=\\ \\ ", 1, "nothing but blanks");
	refuses("O=Lab", 0, "no common name");
	refuses("CN=a\tb", 1, "control characters");
	refuses("CN=a\\00b", 1, "control characters");
	refuses("CN=a\\0Ab", 1, "control characters");
	refuses("CN=\\C2\\85", 1, "control characters");
	refuses("CN=\xff", 1, "not UTF-8");
	refuses("CN=\\C4", 1, "not UTF-8");
	refuses("CN=x,C=pol", 6, "two capital letters");
	refuses("CN=x,C=pl", 6, "two capital letters");
	refuses("CN=x,DC=\xc4\x87", 6, "ASCII");
	snprintf(text, sizeof(text), "CN=%064d", 1);
	CU_ASSERT_STRING_EQUAL(name_of(text), text);
	snprintf(text, sizeof(text), "O=b,CN=%065d", 1);
	refuses(text, 5, "65 characters, and certificates take 64");
}

static void test_long(void)
{
	char *text = malloc(1100);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, 'x', 1099);
	text[1099] = '\0';
	memcpy(text, "CN=", 3);
	refuses(text, 0, "longer than 1024 bytes");
	free(text);
}

/* How long a list's text of the subject is: 3 for "CN=", and ";OU=" for each further one. */
static enum status check_length(size_t ou)
{
	X509_NAME *name;
	char text[512];
	enum status st;

	snprintf(text, sizeof(text), "CN=%064d,OU=%064d,OU=%064d,OU=%0*d", 1, 1, 1, (int)ou, 1);
	CU_ASSERT_EQUAL_FATAL(distinguished_name_parse(text, &name, &err), ST_OK);
	st = distinguished_name_check_length(name, &err);
	X509_NAME_free(name);
	return st;
}

static void test_length(void)
{
	/* 3 + 64 + 2 * (4 + 64) + 4 + N */
	CU_ASSERT_EQUAL(check_length(48), ST_OK);
	CU_ASSERT_EQUAL(check_length(49), ST_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "256 bytes in a trust list"));
}

/* What a list's reader sees is text: no attribute may be encoded as something else. */
static void test_encoding(void)
{
	X509_NAME *name;

	CU_ASSERT_EQUAL_FATAL(
	    distinguished_name_parse("CN=a,C=PL,DC=b,OU=\xc4\x87", &name, &err), ST_OK);
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		int type = ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry));

		CU_ASSERT_EQUAL(X509_NAME_ENTRY_set(entry), i);
		CU_ASSERT_EQUAL(type, nid == NID_countryName	   ? V_ASN1_PRINTABLESTRING
				      : nid == NID_domainComponent ? V_ASN1_IA5STRING
								   : V_ASN1_UTF8STRING);
	}
	CU_ASSERT_EQUAL(X509_NAME_entry_count(name), 4);
	X509_NAME_free(name);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the text begins with what the certificate ends with", test_order},
	    {"dotted numbers are types, unknown ones are not", test_dotted},
	    {"escapes are those of RFC 4514", test_escapes},
	    {"what is not RFC 4514 is refused with its place", test_strict},
	    {"values that no name should have are refused", test_values},
	    {"a very long text is refused", test_long},
	    {"a name that phones cannot carry is told", test_length},
	    {"attributes are encoded as their types want it", test_encoding},
	};

	return harness_main("ceremony_dn", tests, HARNESS_COUNT(tests));
}
