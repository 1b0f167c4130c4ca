/*
 * Files in memory with their hash, shared by all who are given them and read anew when they change.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_CONTENT_H
#define CTLSIGN_PROVIDER_CONTENT_H

#include "base/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define CONTENT_HASH 65 /* a SHA-256 as lower-case hex, and its NUL */

/* What tells that a file is still the one that was read. */
struct content_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
};

struct content {
	struct bytes data; /* owned */
	char sha256[CONTENT_HASH];
	struct content_stamp stamp;
	/*
	 * Nobody had changed the file for a while when it was read.  Else it could be changed again
	 * within the same tick of the file system's clock, and its stamp would not tell.
	 */
	bool settled;
	atomic_uint holders;
};

/* Writes the lower-case hex of DATA's SHA-256. */
enum status content_hash(struct bytes data, char out[CONTENT_HASH], struct error *err);

/*
 * Reads the regular file PATH, of at most PROVIDER_MAX_BODY bytes, whole.  *OUT is NULL with ST_OK
 * when there is none.  A symbolic link is an error.  A file that changes while it is read is read
 * again.  content_release() it.
 */
enum status content_read(const char *path, struct content **out, struct error *err);

/* One more holder of CONTENT, which is returned; each releases it once.  Any thread. */
struct content *content_hold(struct content *content);
void content_release(struct content *content); /* takes NULL */

/* Keeps the files that were read last.  Any thread may use it. */
struct content_cache;
struct content_cache *content_cache_new(void);	      /* NULL when out of memory */
void content_cache_free(struct content_cache *cache); /* takes NULL */

/* As content_read(), but a file whose stamp is the same as before is not read again. */
enum status content_get(
    struct content_cache *cache, const char *path, struct content **out, struct error *err);

/* The next content_get() of PATH reads it. */
void content_forget(struct content_cache *cache, const char *path);

#endif
