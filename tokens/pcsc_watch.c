/*
 * The thread that waits for news from the Smart Card service: see pcsc_watch.h.
 *
 * It is stopped by another thread, a watchdog's, because cancelling its wait is a question to the
 * service too.  When either hangs, both are left behind with what they use.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/pcsc_watch.h"

#include "tokens/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How long until a service that does not answer is asked again. */
#define RETRY_MS	 1000
#define RETRY_REFUSED_MS 5000 /* each time is a line in the system's log */

/* See pcsc_wait(); pcscd's library itself divides longer waits into minutes. */
#define SETTLE_MS 300
#define WAIT_MS	  60000

#define STOP_MS	  1000 /* what pcsc_watch_stop() allows for */
#define CANCEL_MS 20   /* a wait that began after it was cancelled is cancelled again */

struct stop_job {
	struct watchdog_job base;
	struct pcsc_watch *watch;
};

struct pcsc_watch {
	pthread_t thread;
	struct watchdog *stopper;
	struct stop_job *stop; /* allocated early: stopping must not fail */
	int fd;

	pthread_mutex_t lock;	/* of all that follows */
	pthread_cond_t changed; /* `stopping` or `ended`; on the monotonic clock */
	bool stopping;
	bool ended;
	struct pcsc_link *link; /* not released while the lock is held */
	enum pcsc_answer told;	/* the last answer, other than that there is none yet */
	struct pcsc_look look;
};

/* With the lock held: until CHANGED is signalled or MS have passed. */
static void wait_changed(struct pcsc_watch *watch, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* With the lock held. */
static void publish(struct pcsc_watch *watch, const struct pcsc_look *look, bool news)
{
	const uint64_t one = 1;

	/* It does not block, and a count that is full wakes as well. */
	if ((news || look->answer != watch->told) && write(watch->fd, &one, sizeof(one)) < 0)
		(void)0;
	watch->look = *look;
	watch->told = look->answer;
}

/* Follows the readers until the connection is lost or the watch is to end. */
static void follow(struct pcsc_watch *watch, struct pcsc_link *link, struct pcsc_look *look)
{
	unsigned wait = 0;
	bool alive = true, news;

	pthread_mutex_lock(&watch->lock);
	watch->link = link;
	while (alive && !watch->stopping) {
		pthread_mutex_unlock(&watch->lock);
		alive = pcsc_wait(link, wait, look, &news);
		wait = news ? SETTLE_MS : WAIT_MS;
		pthread_mutex_lock(&watch->lock);
		if (alive)
			publish(watch, look, news);
	}
	watch->link = NULL;
	pthread_mutex_unlock(&watch->lock);
	pcsc_disconnect(link);
}

static void *work(void *argument)
{
	struct pcsc_watch *watch = argument;
	struct pcsc_link *link;
	struct pcsc_look look;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stopping) {
		pcsc_no_answer(&watch->look);
		pthread_mutex_unlock(&watch->lock);
		link = pcsc_connect(&look);
		if (link != NULL)
			follow(watch, link, &look);
		pthread_mutex_lock(&watch->lock);
		look.n_readers = 0;
		publish(watch, &look, false);
		if (!watch->stopping)
			wait_changed(
			    watch, look.answer == PCSC_REFUSED ? RETRY_REFUSED_MS : RETRY_MS);
	}
	watch->ended = true;
	pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

/* Signals are for the main thread. */
static int start_thread(struct pcsc_watch *watch)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&watch->thread, NULL, work, watch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* ---- stopping ------------------------------------------------------------------------------- */

static void stop_run(struct watchdog_job *base)
{
	struct pcsc_watch *watch = ((struct stop_job *)base)->watch;

	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_broadcast(&watch->changed);
	while (!watch->ended) {
		if (watch->link != NULL)
			pcsc_cancel(watch->link);
		wait_changed(watch, CANCEL_MS);
	}
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
}

static void watch_free(struct pcsc_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch->stop);
	free(watch);
}

static void stop_release(struct watchdog_job *base)
{
	watch_free(((struct stop_job *)base)->watch);
}

void pcsc_watch_stop(struct pcsc_watch *watch)
{
	struct watchdog *stopper;

	if (watch == NULL)
		return;
	stopper = watch->stopper;
	if (watchdog_run(stopper, STOP_MS, &watch->stop->base))
		watch_free(watch);
	watchdog_stop(stopper);
}

/* ---- for the owner -------------------------------------------------------------------------- */

static struct pcsc_watch *watch_new(void)
{
	struct pcsc_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t monotonic;

	if (watch == NULL)
		return NULL;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	watch->told = PCSC_NO_ANSWER;
	pcsc_no_answer(&watch->look);
	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	watch->stop = calloc(1, sizeof(*watch->stop));
	if (watch->stop != NULL)
		*watch->stop = (struct stop_job){
		    .base = {.run = stop_run, .release = stop_release}, .watch = watch};
	return watch;
}

enum status pcsc_watch_start(struct pcsc_watch **out, struct error *err)
{
	struct pcsc_watch *watch = watch_new();
	enum status status = ST_OK;
	int rc;

	if (watch == NULL)
		return error_no_memory(err);
	if (watch->stop == NULL)
		status = error_no_memory(err);
	else if (watch->fd < 0)
		status = error_errno(err, ST_FAILED, errno, _("cannot watch for smart cards"));
	else
		status = watchdog_start(watch, &watch->stopper, err);
	if (status != ST_OK) {
		watch_free(watch);
		return status;
	}
	rc = start_thread(watch);
	if (rc != 0) {
		watchdog_stop(watch->stopper);
		watch_free(watch);
		return error_errno(err, ST_FAILED, rc, _("cannot start a thread"));
	}
	*out = watch;
	return ST_OK;
}

int pcsc_watch_fd(const struct pcsc_watch *watch)
{
	return watch->fd;
}

bool pcsc_watch_take(struct pcsc_watch *watch, struct pcsc_look *out)
{
	uint64_t count;
	bool news;

	pthread_mutex_lock(&watch->lock);
	news = read(watch->fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
	*out = watch->look;
	pthread_mutex_unlock(&watch->lock);
	return news;
}
