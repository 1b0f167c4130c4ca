/*
 * Looking at, reading, replacing and removing files behind SFTP.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Reads that are on their way at a time, the last of which finds the end. */
#define MAX_READS (SFTP_MAX_REQUESTS - 8)

char *sftp_folder_path(const struct sftp_folder *folder, const char *name, char *out)
{
	const bool root = strcmp(folder->path, "/") == 0;

	snprintf(out, SFTP_MAX_PATH, "%s%s%s", folder->path, root ? "" : "/", name);
	return out;
}

static const char *reason(uint32_t code)
{
	switch (code) {
	case SFTP_NO_SUCH_FILE:
		return _("no such file or directory");
	case SFTP_PERMISSION_DENIED:
		return _("permission denied");
	case SFTP_UNSUPPORTED:
		return _("the server cannot do this");
	default:
		return _("the server says no more than that it failed");
	}
}

enum status sftp_folder_refused(
    const struct sftp_folder *folder, uint32_t code, const char *what, struct error *err)
{
	error_set(err, ST_IO, "%s: %s", what, reason(code));
	switch (code) {
	case SFTP_NO_SUCH_FILE:
		error_hint(err, _("see that the directory %s is there"), folder->path);
		break;
	case SFTP_PERMISSION_DENIED:
		error_hint(err, _("let the user %s read and write the directory %s there"),
		    folder->user, folder->path);
		break;
	default:
		error_hint(err,
		    _("see whether the disk of %s there is full, over its quota or read-only"),
		    folder->path);
		break;
	}
	return ST_IO;
}

/* ---- looking --------------------------------------------------------------------------------- */

static enum status check_folder(const struct sftp_folder *folder, uint32_t code,
    const struct sftp_attributes *attributes, struct error *err)
{
	if (code == SFTP_NO_SUCH_FILE) {
		error_set(err, ST_IO, _("the directory %s does not exist"), folder->path);
		error_hint(err, "%s", _("make it there, or mend the path of the target"));
		return ST_IO;
	}
	if (code != SFTP_OK)
		return sftp_folder_refused(folder, code, _("cannot look at the directory"), err);
	if (attributes->has_mode && !S_ISDIR(attributes->mode)) {
		error_set(err, ST_IO, _("%s is no directory"), folder->path);
		error_hint(err, "%s", _("mend the path of the target"));
		return ST_IO;
	}
	return ST_OK;
}

static enum status check_file(
    const char *name, const struct sftp_attributes *attributes, struct error *err)
{
	/* A server that tells no mode tells nothing of links, either. */
	if (!attributes->has_mode || S_ISREG(attributes->mode))
		return ST_OK;
	if (S_ISLNK(attributes->mode))
		error_set(err, ST_IO, _("%s is a symbolic link, which is not followed"), name);
	else if (S_ISDIR(attributes->mode))
		error_set(err, ST_IO, _("%s is a directory, not a file"), name);
	else
		error_set(err, ST_IO, _("%s is not a regular file"), name);
	error_hint(err, "%s", _("move it out of the way there"));
	return ST_IO;
}

