/*
 * Log lines of ctlproviderd.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/log.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines that are kept at most, and how much of a value is shown. */
#define KEPT_BYTES 32768
#define SHOWN	   256

static bool with_levels;

void log_start(void)
{
	const char *stream = getenv("JOURNAL_STREAM");

	with_levels = stream != NULL && stream[0] != '\0';
}

static void write_all(const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(STDERR_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		/* There is nobody to tell it to. */
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

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
