/*
 * A step of many targets at the same time: a thread for every link, and a clock that ends what
 * takes too long.
 *
 * Private to src/publish/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_WORKERS_H
#define CTLSIGN_PUBLISH_WORKERS_H

#include "publish/target.h"

#include <stdint.h>

/* At most so many threads; what has none yet waits. */
#define WORKERS_MAX 32

struct workers;

/* One target's part of the step.  Start from all zero. */
struct worker_job {
	struct target *target; /* interrupted when a call of it takes too long; NULL: none */
	const char *link;      /* jobs of equal links: one after the other; NULL: by itself */
	void *item;	       /* the caller's */

	struct workers *workers; /* while it runs */
	size_t leader;		 /* the first job of its link */
	int64_t since;		 /* when its present call began, ms; 0: no clock runs */
	bool late;		 /* that call was interrupted */
};

struct workers_step {
	unsigned limit_ms; /* for every call between worker_begin() and worker_end() */
	void (*work)(struct worker_job *job); /* in a thread of its own */
	/* In the caller's thread, now and then and at changes: first `look`, while no job writes
	 * what is shown, then `tell`, which may take its time. */
	void (*look)(void *context);
	void (*tell)(void *context);
	void *context;
};

/*
 * Does the step for all N jobs and returns when all are done.  ST_FAILED, and nothing was done,
 * when not even one thread can be had.
 */
enum status workers_run(
    const struct workers_step *step, struct worker_job *const *jobs, size_t n, struct error *err);

/* Around a call of the job's target.  worker_end() is true when the call was interrupted. */
void worker_begin(struct worker_job *job);
bool worker_end(struct worker_job *job);

/* Around what `look` reads.  worker_unlock() lets it know that there is something new. */
void worker_lock(struct worker_job *job);
void worker_unlock(struct worker_job *job);

/* Milliseconds of a clock that only goes forward; never 0. */
int64_t workers_clock(void);

#endif
