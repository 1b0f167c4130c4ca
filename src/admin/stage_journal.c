/*
 * The journal of files that are being moved to their places, and taking them back.
 *
 * A line for each: inode, modification time in seconds and nanoseconds, name.  Moving changes none
 * of the first three, and no other file has them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "admin/stage_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for the few lines that there are. */
#define JOURNAL_MAX 4096

/* Folders in folders that are removed: the hidden one, certificates. */
#define DEPTH_MAX 3

static bool remove_below(int dir, const char *name, unsigned depth)
{
	struct dirent *entry;
	bool removed = true;
	DIR *list;
	int fd, failed;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return true;
	if ((errno != EISDIR && errno != EPERM) || depth == DEPTH_MAX)
		return false;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	list = fdopendir(fd);
	if (list == NULL) {
		close(fd);
		return false;
	}
	while (removed && (entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			removed = remove_below(fd, entry->d_name, depth + 1);
	failed = errno;
	closedir(list);
	errno = failed;
	return removed && unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

static bool remove_tree(int dir, const char *name)
{
	return remove_below(dir, name, 0);
}

/* The line without the name. */
static void identify(const struct stat *sb, char *out, size_t size)
{
	snprintf(out, size, "%llu %lld %ld", (unsigned long long)sb->st_ino,
	    (long long)sb->st_mtim.tv_sec, sb->st_mtim.tv_nsec);
}

bool journal_add(struct buffer *journal, int fd, const char *name)
{
	char line[96];
	struct stat sb;

	if (fstatat(fd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	identify(&sb, line, sizeof(line));
	buffer_printf(journal, "%s %s\n", line, name);
	return true;
}

/* Whether NAME in DIR is the file that LINE was written for. */
static bool is_it(int dir, const char *name, const char *line, size_t len)
{
	char found[96];
	struct stat sb;

	if (fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	identify(&sb, found, sizeof(found));
	return strlen(found) == len && memcmp(found, line, len) == 0;
}

/* Splits LINE in front of the name, which is the fourth word; NULL if it is none of ours. */
static const char *name_in(char *line, size_t *len)
{
	char *at = line;

	for (int i = 0; i < 3 && at != NULL; i++) {
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL || *at == '\0' || strchr(at, '/') != NULL)
		return NULL;
	*len = (size_t)(at - line) - 1;
	return at;
}

static bool stands_in(int dir, const char *name)
{
	struct stat sb;

	return fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Moves what TEXT says back from DIR into FOLDER, unless the last one has left it: then all was
 * done.  Nothing is removed in its place: a run that is killed at that would leave a folder there
 * that is no longer the one of the journal.
 */
static bool take_back(int dir, int folder, char *text)
{
	char *lines[16], *state = NULL;
	const char *name;
	size_t n = 0, len;

	for (char *line = strtok_r(text, "\n", &state); line != NULL && n < 16;
	     line = strtok_r(NULL, "\n", &state))
		lines[n++] = line;
	if (n > 0) {
		name = name_in(lines[n - 1], &len);
		if (name == NULL || !stands_in(folder, name))
			return true;
	}
	for (size_t i = n; i > 0; i--) {
		name = name_in(lines[i - 1], &len);
		if (name != NULL && is_it(dir, name, lines[i - 1], len) &&
		    renameat(dir, name, folder, name) != 0)
			return false;
	}
	return true;
}

bool journal_take_back(int dir, const char *name)
{
	int folder = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	char text[JOURNAL_MAX];
	ssize_t len = 0;
	bool taken;
	int fd, failed;

	if (folder < 0)
		return errno == ENOENT;
	fd = openat(folder, JOURNAL_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[len > 0 ? len : 0] = '\0';
	taken = take_back(dir, folder, text);
	failed = errno;
	close(folder);
	errno = failed;
	return taken && remove_tree(dir, name);
}
