/*
 * Log lines of ctlproviderd: to stderr, where the journal or a terminal takes them.
 *
 * A line is KEY=VALUE words; values that a client chose stand in double quotes, with everything
 * escaped that could end them or the line.  Nothing of a body or of a key is ever written.
 *
 * When nobody reads what stderr leads to, lines are dropped and counted instead of waited for.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PROVIDER_LOG_H
#define CTLSIGN_PROVIDER_LOG_H

#include "base/bytes.h"

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6
};

/*
 * Once, before there are threads: whether lines begin with systemd's <N>, which is so when stderr
 * is the journal (JOURNAL_STREAM).
 */
void log_start(void);

/*
 * Lines that are kept until log_flush(), or until they are many: writing one a request would cost
 * more than answering it.  Of one thread.
 */
struct log_lines {
	struct buffer text;
};

/* Writes what is kept, and empties it. */
void log_flush(struct log_lines *lines);

/* A request, answered or cut off.  Texts may be NULL; CLIENT and SUBJECT are printable. */
struct log_request {
	const char *client;
	const char *subject;
	const char *method;
	const char *path;
	int code; /* 0: none was sent */
	size_t bytes;
	unsigned ms;
	const char *note;
};

/* Adds a line for REQUEST; whatever comes from the client is made printable and cut. */
void log_request(struct log_lines *lines, const struct log_request *request);

/* A connection that came to nothing. */
void log_refused(struct log_lines *lines, const char *client, const char *subject, const char *why);

/* Anything else, at once; any thread. */
void log_message(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