enum status sftp_folder_look(const struct sftp_folder *folder, const char *name,
    struct sftp_attributes *attributes, bool *there, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	struct sftp_attributes above;
	uint32_t of_folder, of_file, folder_code, file_code;
	char path[SFTP_MAX_PATH];
	enum status st;

	*there = false;
	of_folder = sftp_ask_path(wire, SFTP_STAT, folder->path);
	of_file = sftp_ask_path(wire, SFTP_LSTAT, sftp_folder_path(folder, name, path));
	st = sftp_take_attributes(wire, of_folder, &above, &folder_code, err);
	if (st == ST_OK)
		st = sftp_take_attributes(wire, of_file, attributes, &file_code, err);
	if (st == ST_OK)
		st = check_folder(folder, folder_code, &above, err);
	if (st != ST_OK || file_code == SFTP_NO_SUCH_FILE)
		return st;
	if (file_code != SFTP_OK)
		return sftp_folder_refused(folder, file_code, _("cannot look at the file"), err);
	*there = true;
	return check_file(name, attributes, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

/*
 * Asks for the bytes from out->len to EXPECTED and one piece more, all at once, and takes what
 * comes in a row.  What is behind a gap is asked for again by the next call.
 */
static enum status read_pieces(const struct sftp_folder *folder, const struct sftp_handle *handle,
    uint64_t expected, struct buffer *out, bool *end, struct error *err)
{
	uint32_t ids[MAX_READS], lens[MAX_READS], code, refused = SFTP_OK;
	struct buffer late = BUFFER_INIT;
	uint64_t at = out->len;
	enum status st = ST_OK;
	bool in_a_row = true;
	size_t n = 0;

	do {
		lens[n] = at < expected && expected - at < SFTP_PIECE ? (uint32_t)(expected - at)
								      : SFTP_PIECE;
		ids[n] = sftp_ask_read(folder->wire, handle, at, lens[n]);
		at += lens[n++];
	} while (n < MAX_READS && at - lens[n - 1] < expected);
	for (size_t i = 0; i < n && st == ST_OK; i++) {
		const size_t before = out->len;

		st = sftp_take_data(
		    folder->wire, ids[i], lens[i], in_a_row ? out : &late, &code, err);
		buffer_reset(&late);
		if (st == ST_OK && in_a_row && code == SFTP_EOF)
			*end = true;
		else if (st == ST_OK && in_a_row)
			refused = code;
		in_a_row = in_a_row && out->len - before == lens[i];
	}
	buffer_free(&late);
	if (st == ST_OK && refused != SFTP_OK)
		return sftp_folder_refused(folder, refused, _("cannot read the file"), err);
	return st == ST_OK ? buffer_status(out, err) : st;
}

static enum status too_large(size_t max, struct error *err)
{
	error_set(
	    err, ST_LIMIT, _("the file is larger than %zu bytes, the most that is read here"), max);
	error_hint(err, "%s", _("see who wrote it there, and move it out of the way"));
	return ST_LIMIT;
}

static enum status read_all(const struct sftp_folder *folder, const struct sftp_handle *handle,
    uint64_t expected, size_t max, struct buffer *out, struct error *err)
{
	enum status st = ST_OK;
	bool end = false;

	while (st == ST_OK && !end && out->len <= max)
		st = read_pieces(folder, handle, expected, out, &end, err);
	return st == ST_OK && out->len > max ? too_large(max, err) : st;
}

enum status sftp_folder_read(const struct sftp_folder *folder, const char *name, uint64_t expected,
    size_t max, struct buffer *out, struct error *err)
{
	struct sftp_handle handle;
	char path[SFTP_MAX_PATH];
	enum status st, closed;
	uint32_t code;

	buffer_reset(out);
	if (expected > max)
		return too_large(max, err);
	sftp_folder_path(folder, name, path);
	st = sftp_take_handle(
	    folder->wire, sftp_ask_open(folder->wire, path, SFTP_OPEN_READ), &handle, &code, err);
	if (st != ST_OK)
		return st;
	if (code != SFTP_OK)
		return sftp_folder_refused(folder, code, _("cannot open the file"), err);
	st = read_all(folder, &handle, expected, max, out, err);
	if (sftp_wire_broken(folder->wire))
		return st;
	closed = sftp_take_status(folder->wire, sftp_ask_handle(folder->wire, SFTP_CLOSE, &handle),
	    &code, st == ST_OK ? err : NULL);
	return st != ST_OK ? st : closed;
}

/* ---- changing the directory ------------------------------------------------------------------ */

/*
 * Puts the directory on disk: OpenSSH's server opens one as it does a file.  No server has to be
 * able to, so that a refusal is fine.
 */
static enum status sync_folder(const struct sftp_folder *folder, uint32_t opened, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	struct sftp_handle handle;
	uint32_t code, synced, closed;
	enum status st = sftp_take_handle(wire, opened, &handle, &code, err);

	if (st != ST_OK || code != SFTP_OK)
		return st;
	synced = sftp_ask_sync(wire, &handle);
	closed = sftp_ask_handle(wire, SFTP_CLOSE, &handle);
	st = sftp_take_status(wire, synced, &code, err);
	return st == ST_OK ? sftp_take_status(wire, closed, &code, err) : st;
}

enum status sftp_folder_replace(
    const struct sftp_folder *folder, const char *from, const char *to, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	const bool sync = sftp_wire_can_sync(wire);
	char old_path[SFTP_MAX_PATH], new_path[SFTP_MAX_PATH];
	uint32_t renamed, opened = 0, code;
	enum status st, synced = ST_OK;

	renamed = sftp_ask_replace(
	    wire, sftp_folder_path(folder, from, old_path), sftp_folder_path(folder, to, new_path));
	if (sync)
		opened = sftp_ask_open(wire, folder->path, SFTP_OPEN_READ);
	st = sftp_take_status(wire, renamed, &code, err);
	if (st != ST_OK)
		return st;
	if (sync)
		synced = sync_folder(folder, opened, err);
	if (code == SFTP_OK || synced != ST_OK)
		return synced;
	sftp_folder_refused(folder, code, _("cannot put the staged file in place"), err);
	if (code == SFTP_NO_SUCH_FILE)
		error_hint(err, "%s",
		    _("somebody removed it there: deliver again with ctlsign publish --resume"));
	return ST_IO;
}

enum status sftp_folder_remove(
    const struct sftp_folder *folder, const char *name, bool sync, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	char path[SFTP_MAX_PATH];
	uint32_t removed, opened = 0, code;
	enum status st, synced = ST_OK;

	sync = sync && sftp_wire_can_sync(wire);
	removed = sftp_ask_path(wire, SFTP_REMOVE, sftp_folder_path(folder, name, path));
	if (sync)
		opened = sftp_ask_open(wire, folder->path, SFTP_OPEN_READ);
	st = sftp_take_status(wire, removed, &code, err);
	if (st != ST_OK)
		return st;
	if (sync)
		synced = sync_folder(folder, opened, err);
	if (code == SFTP_OK || code == SFTP_NO_SUCH_FILE || synced != ST_OK)
		return synced;
	return sftp_folder_refused(folder, code, _("cannot remove the file"), err);
}
