/*
 * Files that appear in a folder together or not at all.
 *
 * They are made in a hidden folder of their own, flushed to disk at once, and moved to their places
 * one by one, the one whose presence means "done" last of all.  Before the first is moved a journal
 * notes which they are, so that the next run can take back what a killed one had moved, and nothing
 * that is somebody else's.
 *
 * Private to src/admin/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_ADMIN_STAGE_H
#define CTLSIGN_ADMIN_STAGE_H

#include "base/bytes.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

#define STAGE_FOLDER ".ctlsign-init"

struct stage {
	const char *directory; /* borrowed */
	int dir;	       /* it, open and locked */
	int folder;	       /* STAGE_FOLDER in it, open; -1: there is none */
	char *path;	       /* of STAGE_FOLDER */
	const char *last;      /* the item that means "done", once it was moved; borrowed */
	bool done;
};

#define STAGE_INIT                                                                                 \
	{                                                                                          \
		.dir = -1, .folder = -1                                                            \
	}

/*
 * Locks DIRECTORY against other runs of this kind, and takes back what a killed one left there.
 * stage_close() in any case.
 */
enum status stage_open(struct stage *stage, const char *directory, struct error *err);

/* Makes the hidden folder; files may then also be made by others, in stage->path. */
enum status stage_begin(struct stage *stage, struct error *err);

/* Makes a folder in it, for names such as "certificates/a.pem". */
enum status stage_make_folder(struct stage *stage, const char *name, struct error *err);

/* Writes a new file in it, with MODE less the umask; not yet flushed. */
enum status stage_write(
    struct stage *stage, const char *name, struct bytes data, unsigned mode, struct error *err);

/* ST_EXISTS, with its place, when NAME stands in the directory already. */
enum status stage_refuse_existing(const struct stage *stage, const char *name, struct error *err);

/*
 * Flushes all to disk and moves ITEMS to the directory; the last is the one that means "done".
 * Nothing is replaced.  They are taken back by stage_close() unless stage_keep() was called.
 */
enum status stage_publish(
    struct stage *stage, const char *const *items, size_t n, struct error *err);

/* They stay. */
void stage_keep(struct stage *stage);

/* Removes the hidden folder and unlocks. */
void stage_close(struct stage *stage);

#endif
