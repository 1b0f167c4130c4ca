/*
 * Verifies many files with several threads.  Each thread keeps its own verifier, buffer and view,
 * so memory is bounded by the threads, not by the files.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/trustlist.h"

#include "base/file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* More threads than any machine has use for only cost memory. */
#define MOST_THREADS 256u

struct shared {
	const struct tl_batch *batch;
	pthread_mutex_t lock; /* of everything below, and around next and report */
	bool done;	      /* next has said NULL: it is not asked again */
	enum status status;   /* of the first failure */
	struct error *err;    /* gets the first failure */
};

struct worker {
	struct tl_verifier *verifier;
	struct trustlist list;
	struct buffer path; /* with its NUL */
	struct buffer file;
};

static void keep_first(struct shared *shared, const struct error *err)
{
	if (shared->status != ST_OK)
		return;
	shared->status = err->status;
	if (shared->err != NULL)
		*shared->err = *err;
}

/* Copies the next path: it is good only until another thread asks.  False at the end. */
static bool take_path(struct shared *shared, struct worker *worker)
{
	const char *path;
	struct error err;

	buffer_reset(&worker->path);
	pthread_mutex_lock(&shared->lock);
	path = shared->done ? NULL : shared->batch->next(shared->batch->context);
	if (path == NULL) {
		shared->done = true;
	} else {
		buffer_add(&worker->path, path, strlen(path) + 1);
		if (worker->path.failed) {
			error_no_memory(&err);
			error_where_prefix(&err, path);
			keep_first(shared, &err);
			shared->batch->report(shared->batch->context, path, &err);
		}
	}
	pthread_mutex_unlock(&shared->lock);
	return path != NULL;
}

static void report(struct shared *shared, const char *path, enum status status, struct error *err)
{
	pthread_mutex_lock(&shared->lock);
	if (status != ST_OK)
		keep_first(shared, err);
	shared->batch->report(shared->batch->context, path, status != ST_OK ? err : NULL);
	pthread_mutex_unlock(&shared->lock);
}

/* The place in ERR names the file in any case; file_read() has put it there itself. */
static enum status verify(
    const struct shared *shared, struct worker *worker, const char *path, struct error *err)
{
	const struct trustlist *old = shared->batch->old;
	enum status status;

	status = file_read(path, TL_MAX_FILE, &worker->file, NULL, err);
	if (status != ST_OK)
		return status;
	status = tl_read(&worker->list, buffer_bytes(&worker->file), err);
	if (status == ST_OK)
		status = tl_verify(worker->verifier, &worker->list, err);
	if (status == ST_OK && old != NULL)
		status = tl_trusted_by(&worker->list, old, err);
	if (status != ST_OK)
		error_where_prefix(err, path);
	return status;
}

static void *work(void *context)
{
	struct shared *shared = context;
	struct worker worker = {.verifier = tl_verifier_new()};
	struct error err;

	if (worker.verifier == NULL) {
		/* Others may get through the files; the batch as a whole has failed. */
		error_no_memory(&err);
		pthread_mutex_lock(&shared->lock);
		keep_first(shared, &err);
		pthread_mutex_unlock(&shared->lock);
		return NULL;
	}
	while (take_path(shared, &worker)) {
		const char *path = (const char *)worker.path.data;

		if (worker.path.failed)
			continue;
		error_clear(&err);
		report(shared, path, verify(shared, &worker, path, &err), &err);
	}
	tl_verifier_free(worker.verifier);
	tl_free(&worker.list);
	buffer_free(&worker.path);
	buffer_free(&worker.file);
	return NULL;
}

enum status tl_verify_batch(const struct tl_batch *batch, struct error *err)
{
	struct shared shared = {.batch = batch, .status = ST_OK, .err = err};
	unsigned wanted = batch->threads < MOST_THREADS ? batch->threads : MOST_THREADS;
	pthread_t threads[MOST_THREADS];
	unsigned started = 0;

	pthread_mutex_init(&shared.lock, NULL);
	/* This thread works too: where no other can be started, it does it all. */
	while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, &shared) == 0)
		started++;
	work(&shared);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&shared.lock);
	return shared.status;
}
