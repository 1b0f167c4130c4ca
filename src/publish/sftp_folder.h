/*
 * The files of one directory behind SFTP: looked at, read, written, replaced, removed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_FOLDER_H
#define CTLSIGN_PUBLISH_SFTP_FOLDER_H

#include "publish/sftp_calls.h"

#define SFTP_MAX_PATH 4096

/* All borrowed; starts from all zero but for these. */
struct sftp_folder {
	struct sftp_wire *wire;
	const char *path; /* of it, without a slash at the end but for "/"; "." for the home */
	const char *user; /* for messages */
};

/* What stands at NAME, which has to be a regular file; *THERE false: nothing does.  The folder has
 * to exist. */
enum status sftp_folder_look(const struct sftp_folder *folder, const char *name,
    struct sftp_attributes *attributes, bool *there, struct error *err);

/* Reads NAME, at most MAX bytes (else ST_LIMIT), into OUT.  EXPECTED bytes are asked for at once.
 */
enum status sftp_folder_read(const struct sftp_folder *folder, const char *name, uint64_t expected,
    size_t max, struct buffer *out, struct error *err);

/*
 * Makes the new file NAME of DATA, on disk if the server can tell; one of that name is removed
 * first, a symbolic link not followed.  It gets mode 0644, or those of OLD (not NULL): owner, group
 * and mode; where those two cannot be kept, everybody may read it, as a TFTP server has to.
 */
enum status sftp_folder_create(const struct sftp_folder *folder, const char *name,
    struct bytes data, const struct sftp_attributes *old, struct error *err);

/* Renames FROM to TO, which it replaces in one step, and puts the directory on disk. */
enum status sftp_folder_replace(
    const struct sftp_folder *folder, const char *from, const char *to, struct error *err);

/* Removes NAME; nothing there is fine.  With SYNC the directory is put on disk, too. */
enum status sftp_folder_remove(
    const struct sftp_folder *folder, const char *name, bool sync, struct error *err);

/* Says what the server refused: "WHAT: permission denied".  WHAT is a translated phrase. */
enum status sftp_folder_refused(
    const struct sftp_folder *folder, uint32_t code, const char *what, struct error *err);

/* The path of NAME in FOLDER; OUT has SFTP_MAX_PATH bytes. */
char *sftp_folder_path(const struct sftp_folder *folder, const char *name, char *out);

#endif
