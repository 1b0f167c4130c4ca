/*
 * Families of phones: which model is in which, a site's file, and what is refused.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "phone/families.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

static const char *file_path(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/families.conf", harness_directory());
	return path;
}

static enum status open_text(const char *text, struct phone_families **out)
{
	FILE *file = fopen(file_path(), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	error_clear(&err);
	return phone_families_open(file_path(), out, &err);
}

static struct phone_families *open_good(const char *text)
{
	struct phone_families *families;

	if (open_text(text, &families) != ST_OK) {
		printf("# %s: %s; %s\n", err.where, err.what, err.hint);
		CU_FAIL_FATAL("it was refused");
	}
	return families;
}

static struct phone_families *open_builtin(void)
{
	struct phone_families *families;

	CU_ASSERT_EQUAL_FATAL(phone_families_open(NULL, &families, &err), ST_OK);
	return families;
}

static void is_in(const struct phone_families *families, const char *model, const char *name)
{
	const struct phone_family *family = phone_family_of(families, model);

	if (family == NULL || strcmp(family->name, name) != 0)
		printf("# %s: %s, not %s\n", model, family != NULL ? family->name : "none", name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(family);
	CU_ASSERT_STRING_EQUAL(family->name, name);
}

static void names_come_in_many_forms(void)
{
	static const char *const forms[] = {"7940", "7940G", "Cisco 7940", "cisco 7940g",
	    "CP-7940G", "CP-7940G=", "Cisco Unified IP Phone 7940", "Cisco IP Phone 7940G (SCCP)",
	    "  7940\t", "SIP 7940", "CISCO_7940"};
	struct phone_families *families = open_builtin();

	for (size_t i = 0; i < HARNESS_COUNT(forms); i++)
		is_in(families, forms[i], "Cisco 7940 and 7960");
	is_in(families, "Cisco Unified Client Services Framework", "Cisco Jabber");
	is_in(families, "Cisco Dual Mode for iPhone", "Cisco Jabber");
	is_in(families, "Cisco Jabber for Tablet", "Cisco Jabber");
	is_in(families, "Cisco TelePresence EX90", "Cisco TelePresence");
	is_in(families, "Cisco IP Conference Phone 8832NR", "Cisco 8800");
	is_in(families, "CP-8851NR-K9=", "Cisco 8800");
	is_in(families, "Cisco 7961G-GE", "Cisco 7906, 7911, 7931, 7941, 7942, 7961 and 7962");
	is_in(families, "Cisco ATA 190", "Cisco ATA 190");
	is_in(families, "ATA190", "Cisco ATA 190");
	phone_families_close(families);
}

static void others_are_in_none(void)
{
	static const char *const others[] = {"", " ", "Cisco", "Cisco IP Phone", "79", "794",
	    "79400", "7940X", "17940", "7941 7940", "3951", "Third-party SIP Device (Basic)", "88*",
	    "8?11", "\xc3\xa9 7940", "Analog Phone", "CSFX"};
	struct phone_families *families = open_builtin();
	char *longest = malloc(100000);

	for (size_t i = 0; i < HARNESS_COUNT(others); i++) {
		if (phone_family_of(families, others[i]) != NULL)
			printf("# '%s' is in one\n", others[i]);
		CU_ASSERT_PTR_NULL(phone_family_of(families, others[i]));
	}
	CU_ASSERT_PTR_NULL(phone_family_of(families, NULL));
	memset(longest, '7', 99999);
	longest[99999] = '\0';
	CU_ASSERT_PTR_NULL(phone_family_of(families, longest));
	free(longest);
	phone_families_close(families);
}

static void knows_what_documents_say(void)
{
	static const struct {
		const char *model;
		enum phone_answer sbd, sha512;
	} rows[] = {
	    {"7940", PHONE_NO, PHONE_NO},
	    {"7960", PHONE_NO, PHONE_NO},
	    {"7905", PHONE_NO, PHONE_NO},
	    {"Jabber", PHONE_NO, PHONE_MAYBE},
	    {"TCT", PHONE_NO, PHONE_MAYBE},
	    {"BOT", PHONE_NO, PHONE_MAYBE},
	    {"TAB", PHONE_NO, PHONE_MAYBE},
	    {"CSF", PHONE_NO, PHONE_MAYBE},
	    {"TelePresence SX20", PHONE_MAYBE, PHONE_MAYBE},
	    {"7965", PHONE_YES, PHONE_MAYBE},
	    {"7911", PHONE_YES, PHONE_MAYBE},
	    {"6921", PHONE_YES, PHONE_MAYBE},
	    {"6901", PHONE_MAYBE, PHONE_MAYBE},
	    {"7841", PHONE_YES, PHONE_MAYBE},
	    {"8811", PHONE_YES, PHONE_MAYBE},
	    {"8961", PHONE_YES, PHONE_MAYBE},
	    {"9971", PHONE_YES, PHONE_MAYBE},
	    {"DX80", PHONE_YES, PHONE_MAYBE},
	};
	struct phone_families *families = open_builtin();

	for (size_t i = 0; i < HARNESS_COUNT(rows); i++) {
		const struct phone_family *family = phone_family_of(families, rows[i].model);

		CU_ASSERT_PTR_NOT_NULL_FATAL(family);
		CU_ASSERT_EQUAL(family->security_by_default, rows[i].sbd);
		CU_ASSERT_EQUAL(family->digests[TL_SHA1], PHONE_YES);
		CU_ASSERT_EQUAL(family->digests[TL_SHA256], PHONE_MAYBE);
		CU_ASSERT_EQUAL(family->digests[TL_SHA512], rows[i].sha512);
		CU_ASSERT_EQUAL(family->largest_key, 0);
	}
	phone_families_close(families);
}

/* A model must not stand in two rows of the built-in table. */
static void lists_its_rows(void)
{
	struct phone_families *families = open_builtin();
	const struct phone_family *family;
	const char *models;
	size_t n = 0;

	for (; (family = phone_families_at(families, n, &models)) != NULL; n++) {
		char *copy = strdup(models), *rest = NULL;

		CU_ASSERT_PTR_EQUAL(phone_families_at(families, n, NULL), family);
		for (char *one = strtok_r(copy, ",", &rest); one != NULL;
		     one = strtok_r(NULL, ",", &rest)) {
			char *star = strchr(one, '*');

			if (star != NULL)
				*star = 'X';
			CU_ASSERT_PTR_EQUAL(phone_family_of(families, one), family);
		}
		free(copy);
	}
	CU_ASSERT_EQUAL(n, 13);
	phone_families_at(families, 0, &models);
	CU_ASSERT_STRING_EQUAL(models, "7940, 7940G, 7960, 7960G");
	CU_ASSERT_PTR_NULL(phone_families_at(families, n + 1, &models));
	phone_families_close(families);
}

