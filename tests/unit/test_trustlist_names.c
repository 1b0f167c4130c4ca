/*
 * Names as text, in both styles.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/x509.h>
#include <string.h>

static struct error err;

struct attribute {
	const char *type;
	const char *value;
	int set; /* 0: a relative name of its own; -1: joins the one before */
};

static X509_NAME *name_of(const struct attribute *attributes, size_t n)
{
	X509_NAME *name = X509_NAME_new();

	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(
		    X509_NAME_add_entry_by_txt(name, attributes[i].type, MBSTRING_UTF8,
			(const unsigned char *)attributes[i].value, -1, -1, attributes[i].set),
		    1);
	return name;
}

static void gives(
    const struct attribute *attributes, size_t n, enum tl_names style, const char *expected)
{
	X509_NAME *name = name_of(attributes, n);
	struct buffer out = BUFFER_INIT;

	CU_ASSERT_EQUAL(tl_name_text(name, style, &out, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), expected);
	if (strcmp(buffer_text(&out), expected) != 0)
		printf("# %s\n", buffer_text(&out));
	buffer_free(&out);
	X509_NAME_free(name);
}

static void cucm_orders_names(void)
{
	static const struct attribute name[] = {
	    {"serialNumber", "77", 0},
	    {"C", "PL", 0},
	    {"ST", "Malopolska", 0},
	    {"O", "Cisco; Inc", 0},
	    {"OU", "TAC", 0},
	    {"OU", "Second, unit", 0},
	    {"1.2.3.4.5", "own", 0},
	    {"CN", "cucm+a", 0},
	    {"L", "Krak\xc3\xb3w", 0},
	    {"emailAddress", "a@b.c", 0},
	};

	gives(name, 10, TL_NAMES_CUCM,
	    "CN=cucm+a;OU=TAC;OU=Second, unit;O=Cisco; Inc;L=Krak\xc3\xb3w;ST=Malopolska;C=PL;"
	    "serialNumber=77;1.2.3.4.5=own;emailAddress=a@b.c");
	gives(name, 1, TL_NAMES_CUCM, "serialNumber=77");
	gives(name, 0, TL_NAMES_CUCM, "");
}

static void rfc4514_keeps_order(void)
{
	static const struct attribute name[] = {
	    {"C", "PL", 0},
	    {"ST", "S", 0},
	    {"L", "L", 0},
	    {"street", "Way 1", 0},
	    {"O", "O", 0},
	    {"OU", "U", 0},
	    {"DC", "example", 0},
	    {"UID", "u", 0},
	    {"CN", "n", 0},
	    {"serialNumber", "5", -1},
	    {"emailAddress", "a@b.c", 0},
	};

	gives(name, 11, TL_NAMES_RFC4514,
	    "C=PL,ST=S,L=L,STREET=Way 1,O=O,OU=U,DC=example,UID=u,CN=n+2.5.4.5=5,"
	    "1.2.840.113549.1.9.1=a@b.c");
	gives(name, 0, TL_NAMES_RFC4514, "");
}

static void rfc4514_escapes(void)
{
	static const struct {
		const char *value;
		const char *expected;
	} values[] = {
	    {"a,b+c\"d\\e<f>g;h", "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h"},
	    {"#1", "CN=\\#1"},
	    {"1#", "CN=1#"},
	    {" x y ", "CN=\\ x y\\ "},
	    {" ", "CN=\\ "},
	    {"=", "CN=="},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct attribute name = {"CN", values[i].value, 0};

		gives(&name, 1, TL_NAMES_RFC4514, values[i].expected);
	}
}

/* A NUL inside would end the stored name early; a bit string is no text. */
static void refuses_what_is_no_text(void)
{
	X509_NAME *name = X509_NAME_new();
	struct buffer out = BUFFER_INIT;

	CU_ASSERT_EQUAL(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
			    (const unsigned char *)"a\0b", 3, -1, 0),
	    1);
	CU_ASSERT_EQUAL(tl_name_text(name, TL_NAMES_CUCM, &out, &err), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "NUL"));
	CU_ASSERT_EQUAL(tl_name_text(name, TL_NAMES_RFC4514, &out, &err), ST_FORMAT);
	X509_NAME_free(name);
	name = X509_NAME_new();
	CU_ASSERT_EQUAL(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_BIT_STRING,
			    (const unsigned char *)"ab", 2, -1, 0),
	    1);
	CU_ASSERT_EQUAL(tl_name_text(name, TL_NAMES_CUCM, &out, &err), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "UTF-8"));
	X509_NAME_free(name);
	buffer_free(&out);
}

/* BMPString (UTF-16) and T61String (taken as Latin-1) come out as UTF-8. */
static void turns_into_utf8(void)
{
	X509_NAME *name = X509_NAME_new();
	struct buffer out = BUFFER_INIT;

	CU_ASSERT_EQUAL(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_BMPSTRING,
			    (const unsigned char *)"\0K\x01\x42", 4, -1, 0),
	    1);
	CU_ASSERT_EQUAL(X509_NAME_add_entry_by_NID(name, NID_organizationName, V_ASN1_T61STRING,
			    (const unsigned char *)"\xf3", 1, -1, 0),
	    1);
	CU_ASSERT_EQUAL(tl_name_text(name, TL_NAMES_CUCM, &out, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(buffer_text(&out), "CN=K\xc5\x82;O=\xc3\xb3");
	X509_NAME_free(name);
	buffer_free(&out);
}

static const struct harness_test tests[] = {
    {"CUCM's order: CN, OU, O, L, ST, C, then the rest", cucm_orders_names},
    {"RFC 4514 text keeps the certificate's order", rfc4514_keeps_order},
    {"RFC 4514 text escapes what it must", rfc4514_escapes},
    {"a NUL inside and what is no text are refused", refuses_what_is_no_text},
    {"other encodings come out as UTF-8", turns_into_utf8},
};

int main(void)
{
	return harness_main("trustlist_names", tests, HARNESS_COUNT(tests));
}
