/*
 * Finds and opens the folders that phones are served from.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/admin_folders.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct admin_folder *find_open(const struct admin_folders *folders, int fd)
{
	struct stat a, b;

	if (fstat(fd, &a) != 0)
		return NULL;
	for (size_t i = 0; i < folders->n; i++)
		if (fstat(folders->list[i].fd, &b) == 0 && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino)
			return &folders->list[i];
	return NULL;
}

static enum status add_missing(
    struct admin_folders *folders, const char *path, int errnum, struct error *err)
{
	char **grown = realloc(folders->missing, (folders->n_missing + 1) * sizeof(*grown));
	struct buffer text = BUFFER_INIT;

	if (grown == NULL)
		return error_no_memory(err);
	folders->missing = grown;
	text_printable(&text, text_bytes(path));
	buffer_printf(&text, ": %s", strerror(errnum));
	if (buffer_text(&text) == NULL)
		return error_no_memory(err);
	folders->missing[folders->n_missing++] = (char *)text.data;
	return ST_OK;
}

/* Takes PATH. */
static enum status add(struct admin_folders *folders, char *path, bool served, struct error *err)
{
	struct admin_folder *grown, *there;
	enum status st = ST_OK;
	int fd;

	if (path == NULL)
		return error_no_memory(err);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		st = add_missing(folders, path, errno, err);
		free(path);
		return st;
	}
	there = find_open(folders, fd);
	if (there != NULL) {
		there->served = there->served || served;
	} else {
		grown = realloc(folders->list, (folders->n + 1) * sizeof(*grown));
		if (grown != NULL) {
			folders->list = grown;
			folders->list[folders->n++] = (struct admin_folder){path, fd, served};
			return ST_OK;
		}
		st = error_no_memory(err);
	}
	close(fd);
	free(path);
	return st;
}

static enum status add_targets(
    const struct inventory_targets *targets, struct admin_folders *folders, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < targets->n; i++)
		if (targets->list[i].kind == TARGET_DIRECTORY)
			st = add(folders, strdup(targets->list[i].path), true, err);
	return st;
}

static enum status add_servers(const struct inventory_server *servers, size_t n,
    struct admin_folders *folders, struct error *err)
{
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < n; i++)
		st = add_targets(&servers[i].deliver, folders, err);
	return st;
}

enum status admin_folders_open(
    const struct inventory *inventory, struct admin_folders *out, struct error *err)
{
	const char *slash = strrchr(inventory->ctl_file, '/');
	enum status st = add(out,
	    slash == NULL ? strdup(".")
			  : strndup(inventory->ctl_file, (size_t)(slash + 1 - inventory->ctl_file)),
	    false, err);

	for (size_t i = 0; st == ST_OK && i < inventory->n_nodes; i++)
		st = add_targets(&inventory->nodes[i].deliver, out, err);
	if (st == ST_OK)
		st = add_servers(inventory->alternate_tftp, inventory->n_alternate_tftp, out, err);
	if (st == ST_OK)
		st = add_servers(inventory->firewalls, inventory->n_firewalls, out, err);
	if (st == ST_OK)
		st = add_servers(inventory->entries, inventory->n_entries, out, err);
	return st;
}

void admin_folders_close(struct admin_folders *folders)
{
	for (size_t i = 0; i < folders->n; i++) {
		close(folders->list[i].fd);
		free(folders->list[i].path);
	}
	for (size_t i = 0; i < folders->n_missing; i++)
		free(folders->missing[i]);
	free(folders->list);
	free(folders->missing);
	*folders = (struct admin_folders){.list = NULL};
}
