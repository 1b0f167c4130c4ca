/*
 * Checks of the records against each other: enough SAST records, a server, none twice,
 * certificates in all server records or in none.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/lint.h"

#include "trustlist/describe.h"
#include "trustlist/sorted.h"

#include <stdlib.h>

static int by_role_and_certificate(const struct tl_record *a, const struct tl_record *b)
{
	int c = sorted_compare_roles(a, b);

	return c != 0 ? c : sorted_compare_bytes(a->certificate, b->certificate);
}

static int by_all_that_counts(const struct tl_record *a, const struct tl_record *b)
{
	int c = by_role_and_certificate(a, b);

	if (c == 0)
		c = sorted_compare_bytes(tl_string(a->dns), tl_string(b->dns));
	if (c == 0)
		c = sorted_compare_bytes(a->ip, b->ip);
	/* Without certificates the names still tell two entries apart. */
	if (c == 0 && a->certificate.data == NULL)
		c = sorted_compare_bytes(a->subject, b->subject);
	return c;
}

/* The same token in two entries is still one token, and one without certificate is none. */
static bool count_sast(const struct trustlist *list, size_t *out)
{
	size_t *order = sorted_records(list, by_role_and_certificate);
	const struct tl_record *previous = NULL;

	*out = 0;
	if (order == NULL)
		return false;
	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[order[i]];

		if (!record->has_role || record->role != TL_ROLE_SAST ||
		    record->certificate.data == NULL)
			continue;
		if (previous == NULL || by_role_and_certificate(previous, record) != 0)
			++*out;
		previous = record;
	}
	free(order);
	return true;
}

static void check_sast(struct lint *lint)
{
	const size_t least = lint->itl ? 1 : 2;
	size_t n;

	if (!count_sast(lint->list, &n)) {
		lint->failed = true;
		return;
	}
	if (n >= least)
		return;
	if (n == 0)
		lint_add(lint, LINT_FEW_SAST, TL_ERROR, 0,
		    _("add the certificates that may sign the list"),
		    _("the list has no SAST record: nobody can sign the next one"));
	else
		lint_add(lint, LINT_FEW_SAST, TL_WARNING, 0,
		    _("add a second token, or ITLRecovery, as SAST"),
		    _("the list has a single SAST certificate: when its key is lost, all phones "
		      "are locked out"));
}

/* What comes of a forgotten --ccm-tftp.  An ITL names servers of other kinds too. */
static void check_servers(struct lint *lint)
{
	const struct trustlist *list = lint->list;

	for (size_t i = 0; i < list->n_records; i++)
		if (lint_is_server(&list->records[i]))
			return;
	if (!lint->itl)
		lint_add(lint, LINT_NO_SERVER, TL_WARNING, 0,
		    _("add an entry for each CallManager and TFTP server"),
		    _("the list has no CCM, CCM+TFTP or TFTP record: phones that load it trust no "
		      "server"));
}

static void check_duplicates(struct lint *lint)
{
	const struct trustlist *list = lint->list;
	size_t *order = sorted_records(list, by_all_that_counts);
	size_t first = 0;

	if (order == NULL) {
		lint->failed = true;
		return;
	}
	for (size_t i = 1; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[order[i]];
		char words[DESCRIBE_ENTRY_MAX];

		if (by_all_that_counts(&list->records[order[first]], record) != 0) {
			first = i;
			continue;
		}
		lint_add(lint, LINT_DUPLICATE_ENTRY, TL_WARNING, order[i] + 1,
		    _("leave one of them out"), _("%s is listed already as record %zu"),
		    describe_entry(words, record), order[first] + 1);
	}
	free(order);
}

/* How many server entries have no certificate, and whether one has. */
static size_t count_bare_servers(const struct trustlist *list, bool *mixed)
{
	size_t bare = 0, servers = 0;

	for (size_t i = 0; i < list->n_records; i++) {
		if (!lint_is_server(&list->records[i]))
			continue;
		servers++;
		if (list->records[i].certificate.data == NULL)
			bare++;
	}
	*mixed = bare > 0 && bare < servers;
	return bare;
}

static void check_certificates_there(struct lint *lint)
{
	const struct trustlist *list = lint->list;
	bool mixed;
	size_t bare = count_bare_servers(list, &mixed);

	if (bare > 0 && !mixed)
		lint_add(lint, LINT_NON_SECURE_ENTRY, TL_ADVICE, 0, NULL,
		    ngettext("%zu server record has no certificate: a list of non-secure mode",
			"%zu server records have no certificate: a list of non-secure mode", bare),
		    bare);
	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[i];
		bool sast = record->has_role && record->role == TL_ROLE_SAST;

		if (record->certificate.data != NULL || !record->has_role)
			continue;
		if (sast)
			lint_add(lint, LINT_NO_CERTIFICATE, TL_ERROR, i + 1,
			    _("build the list anew with the token's certificate"),
			    _("the SAST record has no certificate: it can sign nothing"));
		else if (!lint_is_server(record))
			lint_add(lint, LINT_NO_CERTIFICATE, TL_WARNING, i + 1,
			    _("build the list anew with the certificate"),
			    _("the record has no certificate"));
		else if (mixed)
			lint_add(lint, LINT_NO_CERTIFICATE, TL_WARNING, i + 1,
			    _("build the list anew with the server's certificate"),
			    _("the server has no certificate, though others have: phones cannot "
			      "reach it securely"));
	}
}

void lint_entries(struct lint *lint)
{
	check_sast(lint);
	check_servers(lint);
	check_duplicates(lint);
	check_certificates_there(lint);
}
