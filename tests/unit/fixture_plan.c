/*
 * Plans as text.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_plan.h"

#include "fixture_cluster.h"
#include "harness.h"

#include <arpa/inet.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static void add_certificate(struct buffer *out, const X509 *x509)
{
	char cn[128] = "-";
	unsigned version = 0;
	struct bytes serial;

	if (x509 != NULL) {
		X509_NAME_get_text_by_NID(
		    X509_get_subject_name(x509), NID_commonName, cn, sizeof(cn));
		serial = tl_certificate_serial(x509);
		if (serial.len == FIXTURE_CLUSTER_SERIAL)
			version = serial.data[1];
	}
	buffer_printf(out, version > 0 ? "%s:%u " : "%s ", cn, version);
}

static void add_entry(
    struct buffer *out, const struct tl_entry *entry, const struct plan_origin *origin)
{
	char ip[INET6_ADDRSTRLEN] = "-";

	if (entry->ip_len > 0)
		inet_ntop(entry->ip_len == 4 ? AF_INET : AF_INET6, entry->ip, ip, sizeof(ip));
	buffer_printf(out, "%c %s ", origin->origin, tl_role_name(entry->role));
	add_certificate(out, entry->certificate);
	buffer_printf(out, "%s %s", entry->dns != NULL ? entry->dns : "-", ip);
	if (origin->next_address)
		buffer_printf(out, " next");
	if (origin->record > 0)
		buffer_printf(out, " =%zu", origin->record);
	CU_ASSERT_EQUAL(entry->stored.data != NULL, origin->record > 0);
	buffer_printf(out, "\n");
}

void fixture_plan_is(const struct plan_request *request, const char *expected)
{
	struct buffer text = BUFFER_INIT;
	struct cluster_plan plan;
	struct error err;

	error_clear(&err);
	CU_ASSERT_EQUAL(cluster_plan(request, &plan, &err), ST_OK);
	for (size_t i = 0; i < plan.n; i++)
		add_entry(&text, &plan.entries[i], &plan.origins[i]);
	CU_ASSERT_STRING_EQUAL(buffer_text(&text), expected);
	if (strcmp(buffer_text(&text), expected) != 0)
		fprintf(
		    stderr, "%s\nplanned:\n%swanted:\n%s", err.what, buffer_text(&text), expected);
	cluster_plan_free(&plan);
	CU_ASSERT_PTR_NULL(plan.entries);
	buffer_free(&text);
}

void fixture_plan_fails(const struct plan_request *request, const char *line)
{
	struct cluster_plan plan;
	struct error err;
	char told[2048];

	error_clear(&err);
	CU_ASSERT_EQUAL(cluster_plan(request, &plan, &err), ST_FAILED);
	CU_ASSERT_EQUAL(err.status, ST_FAILED);
	error_line(&err, told, sizeof(told));
	CU_ASSERT_STRING_EQUAL(told, line);
	if (strcmp(told, line) != 0)
		fprintf(stderr, "told:   %s\nwanted: %s\n", told, line);
	CU_ASSERT_EQUAL(plan.n, 0);
	cluster_plan_free(&plan);
}
