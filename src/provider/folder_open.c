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
#include <sys/stat.h>
#include <unistd.h>

static enum status cannot_open(const char *path, struct error *err)
{
	const int why = errno;

	error_errno(err, ST_IO, why, "%s", _("cannot write into the state directory"));
	error_where(err, "%s", path);
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
		return cannot_open(path, err);
	if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
		return ST_OK;
	if (errno != EWOULDBLOCK)
		return cannot_open(path, err);
	error_set(err, ST_BUSY, "%s", _("another ctlproviderd has this state directory"));
	error_where(err, "%s", folder->state);
	error_hint(err, "%s", _("end it first, or give this one a state directory of its own"));
	return ST_BUSY;
}

/* Replacing a file takes the right to make one. */
static enum status look_at(
    const char *directory, const char *cannot, const char *mode, struct error *err)
{
	const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int why = fd < 0 || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (why == 0)
		return ST_OK;
	error_errno(err, ST_IO, why, "%s", cannot);
	error_where(err, "%s", directory);
	if (why == ENOENT)
		error_hint(err, _("make it for the provider's user: install -d -m %s %s"), mode,
		    directory);
	else if (why == EROFS)
		error_hint(err, "%s", _("mount it writable (ReadWritePaths= of systemd)"));
	else
		error_hint(err, "%s", _("let the provider's user read and write there"));
	return ST_IO;
}

enum status folder_check(const char *directory, const char *state, struct error *err)
{
	enum status st = look_at(state, _("cannot write into the state directory"), "0700", err);

	return st == ST_OK ? look_at(directory, _("cannot write into the directory"), "0755", err)
			   : st;
}

static enum status identify(const char *directory, struct stat *out, struct error *err)
{
	const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int why = fd < 0 || fstat(fd, out) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (why == 0)
		return ST_OK;
	error_errno(err, ST_IO, why, "%s", _("cannot open the directory"));
	error_where(err, "%s", directory);
	error_hint(err, "%s", _("it was there when the provider was started: mount it again"));
	return ST_IO;
}

enum status folder_is_there(const struct folder *folder, struct error *err)
{
	struct stat sb;
	enum status st = identify(folder->directory, &sb, err);

	if (st != ST_OK || (sb.st_dev == folder->device && sb.st_ino == folder->inode))
		return st;
	error_set(err, ST_IO, "%s",
	    _("the directory is gone: this is another one than when the provider was started"));
	error_where(err, "%s", folder->directory);
	error_hint(
	    err, "%s", _("mount it again; or restart the provider if this is the right one"));
	return ST_IO;
}

enum status folder_open(
    struct folder *folder, const char *directory, const char *state, struct error *err)
{
	struct stat sb;
	enum status st;

	*folder = (struct folder){.directory = directory, .state = state, .lock = -1};
	folder->cache = content_cache_new();
	if (folder->cache == NULL)
		return error_no_memory(err);
	st = folder_check(directory, state, err);
	if (st == ST_OK)
		st = identify(directory, &sb, err);
	if (st == ST_OK) {
		folder->device = sb.st_dev;
		folder->inode = sb.st_ino;
		st = take_lock(folder, err);
	}
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
