/*
 * Making a new state file.
 *
 * It is made beside its final name, whole, flushed, and only then renamed.  So an empty or partial
 * file at the final name is always damage, and never taken for a new state without a history.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/handle.h"

#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Removes PATH and what SQLite may have left beside it in a run that was killed. */
static void remove_all(const char *path)
{
	static const char *const endings[] = {"-journal", "-wal", "-shm", ""};
	struct buffer name = BUFFER_INIT;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		buffer_reset(&name);
		buffer_printf(&name, "%s%s", path, endings[i]);
		if (buffer_text(&name) != NULL)
			unlink(buffer_text(&name));
	}
	buffer_free(&name);
}

/* An empty file that only its owner may read; SQLite's files beside it follow its mode. */
static enum status make_empty(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot make the state file"));
		error_hint(err, "%s", _("check the directory and its permissions"));
		return ST_IO;
	}
	close(fd);
	return ST_OK;
}

static void hint_disk(struct error *err)
{
	error_hint(err, "%s", _("check the disk, the directory and their permissions"));
}

static enum status flush_directory(const char *path, struct error *err)
{
	char *dir = strdup(path);
	enum status st = ST_OK;
	int fd;

	if (dir == NULL)
		return error_no_memory(err);
	/* An absolute path has a slash. */
	strrchr(dir, '/')[strrchr(dir, '/') == dir ? 1 : 0] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* EINVAL: this file system has no way to do it. */
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) {
		error_errno(err, ST_IO, errno, "%s",
		    _("the directory of the state file could not be flushed to disk"));
		hint_disk(err);
		st = ST_IO;
	}
	if (fd >= 0)
		close(fd);
	free(dir);
	return st;
}

/* Fills the empty file; without a write-ahead log, so that one file is all there is to rename. */
static enum status fill(struct store *store, char *path, struct error *err)
{
	struct store new = {.name = store->name, .path = path, .access = STORE_CHANGE, .lock = -1};
	enum status st = connection_open(&new, err);

	if (st == ST_OK)
		st = schema_migrate(&new, schema_steps, schema_n_steps, err);
	connection_close(&new);
	return st;
}

enum status create_state(struct store *store, struct error *err)
{
	struct buffer name = BUFFER_INIT;
	char *path;
	enum status st;

	buffer_printf(&name, "%s.new", store->path);
	if (buffer_text(&name) == NULL) {
		buffer_free(&name);
		return error_no_memory(err);
	}
	path = (char *)name.data;
	remove_all(path);
	st = make_empty(path, err);
	if (st != ST_OK) {
		store_where(store, st, err);
		goto out;
	}
	st = fill(store, path, err);
	if (st == ST_OK && rename(path, store->path) != 0) {
		error_errno(err, ST_IO, errno, "%s", _("cannot put the state file in place"));
		hint_disk(err);
		st = store_where(store, ST_IO, err);
	} else if (st == ST_OK) {
		st = flush_directory(store->path, err);
		if (st != ST_OK)
			store_where(store, st, err);
	}
	if (st != ST_OK)
		remove_all(path);
out:
	buffer_free(&name);
	return st;
}
