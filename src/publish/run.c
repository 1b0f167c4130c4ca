/*
 * Delivery of the pending generation: stage everywhere, commit everywhere, check.
 *
 * Where a run may be killed, and what the next one finds:
 *   before the journal says COMMIT   no target has changed; what is staged is replaced or removed
 *   between COMMIT and the last one  some are new: those are left, the others are staged again
 *   behind the last commit           all are new: nothing is staged, they are checked, and it ends
 *   while it was being taken back    as between commits: the journal keeps what was there at first
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the first phase ------------------------------------------------------------------------- */

static bool stage_file(struct row *row, struct row_file *file)
{
	if (!row_get(row, file))
		return false;
	if (file->twin)
		return true;
	if (file->holds == PUBLISH_NEW) {
		/* A run that was killed while it took it back may have left something beside it. */
		row_unstage(row, file);
		return true;
	}
	return row_keep(row, file) && row_stage(row, file);
}

static void stage(struct row *row)
{
	row_enter(row, PUBLISH_STAGING);
	for (size_t i = 0; i < row->n_files; i++)
		if (row->files[i].planned && !stage_file(row, &row->files[i])) {
			row_fail(row);
			return;
		}
	row_enter(row, PUBLISH_STAGED);
}

/* Removes what was staged; of a failed row its own error stays. */
static void unstage(struct row *row)
{
	const struct error failed = row->err;

	row_unstage_all(row);
	row->err = failed;
	if (!row->failed)
		row_enter(row, PUBLISH_WAITING);
}

enum status rows_fail(const struct rows *rows, const char *told, struct error *err)
{
	const struct row *row = rows_first_failed(rows);
	char reason[sizeof(row->err.what)];

	text_cut_into(reason, sizeof(reason), row->err.what);
	error_set(err, ST_FAILED, "%s: %s", reason, told);
	error_where(err, "%s", row->shown.place->node);
	if (strcmp(row->err.where, "") != 0) {
		error_where(err, "%s", row->err.where);
		error_where_prefix(err, row->shown.place->node);
	}
	return ST_FAILED;
}

static enum status fail_stage(const struct rows *rows, size_t failed, struct error *err)
{
	rows_fail(rows,
	    failed == 1 ? _("nothing was changed anywhere")
			: _("nothing was changed anywhere (other targets failed, too)"),
	    err);
	error_hint(err, "%s",
	    _("mend that and run 'ctlsign publish', or take the generation back with 'ctlsign "
	      "publish --back'"));
	return ST_FAILED;
}

/* A run before this one did change something. */
static enum status fail_stage_again(const struct rows *rows, struct error *err)
{
	char told[128];

	snprintf(told, sizeof(told),
	    _("this run changed nothing; some targets may have generation %" PRId64 " already"),
	    rows->pending.number);
	rows_fail(rows, told, err);
	rows_hint(rows,
	    _("mend that and run 'ctlsign publish --resume', or return all to what they held with "
	      "'ctlsign publish --back'"),
	    err);
	return ST_FAILED;
}

static enum status stage_all(struct rows *rows, struct error *err)
{
	struct error ignored;
	enum status st = rows_step(rows, false, stage, err);
	size_t failed = rows_failed(rows);

	if (st == ST_OK && failed > 0)
		st = rows_may_have_changed(rows) ? fail_stage_again(rows, err)
						 : fail_stage(rows, failed, err);
	if (st != ST_OK)
		rows_step(rows, true, unstage, &ignored);
	return st;
}

/* ---- the journal ----------------------------------------------------------------------------- */

static bool is_for_journal(const struct row_file *file)
{
	return file->staged && file->before == NULL;
}

static enum status make_journal(
    const struct rows *rows, struct delivery_file **out, size_t *n, struct error *err)
{
	struct delivery_file *files;
	size_t room = 0;

	for (size_t i = 0; i < rows->n; i++)
		room += rows->list[i].n_files;
	files = calloc(room + 1, sizeof(*files));
	if (files == NULL)
		return error_no_memory(err);
	*n = 0;
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < rows->list[i].n_files; k++) {
			const struct row_file *file = &rows->list[i].files[k];

			if (!is_for_journal(file))
				continue;
			/* Borrowed: nothing here is freed or written to. */
			files[*n] = (struct delivery_file){
			    .target = rows->list[i].shown.place->target->text,
			    .name = (char *)(uintptr_t)file->name,
			    .there = file->there,
			    .old = {.data = (uint8_t *)(uintptr_t)file->old.data,
				.len = file->old.len}};
			(*n)++;
		}
	*out = files;
	return ST_OK;
}

