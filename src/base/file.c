/*
 * Reading untrusted files whole; flushing the directory that a file stands in.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes to ask for where a file is longer than fstat() said, or says that it is empty. */
#define READ_MORE 16384

/*
 * Reads FD to its end, never more than MAX bytes; EXPECTED is what fstat() said.  It goes straight
 * into OUT, in one piece when the file does not grow meanwhile: it may be a secret.
 */
static enum status read_all(
    int fd, size_t expected, size_t max, struct buffer *out, struct error *err)
{
	while (out->len <= max) {
		/* One byte more than expected: a read that does not fill it has seen the end. */
		size_t room = out->len < expected ? expected - out->len + 1 : READ_MORE;
		ssize_t n;

		if (!buffer_reserve(out, room))
			return buffer_status(out, err);
		n = read(fd, out->data + out->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, ST_IO, errno, "%s", _("cannot read the file"));
		out->len += (size_t)n;
		/* A regular file of the expected size needs no second read() to see its end. */
		if (n == 0 || (out->len == expected && (size_t)n < room))
			break;
	}
	if (out->len > max)
		return error_set(err, ST_LIMIT,
		    _("the file is larger than %zu bytes, the most that is read here"), max);
	return ST_OK;
}

/* What will be read of a file that does not change: one byte over MAX tells that it is too long. */
static size_t expected_size(const struct stat *sb, size_t max)
{
	if (sb->st_size <= 0)
		return 0;
	return (uintmax_t)sb->st_size > max ? max : (size_t)sb->st_size;
}

enum status file_read(
    const char *path, size_t max, struct buffer *out, time_t *mtime, struct error *err)
{
	enum status st;
	struct stat sb;
	int fd;

	buffer_reset(out);
	/* O_NONBLOCK: a FIFO of that name must not hang the program; fstat() then refuses it. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		st = error_errno(err, ST_IO, errno, "%s", _("cannot open the file"));
		error_where(err, "%s", path);
		return st;
	}
	if (fstat(fd, &sb) != 0)
		st = error_errno(err, ST_IO, errno, "%s", _("cannot look at the file"));
	else if (S_ISDIR(sb.st_mode))
		st = error_set(err, ST_IO, "%s", _("this is a directory, not a file"));
	else if (!S_ISREG(sb.st_mode))
		st = error_set(err, ST_IO, "%s", _("this is not a regular file"));
	else
		st = read_all(fd, expected_size(&sb, max), max, out, err);
	close(fd);
	if (st != ST_OK)
		error_where(err, "%s", path);
	else if (mtime != NULL)
		*mtime = sb.st_mtime;
	return st;
}

bool file_same(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

int file_flush_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash == NULL	  ? strdup(".")
			  : slash == path ? strdup("/")
					  : strndup(path, (size_t)(slash - path));
	int fd, failed = 0;

	if (directory == NULL)
		return ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	if (fd < 0)
		return errno;
	/* EINVAL: a file system that has nothing to flush. */
	if (fsync(fd) != 0 && errno != EINVAL)
		failed = errno;
	close(fd);
	return failed;
}
