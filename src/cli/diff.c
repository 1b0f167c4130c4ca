/*
 * ctlsign diff
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/cli.h"
#include "cli/list_file.h"

#include "trustlist/trustlist.h"

static const char *kind_name(enum tl_change_kind kind)
{
	switch (kind) {
	case TL_ENTRY_ADDED:
		return "added";
	case TL_ENTRY_REMOVED:
		return "removed";
	case TL_ENTRY_CHANGED:
		return "changed";
	case TL_ORDER_CHANGED:
		return "order";
	case TL_SIGNER_CHANGED:
		return "signer";
	case TL_HEADER_CHANGED:
		break;
	}
	return "header";
}

/* What came of a comparison, beside the changes: whether NEW's own signature holds. */
struct outcome {
	struct tl_changes changes;
	bool verified;
	struct error reason;
};

static json_t *changes_json(const char *old, const char *new, const struct outcome *outcome)
{
	const struct tl_changes *changes = &outcome->changes;
	json_t *list = json_array();

	for (size_t i = 0; i < changes->n; i++) {
		const struct tl_change *c = &changes->items[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:I, s:s}", "kind", kind_name(c->kind),
			      "field", c->field, "old_record", (json_int_t)c->old_record,
			      "new_record", (json_int_t)c->new_record, "text", c->text));
	}
	return json_pack("{s:o, s:o, s:b, s:b, s:b, s:o}", "old", cli_json_path(old), "new",
	    cli_json_path(new), "same", (int)changes->same_bytes, "signer_trusted",
	    (int)changes->signer_trusted, "verified", (int)outcome->verified, "changes", list);
}

/* Who the signer is counts for nothing when the signature is not the signer's. */
static void print_verdict(const struct outcome *outcome, struct buffer *out)
{
	if (!outcome->verified)
		buffer_printf(out, _("The new list does NOT verify: %s.\n"), outcome->reason.what);
	else if (outcome->changes.signer_trusted)
		buffer_printf(
		    out, "%s\n", _("Phones that hold the old list know the new signer as a SAST."));
	else
		buffer_printf(out, "%s\n",
		    _("Phones that hold the old list do NOT know the new signer as a SAST."));
}

static int print(const char *old, const char *new, const struct outcome *outcome, bool json)
{
	struct buffer out = BUFFER_INIT;
	int rc;

	if (json)
		return cli_print_json(changes_json(old, new, outcome));
	for (size_t i = 0; i < outcome->changes.n; i++)
		buffer_printf(&out, "%s\n", outcome->changes.items[i].text);
	if (!outcome->changes.same_bytes || !outcome->verified)
		print_verdict(outcome, &out);
	rc = cli_print(&out);
	buffer_free(&out);
	return rc;
}

static int diff(const char *old, const char *new, bool json)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct list_file a = {0}, b = {0};
	struct outcome outcome = {.verified = false};
	struct error err;
	enum status st;
	int rc;

	st = verifier != NULL ? list_file_read(&a, old, &err) : error_no_memory(&err);
	if (st == ST_OK)
		st = list_file_read(&b, new, &err);
	if (st == ST_OK)
		st = tl_diff(&a.list, &b.list, &outcome.changes, &err);
	if (st == ST_OK) {
		outcome.verified = tl_verify(verifier, &b.list, &outcome.reason) == ST_OK;
		rc = print(old, new, &outcome, json);
		if (rc == CLI_DONE && !outcome.verified)
			rc = CLI_NOT_VERIFIED;
	} else {
		rc = cli_fail(&err);
	}
	tl_changes_free(&outcome.changes);
	list_file_free(&a);
	list_file_free(&b);
	tl_verifier_free(verifier);
	return rc;
}

static int run(int argc, char **argv)
{
	bool json;
	int rc;

	if (!cli_take_json_only(&cli_diff, argc, argv, &json, &rc))
		return rc;
	if (optind != argc - 2)
		return cli_usage_error(
		    &cli_diff, "%s", _("give two files, the old and the new one"));
	return diff(argv[optind], argv[optind + 1], json);
}

const struct cli_command cli_diff = {
    .name = "diff",
    .summary = N_("say in words what changes between two files"),
    .usage = N_("Usage: ctlsign diff OLDFILE NEWFILE [--json]\n"
		"\n"
		"Says which entries a new CTL or ITL adds, removes and changes, whether its\n"
		"signer changes, and whether phones that hold the old list know that signer.\n"
		"Prints nothing for equal files. If the new file's own signature does not\n"
		"hold, it says so (exit code 3).\n"
		"\n"
		"  --json  print one JSON object\n"
		"\n"
		"Example:\n"
		"  ctlsign diff CTLFile.tlv CTLFile.new.tlv\n"),
    .run = run,
};
