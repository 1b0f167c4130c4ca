/*
 * The files on disk: those that TFTP serves, what is staged to become one, and what was there
 * before.  Every step is durable and whole: a kill at any moment leaves the old file or the new
 * one.
 *
 * Whatever needs room on a disk is done when a file is staged; that it becomes NAME is a rename.
 *
 * In the directory that is served:
 *
 *   .NAME.staged        the file that is to become NAME; it survives a restart
 *   .NAME.ctlproviderd  one that becomes NAME at once
 *
 * In the state directory:
 *
 *   lock           held by the provider that runs
 *   NAME.previous  a line "before HASH after HASH" (HASH: SHA-256 or "none"), then the bytes that
 *                  NAME had before AFTER was put there
 *   NAME.next      the same for an AFTER that is about to be put there.  As soon as NAME is AFTER
 *                  it is what NAME.previous is else, and takes that name when there is occasion.
 *   mode           "0" or "1"
 *
 * Callers see to it that one thread writes at a time; reading needs no lock.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_FOLDER_H
#define CTLSIGN_PROVIDER_FOLDER_H

#include "provider/content.h"

#include <limits.h>

struct folder {
	const char *directory; /* borrowed */
	const char *state;     /* borrowed */
	struct content_cache *cache;
	int lock;
	dev_t device; /* of the directory when it was opened */
	ino_t inode;
};

/*
 * ST_BUSY when another provider has the state directory; a directory that cannot be written is
 * refused.  Removes what a killed one left in the
 * middle of replacing a file.  folder_close() in any case; start from all zero.
 */
enum status folder_open(
    struct folder *folder, const char *directory, const char *state, struct error *err);
void folder_close(struct folder *folder);

/* What folder_open() would refuse, without taking or changing anything. */
enum status folder_check(const char *directory, const char *state, struct error *err);

/*
 * Whether the directory that is served is still the one that was opened: without it no file would
 * look as if there had never been one.
 */
enum status folder_is_there(const struct folder *folder, struct error *err);

/* "STATE/mode" and the like; ST_LIMIT when it is too long for a path. */
enum status folder_path(const char *directory, const char *name, const char *end,
    char out[PATH_MAX], struct error *err);

/*
 * What TFTP serves as NAME, and what is staged for it; *OUT NULL when there is none, in the
 * directory that was opened.
 */
enum status folder_get(
    const struct folder *folder, const char *name, struct content **out, struct error *err);
enum status folder_staged(
    const struct folder *folder, const char *name, struct content **out, struct error *err);

/*
 * Puts DATA beside NAME, and keeps NOW (NULL: there is no NAME), what it would replace, all
 * durably.  What was staged before is gone, also on failure.
 */
enum status folder_stage(const struct folder *folder, const char *name, struct bytes data,
    const struct content *now, struct error *err);

/*
 * Makes STAGED, which is folder_staged(), the file NAME.  Needs room only if NOW is not what it was
 * when this was staged.  Otherwise as folder_replace(); on failure it stays staged.
 */
enum status folder_commit(const struct folder *folder, const char *name,
    const struct content *staged, const struct content *now, struct error *err);

/* Durably; nothing staged is fine. */
enum status folder_unstage(const struct folder *folder, const char *name, struct error *err);

/*
 * Makes DATA the file NAME in place of NOW (NULL: there was none), which is kept.  A symbolic link
 * at NAME is replaced, never followed.  ST_EXISTS, and nothing is changed, if NAME is not NOW any
 * more.  What was kept from the time before is gone when NAME is DATA.
 */
enum status folder_replace(const struct folder *folder, const char *name, struct bytes data,
    const struct content *now, struct error *err);

/* What NAME held before it became what it is now. */
struct folder_before {
	bool known;		   /* something is kept: also that there was no file */
	bool next;		   /* in NAME.next */
	char before[CONTENT_HASH]; /* "" when there was no file */
	char after[CONTENT_HASH];
	struct bytes data; /* within `content` */
	struct content *content;
};

/*
 * NOW is what NAME holds.  A kept file that is damaged is not `known`.  folder_before_free() in any
 * case.
 */
enum status folder_before(const struct folder *folder, const char *name, const struct content *now,
    struct folder_before *out, struct error *err);
void folder_before_free(struct folder_before *before);

/* Puts BEFORE back in place of NOW, and forgets it.  Otherwise as folder_replace(). */
enum status folder_put_back(const struct folder *folder, const char *name,
    const struct folder_before *before, const struct content *now, struct error *err);

#endif
