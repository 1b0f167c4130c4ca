/*
 * The current generation once more, for targets that hold something else: a server that was built
 * anew, one whose backup was restored, a target that is new.
 *
 * Nothing is journalled.  A target holds its old file or the current one, whole, whenever this is
 * killed; the current one is what it should hold, so nobody ever wants it taken back, and the next
 * run finds out by itself who still lacks it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- one target ------------------------------------------------------------------------------ */

static bool look_at_file(struct row *row, size_t index)
{
	struct row_file *file = &row->files[index];

	if (!file->planned)
		return true;
	if (!row_get(row, file)) {
		/* What is too long to be read is something else, and is replaced. */
		if (row->err.status != ST_LIMIT)
			return false;
		error_clear(&row->err);
		file->holds = PUBLISH_OLD;
	}
	/* The planned files come first, in the plan's order. */
	row->shown.place->files[index].odd = file->holds != PUBLISH_NEW;
	return true;
}

static void look(struct row *row)
{
	row_enter(row, PUBLISH_STAGING);
	for (size_t i = 0; i < row->n_files; i++)
		if (!look_at_file(row, i)) {
			row_fail(row);
			return;
		}
	row_enter(row, PUBLISH_WAITING);
}

static void stage(struct row *row)
{
	row_enter(row, PUBLISH_STAGING);
	for (size_t i = 0; i < row->n_files; i++) {
		struct row_file *file = &row->files[i];

		if (!file->planned || file->twin)
			continue;
		/* A run that was killed may have left something beside one that is in order. */
		if (file->holds == PUBLISH_NEW)
			row_unstage(row, file);
		else if (!row_stage(row, file)) {
			row_fail(row);
			return;
		}
	}
	row_enter(row, PUBLISH_STAGED);
}

/* Removes what was staged and not committed; of a failed target its own error stays. */
static void clean(struct row *row)
{
	const struct error failed = row->err;

	row_unstage_all(row);
	row->err = failed;
}

/* ---- what is told ---------------------------------------------------------------------------- */

/* "CTLFile.tlv, capf.cer, 3 of phones" */
static void put_files(const struct row *row, struct buffer *out)
{
	const struct publish_place *place = row->shown.place;
	const char *comma = "";
	size_t phones = 0;

	for (size_t i = 0; i < place->n_files; i++) {
		const char *name = place->files[i].name;

		if (!place->files[i].odd || row->files[i].twin)
			continue;
		if (!plan_is_capf(name) && strcmp(name, PUBLISH_CTL) != 0) {
			phones++;
			continue;
		}
		buffer_printf(out, "%s%s", comma, name);
		comma = ", ";
	}
	if (phones > 0)
		buffer_printf(out, "%s%zu of phones", comma, phones);
}

static bool is_delivered_to(const struct row *row)
{
	return row->changed;
}

static bool is_staged(const struct row *row)
{
	for (size_t i = 0; !row->failed && i < row->n_files; i++)
		if (row->files[i].staged)
			return true;
	return false;
}

/* Those that ARE, with their files: "a (TARGET: CTLFile.tlv), b (...)"; returns their number. */
static size_t put_places(
    const struct rows *rows, bool (*are)(const struct row *row), struct buffer *out)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->list[i];

		if (!are(row))
			continue;
		buffer_printf(out, "%s%s (%s: ", n > 0 ? ", " : "", row->shown.place->node,
		    row->shown.place->target->text);
		put_files(row, out);
		buffer_printf(out, ")");
		n++;
	}
	return n;
}

/* *ANY: something is about to be delivered, and the log has it from before the first of it. */
static enum status tell_start(const struct rows *rows, bool *any, struct error *err)
{
	struct buffer what = BUFFER_INIT;

	buffer_printf(
	    &what, "generation %" PRId64 ", the current one: goes again to ", rows->pending.number);
	*any = put_places(rows, is_staged, &what) > 0;
	if (*any)
		return rows_audit(rows, &what, "started", err);
	buffer_free(&what);
	return ST_OK;
}

static enum status tell_done(const struct rows *rows, struct error *err)
{
	struct buffer what = BUFFER_INIT;

	buffer_printf(
	    &what, "generation %" PRId64 ", the current one: is again on ", rows->pending.number);
	put_places(rows, is_delivered_to, &what);
	return rows_audit(rows, &what, "done", err);
}

static void tell_failure(const struct rows *rows, const struct error *err)
{
	struct buffer did = BUFFER_INIT;

	buffer_printf(&did, "is not on every target");
	for (size_t i = 0; i < rows->n; i++)
		if (rows->list[i].changed) {
			buffer_printf(&did, "; was delivered again to ");
			put_places(rows, is_delivered_to, &did);
			break;
		}
	if (buffer_text(&did) != NULL)
		rows_audit_failure(rows, buffer_text(&did), err);
	buffer_free(&did);
}

static enum status fail(const struct rows *rows, bool look_only, struct error *err)
{
	if (look_only)
		rows_fail(rows, _("not every target could be asked"), err);
	else
		rows_fail(rows, _("not every target is known to hold the current generation"), err);
	error_hint(err, "%s", _("mend that and run 'ctlsign publish --again' again"));
	return ST_FAILED;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum status check_targets(const struct rows *rows, struct error *err)
{
	if (rows->n > 0)
		return ST_OK;
	error_set(err, ST_FAILED, "%s",
	    _("no server has a target in ctlsign.conf, so nothing can be delivered"));
	error_hint(err, "%s",
	    _("set 'deliver' of the servers, or copy the file there that 'ctlsign export current "
	      "-o CTLFile.tlv' writes"));
	return ST_FAILED;
}

/* ANY: something was delivered, or may have been. */
static enum status deliver(struct rows *rows, bool *any, struct error *err)
{
	struct error ignored;
	enum status st = rows_step(rows, false, stage, err);

	if (st == ST_OK)
		st = tell_start(rows, any, err);
	if (st == ST_OK)
		st = rows_step(rows, false, row_commit_all, err);
	rows_step(rows, true, clean, &ignored);
	return st;
}

static enum status check(struct rows *rows, struct error *err)
{
	for (size_t i = 0; i < rows->n; i++)
		rows->list[i].unfinished = rows->list[i].failed;
	return rows_step(rows, false, row_check, err);
}

static enum status run(struct rows *rows, bool look_only, struct error *err)
{
	bool any = false;
	enum status st = rows_step(rows, false, look, err);

	if (st == ST_OK && look_only)
		return rows_failed(rows) > 0 ? fail(rows, true, err) : ST_OK;
	if (st == ST_OK)
		st = deliver(rows, &any, err);
	if (st == ST_OK)
		st = check(rows, err);
	if (st == ST_OK && rows_failed(rows) > 0)
		st = fail(rows, false, err);
	if (st != ST_OK)
		tell_failure(rows, err);
	else if (any)
		st = tell_done(rows, err);
	return st;
}

enum status publish_again_by(const struct publish_request *request,
    const struct publish_means *means, bool look_only, struct publish_result *out,
    struct error *err)
{
	struct rows rows;
	enum status st = rows_open_again(&rows, request, means, out, err);

	if (st == ST_OK)
		st = check_targets(&rows, err);
	if (st == ST_OK)
		st = rows_note_capf(&rows, err);
	if (st == ST_OK)
		st = run(&rows, look_only, err);
	rows_close(&rows);
	return st;
}

enum status publish_again(const struct publish_request *request, bool look_only,
    struct publish_result *out, struct error *err)
{
	return publish_again_by(request, &publish_means_real, look_only, out, err);
}
