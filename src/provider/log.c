/*
 * Log lines of ctlproviderd.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/log.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines that are kept at most, and how much of a value is shown. */
#define KEPT_BYTES 32768
#define SHOWN	   256
/* How long a reader of stderr may hold everything up, once. */
#define PATIENCE_MS 100

static bool with_levels;

void log_start(void)
{
	const char *stream = getenv("JOURNAL_STREAM");

	with_levels = stream != NULL && stream[0] != '\0';
}

/* ---- writing, which never waits for long: nobody may be there to read -------------------------
 */

/* One thread writes at a time: room that poll() saw is there still. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static bool stalled;  /* there was no room the last time */
static uint64_t lost; /* lines since then */

/* Whether stderr takes a piece; a pipe that does takes PIPE_BUF bytes. */
static bool has_room(void)
{
	struct pollfd pollfd = {.fd = STDERR_FILENO, .events = POLLOUT};
	int n;

	do
		n = poll(&pollfd, 1, stalled ? 0 : PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	stalled = n <= 0;
	return !stalled;
}

/* How much of DATA goes at once: whole lines, if there is room for one. */
static size_t piece_of(const char *data, size_t len)
{
	const char *last;

	if (len <= PIPE_BUF)
		return len;
	last = memrchr(data, '\n', PIPE_BUF);
	return last != NULL ? (size_t)(last - data) + 1 : PIPE_BUF;
}

static bool write_piece(const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = has_room() ? write(STDERR_FILENO, data, len) : -1;

		if (n < 0 && !stalled && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool tell_lost(void)
{
	char line[80];

	if (lost == 0)
		return true;
	snprintf(line, sizeof(line), "%s%" PRIu64 " log lines were lost\n",
	    with_levels ? "<4>" : "", lost);
	if (!write_piece(line, strlen(line)))
		return false;
	lost = 0;
	return true;
}

static void write_all(const char *data, size_t len)
{
	pthread_mutex_lock(&writing);
	while (len > 0) {
		const size_t piece = piece_of(data, len);

		if (!tell_lost() || !write_piece(data, piece))
			break;
		data += piece;
		len -= piece;
	}
	for (size_t i = 0; i < len; i++)
		lost += data[i] == '\n';
	pthread_mutex_unlock(&writing);
}

/* ---- lines ------------------------------------------------------------------------------------
 */

void log_flush(struct log_lines *lines)
{
	if (lines->text.len > 0)
		write_all((const char *)lines->text.data, lines->text.len);
	if (lines->text.failed)
		buffer_free(&lines->text);
	buffer_reset(&lines->text);
}

static void begin(struct buffer *out, enum log_level level)
{
	if (with_levels)
		buffer_printf(out, "<%d>", (int)level);
}

static void add(struct buffer *out, const char *text)
{
	buffer_add(out, text, strlen(text));
}

/* KEY="VALUE"; what is printable already is not escaped again. */
static void add_quoted(struct buffer *out, const char *key, const char *value, bool printable)
{
	char shown[SHOWN];

	if (value == NULL || value[0] == '\0')
		return;
	if (printable)
		text_one_line_into(shown, sizeof(shown), value);
	else
		text_printable_into(shown, sizeof(shown), text_bytes(value));
	add(out, key);
	for (const char *p = shown; *p != '\0'; p++) {
		if (*p == '"')
			add(out, "\\x22");
		else
			buffer_add_u8(out, (unsigned char)*p);
	}
	add(out, "\"");
}

static void end(struct log_lines *lines)
{
	add(&lines->text, "\n");
	if (lines->text.len >= KEPT_BYTES || lines->text.failed)
		log_flush(lines);
}

void log_request(struct log_lines *lines, const struct log_request *request)
{
	struct buffer *out = &lines->text;

	begin(out, request->code >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO);
	buffer_printf(out, "client=%s", request->client);
	add_quoted(out, " subject=\"", request->subject, true);
	add_quoted(out, " method=\"", request->method, false);
	add_quoted(out, " path=\"", request->path, false);
	buffer_printf(out, " code=%d bytes=%zu ms=%u", request->code, request->bytes, request->ms);
	add_quoted(out, " note=\"", request->note, true);
	end(lines);
}

void log_refused(struct log_lines *lines, const char *client, const char *subject, const char *why)
{
	struct buffer *out = &lines->text;

	begin(out, LOG_LEVEL_WARNING);
	buffer_printf(out, "client=%s", client[0] != '\0' ? client : "-");
	add_quoted(out, " subject=\"", subject, true);
	add_quoted(out, " refused=\"", why, true);
	end(lines);
}

void log_message(enum log_level level, const char *fmt, ...)
{
	struct log_lines line = {BUFFER_INIT};
	char text[2048], shown[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	begin(&line.text, level);
	add(&line.text, text_one_line_into(shown, sizeof(shown), text));
	add(&line.text, "\n");
	log_flush(&line);
	buffer_free(&line.text);
}
