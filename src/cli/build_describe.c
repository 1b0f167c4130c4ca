/*
 * What a person is told of a list before a PIN is given for it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/build.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"

/* Every entry that is about to be signed, a line each: who they are is what a person vouches for.
 */
static void describe_entries(const struct build *build, struct buffer *out)
{
	struct text_table *table = text_table_new(3);

	for (size_t i = 0; i < build->plan.n_entries; i++) {
		const struct tl_entry *entry = &build->plan.entries[i];
		const char *role = tl_role_name(entry->role);
		struct buffer subject = BUFFER_INIT, name = BUFFER_INIT;
		const char *who, *where;

		if (entry->certificate != NULL)
			certificate_subject(entry->certificate, &subject);
		if (entry->dns != NULL)
			text_printable(&name, text_bytes(entry->dns));
		who = buffer_text(&subject);
		where = buffer_text(&name);
		text_table_row(table, (const char *[]){role == NULL ? "?" : role,
					  who == NULL || who[0] == '\0' ? _("no certificate") : who,
					  where == NULL ? "" : where});
		buffer_free(&subject);
		buffer_free(&name);
	}
	text_table_print(table, out);
	text_table_free(table);
}

static void describe_current(const struct build *build, struct buffer *out)
{
	const struct trustlist *current = &build->collect.current.list;
	struct buffer signer = BUFFER_INIT;
	const char *text;
	char shown[512];

	text_printable(&signer, tl_string(current->signer_name));
	text = buffer_text(&signer);
	text_printable_into(shown, sizeof(shown), text_bytes(build->collect.from));
	buffer_printf(out, _("\nIt changes %s, which %s signed:"), shown, text != NULL ? text : "");
	buffer_free(&signer);
}

/* The changes against the list that --from names, a line each. */
static enum status describe_changes(
    const struct build *build, struct buffer *out, struct error *err)
{
	struct tl_changes changes;
	enum status st;

	if (build->collect.from == NULL)
		return ST_OK;
	st = ceremony_compare(&build->plan, &build->collect.current.list, &changes, err);
	if (st == ST_OK)
		describe_current(build, out);
	for (size_t i = 0; st == ST_OK && i < changes.n; i++)
		buffer_printf(out, "\n  %s", changes.items[i].text);
	tl_changes_free(&changes);
	return st;
}

enum status build_describe(const struct build *build, struct buffer *out, struct error *err)
{
	struct buffer when = BUFFER_INIT;
	char shown[512];
	const char *time;
	enum status st;

	text_printable_into(shown, sizeof(shown), text_bytes(build->output));
	text_time_local(&when, (time_t)build->plan.timestamp);
	time = buffer_text(&when);
	buffer_printf(out,
	    ngettext("About to sign %s: %s with %zu entry (%zu SAST), digest %s, dated %s.",
		"About to sign %s: %s with %zu entries (%zu SAST), digest %s, dated %s.",
		build->plan.n_entries),
	    shown, build->plan.filename, build->plan.n_entries, build->n_sast,
	    tl_digest_name(build->plan.digest), time != NULL ? time : "");
	buffer_free(&when);
	buffer_add(out, "\n", 1);
	describe_entries(build, out);
	if (out->len > 0)
		out->len--;
	st = describe_changes(build, out, err);
	return st == ST_OK ? buffer_status(out, err) : st;
}
