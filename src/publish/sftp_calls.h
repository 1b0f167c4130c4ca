/*
 * SFTP's requests and answers, one function each.
 *
 * sftp_ask_...() makes a request and returns its id; sftp_take_...() waits for the answer.  Between
 * them other requests may be made, so that many need one round trip only.  What sftp_take_...()
 * returns is ST_OK when there is an answer at all: what the server said stands in *CODE.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_CALLS_H
#define CTLSIGN_PUBLISH_SFTP_CALLS_H

#include "publish/sftp_wire.h"

/* Bytes that are read or written by one request; every server takes as many. */
#define SFTP_PIECE 32768u

/* How a file is opened. */
#define SFTP_OPEN_READ	0x01u
#define SFTP_OPEN_WRITE 0x02u
#define SFTP_OPEN_NEW	0x28u /* made; fails if there is one (CREAT and EXCL) */

struct sftp_handle {
	uint8_t bytes[256];
	size_t len;
};

/* What is not known is 0 and false. */
struct sftp_attributes {
	bool has_size, has_owner, has_mode;
	uint64_t size;
	uint32_t uid, gid;
	uint32_t mode; /* with the kind of file, as in st_mode */
};

/* Of a path: SFTP_LSTAT, SFTP_STAT, SFTP_REMOVE. */
uint32_t sftp_ask_path(struct sftp_wire *wire, enum sftp_type type, const char *path);
/* Of a handle: SFTP_FSTAT, SFTP_CLOSE. */
uint32_t sftp_ask_handle(
    struct sftp_wire *wire, enum sftp_type type, const struct sftp_handle *handle);
uint32_t sftp_ask_open(struct sftp_wire *wire, const char *path, unsigned how);
uint32_t sftp_ask_read(
    struct sftp_wire *wire, const struct sftp_handle *handle, uint64_t offset, uint32_t len);
uint32_t sftp_ask_write(
    struct sftp_wire *wire, const struct sftp_handle *handle, uint64_t offset, struct bytes data);
/* Sets what ATTRIBUTES has of owner and mode. */
uint32_t sftp_ask_set(struct sftp_wire *wire, const struct sftp_handle *handle,
    const struct sftp_attributes *attributes);
/* Only if the server can: see sftp_wire.h. */
uint32_t sftp_ask_replace(struct sftp_wire *wire, const char *from, const char *to);
uint32_t sftp_ask_sync(struct sftp_wire *wire, const struct sftp_handle *handle);

/*
 * The answer to request ID, whose server's code goes to *CODE: SSH_FX_OK, or why it was not done;
 * then there is no handle and no attributes.
 */
enum status sftp_take_status(
    struct sftp_wire *wire, uint32_t id, uint32_t *code, struct error *err);
/* Of an open. */
enum status sftp_take_handle(struct sftp_wire *wire, uint32_t id, struct sftp_handle *handle,
    uint32_t *code, struct error *err);
/* Of a stat, by path or handle. */
enum status sftp_take_attributes(struct sftp_wire *wire, uint32_t id,
    struct sftp_attributes *attributes, uint32_t *code, struct error *err);
/* Appends what was read, at most LEN bytes, to OUT. */
enum status sftp_take_data(struct sftp_wire *wire, uint32_t id, uint32_t len, struct buffer *out,
    uint32_t *code, struct error *err);

#endif
