/*
 * Takes a CSV file of phones into the state, whole or not at all.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the person is told when nothing is imported because of the rows. */
static enum status refuse(
    const struct fleet_import *request, const struct fleet_imported *out, struct error *err)
{
	if (out->bad == 0) {
		error_set(err, ST_FORMAT, "%s", _("the file has no phone in it"));
		error_hint(err, "%s", _("export the phones again"));
	} else {
		error_set(err, ST_FORMAT,
		    ngettext("%" PRIu64 " row is wrong, nothing was imported",
			"%" PRIu64 " rows are wrong, nothing was imported",
			(unsigned long)out->bad),
		    out->bad);
		if (request->skip_bad)
			error_hint(err, "%s", _("no row of the file is right: correct it"));
		else
			error_hint(err, "%s", _("correct them, or leave them out with --skip-bad"));
	}
	error_where(err, "%s", request->path);
	return ST_FORMAT;
}

static enum status put_rows(struct store_phones *phones, const struct fleet_import *request,
    const struct fleet_rows *rows, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < rows->n; i++) {
		const struct fleet_row *row = &rows->list[i];
		const struct store_phone phone = {.name = rows->names + row->name,
		    .model = rows->models.list[row->model],
		    .ctl = rows->checksums.list[row->ctl],
		    .itl = rows->checksums.list[row->itl],
		    .seen = request->seen};

		st = store_phones_put(phones, &phone, err);
	}
	return st;
}

/* In words, for the audit log, which is not translated. */
static enum status say(const struct fleet_import *request, const struct fleet_imported *out,
    struct fleet_lines *lines, struct buffer *what, struct error *err)
{
	char sha256[65];
	enum status st = fleet_lines_hash(lines, sha256, err);

	if (st != ST_OK)
		return st;
	buffer_printf(what, "%s %" PRIu64 " phones from ",
	    request->replace ? "replaces the fleet by" : "takes", out->rows);
	text_printable(
	    what, text_bytes(strcmp(request->path, "-") == 0 ? "standard input" : request->path));
	buffer_printf(what, " (SHA-256 %s), seen ", sha256);
	text_time_utc(what, request->seen);
	if (out->bad > 0)
		buffer_printf(what, "; %" PRIu64 " wrong rows left out", out->bad);
	return buffer_text(what) != NULL ? ST_OK : buffer_status(what, err);
}

static enum status keep(const struct fleet_import *request, const struct fleet_rows *rows,
    struct fleet_lines *lines, struct fleet_imported *out, struct error *err)
{
	struct audit_entry audit = {.act = request->act, .outcome = "done"};
	struct store_phones_count count = {0};
	struct store_phones *phones = NULL;
	struct buffer what = BUFFER_INIT;
	enum status st = say(request, out, lines, &what, err);

	if (st == ST_OK)
		st = store_phones_begin(request->store, request->replace, &phones, err);
	if (st == ST_OK) {
		st = put_rows(phones, request, rows, err);
		if (st != ST_OK)
			store_phones_abort(phones);
	}
	if (st == ST_OK) {
		audit.what = buffer_text(&what);
		st = store_phones_commit(phones, &audit, &count, err);
	}
	if (st == ST_OK) {
		out->added = count.added;
		out->changed = count.changed;
		out->same = count.same;
		out->removed = count.removed;
	}
	buffer_free(&what);
	return st;
}

enum status fleet_import(
    const struct fleet_import *request, struct fleet_imported *out, struct error *err)
{
	struct fleet_lines lines;
	struct fleet_rows rows = {0};
	enum status st;

	*out = (struct fleet_imported){0};
	st = fleet_lines_open(&lines, request->path, err);
	if (st == ST_OK)
		st = fleet_csv_read(&lines, request, &rows, out, err);
	if (st == ST_OK) {
		fleet_rows_sort(&rows, out);
		out->rows = rows.n;
		if (rows.n == 0 || (out->bad > 0 && !request->skip_bad))
			st = refuse(request, out, err);
	}
	if (st == ST_OK)
		st = keep(request, &rows, &lines, out, err);
	fleet_rows_free(&rows);
	fleet_lines_close(&lines);
	return st;
}
