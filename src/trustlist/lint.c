/*
 * Everything in a list that would hurt on real phones: runs the checks, keeps and sorts what they
 * find.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/lint.h"

#include "base/text.h"
#include "trustlist/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sane list has some 40 records.  A hostile one must not make a finding of each of 800,000. */
#define MOST_OF_A_CODE 50

static const char *const code_names[LINT_CODES] = {
    [LINT_UNSIGNED] = "unsigned",
    [LINT_BAD_SIGNATURE] = "bad-signature",
    [LINT_SIGNER_NOT_SAST] = "signer-not-sast",
    [LINT_FEW_SAST] = "few-sast",
    [LINT_NO_SERVER] = "no-server",
    [LINT_OVER_64K] = "over-64k",
    [LINT_NEAR_64K] = "near-64k",
    [LINT_UNKNOWN_ALGORITHM] = "unknown-algorithm",
    [LINT_SHA1_DIGEST] = "sha1-digest",
    [LINT_MODULUS_MISMATCH] = "modulus-mismatch",
    [LINT_UNKNOWN_VERSION] = "unknown-version",
    [LINT_FILENAME] = "filename",
    [LINT_FUTURE_TIMESTAMP] = "future-timestamp",
    [LINT_HEADER_PADDING] = "header-padding",
    [LINT_MISSING_ELEMENT] = "missing-element",
    [LINT_UNKNOWN_ELEMENT] = "unknown-element",
    [LINT_UNTERMINATED_STRING] = "unterminated-string",
    [LINT_NAME_OVER_255] = "name-over-255",
    [LINT_UNKNOWN_ROLE] = "unknown-role",
    [LINT_DUPLICATE_ENTRY] = "duplicate-entry",
    [LINT_NO_ADDRESS] = "no-address",
    [LINT_BAD_IP_LENGTH] = "bad-ip-length",
    [LINT_IPV6_UNVERIFIED] = "ipv6-unverified",
    [LINT_NO_CERTIFICATE] = "no-certificate",
    [LINT_NON_SECURE_ENTRY] = "non-secure-entry",
    [LINT_CERTIFICATE_UNDECODABLE] = "certificate-undecodable",
    [LINT_PUBLIC_KEY_MISMATCH] = "public-key-mismatch",
    [LINT_SERIAL_MISMATCH] = "serial-mismatch",
    [LINT_SERIAL_REVERSED] = "serial-reversed",
    [LINT_NAME_DIFFERS] = "name-differs",
    [LINT_EXPIRED] = "expired",
    [LINT_EXPIRES_SOON] = "expires-soon",
    [LINT_NOT_YET_VALID] = "not-yet-valid",
    [LINT_RSA_OVER_4096] = "rsa-over-4096",
    [LINT_RSA_OVER_2048] = "rsa-over-2048",
    [LINT_RSA_1024] = "rsa-1024",
    [LINT_KEY_TYPE] = "key-type",
    [LINT_EC_NEEDS_1_1] = "ec-needs-1.1",
};

const char *tl_severity_name(enum tl_severity severity)
{
	switch (severity) {
	case TL_ADVICE:
		return "advice";
	case TL_WARNING:
		return "warning";
	case TL_ERROR:
		return "error";
	}
	return "error";
}

static struct tl_finding *append(struct lint *lint)
{
	struct tl_findings *out = lint->out;

	if (lint->failed)
		return NULL;
	if (out->n == lint->cap) {
		size_t cap = lint->cap != 0 ? lint->cap * 2 : 16;
		struct tl_finding *grown = reallocarray(out->items, cap, sizeof(*grown));

		if (grown == NULL) {
			lint->failed = true;
			return NULL;
		}
		out->items = grown;
		lint->cap = cap;
	}
	return &out->items[out->n++];
}

void lint_add(struct lint *lint, enum lint_code code, enum tl_severity severity, size_t record,
    const char *hint, const char *fmt, ...)
{
	struct tl_finding *finding;
	char text[1024];
	va_list ap;

	if (++lint->count[code] > MOST_OF_A_CODE)
		return;
	finding = append(lint);
	if (finding == NULL)
		return;
	*finding = (struct tl_finding){severity, record, code_names[code], "", ""};
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_one_line_into(finding->text, sizeof(finding->text), text);
	if (hint != NULL)
		text_one_line_into(finding->hint, sizeof(finding->hint), hint);
	lint->last[code] = lint->out->n - 1;
}

/* Says of each code how many findings were left out. */
static void tell_left_out(struct lint *lint)
{
	for (size_t code = 0; code < LINT_CODES; code++) {
		size_t more = lint->count[code] - MOST_OF_A_CODE;
		struct tl_finding *finding;

		if (lint->count[code] <= MOST_OF_A_CODE || lint->failed)
			continue;
		finding = &lint->out->items[lint->last[code]];
		snprintf(finding->hint, sizeof(finding->hint),
		    ngettext("%zu more finding of this kind is left out",
			"%zu more findings of this kind are left out", more),
		    more);
	}
}

static size_t code_rank(const char *code)
{
	size_t rank = 0;

	while (rank < LINT_CODES && strcmp(code_names[rank], code) != 0)
		rank++;
	return rank;
}

/* Errors first; then by record, the file's own before them; then in the order of the codes. */
static int compare_findings(const void *a, const void *b)
{
	const struct tl_finding *x = a, *y = b;
	size_t rank_x, rank_y;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->record != y->record)
		return x->record < y->record ? -1 : 1;
	rank_x = code_rank(x->code);
	rank_y = code_rank(y->code);
	if (rank_x != rank_y)
		return rank_x < rank_y ? -1 : 1;
	return strcmp(x->text, y->text);
}

enum status tl_lint(const struct trustlist *list, time_t now, unsigned expiry_days,
    struct tl_findings *out, struct error *err)
{
	struct lint lint = {
	    .list = list,
	    .signer = tl_signer_record(list),
	    .now = now,
	    .expiry_days = expiry_days,
	    .itl = describe_is_itl(list),
	    .out = out,
	};

	*out = (struct tl_findings){NULL, 0};
	lint_file(&lint);
	lint_signature(&lint);
	lint_records(&lint);
	lint_entries(&lint);
	lint_certificates(&lint);
	tell_left_out(&lint);
	if (lint.failed) {
		tl_findings_free(out);
		return error_no_memory(err);
	}
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(*out->items), compare_findings);
	return ST_OK;
}

void tl_findings_free(struct tl_findings *findings)
{
	free(findings->items);
	*findings = (struct tl_findings){NULL, 0};
}
