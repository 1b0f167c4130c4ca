/*
 * A worker thread that runs jobs, and a caller that does not wait for ever.
 *
 * A PKCS#11 call cannot be interrupted.  So each module has a thread of its own on which all calls
 * into it run, one after the other, and whoever wants a call done waits with a deadline.  When the
 * deadline passes, the thread is left behind: the job's memory belongs to it from then on, the
 * watchdog takes no more jobs, and watchdog_any_stuck() is true until the thread comes back.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_WATCHDOG_H
#define CTLSIGN_TOKENS_WATCHDOG_H

#include "base/error.h"

#include <stdbool.h>

struct watchdog;

/*
 * Starts the thread; signals are blocked in it, so that they reach the main thread.  OWNER is what
 * the jobs work on: if the thread gets stuck, OWNER must not be freed, and stays reachable here.
 */
enum status watchdog_start(void *owner, struct watchdog **out, struct error *err);

/*
 * A job lives on the heap and refers to nothing on a stack: embed this as the first member of a
 * larger structure.  release() frees it and what it owns.
 */
struct watchdog_job {
	void (*run)(struct watchdog_job *job);
	void (*release)(struct watchdog_job *job);
};

/*
 * Runs JOB and waits at most TIMEOUT_MS.  True: it ran, and the caller still owns it.  False: it
 * has not come back in time, or the watchdog had given up before; the watchdog owns JOB and calls
 * release() once nothing uses it.
 */
bool watchdog_run(struct watchdog *dog, unsigned timeout_ms, struct watchdog_job *job);

/*
 * From now on a wait also ends when WAKE_FD can be read (-1: none), but no job is cut off that is
 * quick.  watchdog_run() is false then and watchdog_was_woken() true; JOB is the watchdog's as
 * ever, which is not stuck for that: the next run first waits for the job that still runs, until
 * that one's deadline or its own, and only then begins.
 */
void watchdog_wake_by(struct watchdog *dog, int wake_fd);

/* Whether the last run was ended by what watchdog_wake_by() named. */
bool watchdog_was_woken(const struct watchdog *dog);

/* Whether a job may still run that nobody waits for since watchdog_was_woken(). */
bool watchdog_owes(const struct watchdog *dog);

/* Whether a job was abandoned: then nothing of the module may be touched any more. */
bool watchdog_is_stuck(const struct watchdog *dog);

/*
 * The same from within a job, of the job that runs: nobody waits for it any more, so it should do
 * nothing that cannot be undone.
 */
bool watchdog_gave_up(struct watchdog *dog);

/*
 * Ends the thread and frees DOG (NULL is taken).  A stuck one is left as it is: its memory stays
 * reachable until the process ends.
 */
void watchdog_stop(struct watchdog *dog);

/* Whether any thread of this process is stuck in a job at this moment. */
bool watchdog_any_stuck(void);

#endif
