/*
 * SFTP's packets, version 3 (draft-ietf-secsh-filexfer-02), over a channel of libssh.
 *
 * libssh 0.10 has an SFTP client of its own, which cannot be used here: it knows no rename that
 * replaces a file (posix-rename@openssh.com), waits for ever when the server stops answering, takes
 * packets of 256 MB, and makes a round trip for each piece of a file.
 *
 * Requests are collected, and sent when the first answer is waited for.  Every request's answer
 * must be taken, in any order.  Once something failed here the connection is of no more use.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_WIRE_H
#define CTLSIGN_PUBLISH_SFTP_WIRE_H

#include "base/bytes.h"
#include "publish/sftp_libssh.h"
#include "publish/sftp_line.h"

/* The names of packets and of the codes in a STATUS, as the draft has them. */
enum sftp_type {
	SFTP_INIT = 1,
	SFTP_VERSION = 2,
	SFTP_OPEN = 3,
	SFTP_CLOSE = 4,
	SFTP_READ = 5,
	SFTP_WRITE = 6,
	SFTP_LSTAT = 7,
	SFTP_FSTAT = 8,
	SFTP_FSETSTAT = 10,
	SFTP_REMOVE = 13,
	SFTP_STAT = 17,
	SFTP_STATUS = 101,
	SFTP_HANDLE = 102,
	SFTP_DATA = 103,
	SFTP_ATTRS = 105,
	SFTP_EXTENDED = 200,
};

enum sftp_code {
	SFTP_OK = 0,
	SFTP_EOF = 1,
	SFTP_NO_SUCH_FILE = 2,
	SFTP_PERMISSION_DENIED = 3,
	SFTP_FAILURE = 4, /* any other: OpenSSH's server says no more, though the disk is full */
	SFTP_UNSUPPORTED = 8,
};

/* Requests that may be on their way at the same time: all of a file's pieces, and a few more. */
#define SFTP_MAX_REQUESTS 64

struct sftp_wire;

/* Starts SFTP on SESSION, which is logged in.  Both arguments are borrowed until sftp_wire_free(),
 * which comes before the session's end. */
enum status sftp_wire_open(
    ssh_session session, struct sftp_line *line, struct sftp_wire **out, struct error *err);
void sftp_wire_free(struct sftp_wire *wire); /* takes NULL */

/* What the server said that it can do beyond the draft. */
bool sftp_wire_can_replace(const struct sftp_wire *wire); /* posix-rename@openssh.com */
bool sftp_wire_can_sync(const struct sftp_wire *wire);	  /* fsync@openssh.com */

/* One request: begin, its fields, end, which returns the id that its answer has. */
void sftp_begin(struct sftp_wire *wire, enum sftp_type type);
void sftp_put_u32(struct sftp_wire *wire, uint32_t value);
void sftp_put_u64(struct sftp_wire *wire, uint64_t value);
void sftp_put_string(struct sftp_wire *wire, struct bytes string);
uint32_t sftp_end(struct sftp_wire *wire);

/* An answer; its fields behind the id are in BODY, read up to POS.  Start from all zero. */
struct sftp_answer {
	uint8_t type;
	struct buffer body;
	size_t pos;
};

/* Waits for the answer to request ID.  buffer_free(&answer->body) in any case. */
enum status sftp_wait(
    struct sftp_wire *wire, uint32_t id, struct sftp_answer *answer, struct error *err);

/* Read the next field; false when the answer is too short. */
bool sftp_get_u32(struct sftp_answer *answer, uint32_t *value);
bool sftp_get_u64(struct sftp_answer *answer, uint64_t *value);
bool sftp_get_string(struct sftp_answer *answer, struct bytes *string); /* points into it */

/* An answer that no SFTP server gives: the connection is dead from here on. */
enum status sftp_nonsense(struct sftp_wire *wire, struct error *err);

/* Whether something failed here. */
bool sftp_wire_broken(const struct sftp_wire *wire);

#endif
