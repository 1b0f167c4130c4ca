/*
 * A layer between SQLite and the disk.  Flushing only counts: what is tested is a process that
 * ends, not a computer that does, and a test of some hundred runs should not wait for a disk.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

struct layer_file {
	sqlite3_file base;
	sqlite3_file *real; /* right behind this struct */
};

static sqlite3_vfs layer, *disk;
static enum vfs_fault armed;
static unsigned at, points;
static bool again, fired;

void vfs_arm(enum vfs_fault fault, unsigned n, bool forever)
{
	armed = fault;
	at = n;
	again = forever;
	points = 0;
	fired = false;
}

unsigned vfs_points(void)
{
	return points;
}

bool vfs_fired(void)
{
	return fired;
}

/* Counts a point; whether the fault is due at it. */
static bool due(bool is_write)
{
	if (armed == VFS_FULL && !is_write)
		return false;
	points++;
	if (armed == VFS_NONE || points < at || (points > at && !again))
		return false;
	fired = true;
	if (armed == VFS_KILL_BEFORE)
		_exit(VFS_KILLED);
	return true;
}

static void after(bool is_due)
{
	if (is_due && (armed == VFS_KILL_AFTER || armed == VFS_KILL_TORN))
		_exit(VFS_KILLED);
}

static bool fails(bool is_due)
{
	return is_due && (armed == VFS_FULL || armed == VFS_IOERR);
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct layer_file *)file)->real;
}

#define REAL(file, method, ...) real_of(file)->pMethods->method(real_of(file), ##__VA_ARGS__)

static int layer_close(sqlite3_file *file)
{
	return REAL(file, xClose);
}

static int layer_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
	return REAL(file, xRead, data, len, offset);
}

static int layer_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	const bool is_due = due(true);
	int rc;

	if (fails(is_due))
		return armed == VFS_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	if (is_due && armed == VFS_KILL_TORN)
		len /= 2;
	rc = REAL(file, xWrite, data, len, offset);
	after(is_due);
	return rc;
}

static int layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	const bool is_due = due(false);
	int rc;

	if (fails(is_due))
		return SQLITE_IOERR_TRUNCATE;
	rc = REAL(file, xTruncate, size);
	after(is_due);
	return rc;
}

static int layer_sync(sqlite3_file *file, int flags)
{
	const bool is_due = due(false);

	(void)file;
	(void)flags;
	if (fails(is_due))
		return SQLITE_IOERR_FSYNC;
	after(is_due);
	return SQLITE_OK;
}

static int layer_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return REAL(file, xFileSize, size);
}

static int layer_lock(sqlite3_file *file, int level)
{
	return REAL(file, xLock, level);
}

static int layer_unlock(sqlite3_file *file, int level)
{
	return REAL(file, xUnlock, level);
}

static int layer_check_reserved(sqlite3_file *file, int *out)
{
	return REAL(file, xCheckReservedLock, out);
}

static int layer_control(sqlite3_file *file, int op, void *argument)
{
	return REAL(file, xFileControl, op, argument);
}

static int layer_sector_size(sqlite3_file *file)
{
	return REAL(file, xSectorSize);
}

static int layer_characteristics(sqlite3_file *file)
{
	return REAL(file, xDeviceCharacteristics);
}

static int layer_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return REAL(file, xShmMap, page, size, extend, out);
}

static int layer_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return REAL(file, xShmLock, offset, n, flags);
}

static void layer_shm_barrier(sqlite3_file *file)
{
	REAL(file, xShmBarrier);
}

static int layer_shm_unmap(sqlite3_file *file, int delete_it)
{
	return REAL(file, xShmUnmap, delete_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = layer_close,
    .xRead = layer_read,
    .xWrite = layer_write,
    .xTruncate = layer_truncate,
    .xSync = layer_sync,
    .xFileSize = layer_file_size,
    .xLock = layer_lock,
    .xUnlock = layer_unlock,
    .xCheckReservedLock = layer_check_reserved,
    .xFileControl = layer_control,
    .xSectorSize = layer_sector_size,
    .xDeviceCharacteristics = layer_characteristics,
    .xShmMap = layer_shm_map,
    .xShmLock = layer_shm_lock,
    .xShmBarrier = layer_shm_barrier,
    .xShmUnmap = layer_shm_unmap,
};

static int layer_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	struct layer_file *mine = (struct layer_file *)file;
	int rc;

	(void)vfs;
	mine->real = (sqlite3_file *)&mine[1];
	rc = disk->xOpen(disk, name, mine->real, flags, out_flags);
	mine->base.pMethods = mine->real->pMethods != NULL ? &methods : NULL;
	return rc;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int flush)
{
	const bool is_due = due(false);
	int rc;

	(void)vfs;
	if (fails(is_due))
		return SQLITE_IOERR_DELETE;
	rc = disk->xDelete(disk, name, flush);
	after(is_due);
	return rc;
}

void vfs_install(void)
{
	if (disk != NULL)
		return;
	disk = sqlite3_vfs_find(NULL);
	layer = *disk;
	layer.zName = "ctlsign-test";
	layer.szOsFile = (int)sizeof(struct layer_file) + disk->szOsFile;
	layer.xOpen = layer_open;
	layer.xDelete = layer_delete;
	sqlite3_vfs_register(&layer, 1);
}

/* The store's own point: instead of libc's, for the whole test program. */
int rename(const char *from, const char *to)
{
	const bool is_due = due(false);
	int rc;

	if (fails(is_due)) {
		errno = EIO;
		return -1;
	}
	rc = renameat(AT_FDCWD, from, AT_FDCWD, to);
	after(is_due);
	return rc;
}
