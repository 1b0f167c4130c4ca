/*
 * Files that appear in a folder together or not at all.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/stage.h"

#include "admin/stage_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* An error at NAME in the directory. */
static enum status fail_at(
    const struct stage *stage, const char *name, int failed, const char *what, struct error *err)
{
	error_errno(err, ST_IO, failed, "%s", what);
	error_where(err, "%s/%s", stage->directory, name);
	return ST_IO;
}

enum status stage_open(struct stage *stage, const char *directory, struct error *err)
{
	stage->directory = directory;
	stage->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (stage->dir < 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot open the directory"));
		error_where(err, "%s", directory);
		return ST_IO;
	}
	/* Where a file system has no locks there is nothing to be done about it. */
	if (flock(stage->dir, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		error_set(err, ST_FAILED, "%s", _("another 'ctlsign init' works here"));
		error_where(err, "%s", directory);
		error_hint(err, "%s", _("wait until it has ended"));
		return ST_FAILED;
	}
	if (asprintf(&stage->path, "%s/%s", directory, STAGE_FOLDER) < 0) {
		stage->path = NULL;
		return error_no_memory(err);
	}
	if (!journal_take_back(stage->dir, STAGE_FOLDER))
		return fail_at(stage, STAGE_FOLDER, errno,
		    _("cannot remove what a run that was killed left behind"), err);
	return ST_OK;
}

enum status stage_begin(struct stage *stage, struct error *err)
{
	if (mkdirat(stage->dir, STAGE_FOLDER, 0700) != 0)
		return fail_at(
		    stage, STAGE_FOLDER, errno, _("cannot write into the directory"), err);
	stage->folder =
	    openat(stage->dir, STAGE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (stage->folder < 0) {
		const int failed = errno;

		unlinkat(stage->dir, STAGE_FOLDER, AT_REMOVEDIR);
		return fail_at(stage, STAGE_FOLDER, failed, _("cannot open the directory"), err);
	}
	return ST_OK;
}

enum status stage_make_folder(struct stage *stage, const char *name, struct error *err)
{
	if (mkdirat(stage->folder, name, 0755) != 0)
		return fail_at(stage, name, errno, _("cannot make the directory"), err);
	return ST_OK;
}

enum status stage_write(
    struct stage *stage, const char *name, struct bytes data, unsigned mode, struct error *err)
{
	int fd = openat(stage->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    (mode_t)mode);
	size_t done = 0;
	int failed = fd < 0 ? errno : 0;

	while (failed == 0 && done < data.len) {
		const ssize_t n = write(fd, data.data + done, data.len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			failed = n == 0 ? EIO : errno;
	}
	if (fd >= 0 && close(fd) != 0 && failed == 0)
		failed = errno;
	return failed == 0 ? ST_OK : fail_at(stage, name, failed, _("cannot write the file"), err);
}

enum status stage_refuse_existing(const struct stage *stage, const char *name, struct error *err)
{
	struct stat sb;

	if (fstatat(stage->dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ST_OK
				       : fail_at(stage, name, errno, _("cannot look there"), err);
	error_set(err, ST_EXISTS, "%s",
	    S_ISDIR(sb.st_mode) ? _("this folder is there already, and is left as it is")
				: _("this file is there already, and is left as it is"));
	error_where(err, "%s/%s", stage->directory, name);
	error_hint(err, "%s", _("move it away, or work in another folder"));
	return ST_EXISTS;
}

/* renameat() that replaces nothing.  0, or -1 with errno. */
static int move(const struct stage *stage, const char *name)
{
	struct stat sb;

	if (renameat2(stage->folder, name, stage->dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system without that flag: the lock keeps away all who would make such names. */
	if (fstatat(stage->dir, name, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(stage->folder, name, stage->dir, name);
}

static enum status move_all(
    struct stage *stage, const char *const *items, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (move(stage, items[i]) == 0) {
			if (i == n - 1)
				stage->last = items[i];
			continue;
		}
		if (errno == EEXIST)
			return stage_refuse_existing(stage, items[i], err);
		return fail_at(stage, items[i], errno, _("cannot put it in place"), err);
	}
	/* EINVAL: this file system has no way to do it. */
	if (fsync(stage->dir) != 0 && errno != EINVAL) {
		error_errno(err, ST_IO, errno, "%s", _("cannot write the directory to disk"));
		error_where(err, "%s", stage->directory);
		return ST_IO;
	}
	return ST_OK;
}

enum status stage_publish(
    struct stage *stage, const char *const *items, size_t n, struct error *err)
{
	struct buffer journal = BUFFER_INIT;
	enum status st;

	for (size_t i = 0; i < n; i++)
		if (!journal_add(&journal, stage->folder, items[i])) {
			const int failed = errno;

			buffer_free(&journal);
			return fail_at(stage, items[i], failed, _("cannot look at the file"), err);
		}
	st = buffer_status(&journal, err);
	if (st == ST_OK)
		st = stage_write(stage, JOURNAL_NAME, buffer_bytes(&journal), 0600, err);
	buffer_free(&journal);
	if (st == ST_OK && syncfs(stage->folder) != 0)
		st = fail_at(stage, STAGE_FOLDER, errno, _("cannot write the files to disk"), err);
	if (st == ST_OK)
		st = move_all(stage, items, n, err);
	return st;
}

void stage_keep(struct stage *stage)
{
	stage->done = true;
}

void stage_close(struct stage *stage)
{
	/*
	 * With the last one back, the journal takes back the others.  What fails here is settled by
	 * the next run.
	 */
	if (stage->last != NULL && !stage->done)
		renameat(stage->dir, stage->last, stage->folder, stage->last);
	if (stage->folder >= 0) {
		close(stage->folder);
		journal_take_back(stage->dir, STAGE_FOLDER);
	}
	if (stage->dir >= 0)
		close(stage->dir);
	free(stage->path);
	*stage = (struct stage)STAGE_INIT;
}
