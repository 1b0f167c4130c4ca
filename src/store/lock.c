/*
 * The lock of a changing run.
 *
 * The lock is on the open file (F_OFD_SETLK), so the kernel drops it with the process, however that
 * ends, and a process that opens the state twice is kept out, too.  The file's content is only for
 * people: "PID SINCE COMMAND", where SINCE is in seconds since 1970.  It is never removed: who
 * waits for it would then hold the lock of a file that nobody else sees.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/lock.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RECORD_MAX 512
#define POLL_MS	   20

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum status open_file(struct store *store, const char *path, struct error *err)
{
	enum status st = ST_OK;
	struct stat sb;
	int failed;

	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (store->lock < 0) {
		failed = errno;
		st = error_errno(err, ST_IO, failed, "%s", _("cannot open the lock file"));
		if (failed == ENOENT)
			error_hint(err, "%s", _("make the directory first"));
		else if (failed == ELOOP)
			error_hint(err, "%s", _("remove it: it must not be a symbolic link"));
		else
			error_hint(err, "%s", _("check the directory's permissions"));
	} else if (fstat(store->lock, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		st = error_set(err, ST_IO, "%s", _("the lock file is not a regular file"));
		error_hint(err, "%s", _("remove it"));
	}
	return st;
}

/* Whether the lock was free, and now is ours; else errno. */
static bool take(int fd)
{
	struct flock lock;

	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Only for others to read, so a full disk does not matter. */
static void write_record(int fd, const char *command)
{
	struct buffer record = BUFFER_INIT;
	ssize_t written = 0;

	buffer_printf(&record, "%ld %lld %.300s\n", (long)getpid(), (long long)time(NULL),
	    command != NULL ? command : "");
	if (ftruncate(fd, 0) == 0 && !record.failed)
		written = pwrite(fd, record.data, record.len, 0);
	(void)written;
	buffer_free(&record);
}

/* Who has the lock, as far as the file tells. */
static enum status tell_holder(int fd, struct error *err)
{
	char record[RECORD_MAX + 1], command[RECORD_MAX];
	struct buffer since = BUFFER_INIT;
	intmax_t pid = 0, started = 0;
	char *end = record;
	ssize_t n;

	n = pread(fd, record, RECORD_MAX, 0);
	record[n > 0 ? n : 0] = '\0';
	record[strcspn(record, "\n")] = '\0';
	pid = strtoimax(record, &end, 10);
	if (*end == ' ')
		started = strtoimax(end, &end, 10);
	if (pid > 0 && started > 0 && *end == ' ') {
		text_printable_into(command, sizeof(command), text_bytes(end + 1));
		text_time_local(&since, (time_t)started);
		error_set(err, ST_BUSY, _("process %jd has the state locked since %s: ctlsign %s"),
		    pid, buffer_text(&since) != NULL ? buffer_text(&since) : "", command);
	} else {
		error_set(err, ST_BUSY, "%s", _("another run of ctlsign has the state locked"));
	}
	error_hint(err, "%s", _("wait until it is done, then run it again"));
	buffer_free(&since);
	return ST_BUSY;
}

static enum status try_until(int fd, int64_t until, const sigset_t *signals, struct error *err)
{
	const struct timespec nap = {0, POLL_MS * 1000000L};

	while (!take(fd)) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			error_errno(err, ST_IO, errno, "%s", _("cannot lock the state"));
			error_hint(
			    err, "%s", _("put it on a local disk, with \"state\" in ctlsign.conf"));
			return ST_IO;
		}
		if (clock_ms() >= until)
			return tell_holder(fd, err);
		if (ppoll(NULL, 0, &nap, signals) != 0)
			return error_set(err, ST_FAILED, "%s",
			    _("interrupted while another run of ctlsign had the state locked"));
	}
	return ST_OK;
}

/* Signals are let in only where they end a nap, so that none comes unseen between two. */
static enum status wait_for(int fd, unsigned wait_ms, struct error *err)
{
	sigset_t all, old;
	enum status st;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	st = try_until(fd, clock_ms() + wait_ms, &old, err);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return st;
}

enum status lock_take(struct store *store, const char *command, unsigned wait_ms, struct error *err)
{
	struct buffer path = BUFFER_INIT;
	enum status st;

	buffer_printf(&path, "%s.lock", store->path);
	st = buffer_text(&path) != NULL ? open_file(store, buffer_text(&path), err)
					: error_no_memory(err);
	if (st == ST_OK)
		st = wait_for(store->lock, wait_ms, err);
	if (st == ST_OK)
		write_record(store->lock, command);
	else if (buffer_text(&path) != NULL)
		error_where(err, "%s", buffer_text(&path));
	if (st != ST_OK && store->lock >= 0) {
		close(store->lock);
		store->lock = -1;
	}
	buffer_free(&path);
	return st;
}

/* The kernel would unlock a closed file, too, but not while a child process still has it open. */
void lock_release(struct store *store)
{
	struct flock lock;

	if (store->lock < 0)
		return;
	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_UNLCK;
	lock.l_whence = SEEK_SET;
	fcntl(store->lock, F_OFD_SETLK, &lock);
	close(store->lock);
	store->lock = -1;
}
