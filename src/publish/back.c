/*
 * Taking the pending generation back: every target holds what it held before.
 *
 * Only what the journal knows can have changed.  So a target without an entry there that cannot be
 * reached does no harm, and is only told; and a target of the journal that has left the inventory
 * stops it all before anything is done, as nobody could put it back: its line has to return to
 * ctlsign.conf until this is done, or the generation has to be finished instead.
 *
 * While no target has changed (phase SIGNED) the journal stays as it is, which is still true
 * whenever the run is killed; else it says BACK before the first file is put back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- one target ------------------------------------------------------------------------------ */

/* Somebody else wrote FILE since: it is not ours to replace. */
static bool fail_other(struct row *row, const struct row_file *file)
{
	error_set(&row->err, ST_FAILED,
	    _("%s is neither what was published nor what was there before, and is left alone"),
	    file->name);
	error_where(&row->err, "%s", row->shown.place->target->text);
	error_hint(&row->err, "%s",
	    file->planned ? _("find out who wrote it and move it away; or publish the generation "
			      "with 'ctlsign publish --resume', which replaces it")
			  : _("find out who wrote it, move it away, and run it again"));
	return false;
}

static bool is_old(const struct row_file *file)
{
	return file->holds == PUBLISH_OLD || file->holds == PUBLISH_NONE;
}

/* Whether the journal's old content is at the same time the new one. */
static bool is_same(const struct row_file *file)
{
	return file->has_new && file->before->there &&
	       bytes_equal(buffer_bytes(&file->before->old), file->new_data);
}

static bool put_file_back(struct row *row, struct row_file *file)
{
	const bool asked = row_get(row, file);
	struct error failed;

	if (!asked && row->err.status == ST_LIMIT)
		file->holds = PUBLISH_OTHER;
	if (file->holds == PUBLISH_OTHER)
		return fail_other(row, file);
	if (is_old(file) || (asked && is_same(file)))
		return true;
	if (row_put_back(row, file)) {
		row->changed = true;
		return row_get(row, file) &&
		       (is_old(file) || is_same(file) || fail_other(row, file));
	}
	/* It may have been done, and the answer lost: what counts is what is there. */
	failed = row->err;
	if (row_get(row, file) && is_old(file)) {
		row->changed = true;
		return true;
	}
	row->err = failed;
	return false;
}

/* That a target which nothing was changed on does not answer is no failure, and is only told. */
static void tell_never_changed(struct row *row)
{
	const struct error failed = row->err;
	char reason[sizeof(failed.what)];

	text_cut_into(reason, sizeof(reason), failed.what);
	error_set(&row->err, failed.status,
	    _("%s; it was never changed, but a temporary file may be left there"), reason);
	error_where(&row->err, "%s", failed.where);
}

/* Nothing was done there. */
static void pass_over(struct row *row)
{
	tell_never_changed(row);
	worker_lock(&row->job);
	row->shown.err = row->err;
	worker_unlock(&row->job);
	row_enter(row, PUBLISH_WAITING);
}

/* Files that the journal does not know: as they are. */
static bool look_at_others(struct row *row)
{
	for (size_t i = 0; i < row->n_files; i++)
		if (row->files[i].before == NULL && !row_get(row, &row->files[i]) &&
		    row->err.status != ST_LIMIT)
			return false;
	for (size_t i = 0; i < row->n_files; i++)
		if (!row_unstage(row, &row->files[i]))
			return false;
	return true;
}

static void back(struct row *row)
{
	const struct rows *rows = row->rows;
	struct error failed = {.status = ST_OK};
	bool put_back = true, ours = false;

	row_enter(row, PUBLISH_COMMITTING);
	for (size_t i = 0; i < row->n_files; i++) {
		if (row->files[i].before == NULL)
			continue;
		ours = true;
		/* One that somebody else wrote does not keep the others from their place. */
		if (put_file_back(row, &row->files[i]))
			continue;
		put_back = false;
		if (failed.status == ST_OK)
			failed = row->err;
		if (row->files[i].holds == PUBLISH_UNKNOWN)
			break;
	}
	if (!put_back) {
		if (row->files[0].holds != PUBLISH_UNKNOWN)
			look_at_others(row);
		row->err = failed;
		row_fail(row);
		return;
	}
	if (rows_may_have_changed(rows) && !row_set_mode(row, rows->current.mode)) {
		if (ours)
			row_fail(row);
		else
			pass_over(row);
		return;
	}
	if (look_at_others(row))
		row_enter(row, PUBLISH_DONE);
	else if (ours)
		row_fail(row);
	else
		pass_over(row);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* A target that could not even be made, but was never changed, does no harm. */
static void forgive(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct row *row = &rows->list[i];

		if (row->target != NULL || row_is_in_journal(row))
			continue;
		tell_never_changed(row);
		row->failed = false;
		row->shown.err = row->err;
		row->shown.step = PUBLISH_WAITING;
	}
}

