/*
 * Dots while a card makes a key, which takes from a second to minutes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *show_dots(void *context)
{
	struct progress *progress = context;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&progress->lock);
	while (!progress->stop) {
		next.tv_sec++;
		while (!progress->stop && pthread_cond_clockwait(&progress->stopped,
					      &progress->lock, CLOCK_MONOTONIC, &next) == 0)
			;
		if (!progress->stop)
			fputc('.', stderr);
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

void progress_begin(struct progress *progress, const char *text)
{
	sigset_t all, before;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "%s ", text);
	pthread_mutex_init(&progress->lock, NULL);
	pthread_cond_init(&progress->stopped, NULL);
	progress->stop = false;
	/* Signals belong to the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	progress->running = pthread_create(&progress->thread, NULL, show_dots, progress) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!progress->running)
		fputc('\n', stderr);
}

void progress_end(struct progress *progress)
{
	if (!progress->running)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->stop = true;
	pthread_cond_signal(&progress->stopped);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	pthread_cond_destroy(&progress->stopped);
	pthread_mutex_destroy(&progress->lock);
	progress->running = false;
	fputc('\n', stderr);
}
