/*
 * What a row's thread does: calls of its target, each with a clock, and what is shown of them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/rows.h"

#include <stdlib.h>
#include <string.h>

void row_enter(struct row *row, enum publish_step step)
{
	worker_lock(&row->job);
	row->shown.step = step;
	row->shown.holds = row_holds(row);
	worker_unlock(&row->job);
}

bool row_fail(struct row *row)
{
	row->failed = true;
	worker_lock(&row->job);
	row->shown.step = PUBLISH_FAILED;
	row->shown.holds = row_holds(row);
	row->shown.err = row->err;
	worker_unlock(&row->job);
	return false;
}

enum publish_holds row_holds(const struct row *row)
{
	enum publish_holds holds = PUBLISH_NONE;

	for (size_t i = 0; i < row->n_files; i++) {
		holds = row->files[i].holds;
		if (strcmp(row->files[i].name, PUBLISH_CTL) == 0 || holds != PUBLISH_NEW)
			break;
	}
	return holds;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void begin(struct row *row)
{
	error_clear(&row->err);
	worker_begin(&row->job);
}

/* Behind a call that returned ST. */
static bool end(struct row *row, enum status st)
{
	const bool late = worker_end(&row->job);
	const unsigned limit = row->rows->timeout_ms;

	if (st == ST_OK && !late)
		return true;
	if (row->target->ops->reset != NULL)
		row->target->ops->reset(row->target);
	if (st == ST_OK)
		return true;
	if (late) {
		error_set(&row->err, ST_FAILED, _("it took longer than %u.%u seconds"),
		    limit / 1000, limit % 1000 / 100);
		error_where(&row->err, "%s", row->shown.place->target->text);
		error_hint(&row->err, "%s",
		    _("see why it is so slow, or allow more with 'timeout' in the section "
		      "'publish'"));
	}
	return false;
}

static enum publish_holds classify(const struct row *row, const struct row_file *file)
{
	const struct bytes read = buffer_bytes(&row->read);
	const struct delivery_file *before = file->before;

	if (file->there && file->has_new && bytes_equal(read, file->new_data))
		return PUBLISH_NEW;
	/* What was never replaced is what was there before. */
	if (before != NULL && (before->there != file->there ||
				  (file->there && !bytes_equal(read, buffer_bytes(&before->old)))))
		return PUBLISH_OTHER;
	return file->there ? PUBLISH_OLD : PUBLISH_NONE;
}

bool row_get(struct row *row, struct row_file *file)
{
	enum status st;

	file->holds = PUBLISH_UNKNOWN;
	begin(row);
	st = row->target->ops->get(row->target, file->name, &row->read, &file->there, &row->err);
	if (!end(row, st))
		return false;
	file->holds = classify(row, file);
	return true;
}

bool row_stage(struct row *row, struct row_file *file)
{
	/* Whatever comes of it, something may be there. */
	file->staged = true;
	begin(row);
	return end(
	    row, row->target->ops->stage(row->target, file->name, file->new_data, &row->err));
}

bool row_commit(struct row *row, struct row_file *file)
{
	begin(row);
	if (!end(row, row->target->ops->commit(row->target, file->name, &row->err))) {
		file->holds = PUBLISH_UNKNOWN;
		return false;
	}
	file->holds = PUBLISH_NEW;
	return true;
}

bool row_unstage(struct row *row, const struct row_file *file)
{
	begin(row);
	return end(row, row->target->ops->unstage(row->target, file->name, &row->err));
}

bool row_put_back(struct row *row, const struct row_file *file)
{
	const struct bytes old = buffer_bytes(&file->before->old);

	begin(row);
	return end(row, row->target->ops->put_back(
			    row->target, file->name, file->before->there ? &old : NULL, &row->err));
}

bool row_set_mode(struct row *row, int mode)
{
	if (row->target->ops->set_mode == NULL)
		return true;
	begin(row);
	return end(row, row->target->ops->set_mode(row->target, mode, &row->err));
}

void row_unstage_all(struct row *row)
{
	for (size_t i = 0; i < row->n_files; i++) {
		if (!row->files[i].staged)
			continue;
		if (!row_unstage(row, &row->files[i]))
			break;
		row->files[i].staged = false;
	}
}

/* ---- what was there -------------------------------------------------------------------------- */

static const struct row_content *find_content(const struct rows *rows, struct bytes data)
{
	for (const struct row_content *content = rows->contents; content != NULL;
	     content = content->next)
		if (bytes_equal(buffer_bytes(&content->data), data))
			return content;
	return NULL;
}

/* The lock is held. */
static const struct row_content *add_content(struct rows *rows, struct bytes data)
{
	struct row_content *content = calloc(1, sizeof(*content));

	if (content == NULL)
		return NULL;
	buffer_add(&content->data, data.data, data.len);
	if (content->data.failed) {
		free(content);
		return NULL;
	}
	content->next = rows->contents;
	rows->contents = content;
	return content;
}

bool row_keep(struct row *row, struct row_file *file)
{
	const struct bytes data = buffer_bytes(&row->read);
	const struct row_content *content;

	if (!file->there)
		return true;
	worker_lock(&row->job);
	content = find_content(row->rows, data);
	if (content == NULL)
		content = add_content(row->rows, data);
	worker_unlock(&row->job);
	if (content == NULL) {
		error_no_memory(&row->err);
		return false;
	}
	file->old = buffer_bytes(&content->data);
	return true;
}
