/*
 * What phones say, and what it means.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"

#include "phone/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TEXT, or CODE where TEXT is NULL. */
static void says(const char *status, const char *text, int code)
{
	const struct phone_saying *saying = phone_explain(status);

	if (saying == NULL)
		printf("# '%s' is not known\n", status);
	CU_ASSERT_PTR_NOT_NULL_FATAL(saying);
	CU_ASSERT_EQUAL(saying->code, code);
	if (text == NULL)
		CU_ASSERT_PTR_NULL_FATAL(saying->text)
	else
		CU_ASSERT_PTR_NOT_NULL_FATAL(saying->text);
	if (text != NULL)
		CU_ASSERT_STRING_EQUAL(saying->text, text);
}

static void knows_each(void)
{
	static const char *const texts[] = {"CTL installed", "ITL installed",
	    "CTL and ITL installed", "Trust List updated", "Trust List update failed",
	    "CTL update failed", "No Trust List installed", "File Not Found <CTLFile.tlv>"};

	for (size_t i = 0; i < HARNESS_COUNT(texts); i++)
		says(texts[i], texts[i], 0);
	for (int code = 1; code <= 9; code++) {
		const char digit[] = {(char)('0' + code), '\0'};

		says(digit, NULL, code);
	}
	says("No CTL installed", "No CTL installed", 0);
	says("File Not Found <CTLSEP001122AABBCC.tlv>", "File Not Found <CTLSEP...>", 0);
}

static void form_does_not_count(void)
{
	says("trust  list\tUPDATED.", "Trust List updated", 0);
	says("TrustListUpdated", "Trust List updated", 0);
	says("12:03:11a Trust List update failed", "Trust List update failed", 0);
	says("SEP001122AABBCC 7841: CTL and ITL installed (12:03:11)", "CTL and ITL installed", 0);
	says("file not found: CTLFile.tlv", "File Not Found <CTLFile.tlv>", 0);
	says("9:41:02p CTL installed", "CTL installed", 0);
}

static void knows_codes(void)
{
	says(" 9 ", NULL, 9);
	says("9.", NULL, 9);
	says("DeviceTLInfo 9", NULL, 9);
	says("DeviceTLInfo=5", NULL, 5);
	says("devicetlinfo: status = 6, at 12:00", NULL, 6);
	says("DeviceTLInfo (Status=2)", NULL, 2);
	says("Alarm DeviceTLInfo Reason Code: 8", NULL, 8);
	/* The code is more exact than the text beside it. */
	says("DeviceTLInfo 9 CTL update failed", NULL, 9);
	says("DeviceTLInfo was sent: DeviceTLInfo=1", NULL, 1);
	says("DeviceTLInfo 10: CTL update failed", "CTL update failed", 0);
}

static void does_not_guess(void)
{
	static const char *const unknown[] = {"", " ", "0", "10", "99", "-1", "9a", "9 1", "9.4(2)",
	    "DeviceTLInfo", "DeviceTLInfo 0", "DeviceTLInfo 12", "DeviceTLInfo DeviceName=9", "CTL",
	    "CTL not installed", "Trust List update", "installed", "File Not Found",
	    "File Not Found <SEP001122AABBCC.cnf.xml>", "\xff\xfe", "DeviceTLInfo 9.4"};
	char *longest = malloc(1 << 20);

	for (size_t i = 0; i < HARNESS_COUNT(unknown); i++) {
		if (phone_explain(unknown[i]) != NULL)
			printf("# '%s' is known\n", unknown[i]);
		CU_ASSERT_PTR_NULL(phone_explain(unknown[i]));
	}
	memset(longest, 'C', (1 << 20) - 1);
	longest[(1 << 20) - 1] = '\0';
	CU_ASSERT_PTR_NULL(phone_explain(longest));
	free(longest);
}

static void every_saying_is_whole(void)
{
	const struct phone_saying *saying;
	unsigned codes = 0;
	size_t n = 0;

	for (; (saying = phone_saying_at(n)) != NULL; n++) {
		char code[32];

		CU_ASSERT_TRUE((saying->text == NULL) != (saying->code == 0));
		CU_ASSERT_TRUE(saying->means != NULL && saying->means[0] != '\0');
		CU_ASSERT_TRUE(saying->todo != NULL && saying->todo[0] != '\0');
		snprintf(code, sizeof(code), "DeviceTLInfo %d", saying->code);
		/* Each finds itself. */
		CU_ASSERT_PTR_EQUAL(
		    phone_explain(saying->text != NULL ? saying->text : code), saying);
		codes |= 1u << saying->code;
	}
	CU_ASSERT_EQUAL(codes, 0x3ff);
	CU_ASSERT_EQUAL(n, 19);
	CU_ASSERT_PTR_NULL(phone_saying_at(n + 1));
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"every message and code is known", knows_each},
	    {"case, blanks, punctuation and what stands around do not count", form_does_not_count},
	    {"codes are known alone and behind the alarm's name", knows_codes},
	    {"what does not fit is not guessed", does_not_guess},
	    {"every saying has a meaning and a next step, and is found", every_saying_is_whole},
	};

	return harness_main("what phones say", tests, HARNESS_COUNT(tests));
}
