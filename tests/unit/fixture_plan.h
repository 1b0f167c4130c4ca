/*
 * Plans as text, so that a test can say what it expects of one, an entry a line.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_PLAN_H
#define CTLSIGN_TESTS_FIXTURE_PLAN_H

#include "cluster/plan.h"

/*
 * Plans REQUEST and checks that the entries are EXPECTED: lines "ORIGIN ROLE CERTIFICATE DNS
 * ADDRESS", as in
 *
 *   "i SAST ITLRECOVERY_cucm-pub.lab cucm-pub.lab 10.1.2.3\n"
 *
 * CERTIFICATE is its common name, with ":1" for version 1 of fixture_cluster_cert(); what is not
 * there is "-".  " next" follows for a next address, " =2" for an entry that is record 2 unchanged.
 */
void fixture_plan_is(const struct plan_request *request, const char *expected);

/* Checks that the plan is refused with ST_FAILED and this error line, "WHERE: WHAT; HINT". */
void fixture_plan_fails(const struct plan_request *request, const char *line);

#endif
