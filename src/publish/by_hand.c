/*
 * An officer said that the pending generation is on every node.
 *
 * What can be asked is asked: a target that holds another file says that it is not so.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include <inttypes.h>

static bool fail_not_there(struct row *row, const struct row_file *file)
{
	error_set(&row->err, ST_FAILED, _("its %s is not the one of generation %" PRId64),
	    file->name, row->rows->pending.number);
	error_where(&row->err, "%s", row->shown.place->target->text);
	error_hint(&row->err, "%s", _("publish it there with 'ctlsign publish --resume'"));
	row->not_new = true;
	return row_fail(row);
}

static void look(struct row *row)
{
	/* What was put there before this phase began is there: one that is away tells nothing else.
	 * A target that joined since is not one of them. */
	const bool had_it = row->rows->journal.phase == DELIVERY_CARRY && row_is_in_journal(row);

	row_enter(row, PUBLISH_CHECKING);
	for (size_t i = 0; i < row->n_files; i++) {
		struct row_file *file = &row->files[i];

		if (!file->planned)
			continue;
		if (!row_get(row, file)) {
			/* What is too long to be read is another file. */
			if (row->err.status == ST_LIMIT) {
				fail_not_there(row, file);
				return;
			}
			if (!had_it) {
				row_fail(row);
				return;
			}
			worker_lock(&row->job);
			row->shown.err = row->err;
			worker_unlock(&row->job);
			break;
		}
		if (file->holds != PUBLISH_NEW) {
			fail_not_there(row, file);
			return;
		}
	}
	row_enter(row, PUBLISH_DONE);
}

/* What a run that was killed staged there is not needed any more. */
static void clean(struct row *row)
{
	const struct error failed = row->err;

	for (size_t i = 0; i < row->n_files; i++)
		if (!row_unstage(row, &row->files[i]))
			break;
	row->err = failed;
}

static const struct row *first_not_new(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->list[i].not_new)
			return &rows->list[i];
	return NULL;
}

/* Nobody's word makes a file that was just read another one. */
static enum status fail_not_new(const struct rows *rows, struct error *err)
{
	const struct row *row = first_not_new(rows);
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += rows->list[i].not_new ? 1 : 0;
	error_set(err, ST_FAILED,
	    ngettext("%s: %zu target was read, and has not the generation",
		"%s: %zu targets were read, and have not the generation", n),
	    row->err.what, n);
	error_where(err, "%s", row->err.where);
	error_where_prefix(err, row->shown.place->node);
	error_hint(err, "%s",
	    _("serve it with 'ctlsign publish --resume', or carry the file there again; "
	      "'--even-targets' is only for targets that cannot be asked"));
	return ST_FAILED;
}

static enum status fail(const struct rows *rows, struct error *err)
{
	const struct row *row = rows_first_failed(rows);

	error_set(err, ST_FAILED,
	    ngettext("%s: %zu target is not known to have the generation",
		"%s: %zu targets are not known to have the generation", rows_failed(rows)),
	    row->err.what, rows_failed(rows));
	error_where(err, "%s", row->err.where);
	error_where_prefix(err, row->shown.place->node);
	error_hint(err, "%s",
	    _("serve the targets with 'ctlsign publish --resume' first; if they were carried to, "
	      "too, say so with '--even-targets'"));
	return ST_FAILED;
}

static enum status check_rows(const struct rows *rows, bool even_targets, struct error *err)
{
	if (first_not_new(rows) != NULL)
		return fail_not_new(rows, err);
	return rows_failed(rows) > 0 && !even_targets ? fail(rows, err) : ST_OK;
}

/* The nodes without a target; nothing where there are none. */
static void put_carried(const struct publish_plan *plan, struct buffer *out)
{
	const char *before = ": was carried by hand to: ";

	for (size_t i = 0; i < plan->n_places; i++) {
		if (plan->places[i].target != NULL || !plan->places[i].needs_ctl)
			continue;
		buffer_printf(out, "%s%s", before, plan->places[i].node);
		before = ", ";
	}
}

static enum status finish(struct rows *rows, bool even_targets, struct error *err)
{
	struct audit_entry audit = {.act = rows->request->act, .outcome = "done: carried by hand"};
	const struct publish_plan *plan = &rows->out->plan;
	struct buffer what = BUFFER_INIT;
	const char *next = plan->n_by_hand > 0 ? ";" : ":";
	enum status st;

	buffer_printf(&what, "generation %" PRId64, rows->pending.number);
	put_carried(plan, &what);
	if (rows->n > rows_failed(rows)) {
		buffer_printf(&what, "%s is on: ", next);
		rows_names(rows, false, &what);
		next = "; and,";
	}
	if (even_targets && rows_failed(rows) > 0) {
		buffer_printf(&what, "%s not seen there, by hand to: ", next);
		rows_names(rows, true, &what);
	}
	audit.what = buffer_text(&what);
	st = audit.what != NULL
		 ? store_finish(rows->request->store, rows->pending.number, &audit, err)
		 : error_no_memory(err);
	rows->out->current = st == ST_OK;
	buffer_free(&what);
	return st;
}

/* What is being taken back, or cannot be told from it, does not become current. */
static enum status check_phase(const struct rows *rows, struct error *err)
{
	if (rows->journal.phase != DELIVERY_BACK)
		return ST_OK;
	error_set(
	    err, ST_FAILED, _("generation %" PRId64 " is being taken back"), rows->pending.number);
	error_hint(err, "%s",
	    _("end that with 'ctlsign publish --back', or publish it after all with 'ctlsign "
	      "publish --resume'"));
	return ST_FAILED;
}

enum status publish_by_hand_by(const struct publish_request *request,
    const struct publish_means *means, bool even_targets, struct publish_result *out,
    struct error *err)
{
	struct error ignored;
	struct rows rows;
	enum status st = rows_open(&rows, request, means, out, err);

	if (st == ST_OK)
		st = check_phase(&rows, err);
	if (st == ST_OK)
		st = rows_step(&rows, false, look, err);
	if (st == ST_OK)
		st = check_rows(&rows, even_targets, err);
	if (st == ST_OK)
		st = rows_write_ctl(&rows, buffer_bytes(&rows.pending.ctl), err);
	if (st == ST_OK)
		rows_step(&rows, false, clean, &ignored);
	if (st == ST_OK)
		st = finish(&rows, even_targets, err);
	rows_close(&rows);
	return st;
}

enum status publish_by_hand(const struct publish_request *request, bool even_targets,
    struct publish_result *out, struct error *err)
{
	return publish_by_hand_by(request, &publish_means_real, even_targets, out, err);
}
