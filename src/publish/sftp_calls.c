/*
 * Putting SFTP's requests together, and taking its answers apart.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_calls.h"

#include "base/text.h"

#include <string.h>

/* Which attributes follow. */
#define HAS_SIZE  0x01u
#define HAS_OWNER 0x02u
#define HAS_MODE  0x04u

static void put_handle(struct sftp_wire *wire, const struct sftp_handle *handle)
{
	sftp_put_string(wire, (struct bytes){handle->bytes, handle->len});
}

uint32_t sftp_ask_path(struct sftp_wire *wire, enum sftp_type type, const char *path)
{
	sftp_begin(wire, type);
	sftp_put_string(wire, text_bytes(path));
	return sftp_end(wire);
}

uint32_t sftp_ask_handle(
    struct sftp_wire *wire, enum sftp_type type, const struct sftp_handle *handle)
{
	sftp_begin(wire, type);
	put_handle(wire, handle);
	return sftp_end(wire);
}

uint32_t sftp_ask_open(struct sftp_wire *wire, const char *path, unsigned how)
{
	sftp_begin(wire, SFTP_OPEN);
	sftp_put_string(wire, text_bytes(path));
	sftp_put_u32(wire, how);
	sftp_put_u32(wire, HAS_MODE);
	sftp_put_u32(wire, 0644);
	return sftp_end(wire);
}

uint32_t sftp_ask_read(
    struct sftp_wire *wire, const struct sftp_handle *handle, uint64_t offset, uint32_t len)
{
	sftp_begin(wire, SFTP_READ);
	put_handle(wire, handle);
	sftp_put_u64(wire, offset);
	sftp_put_u32(wire, len);
	return sftp_end(wire);
}

uint32_t sftp_ask_write(
    struct sftp_wire *wire, const struct sftp_handle *handle, uint64_t offset, struct bytes data)
{
	sftp_begin(wire, SFTP_WRITE);
	put_handle(wire, handle);
	sftp_put_u64(wire, offset);
	sftp_put_string(wire, data);
	return sftp_end(wire);
}

uint32_t sftp_ask_set(struct sftp_wire *wire, const struct sftp_handle *handle,
    const struct sftp_attributes *attributes)
{
	sftp_begin(wire, SFTP_FSETSTAT);
	put_handle(wire, handle);
	sftp_put_u32(
	    wire, (attributes->has_owner ? HAS_OWNER : 0) | (attributes->has_mode ? HAS_MODE : 0));
	if (attributes->has_owner) {
		sftp_put_u32(wire, attributes->uid);
		sftp_put_u32(wire, attributes->gid);
	}
	if (attributes->has_mode)
		sftp_put_u32(wire, attributes->mode & 07777);
	return sftp_end(wire);
}

uint32_t sftp_ask_replace(struct sftp_wire *wire, const char *from, const char *to)
{
	sftp_begin(wire, SFTP_EXTENDED);
	sftp_put_string(wire, text_bytes("posix-rename@openssh.com"));
	sftp_put_string(wire, text_bytes(from));
	sftp_put_string(wire, text_bytes(to));
	return sftp_end(wire);
}

uint32_t sftp_ask_sync(struct sftp_wire *wire, const struct sftp_handle *handle)
{
	sftp_begin(wire, SFTP_EXTENDED);
	sftp_put_string(wire, text_bytes("fsync@openssh.com"));
	put_handle(wire, handle);
	return sftp_end(wire);
}

/*
 * Waits for an answer of TYPE, which is in ANSWER with *CODE SFTP_OK; or a STATUS, whose code *CODE
 * gets and with which nothing else is to be read.
 */
static enum status take(struct sftp_wire *wire, uint32_t id, uint8_t type,
    struct sftp_answer *answer, uint32_t *code, struct error *err)
{
	enum status st = sftp_wait(wire, id, answer, err);

	*code = SFTP_OK;
	if (st != ST_OK)
		return st;
	if (answer->type == SFTP_STATUS && !sftp_get_u32(answer, code))
		return sftp_nonsense(wire, err);
	/* Success without what was asked for is none. */
	if (answer->type != type && (answer->type != SFTP_STATUS || *code == SFTP_OK))
		return sftp_nonsense(wire, err);
	return ST_OK;
}

enum status sftp_take_status(struct sftp_wire *wire, uint32_t id, uint32_t *code, struct error *err)
{
	struct sftp_answer answer;
	enum status st = take(wire, id, SFTP_STATUS, &answer, code, err);

	buffer_free(&answer.body);
	return st;
}

enum status sftp_take_handle(struct sftp_wire *wire, uint32_t id, struct sftp_handle *handle,
    uint32_t *code, struct error *err)
{
	struct sftp_answer answer;
	enum status st = take(wire, id, SFTP_HANDLE, &answer, code, err);
	struct bytes bytes;

	if (st == ST_OK && *code == SFTP_OK) {
		if (sftp_get_string(&answer, &bytes) && bytes.len <= sizeof(handle->bytes)) {
			memcpy(handle->bytes, bytes.data, bytes.len);
			handle->len = bytes.len;
		} else {
			st = sftp_nonsense(wire, err);
		}
	}
	buffer_free(&answer.body);
	return st;
}

static bool get_attributes(struct sftp_answer *answer, struct sftp_attributes *out)
{
	uint32_t flags;

	if (!sftp_get_u32(answer, &flags))
		return false;
	out->has_size = (flags & HAS_SIZE) != 0;
	out->has_owner = (flags & HAS_OWNER) != 0;
	out->has_mode = (flags & HAS_MODE) != 0;
	return (!out->has_size || sftp_get_u64(answer, &out->size)) &&
	       (!out->has_owner ||
		   (sftp_get_u32(answer, &out->uid) && sftp_get_u32(answer, &out->gid))) &&
	       (!out->has_mode || sftp_get_u32(answer, &out->mode));
}

enum status sftp_take_attributes(struct sftp_wire *wire, uint32_t id,
    struct sftp_attributes *attributes, uint32_t *code, struct error *err)
{
	struct sftp_answer answer;
	enum status st = take(wire, id, SFTP_ATTRS, &answer, code, err);

	memset(attributes, 0, sizeof(*attributes));
	if (st == ST_OK && *code == SFTP_OK && !get_attributes(&answer, attributes))
		st = sftp_nonsense(wire, err);
	buffer_free(&answer.body);
	return st;
}

enum status sftp_take_data(struct sftp_wire *wire, uint32_t id, uint32_t len, struct buffer *out,
    uint32_t *code, struct error *err)
{
	struct sftp_answer answer;
	enum status st = take(wire, id, SFTP_DATA, &answer, code, err);
	struct bytes bytes;

	if (st == ST_OK && *code == SFTP_OK) {
		if (sftp_get_string(&answer, &bytes) && bytes.len > 0 && bytes.len <= len)
			buffer_add(out, bytes.data, bytes.len);
		else
			st = sftp_nonsense(wire, err);
	}
	buffer_free(&answer.body);
	return st;
}
