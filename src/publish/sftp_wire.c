/*
 * SFTP's packets over a channel.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/sftp_wire.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The largest packet that is taken: more than any answer to what is asked here. */
#define MAX_PACKET (64u * 1024)

/* What is collected before it is sent without being waited for. */
#define MAX_COLLECTED (256u * 1024)

/* A request that was made and whose answer was not taken. */
struct pending {
	uint32_t id; /* 0: free */
	bool arrived;
	struct sftp_answer answer;
};

struct sftp_wire {
	ssh_channel channel;
	struct sftp_line *line;
	struct buffer out;
	size_t begun; /* where the last request begins in `out` */
	uint32_t last_id;
	struct pending pending[SFTP_MAX_REQUESTS];
	bool can_replace, can_sync;
	bool broken;
};

bool sftp_wire_can_replace(const struct sftp_wire *wire)
{
	return wire->can_replace;
}

bool sftp_wire_can_sync(const struct sftp_wire *wire)
{
	return wire->can_sync;
}

bool sftp_wire_broken(const struct sftp_wire *wire)
{
	return wire->broken;
}

enum status sftp_nonsense(struct sftp_wire *wire, struct error *err)
{
	wire->broken = true;
	error_set(err, ST_FAILED, "%s", _("the server's answer is not SFTP"));
	error_hint(err, "%s",
	    _("see that nothing in the user's shell start-up files or in ForceCommand writes "
	      "text"));
	return ST_FAILED;
}

/* The connection does not carry on: cut for its time limit, or ended by the other side. */
static enum status lost(struct sftp_wire *wire, bool late, struct error *err)
{
	wire->broken = true;
	if (late || atomic_load(&wire->line->cut))
		return sftp_line_no_answer(wire->line, err);
	error_set(err, ST_FAILED, "%s", _("the server ended the connection"));
	error_hint(err, "%s",
	    _("see the SSH server's log, and whether the server or its network was restarted"));
	return ST_FAILED;
}

/* ---- out ------------------------------------------------------------------------------------- */

static enum status flush(struct sftp_wire *wire, struct error *err)
{
	const int64_t deadline = sftp_clock() + wire->line->timeout_ms;
	size_t done = 0;
	int n;

	if (wire->broken)
		return lost(wire, false, err);
	if (wire->out.failed) {
		wire->broken = true;
		return error_no_memory(err);
	}
	while (done < wire->out.len) {
		n = ssh_channel_write(
		    wire->channel, wire->out.data + done, (uint32_t)(wire->out.len - done));
		if (n == SSH_ERROR)
			return lost(wire, false, err);
		done += (size_t)n;
		if (done < wire->out.len && (n == 0 || sftp_left(deadline) == 0))
			return lost(wire, true, err);
	}
	buffer_reset(&wire->out);
	return ST_OK;
}

void sftp_begin(struct sftp_wire *wire, enum sftp_type type)
{
	if (wire->out.len > MAX_COLLECTED)
		flush(wire, NULL); /* a failure is told by the next sftp_wait() */
	wire->begun = wire->out.len;
	buffer_add_u32(&wire->out, 0);
	buffer_add_u8(&wire->out, type);
	if (type != SFTP_INIT)
		buffer_add_u32(&wire->out, ++wire->last_id);
}

void sftp_put_u32(struct sftp_wire *wire, uint32_t value)
{
	buffer_add_u32(&wire->out, value);
}

void sftp_put_u64(struct sftp_wire *wire, uint64_t value)
{
	buffer_add_u32(&wire->out, (uint32_t)(value >> 32));
	buffer_add_u32(&wire->out, (uint32_t)value);
}

void sftp_put_string(struct sftp_wire *wire, struct bytes string)
{
	buffer_add_u32(&wire->out, (uint32_t)string.len);
	buffer_add(&wire->out, string.data, string.len);
}

/* Writes the packet's length, now that it is known. */
static void close_packet(struct sftp_wire *wire)
{
	const size_t len = wire->out.len - wire->begun - 4;

	buffer_set_u16(&wire->out, wire->begun, (unsigned)(len >> 16));
	buffer_set_u16(&wire->out, wire->begun + 2, (unsigned)(len & 0xffff));
}

uint32_t sftp_end(struct sftp_wire *wire)
{
	close_packet(wire);
	for (size_t i = 0; i < SFTP_MAX_REQUESTS; i++)
		if (wire->pending[i].id == 0) {
			wire->pending[i].id = wire->last_id;
			return wire->last_id;
		}
	/* Nobody asks for so much at a time; sftp_wait() will find no such request. */
	wire->broken = true;
	return wire->last_id;
}

/* ---- in -------------------------------------------------------------------------------------- */

static enum status read_exactly(
    struct sftp_wire *wire, uint8_t *to, size_t len, int64_t deadline, struct error *err)
{
	while (len > 0) {
		const int n = ssh_channel_read_timeout(
		    wire->channel, to, (uint32_t)len, 0, sftp_left(deadline));

		if (n < 0 && n != SSH_AGAIN)
			return lost(wire, false, err);
		if (n <= 0 && ssh_channel_is_eof(wire->channel) != 0)
			return lost(wire, false, err);
		if (n <= 0 && sftp_left(deadline) == 0)
			return lost(wire, true, err);
		if (n > 0) {
			to += n;
			len -= (size_t)n;
		}
	}
	return ST_OK;
}

/* Reads a packet: its type, and what is behind that. */
static enum status read_packet(
    struct sftp_wire *wire, uint8_t *type, struct buffer *body, int64_t deadline, struct error *err)
{
	uint8_t head[5];
	enum status st = read_exactly(wire, head, sizeof(head), deadline, err);
	uint32_t len;

