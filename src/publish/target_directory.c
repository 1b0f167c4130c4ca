/*
 * A directory of this machine as a target.
 *
 * Everything is done relative to a descriptor of the directory, which therefore is the same one
 * from the first step to the last, and no symbolic link is followed at a file's name: who else may
 * write into a TFTP server's directory must not be able to lead a run by root elsewhere.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct directory_target {
	struct target common;
	atomic_bool interrupted;
};

static struct directory_target *self_of(struct target *target)
{
	return (struct directory_target *)target;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void hint(int errnum, struct error *err)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		error_hint(err, "%s", _("make room there, or raise the limit or quota"));
		break;
	case EROFS:
		error_hint(err, "%s", _("mount the file system so that it can be written"));
		break;
	case EACCES:
	case EPERM:
		error_hint(err, "%s",
		    _("run ctlsign as a user who may read and write there, or give this one "
		      "access"));
		break;
	default:
		break;
	}
}

/* `what`: what the system says, and what to do about it. */
static enum status failed(int errnum, const char *what, struct error *err)
{
	error_errno(err, ST_IO, errnum, "%s", what);
	hint(errnum, err);
	return ST_IO;
}

static enum status refuse_kind(const char *name, mode_t mode, struct error *err)
{
	if (S_ISLNK(mode))
		error_set(err, ST_IO, _("%s is a symbolic link, which is not followed"), name);
	else if (S_ISDIR(mode))
		error_set(err, ST_IO, _("%s is a directory, not a file"), name);
	else
		error_set(err, ST_IO, _("%s is not a regular file"), name);
	error_hint(err, "%s", _("move it out of the way there"));
	return ST_IO;
}

static enum status open_directory(struct directory_target *self, int *dir, struct error *err)
{
	*dir = -1;
	if (atomic_load(&self->interrupted))
		return error_set(err, ST_FAILED, "%s", _("the time for this is over"));
	*dir = open(self->common.place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir >= 0)
		return ST_OK;
	if (errno == ENOENT) {
		error_set(err, ST_IO, "%s", _("the directory does not exist"));
		error_hint(err,
		    _("make it (mkdir -p %s) or mount it, or mend `deliver` in "
		      "ctlsign.conf"),
		    self->common.place->path);
		return ST_IO;
	}
	return failed(errno, _("cannot open the directory"), err);
}

/* Every call ends here. */
static enum status told(struct directory_target *self, int dir, enum status st, struct error *err)
{
	if (dir >= 0)
		close(dir);
	if (st != ST_OK)
		error_where(err, "%s", self->common.place->text);
	return st;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What stands at NAME, which has to be a regular file. */
static enum status look(int dir, const char *name, struct stat *sb, bool *there, struct error *err)
{
	*there = fstatat(dir, name, sb, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*there)
		return errno == ENOENT ? ST_OK : failed(errno, _("cannot look at the file"), err);
	return S_ISREG(sb->st_mode) ? ST_OK : refuse_kind(name, sb->st_mode, err);
}

static enum status read_all(int fd, size_t expected, struct buffer *out, struct error *err)
{
	ssize_t n = 1;

