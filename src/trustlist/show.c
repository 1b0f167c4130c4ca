/*
 * A list as CUCM's `show ctl` and `show itl` print it: the same facts in the same places, the
 * values that CUCM leaves out beside them, and a summary at the end.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/show.h"

#include "base/text.h"
#include "trustlist/describe.h"

#include <string.h>

/* A sane list has some 40; of a hostile one, 30 MB of text would come. */
#define RECORDS_MOST 1000

/* What admins and phones compare. */
static void show_checksum(const struct show *show, const char *algorithm)
{
	if (describe_hash(show->out, algorithm, show->list->file, '\0', true))
		buffer_printf(show->out, "(%s)\n", algorithm);
	else
		buffer_printf(show->out, _("OpenSSL offers no %s here\n"), algorithm);
}

static void show_file(const struct show *show)
{
	struct buffer *out = show->out;

	buffer_printf(out, _("The checksum value of the %s file:\n"), show->kind);
	show_checksum(show, "MD5");
	show_checksum(show, "SHA1");
	buffer_printf(out, "\n");
	buffer_printf(out, _("Length of %s file: %zu\n"), show->kind, show->list->file.len);
	buffer_printf(out, _("The %s File was last modified on "), show->kind);
	text_time_local(out, show->info->mtime);
	buffer_printf(out, "\n\n");
	buffer_printf(out, _("Parse %s File\n"), show->kind);
	buffer_printf(out, "----------------\n");
}

static void show_records(const struct show *show)
{
	const struct trustlist *list = show->list;
	size_t shown = list->n_records < RECORDS_MOST ? list->n_records : RECORDS_MOST;
	size_t more = list->n_records - shown;

	for (size_t i = 0; i < shown; i++)
		show_record(show, &list->records[i], i + 1);
	if (more > 0)
		buffer_printf(show->out,
		    ngettext("\n... %zu more record is not shown\n",
			"\n... %zu more records are not shown\n", more),
		    more);
}

static void show_verdict(const struct show *show)
{
	const char *reason = show->info->not_verified_reason;
	char line[512];

	if (show->info->verified)
		buffer_printf(
		    show->out, _("\nThe %s file was verified successfully.\n"), show->kind);
	else
		buffer_printf(show->out, _("\nThe %s file could not be verified: %s.\n"),
		    show->kind,
		    text_one_line_into(
			line, sizeof(line), reason != NULL ? reason : _("no reason is known")));
}

enum status tl_show(const struct trustlist *list, const struct tl_show_info *info,
    struct buffer *out, struct error *err)
{
	const struct show show = {
	    .list = list,
	    .info = info,
	    .signer = tl_signer_record(list),
	    .kind = describe_is_itl(list) ? "ITL" : "CTL",
	    .out = out,
	};

	show_file(&show);
	show_header(&show);
	show_records(&show);
	show_summary(&show);
	show_verdict(&show);
	return buffer_status(out, err);
}
