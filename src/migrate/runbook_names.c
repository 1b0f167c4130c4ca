/*
 * What the SASTs of earlier generations are called in a runbook: as plans call them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/problem_parts.h"
#include "migrate/runbook.h"

#include <openssl/x509.h>

static enum migrate_kind kind_of(char origin)
{
	switch (origin) {
	case ORIGIN_TOKEN:
		return MIGRATE_TOKEN;
	case ORIGIN_CALLMANAGER:
		return MIGRATE_CALLMANAGER;
	case ORIGIN_ITLRECOVERY:
		return MIGRATE_ITLRECOVERY;
	default:
		return MIGRATE_FOREIGN;
	}
}

void runbook_sast_name(char origin, const struct tl_record *record, char *out, size_t size)
{
	X509 *x509 = NULL;
	struct error err;

	/* A record without a certificate is called by what stands in it. */
	if (record->certificate.len == 0 || tl_record_x509(record, &x509, &err) != ST_OK)
		x509 = NULL;
	problem_name(kind_of(origin), x509, record->subject, record->serial, out, size);
	X509_free(x509);
}
