/*
 * Finds which entry of the old list is which of the new one.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/diff.h"

#include "trustlist/sorted.h"

#include <stdlib.h>

static int by_role_certificate(const struct tl_record *a, const struct tl_record *b)
{
	int c = sorted_compare_roles(a, b);

	return c != 0 ? c : sorted_compare_bytes(a->certificate, b->certificate);
}

static int by_role_name(const struct tl_record *a, const struct tl_record *b)
{
	int c = sorted_compare_roles(a, b);

	return c != 0 ? c : sorted_compare_bytes(a->dns, b->dns);
}

static int by_role_name_subject(const struct tl_record *a, const struct tl_record *b)
{
	int c = by_role_name(a, b);

	return c != 0 ? c : sorted_compare_bytes(a->subject, b->subject);
}

static int by_role_serial_issuer(const struct tl_record *a, const struct tl_record *b)
{
	int c = sorted_compare_roles(a, b);

	if (c == 0)
		c = sorted_compare_bytes(a->serial, b->serial);
	return c != 0 ? c : sorted_compare_bytes(a->issuer, b->issuer);
}

static int by_role_certificate_name(const struct tl_record *a, const struct tl_record *b)
{
	int c = by_role_certificate(a, b);

	return c != 0 ? c : sorted_compare_bytes(a->dns, b->dns);
}

static int by_content(const struct tl_record *a, const struct tl_record *b)
{
	int c = by_role_certificate_name(a, b);

	if (c == 0)
		c = sorted_compare_bytes(a->ip, b->ip);
	if (c == 0)
		c = sorted_compare_bytes(a->subject, b->subject);
	if (c == 0)
		c = sorted_compare_bytes(a->issuer, b->issuer);
	if (c == 0)
		c = sorted_compare_bytes(a->serial, b->serial);
	if (c == 0)
		c = sorted_compare_bytes(a->public_key, b->public_key);
	if (c == 0)
		c = sorted_compare_bytes(a->signature, b->signature);
	return c;
}

static bool any(const struct tl_record *record)
{
	(void)record;
	return true;
}

static bool has_certificate(const struct tl_record *record)
{
	return record->certificate.data != NULL;
}

static bool is_sast(const struct tl_record *record)
{
	return record->has_role && record->role == TL_ROLE_SAST;
}

/* To phones a SAST is its serial and issuer, whatever its certificate. */
static bool has_serial_and_issuer(const struct tl_record *record)
{
	return record->serial.len > 0 && tl_string(record->issuer).len > 0;
}

/* A token is its certificate: one of the same subject and another serial is another token. */
static bool has_name_or_subject(const struct tl_record *record)
{
	return tl_string(record->dns).len > 0 ||
	       (!is_sast(record) && tl_string(record->subject).len > 0);
}

/* CallManager and ITLRecovery are SASTs of the same host: its name does not tell them apart. */
static bool has_name(const struct tl_record *record)
{
	return tl_string(record->dns).len > 0 && !is_sast(record);
}

static const struct pass {
	bool (*takes_part)(const struct tl_record *record);
	sorted_compare *compare;
} passes[] = {
    {any, by_content},
    {has_certificate, by_role_certificate_name},
    {has_certificate, by_role_certificate},
    {has_name_or_subject, by_role_name_subject},
    {has_serial_and_issuer, by_role_serial_issuer},
    {has_name, by_role_name},
};

/* The unmatched records that take part, sorted, into OUT; returns how many. */
static size_t collect(
    const struct trustlist *list, const size_t *partners, const struct pass *pass, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n_records; i++)
		if (partners[i] == DIFF_NONE && pass->takes_part(&list->records[i]))
			out[n++] = i;
	sorted_indexes(list, out, n, pass->compare);
	return n;
}

/* Walks through both sorted sides at once; among equal ones, the first goes with the first. */
static void run_pass(struct diff *diff, const struct pass *pass, size_t *old_side, size_t *new_side)
{
	size_t n_old = collect(diff->old, diff->to_new, pass, old_side);
	size_t n_new = collect(diff->new, diff->to_old, pass, new_side);
	size_t i = 0, j = 0;

	while (i < n_old && j < n_new) {
		int c = pass->compare(
		    &diff->old->records[old_side[i]], &diff->new->records[new_side[j]]);

		if (c < 0) {
			i++;
		} else if (c > 0) {
			j++;
		} else {
			diff->to_new[old_side[i]] = new_side[j];
			diff->to_old[new_side[j]] = old_side[i];
			i++;
			j++;
		}
	}
}

static size_t *no_partners(size_t n)
{
	size_t *partners = calloc(n + 1, sizeof(*partners));

	for (size_t i = 0; partners != NULL && i < n; i++)
		partners[i] = DIFF_NONE;
	return partners;
}

enum status diff_match(struct diff *diff, struct error *err)
{
	size_t *old_side = calloc(diff->old->n_records + 1, sizeof(*old_side));
	size_t *new_side = calloc(diff->new->n_records + 1, sizeof(*new_side));
	enum status status = ST_OK;

	diff->to_new = no_partners(diff->old->n_records);
	diff->to_old = no_partners(diff->new->n_records);
	if (old_side == NULL || new_side == NULL || diff->to_new == NULL || diff->to_old == NULL) {
		status = error_no_memory(err);
		goto out;
	}
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
		run_pass(diff, &passes[i], old_side, new_side);
out:
	free(old_side);
	free(new_side);
	return status;
}