static void site_comes_first(void)
{
	struct phone_families *families =
	    open_good("# ours\n"
		      "family \"Lab phones\" {\n"
		      "  models = {\"8811\", \"Cisco 78*\", \"CP-8?45\"}\n"
		      "  security-by-default = no\n"
		      "  digests = {SHA-512, \"sha1\"}\n"
		      "  no-digests = {SHA-256}\n"
		      "  largest-key = 512\n"
		      "}\n"
		      "family \"8811 again\" { models = {8811} }\n"
		      "family Odd { models = {\"*odd*one*\"}\n"
		      "  security-by-default = unknown\n"
		      "  no-digests = {} largest-key = 4096 }\n");
	const struct phone_family *family;
	const char *models;

	family = phone_families_at(families, 0, &models);
	CU_ASSERT_STRING_EQUAL(family->name, "Lab phones");
	CU_ASSERT_STRING_EQUAL(models, "8811, Cisco 78*, CP-8?45");
	CU_ASSERT_EQUAL(family->security_by_default, PHONE_NO);
	CU_ASSERT_EQUAL(family->digests[TL_SHA1], PHONE_YES);
	CU_ASSERT_EQUAL(family->digests[TL_SHA256], PHONE_NO);
	CU_ASSERT_EQUAL(family->digests[TL_SHA512], PHONE_YES);
	CU_ASSERT_EQUAL(family->largest_key, 512);
	is_in(families, "Cisco 8811", "Lab phones");
	is_in(families, "7841", "Lab phones");
	is_in(families, "78", "Lab phones");
	is_in(families, "8845", "Lab phones");
	is_in(families, "8851", "Cisco 8800");
	is_in(families, "7940", "Cisco 7940 and 7960");
	is_in(families, "an ODD little one!", "Odd");
	is_in(families, "oddone", "Odd");
	CU_ASSERT_PTR_NULL(phone_family_of(families, "one odd"));
	family = phone_families_at(families, 2, NULL);
	CU_ASSERT_EQUAL(family->security_by_default, PHONE_MAYBE);
	CU_ASSERT_EQUAL(family->digests[TL_SHA512], PHONE_MAYBE);
	CU_ASSERT_EQUAL(family->largest_key, 4096);
	family = phone_families_at(families, 1, NULL);
	CU_ASSERT_EQUAL(family->security_by_default, PHONE_MAYBE);
	CU_ASSERT_EQUAL(family->largest_key, 0);
	CU_ASSERT_STRING_EQUAL(phone_families_at(families, 3, NULL)->name, "Cisco 7940 and 7960");
	phone_families_close(families);
	/* An empty file is one that adds nothing. */
	families = open_good("");
	CU_ASSERT_STRING_EQUAL(phone_families_at(families, 0, NULL)->name, "Cisco 7940 and 7960");
	phone_families_close(families);
}

