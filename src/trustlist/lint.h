/*
 * What the parts of tl_lint() share: the codes, and where findings go.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_LINT_H
#define CTLSIGN_TRUSTLIST_LINT_H

#include "trustlist/trustlist.h"

/* In the order in which findings of one severity and record are told. */
enum lint_code {
	LINT_UNSIGNED,
	LINT_BAD_SIGNATURE,
	LINT_SIGNER_NOT_SAST,
	LINT_FEW_SAST,
	LINT_NO_SERVER,
	LINT_OVER_64K,
	LINT_NEAR_64K,
	LINT_UNKNOWN_ALGORITHM,
	LINT_SHA1_DIGEST,
	LINT_MODULUS_MISMATCH,
	LINT_UNKNOWN_VERSION,
	LINT_FILENAME,
	LINT_FUTURE_TIMESTAMP,
	LINT_HEADER_PADDING,
	LINT_MISSING_ELEMENT,
	LINT_UNKNOWN_ELEMENT,
	LINT_UNTERMINATED_STRING,
	LINT_NAME_OVER_255,
	LINT_UNKNOWN_ROLE,
	LINT_DUPLICATE_ENTRY,
	LINT_NO_ADDRESS,
	LINT_BAD_IP_LENGTH,
	LINT_IPV6_UNVERIFIED,
	LINT_NO_CERTIFICATE,
	LINT_NON_SECURE_ENTRY,
	LINT_CERTIFICATE_UNDECODABLE,
	LINT_PUBLIC_KEY_MISMATCH,
	LINT_SERIAL_MISMATCH,
	LINT_SERIAL_REVERSED,
	LINT_NAME_DIFFERS,
	LINT_EXPIRED,
	LINT_EXPIRES_SOON,
	LINT_NOT_YET_VALID,
	LINT_RSA_OVER_4096,
	LINT_RSA_OVER_2048,
	LINT_RSA_1024,
	LINT_KEY_TYPE,
	LINT_EC_NEEDS_1_1,
	LINT_CODES
};

struct lint {
	const struct trustlist *list;
	const struct tl_record *signer; /* NULL: none of the records */
	time_t now;
	unsigned expiry_days;
	bool itl;
	struct tl_findings *out;
	size_t cap;
	size_t count[LINT_CODES]; /* findings of a code, also those left out */
	size_t last[LINT_CODES];  /* where in out the last one of a code stands */
	bool failed;		  /* out of memory */
};

/*
 * Adds a finding.  RECORD as in struct tl_finding; HINT may be NULL.  What FMT inserts is printable
 * already.  Of one code a few dozen are kept, and the last of them tells how many more there are.
 */
void lint_add(struct lint *lint, enum lint_code code, enum tl_severity severity, size_t record,
    const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Whether phones reach a server by this entry: CCM, CCM+TFTP, TFTP. */
bool lint_is_server(const struct tl_record *record);

/* The checks, each of which only adds findings. */
void lint_file(struct lint *lint);
void lint_signature(struct lint *lint);
void lint_records(struct lint *lint);
void lint_entries(struct lint *lint);
void lint_certificates(struct lint *lint);

#endif
