/*
 * The worker thread under a deadline: see watchdog.h.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct watchdog {
	void *owner;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on the monotonic clock */
	struct watchdog_job *job;
	bool done;		    /* the job has run */
	bool stopping;		    /* no more jobs will come */
	bool stuck;		    /* a job was abandoned */
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

/* With the lock held: waits for the job, but no longer than its deadline. */
static bool wait_done(struct watchdog *dog)
{
	while (!dog->done)
		if (pthread_cond_timedwait(&dog->changed, &dog->lock, &dog->deadline) ==
			ETIMEDOUT &&
		    !dog->done)
			return false;
	return true;
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

bool watchdog_run(struct watchdog *dog, unsigned timeout_ms, struct watchdog_job *job)
{
	struct timespec timeout = {
	    .tv_sec = timeout_ms / 1000, .tv_nsec = (long)(timeout_ms % 1000) * 1000000L};
	bool done;

	pthread_mutex_lock(&dog->lock);
	if (dog->stuck) {
		pthread_mutex_unlock(&dog->lock);
		job->release(job);
		return false;
	}
	dog->job = job;
	dog->done = false;
	dog->deadline = time_add(now(), timeout);
	pthread_cond_broadcast(&dog->changed);
	done = wait_done(dog);
	if (done)
		dog->job = NULL;
	else
		leave_behind(dog);
	pthread_mutex_unlock(&dog->lock);
	return done;
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
	stuck = dog->stuck;
	pthread_mutex_unlock(&dog->lock);
	return stuck;
}

void watchdog_stop(struct watchdog *dog)
{
	if (dog == NULL || dog->stuck)
		return;
	pthread_mutex_lock(&dog->lock);
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
