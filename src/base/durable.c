/*
 * Writing a file so that a crash leaves the old one or the new one, whole.
 *
 * The bytes go into an unnamed file (O_TMPFILE) in the target's directory, which vanishes by
 * itself if the program dies.  After fsync it gets a name: the final one by link() when nothing
 * may be replaced, else a temporary one that is renamed at once.  Where the file system has no
 * unnamed files, or /proc is missing, through which they get their name, a named one with a random
 * name does the same; and where it has no hard links either (FAT, many network shares), renaming
 * it without replacing does.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a file goes: its directory, open, and its name in there. */
struct target {
	int dir;
	char name[NAME_MAX + 1];
	char temporary[NAME_MAX + 1]; /* a second name while one exists, else "" */
	bool named;		      /* no unnamed file: there are none here, or: */
	bool no_name;		      /* the unnamed file could not get a name */
	bool exists;
	struct stat old; /* when it exists */
};

/*
 * Opens PATH's directory.  A symbolic link is followed to the file that it names, so that what is
 * replaced is that file and not the link.
 */
static enum status target_open(struct target *t, const char *path, struct error *err)
{
	char resolved[PATH_MAX];
	const char *slash;
	char dir[PATH_MAX];

	memset(t, 0, sizeof(*t));
	t->dir = -1;
	if (realpath(path, resolved) != NULL)
		path = resolved;
	else if (errno != ENOENT)
		return error_errno(err, ST_IO, errno, "%s", _("cannot write here"));
	slash = strrchr(path, '/');
	if (slash == NULL)
		snprintf(dir, sizeof(dir), ".");
	else if ((size_t)(slash - path) + 2 > sizeof(dir))
		return error_errno(err, ST_IO, ENAMETOOLONG, "%s", _("cannot write here"));
	else
		snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	path = slash == NULL ? path : slash + 1;
	if (path[0] == '\0' || strlen(path) > NAME_MAX)
		return error_set(err, ST_IO, "%s", _("this is not a file name"));
	memcpy(t->name, path, strlen(path) + 1);
	t->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir < 0)
		return error_errno(err, ST_IO, errno, _("cannot open the directory %s"), dir);
	if (fstatat(t->dir, t->name, &t->old, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(t->old.st_mode))
			return error_set(err, ST_IO, "%s", _("this is a directory, not a file"));
		if (!S_ISREG(t->old.st_mode))
			return error_set(err, ST_IO, "%s", _("this is not a regular file"));
		t->exists = true;
	} else if (errno != ENOENT) {
		return error_errno(err, ST_IO, errno, "%s", _("cannot look at the old file"));
	}
	return ST_OK;
}

static void target_close(struct target *t)
{
	if (t->temporary[0] != '\0')
		unlinkat(t->dir, t->temporary, 0);
	if (t->dir >= 0)
		close(t->dir);
}

static enum status refuse_existing(struct error *err)
{
	error_set(err, ST_EXISTS, "%s", _("the file exists and is left as it is"));
	error_hint(err, "%s", _("choose another name, or use --force to replace it"));
	return ST_EXISTS;
}

/* A random name: one left behind by a killed run never stands in the way of the next. */
static bool pick_temporary(struct target *t)
{
	uint8_t r[8];
	int n;

	if (RAND_bytes(r, sizeof(r)) != 1)
		return false;
	n = snprintf(t->temporary, sizeof(t->temporary),
	    ".ctlsign-%02x%02x%02x%02x%02x%02x%02x%02x.tmp", r[0], r[1], r[2], r[3], r[4], r[5],
	    r[6], r[7]);
	return n > 0 && (size_t)n < sizeof(t->temporary);
}

