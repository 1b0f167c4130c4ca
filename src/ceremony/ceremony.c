/*
 * How a list is signed and written: every step in its order, and nothing said to be done before it
 * was seen to be done.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/ceremony.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The finding that every unsigned list has. */
static bool is_unsigned(const struct tl_finding *finding)
{
	return strcmp(finding->code, "unsigned") == 0;
}

char *ceremony_finding_line(const struct tl_finding *finding, char out[CEREMONY_FINDING_MAX])
{
	const char *before_hint = finding->hint[0] != '\0' ? "; " : "";

	if (finding->record > 0)
		snprintf(out, CEREMONY_FINDING_MAX, _("record %zu: %s%s%s"), finding->record,
		    finding->text, before_hint, finding->hint);
	else
		snprintf(out, CEREMONY_FINDING_MAX, "%s%s%s", finding->text, before_hint,
		    finding->hint);
	return out;
}

/* Reads what was built from PLAN, whose certificates need not be decoded again. */
static enum status read_planned(
    struct trustlist *list, const struct tl_plan *plan, struct bytes file, struct error *err)
{
	X509 **known = calloc(plan->n_entries, sizeof(*known));
	enum status st;

	if (known == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < plan->n_entries; i++)
		known[i] = plan->entries[i].certificate;
	st = tl_read(list, file, err);
	if (st == ST_OK)
		st = tl_decode_certificates(list, known, plan->n_entries, err);
	free(known);
	return st;
}

/* Takes out what is about the signature that is still to come. */
static void drop_unsigned(struct tl_findings *found)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->n; i++) {
		if (!is_unsigned(&found->items[i]))
			found->items[kept++] = found->items[i];
	}
	found->n = kept;
}

static enum status refuse(const struct tl_finding *worst, size_t errors, struct error *err)
{
	char text[sizeof(worst->text) + 32];

	if (worst->record > 0)
		snprintf(text, sizeof(text), _("record %zu: %s"), worst->record, worst->text);
	else
		snprintf(text, sizeof(text), "%s", worst->text);
	error_set(err, ST_NOT_VERIFIED,
	    ngettext("phones would reject the list, so it was not signed: %s",
		"phones would reject the list for %2$zu reasons, so it was not signed; the first: "
		"%1$s",
		errors),
	    text, errors);
	error_hint(err, "%s", worst->hint);
	return ST_NOT_VERIFIED;
}

/* Lints the unsigned FILE that was built from PLAN; an error in it ends the ceremony. */
static enum status lint(const struct tl_plan *plan, struct bytes file, bool ignore_errors,
    struct tl_findings *found, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	const struct tl_finding *worst = NULL;
	size_t errors = 0;
	enum status st = read_planned(&list, plan, file, err);

	if (st == ST_OK)
		st = tl_lint(&list, time(NULL), CEREMONY_EXPIRY_DAYS, found, err);
	tl_free(&list);
	if (st != ST_OK)
		return st;
	drop_unsigned(found);
	for (size_t i = 0; i < found->n; i++) {
		if (found->items[i].severity != TL_ERROR)
			continue;
		errors++;
		if (worst == NULL)
			worst = &found->items[i];
	}
	return worst == NULL || ignore_errors ? ST_OK : refuse(worst, errors, err);
}

/*
 * Builds PLAN as if the first SAST entry that can sign it had done so.  None that can: the reason
 * why the first one cannot.
 */
static enum status build_for_any(struct tl_plan *plan, struct buffer *out, struct error *err)
{
	enum status first = ST_OK;

	for (size_t i = 0; i < plan->n_entries; i++) {
		struct error why;
		enum status st;

		if (plan->entries[i].role != TL_ROLE_SAST)
			continue;
		plan->signer = plan->entries[i].certificate;
		st = tl_build(plan, out, &why);
		if (st == ST_OK)
			return ST_OK;
		if (first == ST_OK) {
			first = st;
			*err = why;
		}
	}
	if (first != ST_OK)
		return first;
	return error_set(err, ST_NO_KEY, "%s", _("the list has no SAST entry that could sign it"));
}

