/*
 * Reading a trust list file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/list_file.h"

#include "base/file.h"

enum status list_file_read(struct list_file *file, const char *path, struct error *err)
{
	enum status st = file_read(path, TL_MAX_FILE, &file->bytes, &file->mtime, err);

	if (st != ST_OK)
		return st;
	st = tl_read(&file->list, buffer_bytes(&file->bytes), err);
	if (st != ST_OK)
		error_where_prefix(err, path);
	return st;
}

void list_file_free(struct list_file *file)
{
	tl_free(&file->list);
	buffer_free(&file->bytes);
}