static size_t count_staged(const struct rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < rows->list[i].n_files; k++)
			n += rows->list[i].files[k].staged ? 1 : 0;
	return n;
}

/* From here on targets may have changed, and what they held is known. */
static enum status enter_commit(struct rows *rows, struct error *err)
{
	struct audit_entry audit = {.act = rows->request->act, .outcome = "started"};
	struct buffer what = BUFFER_INIT;
	struct delivery_file *files = NULL;
	size_t n = 0;
	enum status st = make_journal(rows, &files, &n, err);

	buffer_printf(&what, "generation %" PRId64 ": publishes %zu files on %zu targets",
	    rows->pending.number, count_staged(rows), rows->n);
	if (st == ST_OK && (audit.what = buffer_text(&what)) == NULL)
		st = error_no_memory(err);
	if (st == ST_OK)
		st = store_deliver(rows->request->store, rows->pending.number, DELIVERY_COMMIT,
		    files, n, &audit, err);
	if (st == ST_OK)
		rows->journal.phase = DELIVERY_COMMIT;
	free(files);
	buffer_free(&what);
	return st;
}

/* ---- the second phase ------------------------------------------------------------------------ */

static bool commit_file(struct row *row, struct row_file *file)
{
	const enum publish_holds held = file->holds;
	struct error failed;

	if (row_commit(row, file)) {
		row->changed = true;
		return true;
	}
	/* It may have been done, and the answer lost: what counts is what is there. */
	failed = row->err;
	if (row_get(row, file) && file->holds == PUBLISH_NEW) {
		row->changed = true;
		return true;
	}
	row->changed = row->changed || file->holds != held;
	row->err = failed;
	return row_fail(row);
}

