/*
 * What is taken: a CTL that phones would take after the present one, and CAPF's certificate.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_RULES_H
#define CTLSIGN_PROVIDER_RULES_H

#include "base/bytes.h"

#define RULES_SIGNER_MAX 96

/* What came of looking at a file. */
struct rules_verdict {
	int code;		       /* HTTP, of a refusal: 409, 413, 422 */
	char signer[RULES_SIGNER_MAX]; /* of a list: as its header names it, printable; else "" */
};

/* A list that is to become the file NAME. */
struct rules_ctl {
	const char *name;
	struct bytes file;
	/* The list that its signer must stand in: NAME's own, else CTLFile.tlv.  NULL: a first one.
	 */
	const struct bytes *present;
	const char *present_name;
};

/*
 * Whether phones take it: it is a CTL, its own signature verifies, its signer is a SAST of the
 * present one, and it is not older.  Not a word about the present one when the bytes are the same.
 */
enum status rules_check_ctl(
    const struct rules_ctl *ctl, struct rules_verdict *out, struct error *err);

/* Whether FILE is one certificate and nothing else, in DER, or (PEM) in PEM form. */
enum status rules_check_certificate(
    struct bytes file, bool pem, struct rules_verdict *out, struct error *err);

#endif
