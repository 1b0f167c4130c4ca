/*
 * Walking files and directories.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/file_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void file_walk_start(struct file_walk *walk, char **arguments, size_t n)
{
	memset(walk, 0, sizeof(*walk));
	walk->arguments = arguments;
	walk->n = n;
}

static void problem(struct file_walk *walk, const char *what, int errnum)
{
	if (walk->last.status != ST_OK)
		return;
	error_errno(&walk->last, ST_IO, errnum, "%s", what);
	error_where(&walk->last, "%s", walk->arguments[walk->at]);
}

static bool is_tlv(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".tlv") == 0;
}

/* The next .tlv file of the open directory; closes it at its end. */
static const char *next_in_directory(struct file_walk *walk)
{
	const char *dir = walk->arguments[walk->at];
	struct dirent *entry;

	while (errno = 0, (entry = readdir(walk->dir)) != NULL) {
		size_t len = strlen(dir);
		int n;

		if (!is_tlv(entry->d_name) || entry->d_type == DT_DIR)
			continue;
		n = snprintf(walk->path, sizeof(walk->path), "%s%s%s", dir,
		    len > 0 && dir[len - 1] == '/' ? "" : "/", entry->d_name);
		if (n > 0 && (size_t)n < sizeof(walk->path))
			return walk->path;
		problem(walk, _("a file's path in this directory is too long"), ENAMETOOLONG);
	}
	if (errno != 0)
		problem(walk, _("cannot read the directory"), errno);
	closedir(walk->dir);
	walk->dir = NULL;
	walk->at++;
	return NULL;
}

const char *file_walk_next(struct file_walk *walk)
{
	for (;;) {
		struct stat sb;

		if (walk->dir != NULL) {
			const char *path = next_in_directory(walk);

			if (path != NULL)
				return path;
			continue;
		}
		if (walk->at >= walk->n)
			return NULL;
		/* Whatever is not a directory is the reader's to refuse. */
		if (stat(walk->arguments[walk->at], &sb) != 0 || !S_ISDIR(sb.st_mode))
			return walk->arguments[walk->at++];
		walk->dir = opendir(walk->arguments[walk->at]);
		if (walk->dir == NULL) {
			problem(walk, _("cannot read the directory"), errno);
			walk->at++;
		}
	}
}

bool file_walk_problem(struct file_walk *walk, struct error *err)
{
	if (walk->last.status == ST_OK)
		return false;
	*err = walk->last;
	error_clear(&walk->last);
	return true;
}

void file_walk_end(struct file_walk *walk)
{
	if (walk->dir != NULL)
		closedir(walk->dir);
	walk->dir = NULL;
}