void row_commit_all(struct row *row)
{
	row_enter(row, PUBLISH_COMMITTING);
	for (size_t i = 0; i < row->n_files; i++) {
		struct row_file *file = &row->files[i];

		if (!file->staged)
			continue;
		if (!commit_file(row, file))
			return;
		file->staged = false;
	}
	if (row_set_mode(row, row->rows->pending.mode))
		row_enter(row, PUBLISH_COMMITTING);
	else
		row_fail(row);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* What phones do not get from here any more, and nobody can change from here. */
static enum status note_unknown(struct rows *rows, struct error *err)
{
	struct buffer unknown = BUFFER_INIT, note = BUFFER_INIT;

	rows_unknown_targets(rows, &unknown);
	if (unknown.len == 0 && !unknown.failed)
		return ST_OK;
	buffer_printf(&note,
	    _("an earlier run published on targets that the inventory has no more, which may hold "
	      "generation %" PRId64 " and get no further ones: %s"),
	    rows->pending.number, buffer_text(&unknown) != NULL ? buffer_text(&unknown) : "");
	free(rows->out->note);
	rows->out->note = buffer_text(&note) != NULL ? strdup(buffer_text(&note)) : NULL;
	buffer_free(&unknown);
	buffer_free(&note);
	return rows->out->note != NULL ? ST_OK : error_no_memory(err);
}

static void put_by_hand(const struct publish_plan *plan, struct buffer *out)
{
	const char *comma = "";

	for (size_t i = 0; i < plan->n_places; i++)
		if (plan->places[i].target == NULL && plan->places[i].needs_ctl) {
			buffer_printf(out, "%s%s", comma, plan->places[i].node);
			comma = ", ";
		}
}

/* Every target has it. */
static enum status finish(struct rows *rows, struct error *err)
{
	struct audit_entry audit = {.act = rows->request->act, .outcome = "done"};
	const struct publish_plan *plan = &rows->out->plan;
	struct buffer what = BUFFER_INIT;
	enum status st = note_unknown(rows, err);

	buffer_printf(
	    &what, "generation %" PRId64 ": is on %zu targets", rows->pending.number, rows->n);
	buffer_printf(&what, "%s", rows->n > 0 ? ": " : "");
	rows_names(rows, false, &what);
	if (rows->out->note != NULL) {
		buffer_printf(&what, "; not looked at: ");
		rows_unknown_targets(rows, &what);
	}
	if (plan->n_by_hand > 0) {
		buffer_printf(&what, "; to be carried by hand to: ");
		put_by_hand(plan, &what);
	}
	if (st == ST_OK)
		st = rows_note_capf(rows, err);
	if (st == ST_OK && (audit.what = buffer_text(&what)) == NULL)
		st = error_no_memory(err);
	if (st == ST_OK && plan->n_by_hand > 0)
		st = store_deliver(rows->request->store, rows->pending.number, DELIVERY_CARRY, NULL,
		    0, &audit, err);
	else if (st == ST_OK)
		st = store_finish(rows->request->store, rows->pending.number, &audit, err);
	rows->out->current = st == ST_OK && plan->n_by_hand == 0;
	buffer_free(&what);
	return st;
}

static bool is_whole(const struct row *row)
{
	for (size_t i = 0; i < row->n_files; i++)
		if (row->files[i].planned && row->files[i].holds != PUBLISH_NEW)
			return false;
	return true;
}

/* All targets have the files. */
static enum status fail_behind_files(const struct rows *rows, struct error *err)
{
	const bool phones = !rows_first_failed(rows)->unfinished;
	char told[160];

	if (phones)
		snprintf(told, sizeof(told),
		    _("all targets have generation %" PRId64 ", but phones would not get it there"),
		    rows->pending.number);
	else
		snprintf(told, sizeof(told),
		    _("all targets have the files of generation %" PRId64
		      ", but not all know the mode"),
		    rows->pending.number);
	rows_fail(rows, told, err);
	error_hint(err, "%s",
	    phones ? _("restart TFTP there, then run 'ctlsign publish --resume'")
		   : _("mend that and run 'ctlsign publish --resume'"));
	return ST_FAILED;
}

static enum status fail_check(const struct rows *rows, struct error *err)
{
	size_t whole = 0;

	for (size_t i = 0; i < rows->n; i++)
		whole += is_whole(&rows->list[i]) ? 1 : 0;
	if (whole == rows->n)
		return fail_behind_files(rows, err);
	rows_fail(rows,
	    whole == 0 ? _("no target is known to have the generation whole")
		       : _("some targets have the generation, and some are not known to have it"),
	    err);
	rows_hint(rows,
	    _("mend that and run 'ctlsign publish --resume', or return all to what they held with "
	      "'ctlsign publish --back'"),
	    err);
	return ST_FAILED;
}

static enum status check_all(struct rows *rows, struct error *err)
{
	enum status st;

	for (size_t i = 0; i < rows->n; i++)
		rows->list[i].unfinished = rows->list[i].failed;
	st = rows_step(rows, false, row_check, err);
	return st == ST_OK && rows_failed(rows) > 0 ? fail_check(rows, err) : st;
}

static enum status deliver(struct rows *rows, struct error *err)
{
	struct error ignored;
	enum status st = stage_all(rows, err);

	if (st != ST_OK) {
		rows_audit_failure(rows,
		    rows_may_have_changed(rows)
			? "could not be staged everywhere, this run changed nothing; some targets "
			  "may have it already"
			: "could not be staged everywhere, nothing was changed",
		    err);
		return st;
	}
	st = enter_commit(rows, err);
	if (st != ST_OK) {
		rows_step(rows, true, unstage, &ignored);
		return st;
	}
	st = rows_step(rows, false, row_commit_all, err);
	if (st == ST_OK)
		st = check_all(rows, err);
	if (st != ST_OK)
		rows_audit_failure(rows, "is not on every target", err);
	return st;
}

/* A generation that was only signed by now: its CTL file first, then the journal knows it. */
static enum status prepare(struct rows *rows, struct error *err)
{
	enum status st = rows_write_ctl(rows, buffer_bytes(&rows->pending.ctl), err);

	if (st != ST_OK || rows->journal.phase != DELIVERY_NONE)
		return st;
	return store_deliver(
	    rows->request->store, rows->pending.number, DELIVERY_SIGNED, NULL, 0, NULL, err);
}

enum status publish_run_by(const struct publish_request *request, const struct publish_means *means,
    struct publish_result *out, struct error *err)
{
	struct rows rows;
	enum status st = rows_open(&rows, request, means, out, err);

	if (st == ST_OK)
		st = prepare(&rows, err);
	if (st == ST_OK && rows.n > 0)
		st = deliver(&rows, err);
	if (st == ST_OK)
		st = finish(&rows, err);
	rows_close(&rows);
	return st;
}

enum status publish_run(
    const struct publish_request *request, struct publish_result *out, struct error *err)
{
	return publish_run_by(request, &publish_means_real, out, err);
}