/* Opens the temporary file: unnamed if the file system can, else under t->temporary. */
static int open_temporary(struct target *t, mode_t mode)
{
	int fd;

	if (!t->named) {
		fd = openat(t->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
		if (fd >= 0 ||
		    (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
			return fd;
		t->named = true;
	}
	if (!pick_temporary(t)) {
		errno = EIO;
		return -1;
	}
	fd = openat(t->dir, t->temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		t->temporary[0] = '\0';
	return fd;
}

/*
 * Gives the new file the old one's owner, group and mode.  Root can keep all of them.  Somebody
 * else becomes the owner, as with most editors, and keeps the group if it is one of theirs; if not,
 * the new group may do what all others may, and no more.
 */
static enum status keep_owner_and_mode(int fd, const struct stat *old, struct error *err)
{
	mode_t mode = old->st_mode & 0777;
	struct stat new;

	if (fstat(fd, &new) != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot look at the new file"));
	if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) != 0 && new.st_gid != old->st_gid &&
	    fchown(fd, (uid_t)-1, old->st_gid) != 0)
		mode = (mode & ~(mode_t)070) | (mode & 007) << 3;
	/* Where all files have one mode, which the mount says, it cannot be set and need not be. */
	if ((new.st_mode & 0777) != mode && fchmod(fd, mode) != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot keep the file's mode"));
	return ST_OK;
}

static enum status write_all(int fd, struct bytes data, struct error *err)
{
	size_t done = 0;

	while (done < data.len) {
		ssize_t n = write(fd, data.data + done, data.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(
			    err, ST_IO, n < 0 ? errno : EIO, "%s", _("cannot write the file"));
		done += (size_t)n;
	}
	if (fsync(fd) != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot write the file to disk"));
	return ST_OK;
}

/* What the file holds now, byte for byte, before anything gets its name. */
static enum status check_written(int fd, struct bytes data, struct error *err)
{
	uint8_t chunk[4096];
	size_t done = 0;

	while (done < data.len) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, ST_IO, errno, "%s", _("cannot read back the file"));
		if (n == 0 || (size_t)n > data.len - done ||
		    memcmp(chunk, data.data + done, (size_t)n) != 0)
			return error_set(
			    err, ST_IO, "%s", _("the file does not read back as it was written"));
		done += (size_t)n;
	}
	return ST_OK;
}

/*
 * Whether a call failed because it is not to be had here, and not because the disk is full or
 * broken: file systems without links say EPERM, EOPNOTSUPP or EMLINK, those without a flag EINVAL,
 * sandboxes ENOSYS or EACCES, and a missing /proc ENOENT.
 */
static bool not_to_be_had(int errnum)
{
	return errnum == EPERM || errnum == EOPNOTSUPP || errnum == EMLINK || errnum == EINVAL ||
	       errnum == ENOSYS || errnum == EACCES || errnum == ENOENT || errnum == EXDEV;
}

/* Gives an unnamed file NAME; fails with EEXIST when there is one. */
static int link_unnamed(int fd, int dir, const char *name)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, proc, dir, name, AT_SYMLINK_FOLLOW);
}

/*
 * Gives the temporary file its final name, which nothing may have; fails with EEXIST when something
 * does.  File systems differ in what they can: the last way, which all can, claims the name with
 * an empty file first, and only there could a kill between the two steps leave that behind.
 */
static int name_without_replacing(struct target *t)
{
	int fd, failed;

	if (renameat2(t->dir, t->temporary, t->dir, t->name, RENAME_NOREPLACE) == 0) {
		t->temporary[0] = '\0';
		return 0;
	}
	if (!not_to_be_had(errno))
		return -1;
	if (linkat(t->dir, t->temporary, t->dir, t->name, 0) == 0)
		return 0;
	if (!not_to_be_had(errno))
		return -1;
	fd = openat(t->dir, t->name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	if (renameat(t->dir, t->temporary, t->dir, t->name) == 0) {
		t->temporary[0] = '\0';
		return 0;
	}
	failed = errno;
	unlinkat(t->dir, t->name, 0);
	errno = failed;
	return -1;
}

/* Puts the written file in place under its final name.  0, or -1 with errno. */
static int put_in_place(struct target *t, int fd, bool replace)
{
	int rc;

	if (!t->named && !replace) {
		rc = link_unnamed(fd, t->dir, t->name);
		t->no_name = rc != 0 && not_to_be_had(errno);
		return rc;
	}
	if (!t->named) {
		if (!pick_temporary(t)) {
			errno = EIO;
			return -1;
		}
		if (link_unnamed(fd, t->dir, t->temporary) != 0) {
			t->temporary[0] = '\0';
			t->no_name = not_to_be_had(errno);
			return -1;
		}
	}
	if (!replace)
		return name_without_replacing(t);
	rc = renameat(t->dir, t->temporary, t->dir, t->name);
	if (rc == 0)
		t->temporary[0] = '\0';
	return rc;
}

static enum status flush_directory(const struct target *t, struct error *err)
{
	/* EINVAL: this file system has no way to do it. */
	if (fsync(t->dir) != 0 && errno != EINVAL)
		return error_errno(err, ST_IO, errno, "%s",
		    _("the file is written, but its directory could not be flushed to disk"));
	return ST_OK;
}

/* One attempt with an unnamed or, when t->named, a named file. */
static enum status write_new(
    struct target *t, struct bytes data, bool replace, mode_t mode, struct error *err)
{
	int fd = open_temporary(t, t->exists ? 0600 : mode);
	enum status st = ST_OK;

	if (fd < 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot write into the directory"));
	if (t->exists)
		st = keep_owner_and_mode(fd, &t->old, err);
	if (st == ST_OK)
		st = write_all(fd, data, err);
	if (st == ST_OK)
		st = check_written(fd, data, err);
	if (st == ST_OK && put_in_place(t, fd, replace) != 0)
		st = errno == EEXIST && !replace ? refuse_existing(err)
						 : error_errno(err, ST_IO, errno, "%s",
						       _("cannot put the new file in place"));
	else if (st == ST_OK)
		st = flush_directory(t, err);
	close(fd);
	return st;
}

enum status file_write_durably(
    const char *path, struct bytes data, bool replace, unsigned mode, struct error *err)
{
	struct target t;
	enum status st;

	st = target_open(&t, path, err);
	if (st == ST_OK && t.exists && !replace)
		st = refuse_existing(err);
	else if (st == ST_OK)
		st = write_new(&t, data, replace, (mode_t)mode, err);
	if (t.no_name) {
		t.named = true;
		t.no_name = false;
		st = write_new(&t, data, replace, (mode_t)mode, err);
	}
	target_close(&t);
	if (st != ST_OK)
		error_where(err, "%s", path);
	return st;
}

enum status file_check_writable(const char *path, bool replace, struct error *err)
{
	struct target t;
	enum status st = target_open(&t, path, err);

	if (st == ST_OK && t.exists && !replace)
		st = refuse_existing(err);
	else if (st == ST_OK && faccessat(t.dir, ".", W_OK | X_OK, AT_EACCESS) != 0)
		st = error_errno(err, ST_IO, errno, "%s", _("cannot write into the directory"));
	target_close(&t);
	if (st != ST_OK)
		error_where(err, "%s", path);
	return st;
}
