/*
 * The files that arguments name: files themselves, and the .tlv files of directories, one at a
 * time, however many there are.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_FILE_WALK_H
#define CTLSIGN_CLI_FILE_WALK_H

#include "base/error.h"

#include <dirent.h>
#include <stddef.h>

struct file_walk {
	char **arguments;
	size_t n;
	size_t at;	   /* the argument that is next, or whose directory is open */
	DIR *dir;	   /* NULL: none open */
	char path[4096];   /* the file in the open directory */
	struct error last; /* a directory that could not be read, not told yet */
};

/* ARGUMENTS must outlive the walk. */
void file_walk_start(struct file_walk *walk, char **arguments, size_t n);

/* The next path, good until the next call; NULL at the end, or before a problem that stops it. */
const char *file_walk_next(struct file_walk *walk);

/* Takes the problem that a directory had, if any; false when there is none (any more). */
bool file_walk_problem(struct file_walk *walk, struct error *err);

/* Closes what is open, also in the middle of a walk. */
void file_walk_end(struct file_walk *walk);

#endif
