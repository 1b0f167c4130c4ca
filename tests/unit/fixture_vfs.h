/*
 * A layer between SQLite and the disk that counts what would change the disk, and at a chosen one
 * of these points ends the process or fails.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TESTS_FIXTURE_VFS_H
#define CTLSIGN_TESTS_FIXTURE_VFS_H

#include <stdbool.h>

enum vfs_fault {
	VFS_NONE,	 /* only counts */
	VFS_KILL_BEFORE, /* the process ends instead of the point */
	VFS_KILL_TORN,	 /* half of a write is done, then the process ends */
	VFS_KILL_AFTER,	 /* the process ends right behind the point */
	VFS_FULL,	 /* a write finds the disk full; other points do not count */
	VFS_IOERR,	 /* a write, truncation, flush, deletion or rename fails */
};

/* The exit code of a process that was ended here. */
#define VFS_KILLED 9

/* Puts the layer under every database that is opened from now on. */
void vfs_install(void);

/* From now on point N (from 1) has FAULT, and with FOREVER all behind it as well. */
void vfs_arm(enum vfs_fault fault, unsigned n, bool forever);

/* How many points there were since vfs_arm(); whether the fault came. */
unsigned vfs_points(void);
bool vfs_fired(void);

#endif
