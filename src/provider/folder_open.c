/*
 * Opening the directories: one provider at a time, and nothing half done is left there.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/folder.h"
#include "provider/folder_new.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum status cannot_open(const char *state, const char *path, struct error *err)
{
	const int why = errno;

	error_errno(err, ST_IO, why, "%s", _("cannot write into the state directory"));
	error_where(err, "%s", path);
	if (why == ENOENT)
		error_hint(err, _("make it for the provider's user: install -d -m 0700 %s"), state);
	else
		error_hint(err, "%s", _("let the provider's user write there"));
	return ST_IO;
}

static enum status take_lock(struct folder *folder, struct error *err)
{
	char path[PATH_MAX];
	enum status st;

	st = folder_path(folder->state, "lock", "", path, err);
	if (st != ST_OK)
		return st;
	folder->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (folder->lock < 0)
		return cannot_open(folder->state, path, err);
	if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
		return ST_OK;
	if (errno != EWOULDBLOCK)
		return cannot_open(folder->state, path, err);
	error_set(err, ST_BUSY, "%s", _("another ctlproviderd has this state directory"));
	error_where(err, "%s", folder->state);
	error_hint(err, "%s", _("end it first, or give this one a state directory of its own"));
	return ST_BUSY;
}

enum status folder_open(
    struct folder *folder, const char *directory, const char *state, struct error *err)
{
	enum status st;

	*folder = (struct folder){.directory = directory, .state = state, .lock = -1};
	folder->cache = content_cache_new();
	if (folder->cache == NULL)
		return error_no_memory(err);
	st = take_lock(folder, err);
	if (st == ST_OK)
		st = folder_new_clean(directory, state, err);
	return st;
}

void folder_close(struct folder *folder)
{
	if (folder->cache == NULL)
		return;
	content_cache_free(folder->cache);
	if (folder->lock >= 0)
		close(folder->lock);
	*folder = (struct folder){.lock = -1};
}
