/*
 * How a list is signed and written: every step in its order, and nothing said to be done before it
 * was seen to be done.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/ceremony.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The finding that every unsigned list has. */
static bool is_unsigned(const struct tl_finding *finding)
{
	return strcmp(finding->code, "unsigned") == 0;
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

/* Lints the unsigned FILE; what is about the signature that is still to come is left out. */
static enum status lint(const struct ceremony *ceremony, struct bytes file,
    struct tl_findings *found, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	const struct tl_finding *worst = NULL;
	size_t kept = 0, errors = 0;
	enum status st = read_planned(&list, ceremony->plan, file, err);

	if (st == ST_OK)
		st = tl_lint(&list, time(NULL), CEREMONY_EXPIRY_DAYS, found, err);
	tl_free(&list);
	if (st != ST_OK)
		return st;
	for (size_t i = 0; i < found->n; i++) {
		if (is_unsigned(&found->items[i]))
			continue;
		found->items[kept++] = found->items[i];
	}
	found->n = kept;
	for (size_t i = 0; i < found->n; i++) {
		if (found->items[i].severity != TL_ERROR)
			continue;
		errors++;
		if (worst == NULL)
			worst = &found->items[i];
	}
	if (worst == NULL || ceremony->ignore_lint)
		return ST_OK;
	error_set(err, ST_NOT_VERIFIED,
	    ngettext("phones would reject the list, so it was not signed: %s",
		"phones would reject the list for %2$zu reasons, so it was not signed; the first: "
		"%1$s",
		errors),
	    worst->text, errors);
	error_hint(err, "%s", worst->hint);
	return ST_NOT_VERIFIED;
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

enum status ceremony_run(
    const struct ceremony *ceremony, struct tl_findings *found, struct error *err)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct buffer file = BUFFER_INIT;
	enum status st;

	if (verifier == NULL)
		return error_no_memory(err);
	/* A PIN is not worth asking for when the result could not be written. */
	st = file_check_writable(ceremony->path, ceremony->replace, err);
	if (st == ST_OK)
		st = tl_build(ceremony->plan, &file, err);
	if (st == ST_OK)
		st = lint(ceremony, buffer_bytes(&file), found, err);
	/* tl_sign() verifies in software, from the certificate in the list, before it returns. */
	if (st == ST_OK)
		st = tl_sign(&file, ceremony->signer, verifier, err);
	if (st == ST_OK)
		st = file_write_durably(
		    ceremony->path, buffer_bytes(&file), ceremony->replace, 0644, err);
	if (st == ST_OK)
		st = read_back(verifier, ceremony->path, buffer_bytes(&file), err);
	tl_verifier_free(verifier);
	buffer_free(&file);
	return st;
}
