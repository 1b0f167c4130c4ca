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

#define NEW_END	   ".ctlproviderd"
#define STAGED_END ".staged"
#define NEW_MAX	   (1 + PROVIDER_NAME_MAX + sizeof(NEW_END))

static char *new_name(const char *name, enum folder_new which, char out[NEW_MAX])
{
	snprintf(out, NEW_MAX, ".%s%s", name, which == FOLDER_NEW_STAGED ? STAGED_END : NEW_END);
	return out;
}

enum status folder_new_path(const char *directory, const char *name, enum folder_new which,
    char out[PATH_MAX], struct error *err)
{
	char file[NEW_MAX];

	return folder_path(directory, new_name(name, which, file), "", out, err);
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

enum status folder_new_discard(
    const char *directory, const char *name, enum folder_new which, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_new_path(directory, name, which, path, err);

	if (st == ST_OK && unlink(path) != 0 && errno != ENOENT) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot remove the file"));
		error_where(err, "%s", path);
	}
	return st;
}

/* Whether the file PATH, written just now, holds DATA. */
static enum status check_written(const char *path, struct bytes data, struct error *err)
{
	struct content *content = NULL;
	enum status st = content_read(path, &content, err);

	if (st == ST_OK &&
	    (content == NULL || content->data.len != data.len ||
		(data.len > 0 && memcmp(content->data.data, data.data, data.len) != 0))) {
		st =
		    error_set(err, ST_IO, "%s", _("the file does not read back as it was written"));
		error_where(err, "%s", path);
		error_hint(err, "%s", _("check the node's disk"));
	}
	content_release(content);
	return st;
}

enum status folder_new_write(const char *directory, const char *name, enum folder_new which,
    struct bytes data, struct error *err)
{
	char path[PATH_MAX];
	enum status st = folder_new_path(directory, name, which, path, err);

	/* Never in place of something: that way no link is followed. */
	if (st == ST_OK)
		st = folder_new_discard(directory, name, which, err);
	if (st == ST_OK)
		st = file_write_durably(path, data, false, 0644, err);
	if (st != ST_OK)
		return st;
	st = check_written(path, data, err);
	if (st != ST_OK)
		folder_new_discard(directory, name, which, NULL);
	return st;
}

enum status folder_new_move(
    const char *directory, const char *old, const char *new, struct error *err)
{
	enum status st;
	int fd;

	st = open_directory(directory, &fd, err);
	if (st != ST_OK)
		return st;
	if (renameat(fd, old, fd, new) != 0) {
		st = error_errno(err, ST_IO, errno, _("cannot replace %s"), new);
		error_where(err, "%s", directory);
	} else {
		st = flush(fd, directory, err);
	}
	close(fd);
	return st;
}

enum status folder_new_rename(
    const char *directory, const char *name, enum folder_new which, struct error *err)
{
	char file[NEW_MAX];

	return folder_new_move(directory, new_name(name, which, file), name, err);
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

enum status folder_new_withdraw(
    const char *directory, const char *name, enum folder_new which, struct error *err)
{
	char file[NEW_MAX];

	return folder_new_remove(directory, new_name(name, which, file), err);
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
