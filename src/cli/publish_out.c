/*
 * Writing the files that are carried by hand into a folder.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/publish_out.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What is done with a file; PATH is where it goes. */
typedef enum status each_file(const char *path, struct bytes data, struct error *err);

static enum status other_file(const char *path, struct error *err)
{
	error_set(err, ST_EXISTS, "%s", _("another file is there already, and is left as it is"));
	error_where(err, "%s", path);
	error_hint(err, "%s", _("give an empty folder to --out, or move the file away"));
	return ST_EXISTS;
}

/* ST_EXISTS when another file is there; *THERE: the same one is. */
static enum status compare(const char *path, struct bytes data, bool *there, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	struct stat st;
	enum status status;

	*there = lstat(path, &st) == 0;
	if (!*there && errno == ENOENT)
		return ST_OK;
	status = file_read(path, data.len, &file, NULL, err);
	if (status == ST_LIMIT || (status == ST_OK && !bytes_equal(buffer_bytes(&file), data)))
		status = other_file(path, err);
	buffer_free(&file);
	return status;
}

static enum status check_file(const char *path, struct bytes data, struct error *err)
{
	bool there;

	return compare(path, data, &there, err);
}

static enum status write_file(const char *path, struct bytes data, struct error *err)
{
	bool there = false;
	enum status st = compare(path, data, &there, err);

	if (st != ST_OK || there)
		return st;
	st = file_write_durably(path, data, false, 0644, err);
	if (st == ST_EXISTS)
		return other_file(path, err);
	if (st == ST_OK)
		st = compare(path, data, &there, err);
	if (st == ST_OK && there)
		return ST_OK;
	error_set(err, ST_IO, "%s", _("what was written is not what is read back"));
	error_where(err, "%s", path);
	error_hint(err, "%s", _("write it to another disk"));
	return ST_IO;
}

/* All places have the same bytes under a name: what an earlier one had is done. */
static bool is_carried(const struct publish_place *place, bool even_targets)
{
	return place->target == NULL || even_targets;
}

static bool is_first(const struct publish_plan *plan, const struct publish_place *place,
    const char *name, bool even_targets)
{
	for (const struct publish_place *other = plan->places; other < place; other++)
		for (size_t i = 0; is_carried(other, even_targets) && i < other->n_files; i++)
			if (strcmp(other->files[i].name, name) == 0)
				return false;
	return true;
}

static enum status do_file(
    const char *folder, const struct publish_file *file, each_file *each, struct error *err)
{
	struct buffer path = BUFFER_INIT;
	enum status st;

	buffer_printf(&path, "%s/%s", folder, file->name);
	st = buffer_text(&path) != NULL ? each(buffer_text(&path), file->data, err)
					: error_no_memory(err);
	buffer_free(&path);
	return st;
}

static enum status for_each(const char *folder, const struct publish_plan *plan, bool even_targets,
    each_file *each, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < plan->n_places; i++) {
		const struct publish_place *place = &plan->places[i];

		for (size_t k = 0;
		     st == ST_OK && is_carried(place, even_targets) && k < place->n_files; k++)
			if (is_first(plan, place, place->files[k].name, even_targets))
				st = do_file(folder, &place->files[k], each, err);
	}
	return st;
}

static enum status check_folder(const char *folder, struct error *err)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		error_errno(err, ST_IO, errno, "%s", _("cannot write the files here"));
	else if (!S_ISDIR(st.st_mode))
		error_set(err, ST_IO, "%s", _("this is not a folder"));
	else
		return ST_OK;
	error_where(err, "%s", folder);
	error_hint(err, "%s", _("give a folder that is there to --out"));
	return ST_IO;
}

enum status cli_publish_out(
    const char *folder, const struct publish_plan *plan, bool even_targets, struct error *err)
{
	enum status st = check_folder(folder, err);

	if (st == ST_OK)
		st = for_each(folder, plan, even_targets, check_file, err);
	return st == ST_OK ? for_each(folder, plan, even_targets, write_file, err) : st;
}
