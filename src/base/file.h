/*
 * Files: reading untrusted ones whole, and writing so that a crash leaves the old one or the new.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_FILE_H
#define CTLSIGN_BASE_FILE_H

#include "base/bytes.h"

#include <time.h>

/*
 * Reads the regular file PATH into OUT, whose old content is dropped and whose memory is reused.
 * More than MAX bytes is ST_LIMIT.  "-" is no special name.  MTIME may be NULL.
 */
enum status file_read(const char *path, size_t max, struct buffer *out, time_t *mtime,
    struct error *err);

/* Whether the two paths name the same existing file (device and inode). */
bool file_same(const char *a, const char *b);

/*
 * Writes DATA to PATH durably: into an unnamed temporary file in the same directory (a named one
 * where the file system has none), fsync, rename, fsync of the directory.  With REPLACE false an
 * existing PATH is ST_EXISTS and left alone, without a race.  A symbolic link at PATH is followed.
 * The new file has MODE less the umask; a replaced file's permissions are kept, and its owner and
 * group as far as the process may set them.  On any failure, and when killed at any moment, PATH is
 * as it was or new and whole, and no leftover blocks the next call; only a file system that can
 * neither link nor rename without replacing may, when killed, leave an empty PATH where none was.
 */
enum status file_write_durably(const char *path, struct bytes data, bool replace, unsigned mode,
    struct error *err);

/* Flushes the directory that PATH stands in: what was removed from it stays so.  0, or errno. */
int file_flush_directory(const char *path);

/* Checks, before a PIN is asked for, that PATH could be written: directory there and writable. */
enum status file_check_writable(const char *path, bool replace, struct error *err);

#endif