	while (n != 0 && out->len <= TARGET_MAX_FILE) {
		const size_t room = out->len < expected ? expected - out->len + 1 : 4096;

		if (!buffer_reserve(out, room))
			return buffer_status(out, err);
		n = pread(fd, out->data + out->len, room, (off_t)out->len);
		if (n < 0 && errno != EINTR)
			return failed(errno, _("cannot read the file"), err);
		out->len += n > 0 ? (size_t)n : 0;
	}
	if (out->len > TARGET_MAX_FILE) {
		error_set(err, ST_LIMIT,
		    _("the file is larger than %u bytes, the most that is read here"),
		    TARGET_MAX_FILE);
		error_hint(err, "%s", _("see who wrote it there, and move it out of the way"));
		return ST_LIMIT;
	}
	return ST_OK;
}

static enum status read_file(
    int dir, const char *name, struct buffer *out, bool *there, struct error *err)
{
	struct stat sb;
	enum status st = look(dir, name, &sb, there, err);
	int fd;

	buffer_reset(out);
	if (st != ST_OK || !*there)
		return st;
	/* O_NONBLOCK: should it have become a FIFO meanwhile, nobody waits for a writer. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return failed(errno, _("cannot open the file"), err);
	if (fstat(fd, &sb) != 0)
		st = failed(errno, _("cannot look at the file"), err);
	else if (!S_ISREG(sb.st_mode))
		st = refuse_kind(name, sb.st_mode, err);
	else
		st = read_all(fd,
		    sb.st_size < 0 || sb.st_size > TARGET_MAX_FILE ? TARGET_MAX_FILE
								   : (size_t)sb.st_size,
		    out, err);
	close(fd);
	return st;
}

static enum status directory_get(
    struct target *target, const char *name, struct buffer *out, bool *there, struct error *err)
{
	struct directory_target *const self = self_of(target);
	enum status st;
	int dir;

	buffer_reset(out);
	*there = false;
	st = open_directory(self, &dir, err);
	if (st == ST_OK)
		st = read_file(dir, name, out, there, err);
	return told(self, dir, st, err);
}

/* ---- staging --------------------------------------------------------------------------------- */

/*
 * Mode 0644 whatever the umask: TFTP servers read as another user.  A file that is replaced leaves
 * its owner, group and mode; where the first two cannot be kept, everybody may read the new one.
 */
static enum status set_owner_and_mode(int fd, const struct stat *old, struct error *err)
{
	mode_t mode = old != NULL ? old->st_mode & 0777 : 0644;
	struct stat now;

	if (fstat(fd, &now) != 0)
		return failed(errno, _("cannot look at the new file"), err);
	if (old != NULL && (now.st_uid != old->st_uid || now.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) != 0)
		mode |= 0444;
	/* Where all files have one mode, which the mount says, it cannot be set and need not be. */
	if ((now.st_mode & 0777) != mode && fchmod(fd, mode) != 0 && errno != EPERM)
		return failed(errno, _("cannot set the file's mode"), err);
	return ST_OK;
}

static enum status write_all(int fd, struct bytes data, struct error *err)
{
	size_t done = 0;

	while (done < data.len) {
		const ssize_t n = write(fd, data.data + done, data.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed(n < 0 ? errno : EIO, _("cannot write the file"), err);
		done += (size_t)n;
	}
	if (fsync(fd) != 0)
		return failed(errno, _("cannot write the file to the disk"), err);
	return ST_OK;
}

static enum status sync_directory(int dir, struct error *err)
{
	/* EINVAL: this file system has no way to do it. */
	if (fsync(dir) != 0 && errno != EINVAL)
		return failed(errno, _("cannot write the directory to the disk"), err);
	return ST_OK;
}

static enum status create(
    int dir, const char *staged, struct bytes data, const struct stat *old, struct error *err)
{
	enum status st;
	int fd;

	if (unlinkat(dir, staged, 0) != 0 && errno != ENOENT)
		return failed(errno, _("cannot remove what an earlier run left"), err);
	fd = openat(dir, staged, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(errno, _("cannot make a file in the directory"), err);
	st = set_owner_and_mode(fd, old, err);
	if (st == ST_OK)
		st = write_all(fd, data, err);
	/* Some network file systems say only now that there was no room. */
	if (close(fd) != 0 && st == ST_OK)
		st = failed(errno, _("cannot write the file"), err);
	return st;
}

static enum status read_back(int dir, const char *staged, struct bytes data, struct error *err)
{
	struct buffer back = BUFFER_INIT;
	bool there;
	enum status st = read_file(dir, staged, &back, &there, err);

	if (st == ST_OK && (!there || !bytes_equal(buffer_bytes(&back), data))) {
		error_set(err, ST_IO, "%s", _("the file does not read back as it was written"));
		error_hint(err, "%s", _("see whether the disk is full or broken"));
		st = ST_IO;
	}
	buffer_free(&back);
	return st;
}

static enum status stage_file(int dir, const char *name, struct bytes data, struct error *err)
{
	char staged[TARGET_NAME_MAX];
	struct stat old;
	bool there;
	enum status st;

	target_staged_name(name, staged);
	if (data.len > TARGET_MAX_FILE)
		return error_set(err, ST_LIMIT, "%s", _("the file is too large to be delivered"));
	st = look(dir, name, &old, &there, err);
	if (st != ST_OK)
		return st;
	st = create(dir, staged, data, there ? &old : NULL, err);
	if (st == ST_OK)
		st = read_back(dir, staged, data, err);
	if (st == ST_OK)
		st = sync_directory(dir, err);
	if (st != ST_OK)
		unlinkat(dir, staged, 0);
	return st;
}

static enum status directory_stage(
    struct target *target, const char *name, struct bytes data, struct error *err)
{
	struct directory_target *const self = self_of(target);
	int dir;
	enum status st = open_directory(self, &dir, err);

	if (st == ST_OK)
		st = stage_file(dir, name, data, err);
	return told(self, dir, st, err);
}

/* ---- committing, and the ways back ----------------------------------------------------------- */

static enum status commit_file(int dir, const char *name, struct error *err)
{
	char staged[TARGET_NAME_MAX];

	target_staged_name(name, staged);
	if (renameat(dir, staged, dir, name) == 0)
		return sync_directory(dir, err);
	if (errno == ENOENT) {
		error_set(err, ST_IO, "%s", _("the staged file is not there any more"));
		error_hint(err, "%s",
		    _("somebody removed it: deliver again with ctlsign publish --resume"));
		return ST_IO;
	}
	return failed(errno, _("cannot put the staged file in place"), err);
}

static enum status remove_file(int dir, const char *name, struct error *err)
{
	if (unlinkat(dir, name, 0) == 0)
		return sync_directory(dir, err);
	return errno == ENOENT ? ST_OK : failed(errno, _("cannot remove the file"), err);
}

static enum status directory_commit(struct target *target, const char *name, struct error *err)
{
	struct directory_target *const self = self_of(target);
	int dir;
	enum status st = open_directory(self, &dir, err);

	if (st == ST_OK)
		st = commit_file(dir, name, err);
	return told(self, dir, st, err);
}

static enum status directory_unstage(struct target *target, const char *name, struct error *err)
{
	struct directory_target *const self = self_of(target);
	char staged[TARGET_NAME_MAX];
	int dir;
	enum status st = open_directory(self, &dir, err);

	if (st == ST_OK)
		st = remove_file(dir, target_staged_name(name, staged), err);
	return told(self, dir, st, err);
}

static enum status put_back_file(
    int dir, const char *name, const struct bytes *old, struct error *err)
{
	struct buffer now = BUFFER_INIT;
	bool there, same;
	enum status st = read_file(dir, name, &now, &there, err);

	same = old == NULL ? !there : there && bytes_equal(buffer_bytes(&now), *old);
	buffer_free(&now);
	if (st != ST_OK || same)
		return st;
	if (old == NULL)
		return remove_file(dir, name, err);
	st = stage_file(dir, name, *old, err);
	return st == ST_OK ? commit_file(dir, name, err) : st;
}

static enum status directory_put_back(
    struct target *target, const char *name, const struct bytes *old, struct error *err)
{
	struct directory_target *const self = self_of(target);
	int dir;
	enum status st = open_directory(self, &dir, err);

	if (st == ST_OK)
		st = put_back_file(dir, name, old, err);
	return told(self, dir, st, err);
}

/* A system call that hangs (a network file system) cannot be ended; the next one is not begun. */
static void directory_interrupt(struct target *target)
{
	atomic_store(&self_of(target)->interrupted, true);
}

static void directory_reset(struct target *target)
{
	atomic_store(&self_of(target)->interrupted, false);
}

static void directory_free(struct target *target)
{
	free(target);
}

static const struct target_ops directory_ops = {
    .get = directory_get,
    .stage = directory_stage,
    .commit = directory_commit,
    .unstage = directory_unstage,
    .put_back = directory_put_back,
    .set_mode = NULL,
    .interrupt = directory_interrupt,
    .reset = directory_reset,
    .free = directory_free,
};

enum status target_directory_new(const struct inventory_target *place,
    const struct target_access *access, struct target **out, struct error *err)
{
	struct directory_target *self = calloc(1, sizeof(*self));

	*out = NULL;
	if (self == NULL)
		return error_no_memory(err);
	self->common = (struct target){&directory_ops, place, access, NULL};
	self->common.link = strdup(place->path);
	if (self->common.link == NULL) {
		free(self);
		return error_no_memory(err);
	}
	atomic_init(&self->interrupted, false);
	*out = &self->common;
	return ST_OK;
}
