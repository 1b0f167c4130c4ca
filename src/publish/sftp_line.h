/*
 * A TCP connection that has a time limit and that another thread can cut.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_SFTP_LINE_H
#define CTLSIGN_PUBLISH_SFTP_LINE_H

#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct sftp_line {
	pthread_mutex_t lock; /* of fd: it must not be closed while it is being cut */
	int fd;		      /* our own descriptor of the connection; -1: none */
	atomic_bool cut;
	unsigned timeout_ms;
};

/* Not connected; no call takes longer than TIMEOUT_MS. */
void sftp_line_init(struct sftp_line *line, unsigned timeout_ms);
/* Behind sftp_line_close(), when no other thread can cut it any more. */
void sftp_line_destroy(struct sftp_line *line);

/*
 * Connects to HOST (a name or an address), all of its addresses in turn, within the time limit
 * altogether.  *FD is the caller's to close.
 */
enum status sftp_line_connect(
    struct sftp_line *line, const char *host, unsigned port, int *fd, struct error *err);

/* From any thread: whatever waits for the connection fails at once, and connecting, too. */
void sftp_line_cut(struct sftp_line *line);

/* Ends the connection for both sides; a cut stays. */
void sftp_line_end(struct sftp_line *line);

/* From the thread that uses the line: it may be connected again after a cut. */
void sftp_line_mend(struct sftp_line *line);

/* "no answer within N seconds", with what to do. */
enum status sftp_line_no_answer(const struct sftp_line *line, struct error *err);

/* Milliseconds of a clock that only goes forward, and how many are left until DEADLINE: 0 or more.
 */
int64_t sftp_clock(void);
int sftp_left(int64_t deadline);

#endif