	if (st != ST_OK)
		return st;
	len = read_u32(head);
	if (len < 1 || len > MAX_PACKET)
		return sftp_nonsense(wire, err);
	*type = head[4];
	buffer_reset(body);
	if (!buffer_reserve(body, len)) {
		wire->broken = true;
		return error_no_memory(err);
	}
	st = read_exactly(wire, body->data, len - 1, deadline, err);
	if (st == ST_OK)
		body->len = len - 1;
	return st;
}

static struct pending *find(struct sftp_wire *wire, uint32_t id)
{
	for (size_t i = 0; i < SFTP_MAX_REQUESTS; i++)
		if (wire->pending[i].id == id && id != 0)
			return &wire->pending[i];
	return NULL;
}

/* Takes the next answer, to whichever request it is. */
static enum status take_answer(struct sftp_wire *wire, int64_t deadline, struct error *err)
{
	struct sftp_answer answer = {0, BUFFER_INIT, 0};
	enum status st = read_packet(wire, &answer.type, &answer.body, deadline, err);
	struct pending *pending = NULL;
	uint32_t id = 0;

	if (st == ST_OK && sftp_get_u32(&answer, &id))
		pending = find(wire, id);
	if (st == ST_OK && (pending == NULL || pending->arrived))
		st = sftp_nonsense(wire, err);
	if (st != ST_OK) {
		buffer_free(&answer.body);
		return st;
	}
	pending->arrived = true;
	pending->answer = answer;
	return ST_OK;
}

enum status sftp_wait(
    struct sftp_wire *wire, uint32_t id, struct sftp_answer *answer, struct error *err)
{
	const int64_t deadline = sftp_clock() + wire->line->timeout_ms;
	struct pending *pending = find(wire, id);
	enum status st = flush(wire, err);

	*answer = (struct sftp_answer){0, BUFFER_INIT, 0};
	if (st == ST_OK && pending == NULL)
		return lost(wire, false, err);
	while (st == ST_OK && !pending->arrived)
		st = take_answer(wire, deadline, err);
	if (st != ST_OK)
		return st;
	*answer = pending->answer;
	memset(pending, 0, sizeof(*pending));
	return ST_OK;
}

bool sftp_get_u32(struct sftp_answer *answer, uint32_t *value)
{
	if (answer->body.len - answer->pos < 4)
		return false;
	*value = read_u32(answer->body.data + answer->pos);
	answer->pos += 4;
	return true;
}

bool sftp_get_u64(struct sftp_answer *answer, uint64_t *value)
{
	uint32_t high, low;

	if (!sftp_get_u32(answer, &high) || !sftp_get_u32(answer, &low))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

bool sftp_get_string(struct sftp_answer *answer, struct bytes *string)
{
	uint32_t len;

	if (!sftp_get_u32(answer, &len) || answer->body.len - answer->pos < len)
		return false;
	*string = (struct bytes){answer->body.data + answer->pos, len};
	answer->pos += len;
	return true;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static enum status no_sftp(struct sftp_wire *wire, struct error *err)
{
	if (atomic_load(&wire->line->cut))
		return sftp_line_no_answer(wire->line, err);
	error_set(err, ST_FAILED, "%s", _("the server lets us in, but offers no SFTP"));
	error_hint(
	    err, "%s", _("enable it in the server's sshd_config: Subsystem sftp internal-sftp"));
	return ST_FAILED;
}

/* Sends what SFTP begins with, and reads what the server can do. */
static enum status greet(struct sftp_wire *wire, struct error *err)
{
	const int64_t deadline = sftp_clock() + wire->line->timeout_ms;
	struct sftp_answer hello = {0, BUFFER_INIT, 0};
	struct bytes name, data;
	uint32_t version;
	enum status st;

	sftp_begin(wire, SFTP_INIT);
	sftp_put_u32(wire, 3);
	close_packet(wire);
	st = flush(wire, err);
	if (st == ST_OK)
		st = read_packet(wire, &hello.type, &hello.body, deadline, err);
	if (st == ST_OK &&
	    (hello.type != SFTP_VERSION || !sftp_get_u32(&hello, &version) || version < 3))
		st = sftp_nonsense(wire, err);
	while (st == ST_OK && sftp_get_string(&hello, &name) && sftp_get_string(&hello, &data)) {
		if (!bytes_equal(data, text_bytes("1")))
			continue;
		wire->can_replace |= bytes_equal(name, text_bytes("posix-rename@openssh.com"));
		wire->can_sync |= bytes_equal(name, text_bytes("fsync@openssh.com"));
	}
	buffer_free(&hello.body);
	return st;
}

enum status sftp_wire_open(
    ssh_session session, struct sftp_line *line, struct sftp_wire **out, struct error *err)
{
	struct sftp_wire *wire = calloc(1, sizeof(*wire));
	enum status st;

	*out = NULL;
	if (wire == NULL)
		return error_no_memory(err);
	wire->line = line;
	wire->channel = ssh_channel_new(session);
	if (wire->channel == NULL)
		st = error_no_memory(err);
	else if (ssh_channel_open_session(wire->channel) != SSH_OK ||
		 ssh_channel_request_sftp(wire->channel) != SSH_OK)
		st = no_sftp(wire, err);
	else
		st = greet(wire, err);
	if (st != ST_OK) {
		sftp_wire_free(wire);
		return st;
	}
	*out = wire;
	return ST_OK;
}

void sftp_wire_free(struct sftp_wire *wire)
{
	if (wire == NULL)
		return;
	for (size_t i = 0; i < SFTP_MAX_REQUESTS; i++)
		buffer_free(&wire->pending[i].answer.body);
	buffer_free(&wire->out);
	ssh_channel_free(wire->channel);
	free(wire);
}
