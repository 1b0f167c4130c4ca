/*
 * Opening and closing the state file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "store/store.h"

#include "store/lock.h"
#include "store/schema.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * PATH, which names nothing yet, as an absolute one: that of its directory, and its name; NULL with
 * errno when it names no file.
 */
static char *new_path(const char *path)
{
	struct buffer whole = BUFFER_INIT;
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char *dir, *real, *copy = NULL;

	if (name[0] == '\0') {
		errno = EISDIR;
		return NULL;
	}
	dir = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	real = dir != NULL ? realpath(dir, NULL) : NULL;
	if (real != NULL) {
		buffer_printf(&whole, "%s%s%s", real, strcmp(real, "/") == 0 ? "" : "/", name);
		copy = buffer_text(&whole) != NULL ? strdup(buffer_text(&whole)) : NULL;
	}
	buffer_free(&whole);
	free(real);
	free(dir);
	return copy;
}

/*
 * Finds the file: links are followed, so that all who name it have the same lock and the same log
 * beside it.  *EXISTS is false when there is none to be made or read.
 */
static enum status find_file(struct store *store, bool *exists, struct error *err)
{
	struct stat sb;
	int failed;

	*exists = false;
	store->path = realpath(store->name, NULL);
	if (store->path == NULL && errno == ENOENT && lstat(store->name, &sb) == 0) {
		error_set(err, ST_IO, "%s",
		    _("the state file is a symbolic link to a file that is not there"));
		error_hint(err, "%s", _("remove the link, or bring back the file"));
		return ST_IO;
	}
	if (store->path == NULL && errno == ENOENT && store->access == STORE_READ) {
		error_set(err, ST_IO, "%s", _("there is no state file yet"));
		error_hint(err, "%s",
		    _("check \"state\" in ctlsign.conf; a command that changes the cluster makes "
		      "it, such as 'ctlsign set-cluster mixed-mode'"));
		return ST_IO;
	}
	if (store->path == NULL && errno == ENOENT) {
		store->path = new_path(store->name);
		if (store->path != NULL)
			return ST_OK;
	}
	if (store->path == NULL) {
		failed = errno;
		error_errno(err, ST_IO, failed, "%s", _("cannot open the state file"));
		error_hint(err, "%s", _("check the directory and its permissions"));
		return ST_IO;
	}
	if (stat(store->path, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		error_set(err, ST_IO, "%s", _("the state file is not a regular file"));
		error_hint(err, "%s", _("check \"state\" in ctlsign.conf"));
		return ST_IO;
	}
	*exists = true;
	return ST_OK;
}

static enum status open_to_read(struct store *store, struct error *err)
{
	int64_t version = 0;
	enum status st = connection_open(store, err);

	if (st == ST_OK)
		st = schema_version(store, schema_n_steps, &version, err);
	if (st == ST_OK && (size_t)version < schema_n_steps) {
		error_set(err, ST_FAILED,
		    _("the state file is of an older ctlsign (version %d, this one has %zu)"),
		    (int)version, schema_n_steps);
		error_hint(err, "%s",
		    _("run a command that changes the cluster, such as 'ctlsign publish'"));
		return store_where(store, ST_FAILED, err);
	}
	if (st == ST_OK)
		st = schema_compare(store, schema_steps, schema_n_steps, err);
	if (st == ST_OK)
		connection_trust(store);
	return st;
}

static enum status open_to_change(struct store *store, bool exists, struct error *err)
{
	int64_t version = 0;
	enum status st = ST_OK;

	if (!exists)
		st = create_state(store, err);
	if (st == ST_OK)
		st = connection_open(store, err);
	if (st == ST_OK)
		st = schema_version(store, schema_n_steps, &version, err);
	if (st == ST_OK)
		st = connection_check(store, false, err);
	if (st == ST_OK)
		st = connection_wal(store, err);
	if (st == ST_OK && (size_t)version < schema_n_steps)
		st = schema_migrate(store, schema_steps, schema_n_steps, err);
	if (st == ST_OK)
		st = schema_compare(store, schema_steps, schema_n_steps, err);
	if (st == ST_OK)
		connection_trust(store);
	return st;
}

enum status store_open(const char *path, enum store_access access, const char *command,
    unsigned wait_ms, struct store **out, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	bool exists = false;
	enum status st;

	*out = NULL;
	if (store == NULL)
		return error_no_memory(err);
	store->access = access;
	store->lock = -1;
	store->name = strdup(path);
	if (store->name == NULL) {
		st = error_no_memory(err);
		goto out;
	}
	st = find_file(store, &exists, err);
	if (st != ST_OK)
		store_where(store, st, err);
	else if (access == STORE_READ)
		st = open_to_read(store, err);
	else
		st = lock_take(store, command, wait_ms, err);
	/* The run that had the lock may have made the file. */
	if (st == ST_OK && access == STORE_CHANGE) {
		struct stat sb;

		exists = exists || lstat(store->path, &sb) == 0;
		st = open_to_change(store, exists, err);
	}
out:
	if (st == ST_OK)
		*out = store;
	else
		store_close(store);
	return st;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	connection_close(store);
	lock_release(store);
	free(store->path);
	free(store->name);
	free(store);
}
