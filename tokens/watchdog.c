/*
 * The worker thread under a deadline: see watchdog.h.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/watchdog.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* How long a job may take in any case, and how often it is looked whether the wait is to end. */
#define QUICK_MS 150
#define LOOK_MS	 50

struct watchdog {
	void *owner;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on the monotonic clock */
	struct watchdog_job *job;
	bool done;		    /* the job has run */
	bool stopping;		    /* no more jobs will come */
	bool stuck;		    /* a job was abandoned */
	int wake_fd;		    /* -1: none */
	bool woken;		    /* the last run was ended by it */
	bool owes;		    /* `job` was that run's, and nobody has waited for it since */
	struct timespec deadline;   /* of the running job */
	struct watchdog *next_left; /* in `left_behind` */
};

static atomic_int stuck_now;

/* Abandoned watchdogs and, through their jobs, whatever their threads may still use. */
static struct watchdog *left_behind;
static pthread_mutex_t left_behind_lock = PTHREAD_MUTEX_INITIALIZER;

static struct timespec time_add(struct timespec a, struct timespec b)
{
	a.tv_sec += b.tv_sec;
	a.tv_nsec += b.tv_nsec;
	if (a.tv_nsec >= 1000000000L) {
		a.tv_sec++;
		a.tv_nsec -= 1000000000L;
	}
	return a;
}

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

static void *work(void *argument)
{
	struct watchdog *dog = argument;

	pthread_mutex_lock(&dog->lock);
	for (;;) {
		while ((dog->job == NULL || dog->done) && !dog->stopping)
			pthread_cond_wait(&dog->changed, &dog->lock);
		if (dog->stopping)
			break;
		pthread_mutex_unlock(&dog->lock);
		dog->job->run(dog->job);
		pthread_mutex_lock(&dog->lock);
		dog->done = true;
		if (dog->stuck) {
			dog->job->release(dog->job);
			dog->job = NULL;
			atomic_fetch_sub(&stuck_now, 1);
			break;
		}
		pthread_cond_broadcast(&dog->changed);
	}
	pthread_mutex_unlock(&dog->lock);
	return NULL;
}

static int start_thread(struct watchdog *dog)
{
	sigset_t all, before;
	int rc;

	/* A crash must still be seen where it happens. */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&dog->thread, NULL, work, dog);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

enum status watchdog_start(void *owner, struct watchdog **out, struct error *err)
{
	struct watchdog *dog = calloc(1, sizeof(*dog));
	pthread_condattr_t monotonic;
	int rc;

	if (dog == NULL)
		return error_no_memory(err);
	dog->owner = owner;
	dog->wake_fd = -1;
	pthread_mutex_init(&dog->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&dog->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	rc = start_thread(dog);
	if (rc != 0) {
		pthread_cond_destroy(&dog->changed);
		pthread_mutex_destroy(&dog->lock);
		free(dog);
		return error_errno(err, ST_FAILED, rc, _("cannot start a thread"));
	}
	*out = dog;
	return ST_OK;
}

static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static struct timespec in_ms(unsigned ms)
{
	return time_add(
	    now(), (struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L});
}

static bool is_woken(const struct watchdog *dog)
{
	struct pollfd wake = {.fd = dog->wake_fd, .events = POLLIN};

	return dog->wake_fd >= 0 && poll(&wake, 1, 0) > 0;
}

enum waited { DONE, LATE, WOKEN };

/* With the lock held: waits for the job, but no longer than UNTIL. */
static enum waited wait_done(struct watchdog *dog, struct timespec until)
{
	struct timespec next = dog->wake_fd >= 0 ? in_ms(QUICK_MS) : until;

	while (!dog->done) {
		if (is_before(until, next))
			next = until;
		if (pthread_cond_timedwait(&dog->changed, &dog->lock, &next) != ETIMEDOUT ||
		    dog->done)
			continue;
		if (!is_before(now(), until))
			return LATE;
		if (is_woken(dog))
			return WOKEN;
		next = in_ms(LOOK_MS);
	}
	return DONE;
}

static void leave_behind(struct watchdog *dog)
{
	dog->stuck = true;
	pthread_detach(dog->thread);
	atomic_fetch_add(&stuck_now, 1);
	pthread_mutex_lock(&left_behind_lock);
	dog->next_left = left_behind;
	left_behind = dog;
	pthread_mutex_unlock(&left_behind_lock);
}

/* With the lock held: waits for the job; what becomes of one that has not run is settled. */
static bool wait_settled(struct watchdog *dog, struct timespec until)
{
	const enum waited waited = wait_done(dog, until);

	dog->woken = dog->owes = waited == WOKEN;
	if (waited == LATE)
		leave_behind(dog);
	return waited == DONE;
}

/* With the lock held: the job that nobody waited for is over. */
static bool settle_owed(struct watchdog *dog, unsigned timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);

	if (!dog->owes)
		return true;
	if (!wait_settled(dog, is_before(dog->deadline, until) ? dog->deadline : until))
		return false;
	dog->job->release(dog->job);
	dog->job = NULL;
	return true;
}

bool watchdog_run(struct watchdog *dog, unsigned timeout_ms, struct watchdog_job *job)
{
	bool done;

	pthread_mutex_lock(&dog->lock);
	dog->woken = false;
	if (dog->stuck || !settle_owed(dog, timeout_ms)) {
		pthread_mutex_unlock(&dog->lock);
		job->release(job);
		return false;
	}
	dog->job = job;
	dog->done = false;
	dog->deadline = in_ms(timeout_ms);
	pthread_cond_broadcast(&dog->changed);
	done = wait_settled(dog, dog->deadline);
	if (done)
		dog->job = NULL;
	pthread_mutex_unlock(&dog->lock);
	return done;
}

void watchdog_wake_by(struct watchdog *dog, int wake_fd)
{
	dog->wake_fd = wake_fd;
}

bool watchdog_was_woken(const struct watchdog *dog)
{
	return dog->woken;
}

bool watchdog_owes(const struct watchdog *dog)
{
	return dog->owes;
}

bool watchdog_is_stuck(const struct watchdog *dog)
{
	/* Set and read by the same side only: the one that runs jobs. */
	return dog->stuck;
}

bool watchdog_gave_up(struct watchdog *dog)
{
	bool stuck;

	pthread_mutex_lock(&dog->lock);
	stuck = dog->stuck || dog->owes;
	pthread_mutex_unlock(&dog->lock);
	return stuck;
}

void watchdog_stop(struct watchdog *dog)
{
	if (dog == NULL || dog->stuck)
		return;
	pthread_mutex_lock(&dog->lock);
	dog->wake_fd = -1;
	if (!settle_owed(dog, UINT_MAX)) {
		pthread_mutex_unlock(&dog->lock);
		return;
	}
	dog->stopping = true;
	pthread_cond_broadcast(&dog->changed);
	pthread_mutex_unlock(&dog->lock);
	pthread_join(dog->thread, NULL);
	pthread_cond_destroy(&dog->changed);
	pthread_mutex_destroy(&dog->lock);
	free(dog);
}

bool watchdog_any_stuck(void)
{
	return atomic_load(&stuck_now) > 0;
}
