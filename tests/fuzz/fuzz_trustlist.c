/*
 * Fuzz target: everything that looks at a trust list.  What can be read must be written back byte
 * for byte, be equal to itself, and be shown without a control character.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/trustlist.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* Some second in 2026: what lint says of validity must not depend on the day. */
#define NOW 1790000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* A failed call says why. */
static void must_explain(enum status status, const struct error *err)
{
	must(status == ST_OK || (err->status == status && err->what[0] != '\0'));
}

static void check_written(const struct trustlist *list)
{
	struct buffer out = BUFFER_INIT;
	struct error err;

	must(tl_write(list, &out, &err) == ST_OK);
	must(bytes_equal(buffer_bytes(&out), list->file));
	buffer_free(&out);
}

static void check_certificates(const struct trustlist *list)
{
	struct error err;
	X509 *certificate;

	for (size_t i = 0; i < list->n_records; i++) {
		enum status status = tl_record_x509(&list->records[i], &certificate, &err);

		must_explain(status, &err);
		must((status == ST_OK) == (certificate != NULL));
		X509_free(certificate);
	}
}

static void check_shown(const struct trustlist *list, const struct tl_show_info *info)
{
	struct buffer out = BUFFER_INIT;
	struct error err;
	json_t *json = tl_show_json(list, info);

	must(json != NULL);
	json_decref(json);
	must(tl_show(list, info, &out, &err) == ST_OK);
	for (size_t i = 0; i < out.len; i++)
		must(out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] != 0x7f));
	buffer_free(&out);
}

static void check_linted(const struct trustlist *list)
{
	struct tl_findings findings = {0};
	struct error err;

	must(tl_lint(list, NOW, 90, &findings, &err) == ST_OK);
	for (size_t i = 0; i < findings.n; i++) {
		must(findings.items[i].record <= list->n_records);
		must(findings.items[i].code != NULL && findings.items[i].text[0] != '\0');
	}
	tl_findings_free(&findings);
}

/* A list does not differ from itself. */
static void check_compared(const struct trustlist *list)
{
	struct tl_changes changes = {0};
	struct error err;

	must(tl_diff(list, list, &changes, &err) == ST_OK);
	must(changes.same_bytes && changes.n == 0);
	tl_changes_free(&changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trustlist list = TRUSTLIST_INIT;
	static struct tl_verifier *verifier;
	struct tl_show_info info = {.file = "fuzz", .now = NOW, .mtime = NOW};
	struct error err;
	enum status status;

	if (verifier == NULL)
		verifier = tl_verifier_new();
	must(verifier != NULL);
	error_clear(&err);
	status = tl_read(&list, (struct bytes){data, size}, &err);
	must_explain(status, &err);
	if (status != ST_OK)
		return 0;
	check_written(&list);
	check_certificates(&list);
	/* Everything below uses what is decoded here; asked again, the answers are the same. */
	must(tl_decode_certificates(&list, NULL, 0, &err) == ST_OK);
	check_certificates(&list);
	status = tl_verify(verifier, &list, &err);
	must_explain(status, &err);
	info.verified = status == ST_OK;
	info.not_verified_reason = info.verified ? NULL : err.what;
	check_shown(&list, &info);
	check_linted(&list);
	check_compared(&list);
	must_explain(tl_trusted_by(&list, &list, &err), &err);
	return 0;
}