/* Many stars take no time. */
static void patterns_are_quick(void)
{
	char text[600] = "family f { models = {\"", model[90];
	struct phone_families *families;

	for (size_t i = 0; i < 40; i++)
		strcat(text, "a*");
	strcat(text, "b\"} }");
	families = open_good(text);
	memset(model, 'a', sizeof(model) - 1);
	model[sizeof(model) - 1] = '\0';
	CU_ASSERT_PTR_NULL(phone_family_of(families, model));
	model[sizeof(model) - 2] = 'b';
	is_in(families, model, "f");
	phone_families_close(families);
}

#define ONE	"family f { models = {1}\n"
#define SIXTEEN "0123456789abcdef"

static void refuses(void)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *what;
	} files[] = {
	    {"\nfamily f { }", 2, "the family 'f' has no models"},
	    {"family f {\nmodels = {} }", 2, "the family 'f' has no models"},
	    {"family f {\n models = {8811,\n\"Cisco IP Phone\"} }", 2,
		"this is no model: 'Cisco IP Phone'"},
	    {ONE "security-by-default = maybe }", 2, "'security-by-default' cannot be 'maybe'"},
	    {ONE "digests = {MD5} }", 2, "this is no digest: 'MD5'"},
	    {ONE "digests = {SHA-1-SHA-1-SHA-1-SHA-1} }", 2,
		"this is no digest: 'SHA-1-SHA-1-SHA-1-SHA-1'"},
	    {ONE "no-digests = {SHA-1} }", 2, "every phone knows SHA-1"},
	    {ONE "digests = {SHA-512}\nno-digests = {sha512} }", 3,
		"'sha512' stands in digests and in no-digests"},
	    {ONE "largest-key = 511 }", 2, "'largest-key' cannot be '511'"},
	    {ONE "largest-key = 4097 }", 2, "'largest-key' cannot be '4097'"},
	    {ONE "largest-key = 0 }", 2, "'largest-key' cannot be '0'"},
	    {ONE "largest-key = -1 }", 2, "'largest-key' cannot be '-1'"},
	    {ONE "largest-key = 2048 bits = 3 }", 2, NULL},
	    {ONE "}\nfamily F { models = {2} }", 3, NULL},
	    {"models = {1}", 1, NULL},
	    {"family \" \" { models = {1} }", 1, "this is no name for a 'family'"},
	    {"family \"a\\\\b\" { models = {1} }", 1, "this is no name for a 'family'"},
	    {"family \"a\tb\" { models = {1} }", 1, NULL},
	    {"family { models = {1} }", 1, NULL},
	    {ONE "models = {2} }", 2, NULL},
	    {"family \"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\" { models = {1} }", 1,
		"the name of the family '" SIXTEEN SIXTEEN SIXTEEN SIXTEEN
		"' is longer than 63 bytes"},
	    {"family f { models = {\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\"} }", 1,
		NULL},
	};
	char where[300];

	for (size_t i = 0; i < HARNESS_COUNT(files); i++) {
		struct phone_families *families = (void *)&err;

		CU_ASSERT_EQUAL(open_text(files[i].text, &families), ST_FORMAT);
		CU_ASSERT_PTR_NULL(families);
		snprintf(where, sizeof(where), "%s: line %u", file_path(), files[i].line);
		if (strcmp(err.where, where) != 0 ||
		    (files[i].what != NULL && strcmp(err.what, files[i].what) != 0))
			printf("# %zu: %s: %s\n", i, err.where, err.what);
		CU_ASSERT_STRING_EQUAL(err.where, where);
		if (files[i].what != NULL)
			CU_ASSERT_STRING_EQUAL(err.what, files[i].what);
		CU_ASSERT_TRUE(err.hint[0] != '\0');
	}
}

