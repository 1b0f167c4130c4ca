/*
 * A list and what tl_lint() finds in it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lint.h"

#include "harness.h"

#include <stdio.h>
#include <string.h>

struct looks looks;
struct tl_findings findings;

void lint_at(time_t now, unsigned days)
{
	struct error err;

	error_clear(&err);
	looks_make(&looks);
	tl_findings_free(&findings);
	CU_ASSERT_EQUAL_FATAL(tl_lint(&looks.list, now, days, &findings, &err), ST_OK);
}

void lint_now(void)
{
	lint_at(LOOKS_NOW, LINT_DAYS);
}

void lint_done(void)
{
	tl_findings_free(&findings);
	looks_free(&looks);
}

void lint_print(void)
{
	for (size_t i = 0; i < findings.n; i++)
		printf("# %s %s %zu: %s\n", tl_severity_name(findings.items[i].severity),
		    findings.items[i].code, findings.items[i].record, findings.items[i].text);
}

bool lint_only(size_t n, const char *code, enum tl_severity severity, size_t record)
{
	bool ok = findings.n == n && n > 0 && findings.items[0].record == record;

	for (size_t i = 0; ok && i < n; i++)
		ok = strcmp(findings.items[i].code, code) == 0 &&
		     findings.items[i].severity == severity && findings.items[i].text[0] != '\0';
	if (!ok)
		lint_print();
	return ok;
}

const struct tl_finding *lint_find(const char *code)
{
	for (size_t i = 0; i < findings.n; i++)
		if (strcmp(findings.items[i].code, code) == 0)
			return &findings.items[i];
	lint_print();
	return NULL;
}
