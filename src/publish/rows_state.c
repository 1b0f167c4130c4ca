/*
 * What a run keeps on this machine: the CTL file and the audit log.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the CTL file ---------------------------------------------------------------------------- */

const char *rows_ctl_path(const struct rows *rows)
{
	/* Not today's setting: it may have changed since. */
	return rows->pending.file[0] != '\0' ? rows->pending.file
					     : rows->request->inventory->ctl_file;
}

enum status rows_ctl_is(const struct rows *rows, struct bytes data, bool *same, struct error *err)
{
	const char *path = rows_ctl_path(rows);
	struct buffer file = BUFFER_INIT;
	enum status st;

	*same = false;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return ST_OK;
	st = file_read(path, TL_MAX_FILE, &file, NULL, err);
	if (st == ST_OK)
		*same = bytes_equal(buffer_bytes(&file), data);
	buffer_free(&file);
	/* Whatever is too long for a list is another file. */
	return st == ST_LIMIT ? ST_OK : st;
}

enum status rows_write_ctl(const struct rows *rows, struct bytes data, struct error *err)
{
	bool same = false;
	enum status st = rows_ctl_is(rows, data, &same, err);

	if (st != ST_OK || same)
		return st;
	return file_write_durably(rows_ctl_path(rows), data, true, 0644, err);
}

enum status rows_remove_ctl(const struct rows *rows, struct error *err)
{
	const char *path = rows_ctl_path(rows);
	int failed = 0;

	if (unlink(path) != 0 && errno != ENOENT)
		failed = errno;
	else
		failed = file_flush_directory(path);
	if (failed == 0)
		return ST_OK;
	error_errno(err, ST_IO, failed, "%s", _("cannot remove the CTL file"));
	error_where(err, "%s", path);
	error_hint(
	    err, "%s", _("make its folder writable, then run 'ctlsign publish --back' again"));
	return ST_IO;
}

/* ---- the audit log --------------------------------------------------------------------------- */

void rows_names(const struct rows *rows, bool failed, struct buffer *out)
{
	const char *comma = "";

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->list[i];

		if (row->failed != failed)
			continue;
		buffer_printf(out, "%s%s (%s)", comma, row->shown.place->node,
		    row->shown.place->target->text);
		comma = ", ";
	}
}

enum status rows_audit(
    const struct rows *rows, struct buffer *what, const char *outcome, struct error *err)
{
	const char *text = buffer_text(what);
	const struct audit_entry entry = {
	    .act = rows->request->act, .what = text, .outcome = outcome};
	enum status st =
	    text != NULL ? store_audit(rows->request->store, &entry, err) : error_no_memory(err);

	buffer_free(what);
	return st;
}

void rows_audit_failure(const struct rows *rows, const char *did, const struct error *err)
{
	struct buffer what = BUFFER_INIT, outcome = BUFFER_INIT;
	char line[sizeof(err->what) + sizeof(err->where) + 4];
	struct error plain = *err, ignored;
	const char *text;

	plain.hint[0] = '\0';
	buffer_printf(&what, "generation %" PRId64 ": %s", rows->pending.number, did);
	if (rows_failed(rows) > 0) {
		buffer_printf(&what, "; failed at ");
		rows_names(rows, true, &what);
	}
	buffer_printf(&outcome, "failed: %s", error_line(&plain, line, sizeof(line)));
	text = buffer_text(&outcome);
	if (text != NULL)
		rows_audit(rows, &what, text, &ignored);
	buffer_free(&what);
	buffer_free(&outcome);
}

enum status rows_note_capf(struct rows *rows, struct error *err)
{
	const struct publish_plan *plan = &rows->out->plan;
	struct buffer note = BUFFER_INIT;

	if (!plan->capf_differs)
		return ST_OK;
	if (rows->out->note != NULL)
		buffer_printf(&note, "%s\n", rows->out->note);
	if (plan_delivers_capf(plan))
		buffer_printf(&note,
		    _("the CAPF certificate of ctlsign.conf is not the one in generation %" PRId64
		      ", which servers get: 'ctlsign update' signs a CTL with it"),
		    rows->pending.number);
	else
		buffer_printf(&note,
		    _("the CAPF certificate of ctlsign.conf is not in generation %" PRId64
		      ", and is not delivered: 'ctlsign update' signs a CTL with it"),
		    rows->pending.number);
	free(rows->out->note);
	rows->out->note = buffer_text(&note) != NULL ? strdup(buffer_text(&note)) : NULL;
	buffer_free(&note);
	return rows->out->note != NULL ? ST_OK : error_no_memory(err);
}