static void has_limits(void)
{
	char *text = calloc(1, 100000);
	struct phone_families *families;
	size_t n = 0;

	for (unsigned i = 0; i < 256; i++)
		n += (size_t)sprintf(text + n, "family f%u { models = {%u} }\n", i, i);
	families = open_good(text);
	is_in(families, "255", "f255");
	phone_families_close(families);
	sprintf(text + n, "family more { models = {a} }\n");
	CU_ASSERT_EQUAL(open_text(text, &families), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "there are more than 256 families");
	n = (size_t)sprintf(text, "family f { models = {0");
	for (unsigned i = 1; i < 256; i++)
		n += (size_t)sprintf(text + n, ",\n%u", i);
	strcpy(text + n, "} }");
	phone_families_close(open_good(text));
	strcpy(text + n, ", 256} }");
	CU_ASSERT_EQUAL(open_text(text, &families), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.what, "'models' has more than 256 values");
	free(text);
	CU_ASSERT_EQUAL(phone_families_open("/nonexistent/families.conf", &families, &err), ST_IO);
	CU_ASSERT_PTR_NULL(families);
	phone_families_close(NULL);
}

static void classes(void)
{
	CU_ASSERT_EQUAL(phone_family_with_sbd.security_by_default, PHONE_YES);
	CU_ASSERT_EQUAL(phone_family_without_sbd.security_by_default, PHONE_NO);
	for (unsigned i = TL_SHA1; i <= TL_SHA512; i++) {
		CU_ASSERT_EQUAL(phone_family_with_sbd.digests[i], PHONE_YES);
		CU_ASSERT_EQUAL(phone_family_without_sbd.digests[i], PHONE_YES);
	}
	CU_ASSERT_EQUAL(phone_family_with_sbd.largest_key, UINT_MAX);
	CU_ASSERT_EQUAL(phone_family_without_sbd.largest_key, UINT_MAX);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a model is known in all the forms that tools write", names_come_in_many_forms},
	    {"a model that no row names is in no family", others_are_in_none},
	    {"the built-in table says what documents say", knows_what_documents_say},
	    {"all rows can be listed, and each finds its own models", lists_its_rows},
	    {"a site's rows come before the built-in ones, in their order", site_comes_first},
	    {"patterns with many stars are quick", patterns_are_quick},
	    {"what is wrong is refused with its line", refuses},
	    {"a file has limits", has_limits},
	    {"the classes of a check without a fleet", classes},
	};

	return harness_main("families of phones", tests, HARNESS_COUNT(tests));
}