enum status ceremony_prepare(
    const struct tl_plan *plan, bool ignore_lint, struct tl_findings *found, struct error *err)
{
	struct tl_plan tried = *plan;
	struct buffer file = BUFFER_INIT;
	enum status st = build_for_any(&tried, &file, err);

	if (st == ST_OK)
		st = lint(&tried, buffer_bytes(&file), ignore_lint, found, err);
	buffer_free(&file);
	return st;
}

enum status ceremony_compare(const struct tl_plan *plan, const struct trustlist *current,
    struct tl_changes *changes, struct error *err)
{
	struct tl_plan tried = *plan;
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer file = BUFFER_INIT;
	enum status st = build_for_any(&tried, &file, err);
	size_t kept = 0;

	*changes = (struct tl_changes){.n = 0};
	if (st == ST_OK)
		st = tl_read(&list, buffer_bytes(&file), err);
	if (st == ST_OK)
		st = tl_diff(current, &list, changes, err);
	for (size_t i = 0; i < changes->n; i++)
		if (changes->items[i].kind != TL_SIGNER_CHANGED)
			changes->items[kept++] = changes->items[i];
	changes->n = kept;
	tl_free(&list);
	buffer_free(&file);
	return st;
}

/* Phones that hold CURRENT take the new list only from one of its SASTs. */
static enum status check_signer(
    const struct trustlist *current, struct bytes file, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	enum status st = tl_read(&list, file, err);

	if (st == ST_OK)
		st = tl_trusted_by(&list, current, err);
	tl_free(&list);
	if (st == ST_NOT_VERIFIED)
		st = ST_LOCKOUT;
	if (st == ST_LOCKOUT && err != NULL)
		err->status = st;
	return st;
}

static enum status verify(struct tl_verifier *verifier, struct bytes file, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	enum status st = tl_read(&list, file, err);

	if (st == ST_OK)
		st = tl_verify(verifier, &list, err);
	tl_free(&list);
	return st;
}

/* What stands on the disk now must be what was signed, and verify by itself. */
static enum status read_back(
    struct tl_verifier *verifier, const char *path, struct bytes expected, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	enum status st = file_read(path, TL_MAX_FILE, &file, NULL, err);

	if (st == ST_OK && !bytes_equal(buffer_bytes(&file), expected)) {
		st = error_set(err, ST_IO, "%s",
		    _("the file is not what was just written: another program replaced it, or the "
		      "disk fails"));
		error_hint(err, "%s", _("verify this file before you use it, and check the disk"));
	}
	if (st == ST_OK)
		st = verify(verifier, buffer_bytes(&file), err);
	if (st != ST_OK)
		error_where_prefix(err, path);
	buffer_free(&file);
	return st;
}

enum status ceremony_make(const struct ceremony *ceremony, struct buffer *out, struct error *err)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct tl_findings found = {0};
	enum status st;

	if (verifier == NULL)
		return error_no_memory(err);
	/* A PIN is not worth asking for when the result could not be written. */
	st = file_check_writable(ceremony->path, ceremony->replace, err);
	if (st == ST_OK)
		st = tl_build(ceremony->plan, out, err);
	if (st == ST_OK)
		st = lint(ceremony->plan, buffer_bytes(out), ceremony->ignore_lint, &found, err);
	if (st == ST_OK && ceremony->current != NULL)
		st = check_signer(ceremony->current, buffer_bytes(out), err);
	/* tl_sign() verifies in software, from the certificate in the list, before it returns. */
	if (st == ST_OK)
		st = tl_sign(out, ceremony->signer, verifier, err);
	tl_findings_free(&found);
	tl_verifier_free(verifier);
	return st;
}

enum status ceremony_write(const struct ceremony *ceremony, struct bytes file, struct error *err)
{
	struct tl_verifier *verifier = tl_verifier_new();
	enum status st;

	if (verifier == NULL)
		return error_no_memory(err);
	st = file_write_durably(ceremony->path, file, ceremony->replace, 0644, err);
	if (st == ST_OK)
		st = read_back(verifier, ceremony->path, file, err);
	tl_verifier_free(verifier);
	return st;
}

enum status ceremony_run(const struct ceremony *ceremony, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	enum status st = ceremony_make(ceremony, &file, err);

	if (st == ST_OK)
		st = ceremony_write(ceremony, buffer_bytes(&file), err);
	buffer_free(&file);
	return st;
}
