/*
 * Something that takes long, seen to go on: dots on stderr while a person looks at it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLI_PROGRESS_H
#define CTLSIGN_CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

/* Start from all zeros. */
struct progress {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stop;
	bool running;
};

/* Shows TEXT, and a dot every second; nothing at all when stderr is no terminal. */
void progress_begin(struct progress *progress, const char *text);

/* Ends the line; may be called without a beginning. */
void progress_end(struct progress *progress);

#endif
