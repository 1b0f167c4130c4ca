/*
 * The last step: a target is read again, and its node asked as a phone asks.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include <string.h>

/* FILE is not what was put there. */
static bool fail_other(struct row *row, const struct row_file *file)
{
	if (file->there)
		error_set(&row->err, ST_FAILED,
		    _("%s is not what was put there: somebody else wrote it"), file->name);
	else
		error_set(&row->err, ST_FAILED,
		    _("%s was put there, and is gone: somebody else removed it"), file->name);
	error_where(&row->err, "%s", row->shown.place->target->text);
	error_hint(&row->err, "%s",
	    row->rows->again
		? _("find out who else writes there, then run 'ctlsign publish --again'")
		: _("find out who else writes there, then run 'ctlsign publish --resume'"));
	return row_fail(row);
}

static bool check_files(struct row *row)
{
	for (size_t i = 0; i < row->n_files; i++) {
		struct row_file *file = &row->files[i];

		if (!file->planned)
			continue;
		if (!row_get(row, file))
			return row_fail(row);
		if (file->holds != PUBLISH_NEW)
			return fail_other(row, file);
	}
	return true;
}

static void say_phones(struct row *row, enum publish_phones phones)
{
	worker_lock(&row->job);
	row->shown.phones = phones;
	worker_unlock(&row->job);
}

/* Asks URL for FILE; what it answers has to be the new one. */
static bool ask(struct row *row, const char *url, const struct row_file *file)
{
	const struct rows *rows = row->rows;
	bool there = false;

	error_clear(&row->err);
	if (rows->means->fetch(url, file->name, TARGET_MAX_FILE, rows->timeout_ms, &row->read,
		&there, &row->err) != ST_OK) {
		say_phones(row, PUBLISH_NO_ANSWER);
		return row_fail(row);
	}
	if (there && bytes_equal(buffer_bytes(&row->read), file->new_data))
		return true;
	say_phones(row, PUBLISH_DIFFERS);
	if (there)
		error_set(
		    &row->err, ST_FAILED, _("phones would get another %s from here"), file->name);
	else
		error_set(&row->err, ST_FAILED, _("phones would get no %s from here"), file->name);
	error_where(&row->err, "%s", url);
	error_hint(&row->err, "%s",
	    rows->again
		? _("its TFTP service may have to be restarted; then run 'ctlsign publish --again'")
		: _("its TFTP service may have to be restarted; then run 'ctlsign publish "
		    "--resume'"));
	return row_fail(row);
}

/* Whether another target of the node has failed: then it is known what phones get. */
static bool node_failed(const struct row *row)
{
	const struct rows *rows = row->rows;

	for (size_t i = 0; i < rows->n; i++)
		if (rows->list[i].unfinished &&
		    rows->list[i].shown.place->node == row->shown.place->node)
			return true;
	return false;
}

static bool ask_as_phones(struct row *row)
{
	bool asked = false;

	for (size_t i = 0; i < row->urls->n; i++)
		for (size_t k = 0; k < row->n_files; k++) {
			const struct row_file *file = &row->files[k];

			if (!file->planned || plan_is_capf(file->name))
				continue;
			if (!ask(row, row->urls->list[i], file))
				return false;
			asked = true;
		}
	if (asked)
		say_phones(row, PUBLISH_SAME);
	return true;
}

void row_check(struct row *row)
{
	row_enter(row, PUBLISH_CHECKING);
	if (check_files(row) && (node_failed(row) || ask_as_phones(row)))
		row_enter(row, PUBLISH_DONE);
}
