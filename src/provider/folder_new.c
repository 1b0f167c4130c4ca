/*
 * Replacing a file by rename, which does not follow a link that somebody put in its place.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/folder_new.h"

#include "base/file.h"
#include "provider/folder.h"
#include "provider/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEW_END ".ctlproviderd"
#define NEW_MAX (1 + PROVIDER_NAME_MAX + sizeof(NEW_END))

static char *new_name(const char *name, char out[NEW_MAX])
{
	snprintf(out, NEW_MAX, ".%s%s", name, NEW_END);
	return out;
}

static enum status open_directory(const char *path, int *fd, struct error *err)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return ST_OK;
	error_errno(err, ST_IO, errno, "%s", _("cannot open the directory"));
	error_where(err, "%s", path);
	return ST_IO;
}

static enum status flush(int fd, const char *path, struct error *err)
{
	/* EINVAL: this file system has no way to do it. */
	if (fsync(fd) == 0 || errno == EINVAL)
		return ST_OK;
	error_errno(err, ST_IO, errno, "%s", _("cannot flush the directory to disk"));
	error_where(err, "%s", path);
	return ST_IO;
}

enum status folder_new_write(
    const char *directory, const char *name, struct bytes data, struct error *err)
{
	char file[NEW_MAX], path[PATH_MAX];
	enum status st = folder_path(directory, new_name(name, file), "", path, err);

	if (st != ST_OK)
		return st;
	/* Never in place of something: that way no link is followed. */
	if (unlink(path) != 0 && errno != ENOENT) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot remove the file"));
		error_where(err, "%s", path);
		return st;
	}
	return file_write_durably(path, data, false, 0644, err);
}

enum status folder_new_rename(const char *directory, const char *name, struct error *err)
{
	char file[NEW_MAX];
	enum status st;
	int fd;

	st = open_directory(directory, &fd, err);
	if (st != ST_OK)
		return st;
	new_name(name, file);
	if (renameat(fd, file, fd, name) != 0) {
		st = error_errno(err, ST_IO, errno, _("cannot replace %s"), name);
		error_where(err, "%s", directory);
		unlinkat(fd, file, 0);
	} else {
		st = flush(fd, directory, err);
	}
	close(fd);
	return st;
}

enum status folder_new_remove(const char *directory, const char *name, struct error *err)
{
	enum status st;
	int fd;

	st = open_directory(directory, &fd, err);
	if (st != ST_OK)
		return st;
	if (unlinkat(fd, name, 0) != 0 && errno != ENOENT) {
		st = error_errno(err, ST_IO, errno, _("cannot remove %s"), name);
		error_where(err, "%s", directory);
	} else {
		st = flush(fd, directory, err);
	}
	close(fd);
	return st;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* ".NAME.ctlproviderd" of a NAME that is one of ours. */
static bool is_new_file(const char *file)
{
	char name[PROVIDER_NAME_MAX];
	size_t len = strlen(file);

	if (file[0] != '.' || !ends_with(file, NEW_END) || len - sizeof(NEW_END) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(len - sizeof(NEW_END)), file + 1);
	return provider_file_kind(name) != FILE_NONE;
}

/* What file_write_durably() leaves when it is killed where files cannot be unnamed. */
static bool is_temporary(const char *file)
{
	return strncmp(file, ".ctlsign-", 9) == 0 && ends_with(file, ".tmp");
}

static enum status clean(const char *path, bool (*is_left)(const char *), struct error *err)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL) {
		error_errno(err, ST_IO, errno, "%s", _("cannot open the directory"));
		error_where(err, "%s", path);
		error_hint(err, "%s", _("make it, and let the provider's user read it"));
		return ST_IO;
	}
	while ((entry = readdir(directory)) != NULL)
		if (is_left(entry->d_name))
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	return ST_OK;
}

enum status folder_new_clean(const char *directory, const char *state, struct error *err)
{
	enum status st = clean(directory, is_new_file, err);

	return st == ST_OK ? clean(state, is_temporary, err) : st;
}
