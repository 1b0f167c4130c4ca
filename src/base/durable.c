/*
 * Writing a file so that a crash leaves the old one or the new one, whole.
 *
 * The bytes go into an unnamed file (O_TMPFILE) in the target's directory, which vanishes by
 * itself if the program dies.  After fsync it gets a name: the final one by link() when nothing
 * may be replaced, else a temporary one that is renamed at once.  Where the file system has no
 * unnamed files, a named one with a random name does the same.
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
	bool exists;
	mode_t mode;
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
	struct stat sb;

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
	if (fstatat(t->dir, t->name, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(sb.st_mode))
			return error_set(err, ST_IO, "%s", _("this is a directory, not a file"));
		if (!S_ISREG(sb.st_mode))
			return error_set(err, ST_IO, "%s", _("this is not a regular file"));
		t->exists = true;
		t->mode = sb.st_mode & 07777;
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
	int fd = openat(t->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

	if (fd >= 0 ||
	    (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
		return fd;
	if (!pick_temporary(t)) {
		errno = EIO;
		return -1;
	}
	fd = openat(t->dir, t->temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		t->temporary[0] = '\0';
	return fd;
}

static enum status write_all(int fd, struct bytes data, struct error *err)
{
	size_t done = 0;

	while (done < data.len) {
		ssize_t n = write(fd, data.data + done, data.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, ST_IO, errno, "%s", _("cannot write the file"));
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

/* Gives an unnamed file NAME; fails with EEXIST when there is one. */
static int link_unnamed(int fd, int dir, const char *name)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, proc, dir, name, AT_SYMLINK_FOLLOW);
}

/* Puts the written file in place under its final name. */
static enum status commit(struct target *t, int fd, bool replace, struct error *err)
{
	const bool named = t->temporary[0] != '\0';
	int rc;

	if (!replace) {
		rc = named ? linkat(t->dir, t->temporary, t->dir, t->name, 0)
			   : link_unnamed(fd, t->dir, t->name);
		if (rc != 0 && errno == EEXIST)
			return refuse_existing(err);
	} else {
		if (!named) {
			if (!pick_temporary(t))
				return error_set(err, ST_IO, "%s", _("no random bytes"));
			if (link_unnamed(fd, t->dir, t->temporary) != 0) {
				rc = errno;
				t->temporary[0] = '\0';
				return error_errno(
				    err, ST_IO, rc, "%s", _("cannot name the new file"));
			}
		}
		rc = renameat(t->dir, t->temporary, t->dir, t->name);
		if (rc == 0)
			t->temporary[0] = '\0';
	}
	if (rc != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot put the new file in place"));
	if (fsync(t->dir) != 0)
		return error_errno(err, ST_IO, errno, "%s",
		    _("the file is written, but its directory could not be flushed to disk"));
	return ST_OK;
}

enum status file_write_durably(
    const char *path, struct bytes data, bool replace, unsigned mode, struct error *err)
{
	struct target t;
	enum status st;
	int fd = -1;

	st = target_open(&t, path, err);
	if (st == ST_OK && t.exists && !replace)
		st = refuse_existing(err);
	if (st != ST_OK)
		goto out;
	fd = open_temporary(&t, t.exists ? 0600 : (mode_t)mode);
	if (fd < 0) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot write into the directory"));
		goto out;
	}
	if (t.exists && fchmod(fd, t.mode) != 0) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot keep the file's mode"));
		goto out;
	}
	st = write_all(fd, data, err);
	if (st == ST_OK)
		st = check_written(fd, data, err);
	if (st == ST_OK)
		st = commit(&t, fd, replace, err);
out:
	if (fd >= 0)
		close(fd);
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