static enum status check_known(const struct rows *rows, struct error *err)
{
	struct buffer unknown = BUFFER_INIT;

	rows_unknown_targets(rows, &unknown);
	if (unknown.len == 0 && !unknown.failed)
		return ST_OK;
	error_set(err, ST_FAILED,
	    _("a target that may hold generation %" PRId64
	      " has left the inventory, and cannot be put back: nothing was changed"),
	    rows->pending.number);
	error_where(err, "%s", buffer_text(&unknown) != NULL ? buffer_text(&unknown) : "");
	buffer_free(&unknown);
	error_hint(err, "%s",
	    _("add it to ctlsign.conf again until this is done; or finish the generation with "
	      "'ctlsign publish --resume'"));
	return ST_FAILED;
}

static enum status enter_back(struct rows *rows, struct error *err)
{
	struct audit_entry audit = {.act = rows->request->act, .outcome = "started"};
	struct buffer what = BUFFER_INIT;
	enum status st = ST_OK;

	if (!rows_may_have_changed(rows))
		return ST_OK;
	buffer_printf(&what, "generation %" PRId64 ": is taken back from %zu targets",
	    rows->pending.number, rows->n);
	audit.what = buffer_text(&what);
	if (audit.what == NULL)
		st = error_no_memory(err);
	else
		st = store_deliver(rows->request->store, rows->pending.number, DELIVERY_BACK, NULL,
		    0, &audit, err);
	buffer_free(&what);
	return st;
}

static enum status back_all(struct rows *rows, struct error *err)
{
	const struct row *row;
	enum status st;

	forgive(rows);
	st = rows_step(rows, false, back, err);
	row = rows_first_failed(rows);
	if (st != ST_OK || row == NULL)
		return st;
	error_set(err, ST_FAILED,
	    ngettext("%s: %zu target is not known to hold what it held before",
		"%s: %zu targets are not known to hold what they held before", rows_failed(rows)),
	    row->err.what, rows_failed(rows));
	error_where(err, "%s", row->err.where);
	error_where_prefix(err, row->shown.place->node);
	rows_hint(rows, _("mend that, then run 'ctlsign publish --back' again"), err);
	rows_audit_failure(rows, "is not taken back from every target", err);
	return ST_FAILED;
}

/* The CTL file of this machine as it was before the pending generation. */
static enum status put_ctl_file_back(struct rows *rows, struct error *err)
{
	bool ours = false;
	enum status st;

	if (rows->current.number > 0)
		return rows_write_ctl(rows, buffer_bytes(&rows->current.ctl), err);
	st = rows_ctl_is(rows, buffer_bytes(&rows->pending.ctl), &ours, err);
	return st == ST_OK && ours ? rows_remove_ctl(rows, err) : st;
}

static enum status abandon(struct rows *rows, struct error *err)
{
	struct audit_entry audit = {
	    .act = rows->request->act, .outcome = "abandoned: it was taken back"};
	struct buffer what = BUFFER_INIT;
	enum status st;

	buffer_printf(&what, "generation %" PRId64 ": %zu targets hold what they held before",
	    rows->pending.number, rows->n);
	buffer_printf(&what, "%s", rows->n > 0 ? ": " : "");
	rows_names(rows, false, &what);
	audit.what = buffer_text(&what);
	st = audit.what != NULL
		 ? store_abandon(rows->request->store, rows->pending.number, &audit, err)
		 : error_no_memory(err);
	buffer_free(&what);
	return st;
}

enum status publish_back_by(const struct publish_request *request,
    const struct publish_means *means, struct publish_result *out, struct error *err)
{
	struct rows rows;
	enum status st = rows_open(&rows, request, means, out, err);

	if (st == ST_OK)
		st = check_known(&rows, err);
	if (st == ST_OK)
		st = enter_back(&rows, err);
	if (st == ST_OK)
		st = back_all(&rows, err);
	if (st == ST_OK)
		st = put_ctl_file_back(&rows, err);
	if (st == ST_OK)
		st = abandon(&rows, err);
	rows_close(&rows);
	return st;
}

enum status publish_back(
    const struct publish_request *request, struct publish_result *out, struct error *err)
{
	return publish_back_by(request, &publish_means_real, out, err);
}
