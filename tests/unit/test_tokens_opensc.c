/*
 * One more setting in an OpenSC configuration: where it goes, and what stays as it is.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "harness.h"
#include "tokens/opensc_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct opensc_setting style = {"pkcs11", NULL, "STYLE = 1;"};
static const struct opensc_setting init = {"framework", "pkcs15", "INIT = 1;"};

#define ALONE "\napp default { pkcs11  { STYLE = 1; } }\n"

static bool becomes(const struct opensc_setting *setting, const char *before, const char *after)
{
	struct buffer out = BUFFER_INIT;
	bool same;

	opensc_config_add(text_bytes(before), setting, &out);
	same = buffer_text(&out) != NULL && strcmp(buffer_text(&out), after) == 0;
	if (!same)
		fprintf(stderr, "# '%s'\n# became '%s'\n# not    '%s'\n", before, buffer_text(&out),
		    after);
	buffer_free(&out);
	return same;
}

static void test_nothing_there(void)
{
	CU_ASSERT(becomes(&style, "", ALONE));
	CU_ASSERT(becomes(&style, "# only this\n", "# only this\n" ALONE));
	CU_ASSERT(becomes(&style, "app other { }", "app other { }" ALONE));
	CU_ASSERT(becomes(&init, "", "\napp default { framework pkcs15 { INIT = 1; } }\n"));
}

static void test_into_what_is_there(void)
{
	CU_ASSERT(becomes(&style, "app default { debug = 3; }",
	    "app default { pkcs11  { STYLE = 1; }  debug = 3; }"));
	CU_ASSERT(becomes(&style, "app default { pkcs11 { a = 1; } }",
	    "app default { pkcs11 { STYLE = 1;  a = 1; } }"));
	CU_ASSERT(becomes(&style, "app opensc-pkcs11 { pkcs11 { a = 1; } }",
	    "app opensc-pkcs11 { pkcs11 { STYLE = 1;  a = 1; } }" ALONE));
	CU_ASSERT(becomes(&style, "APP \"default\" {\n\tPKCS11 {\n\t}\n}\n",
	    "APP \"default\" {\n\tPKCS11 { STYLE = 1; \n\t}\n}\n"));
	/* The first one counts; ours in the second harms nobody. */
	CU_ASSERT(becomes(&style, "app default { } app default { pkcs11 { } }",
	    "app default { pkcs11  { STYLE = 1; }  } app default { pkcs11 { STYLE = 1;  } }"));
	CU_ASSERT(becomes(&init, "app default { framework other { } framework pkcs15 { x = y; } }",
	    "app default { framework other { } framework pkcs15 { INIT = 1;  x = y; } }"));
	CU_ASSERT(becomes(&init, "app default { framework other { } }",
	    "app default { framework pkcs15 { INIT = 1; }  framework other { } }"));
}

static void test_not_into_these(void)
{
	static const char *const others[] = {
	    "pkcs11 { }",
	    "app x { y { pkcs11 { } } }",
	    "x default { pkcs11 { } }",
	    "app x { # pkcs11 {\n }",
	    "app x { a = pkcs11; }",
	    "app x { a = \"pkcs11 { \"; }",
	    "app x { a = pkcs11{ ; }",
	};
	char after[256];

	for (size_t i = 0; i < HARNESS_COUNT(others); i++) {
		snprintf(after, sizeof(after), "%s%s", others[i], ALONE);
		CU_ASSERT(becomes(&style, others[i], after));
	}
}

/* OpenSC ignores such files as a whole. */
static void test_malformed(void)
{
	static const char *const bad[] = {
	    "app default { pkcs11 { } } }",
	    "} app default { pkcs11 { } }",
	    "{ }",
	    "app default { a = ; } = ",
	    "app default extra { pkcs11 { } }",
	    "app default { a } pkcs11 { }",
	    "app default { a = } ",
	    ", app default { }",
	    "a {b {c {d {e {f {g {h {i {j {k {l {m {n {o {p {q {",
	};

	for (size_t i = 0; i < HARNESS_COUNT(bad); i++)
		CU_ASSERT(becomes(&style, bad[i], ALONE));
}

/* And such it forgives. */
static void test_forgiven(void)
{
	CU_ASSERT(becomes(&style, "app default { a = 1 b = 2; pkcs11 { } }",
	    "app default { a = 1 b = 2; pkcs11 { STYLE = 1;  } }"));
	CU_ASSERT(becomes(&style, "app default, second { pkcs11 { a = 1 } ",
	    "app default, second { pkcs11 { STYLE = 1;  a = 1 } "));
	CU_ASSERT(becomes(&style, "app default { a = \"open\n; pkcs11 { } }",
	    "app default { a = \"open\n; pkcs11 { STYLE = 1;  } }"));
}

/* Junk of all kinds, and too many blocks: it ends, and the setting is there. */
static void test_junk(void)
{
	static const char alphabet[] = "app default pkcs11 {}{};=,\"# \n\r";
	struct buffer out = BUFFER_INIT;
	char text[400];
	unsigned seed = 20260101;

	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		text[sizeof(text) - 1] = '\0';
		opensc_config_add((struct bytes){(const uint8_t *)text, (seed >> 8) % sizeof(text)},
		    &style, &out);
		CU_ASSERT(strstr(buffer_text(&out), "STYLE = 1;") != NULL);
		buffer_reset(&out);
	}
	for (int i = 0; i < 300; i++)
		buffer_printf(&out, "app default { pkcs11 { } }\n");
	{
		struct buffer after = BUFFER_INIT;

		opensc_config_add(buffer_bytes(&out), &style, &after);
		CU_ASSERT_STRING_EQUAL(buffer_text(&after), ALONE);
		buffer_free(&after);
	}
	buffer_free(&out);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"an empty configuration gets a block of its own", test_nothing_there},
	    {"blocks that are there get the setting first", test_into_what_is_there},
	    {"blocks elsewhere, and words that look like some, get none", test_not_into_these},
	    {"what OpenSC ignores is left out", test_malformed},
	    {"what OpenSC forgives is kept", test_forgiven},
	    {"junk does no harm", test_junk},
	};

	return harness_main("tokens opensc", tests, HARNESS_COUNT(tests));
}
