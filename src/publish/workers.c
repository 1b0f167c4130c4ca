/*
 * A step of many targets at the same time.
 *
 * The calling thread is the monitor: it looks at the clocks some ten times a second and tells the
 * caller how things stand.  A target is only interrupted with the lock held and while its own call
 * runs, so a call that has just ended cannot have its successor on the same link cut off.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/workers.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define TICK_MS 100

/* A target that keeps the time limit itself can tell better what it waited for. */
#define GRACE_MS     500
#define GRACE_OF(ms) ((ms) / 8 < GRACE_MS ? (ms) / 8 : GRACE_MS)

struct workers {
	const struct workers_step *step;
	struct worker_job *const *jobs;
	size_t n;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t next;	/* the first job that may not be taken yet */
	size_t threads; /* that still work */
	bool news;
};

static int64_t in_ms(const struct timespec *at)
{
	return (int64_t)at->tv_sec * 1000 + at->tv_nsec / 1000000;
}

int64_t workers_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return in_ms(&now) + 1;
}

void worker_begin(struct worker_job *job)
{
	pthread_mutex_lock(&job->workers->lock);
	job->since = workers_clock();
	job->late = false;
	pthread_mutex_unlock(&job->workers->lock);
}

bool worker_end(struct worker_job *job)
{
	bool late;

	pthread_mutex_lock(&job->workers->lock);
	job->since = 0;
	late = job->late;
	pthread_mutex_unlock(&job->workers->lock);
	return late;
}

void worker_lock(struct worker_job *job)
{
	pthread_mutex_lock(&job->workers->lock);
}

void worker_unlock(struct worker_job *job)
{
	job->workers->news = true;
	pthread_cond_signal(&job->workers->changed);
	pthread_mutex_unlock(&job->workers->lock);
}

/* Takes the next link that nobody works on; N when there is none. */
static size_t take(struct workers *workers)
{
	size_t taken;

	pthread_mutex_lock(&workers->lock);
	while (workers->next < workers->n && workers->jobs[workers->next]->leader != workers->next)
		workers->next++;
	taken = workers->next;
	if (taken < workers->n)
		workers->next++;
	pthread_mutex_unlock(&workers->lock);
	return taken;
}

static void *work(void *context)
{
	struct workers *workers = context;
	size_t leader;

	while ((leader = take(workers)) < workers->n)
		for (size_t i = leader; i < workers->n; i++)
			if (workers->jobs[i]->leader == leader)
				workers->step->work(workers->jobs[i]);
	pthread_mutex_lock(&workers->lock);
	workers->threads--;
	pthread_cond_signal(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* Ends calls that take too long.  The lock is held. */
static void look_at_clocks(struct workers *workers)
{
	const int64_t limit = (int64_t)workers->step->limit_ms + GRACE_OF(workers->step->limit_ms);
	const int64_t now = workers_clock();

	for (size_t i = 0; i < workers->n; i++) {
		struct worker_job *job = workers->jobs[i];

		if (job->since == 0 || job->late || job->target == NULL || now - job->since < limit)
			continue;
		job->late = true;
		if (job->target->ops->interrupt != NULL)
			job->target->ops->interrupt(job->target);
	}
}

static void monitor(struct workers *workers)
{
	const struct workers_step *step = workers->step;
	struct timespec until;

	pthread_mutex_lock(&workers->lock);
	while (workers->threads > 0) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (!workers->news)
			pthread_cond_timedwait(&workers->changed, &workers->lock, &until);
		workers->news = false;
		look_at_clocks(workers);
		if (step->look != NULL)
			step->look(step->context);
		/* It may write to a slow terminal: nobody waits for that. */
		pthread_mutex_unlock(&workers->lock);
		if (step->tell != NULL)
			step->tell(step->context);
		pthread_mutex_lock(&workers->lock);
	}
	pthread_mutex_unlock(&workers->lock);
}

/* Gives every job its leader; returns the number of links. */
static size_t find_links(struct workers *workers)
{
	size_t links = 0;

	for (size_t i = 0; i < workers->n; i++) {
		struct worker_job *job = workers->jobs[i];

		job->workers = workers;
		job->since = 0;
		job->late = false;
		job->leader = i;
		for (size_t k = 0; job->link != NULL && job->leader == i && k < i; k++)
			if (workers->jobs[k]->link != NULL &&
			    strcmp(workers->jobs[k]->link, job->link) == 0)
				job->leader = workers->jobs[k]->leader;
		links += job->leader == i ? 1 : 0;
	}
	return links;
}

/* Starts up to COUNT threads, which take no signals; returns how many there are. */
static size_t start(struct workers *workers, pthread_t *threads, size_t count, int *failed)
{
	sigset_t all, before;
	size_t started = 0;

	*failed = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_mutex_lock(&workers->lock);
	while (started < count && *failed == 0) {
		*failed = pthread_create(&threads[started], NULL, work, workers);
		started += *failed == 0 ? 1 : 0;
	}
	workers->threads = started;
	pthread_mutex_unlock(&workers->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

enum status workers_run(
    const struct workers_step *step, struct worker_job *const *jobs, size_t n, struct error *err)
{
	struct workers workers = {.step = step, .jobs = jobs, .n = n};
	pthread_t threads[WORKERS_MAX];
	pthread_condattr_t clock;
	size_t links, started;
	int failed = 0;

	if (n == 0)
		return ST_OK;
	pthread_mutex_init(&workers.lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&workers.changed, &clock);
	pthread_condattr_destroy(&clock);
	links = find_links(&workers);
	started = start(&workers, threads, links < WORKERS_MAX ? links : WORKERS_MAX, &failed);
	if (started > 0)
		monitor(&workers);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&workers.changed);
	pthread_mutex_destroy(&workers.lock);
	for (size_t i = 0; i < n; i++)
		jobs[i]->workers = NULL;
	if (started == 0)
		return error_errno(err, ST_FAILED, failed, "%s", _("cannot start a thread"));
	return ST_OK;
}
