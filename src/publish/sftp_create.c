/*
 * Writing a new file behind SFTP.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_folder.h"

#include <string.h>

/* Writes that are on their way at a time. */
#define MAX_WRITES (SFTP_MAX_REQUESTS - 8)

static enum status write_pieces(const struct sftp_folder *folder, const struct sftp_handle *handle,
    struct bytes data, struct error *err)
{
	uint32_t ids[MAX_WRITES], code, refused = SFTP_OK;
	enum status st = ST_OK;
	size_t done = 0, n;

	while (st == ST_OK && refused == SFTP_OK && done < data.len) {
		for (n = 0; n < MAX_WRITES && done < data.len; n++) {
			const size_t left = data.len - done;
			const struct bytes piece = {
			    data.data + done, left < SFTP_PIECE ? left : SFTP_PIECE};

			ids[n] = sftp_ask_write(folder->wire, handle, done, piece);
			done += piece.len;
		}
		for (size_t i = 0; i < n && st == ST_OK; i++) {
			st = sftp_take_status(folder->wire, ids[i], &code, err);
			if (st == ST_OK && code != SFTP_OK)
				refused = code;
		}
	}
	if (st == ST_OK && refused != SFTP_OK)
		return sftp_folder_refused(folder, refused, _("cannot write the file"), err);
	return st;
}

/* Gives the new file the old one's owner and group if it can, and a mode that goes with that. */
static enum status set_attributes(const struct sftp_folder *folder,
    const struct sftp_handle *handle, const struct sftp_attributes *now,
    const struct sftp_attributes *old, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	struct sftp_attributes want = {.has_owner = true};
	uint32_t code, mode = 0644;
	enum status st = ST_OK;

	if (old != NULL && old->has_mode)
		mode = old->mode & 0777;
	if (old != NULL && old->has_owner && now->has_owner &&
	    (old->uid != now->uid || old->gid != now->gid)) {
		want.uid = old->uid;
		want.gid = old->gid;
		st = sftp_take_status(wire, sftp_ask_set(wire, handle, &want), &code, err);
		if (code != SFTP_OK)
			mode |= 0444;
	}
	if (st != ST_OK || !now->has_mode || (now->mode & 0777) == mode)
		return st;
	want = (struct sftp_attributes){.has_mode = true, .mode = mode};
	st = sftp_take_status(wire, sftp_ask_set(wire, handle, &want), &code, err);
	if (st == ST_OK && code != SFTP_OK)
		return sftp_folder_refused(folder, code, _("cannot set the file's mode"), err);
	return st;
}

/* Everything that is done to the open file until it is put on disk and closed. */
static enum status fill(const struct sftp_folder *folder, const struct sftp_handle *handle,
    struct bytes data, const struct sftp_attributes *old, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	struct sftp_attributes now;
	struct error ignored;
	uint32_t code, looked = sftp_ask_handle(wire, SFTP_FSTAT, handle);
	enum status written = write_pieces(folder, handle, data, err), st;

	if (sftp_wire_broken(wire))
		return written;
	st = sftp_take_attributes(wire, looked, &now, &code, written == ST_OK ? err : &ignored);
	if (written != ST_OK || st != ST_OK)
		return written != ST_OK ? written : st;
	if (code != SFTP_OK)
		return sftp_folder_refused(folder, code, _("cannot look at the new file"), err);
	return set_attributes(folder, handle, &now, old, err);
}

/* Closes the file, which is put on disk before if all went well so far (ST_OK is SO_FAR). */
static enum status finish(const struct sftp_folder *folder, const struct sftp_handle *handle,
    enum status so_far, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	const bool sync = so_far == ST_OK && sftp_wire_can_sync(wire);
	const uint32_t synced = sync ? sftp_ask_sync(wire, handle) : 0;
	const uint32_t closed = sftp_ask_handle(wire, SFTP_CLOSE, handle);
	uint32_t sync_code = SFTP_OK, code = SFTP_OK;
	enum status st = ST_OK;

	if (sync)
		st = sftp_take_status(wire, synced, &sync_code, err);
	if (st == ST_OK)
		st = sftp_take_status(wire, closed, &code, err);
	if (st != ST_OK || (sync_code == SFTP_OK && code == SFTP_OK))
		return st;
	return sftp_folder_refused(folder, sync_code != SFTP_OK ? sync_code : code,
	    _("cannot write the file to the disk"), err);
}

/* Removes what is left of NAME and opens a new one. */
static enum status open_new(const struct sftp_folder *folder, const char *path,
    struct sftp_handle *handle, struct error *err)
{
	struct sftp_wire *const wire = folder->wire;
	const uint32_t removed = sftp_ask_path(wire, SFTP_REMOVE, path);
	const uint32_t opened = sftp_ask_open(wire, path, SFTP_OPEN_WRITE | SFTP_OPEN_NEW);
	uint32_t remove_code, code;
	enum status st = sftp_take_status(wire, removed, &remove_code, err);

	if (st == ST_OK)
		st = sftp_take_handle(wire, opened, handle, &code, err);
	if (st != ST_OK || code == SFTP_OK)
		return st;
	if (remove_code != SFTP_OK && remove_code != SFTP_NO_SUCH_FILE)
		return sftp_folder_refused(
		    folder, remove_code, _("cannot remove what an earlier run left"), err);
	return sftp_folder_refused(folder, code, _("cannot make a file in the directory"), err);
}

enum status sftp_folder_create(const struct sftp_folder *folder, const char *name,
    struct bytes data, const struct sftp_attributes *old, struct error *err)
{
	struct sftp_handle handle;
	char path[SFTP_MAX_PATH];
	struct error ignored;
	enum status st, finished;

	st = open_new(folder, sftp_folder_path(folder, name, path), &handle, err);
	if (st != ST_OK)
		return st;
	st = fill(folder, &handle, data, old, err);
	if (sftp_wire_broken(folder->wire))
		return st;
	finished = finish(folder, &handle, st, st == ST_OK ? err : &ignored);
	st = st != ST_OK ? st : finished;
	if (st != ST_OK && !sftp_wire_broken(folder->wire))
		sftp_folder_remove(folder, name, false, NULL);
	return st;
}
