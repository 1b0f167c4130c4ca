/*
 * Verifies many files with several threads.  Each thread keeps its own verifier, buffer and view,
 * and results wait in a ring for those of earlier files, so memory is bounded by the threads, not
 * by the files.
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

/* So far may a thread run ahead of one that has a large or slow file. */
#define SLOTS_A_THREAD 4u

/* A file on its way from next to report. */
struct slot {
	const char *path;   /* into copy, or lent by next */
	struct buffer copy; /* with its NUL */
	bool finished;
	enum status status;
	struct error err;
};

struct shared {
	const struct tl_batch *batch;
	pthread_mutex_t lock; /* of everything below, and around next and report */
	pthread_cond_t moved; /* a waiting thread may go on */
	struct slot *slots;   /* file number N, from 0, is in slot N % n_slots */
	size_t n_slots;
	size_t given;	 /* files that next has given */
	size_t reported; /* and those that report has had */
	bool lent;	 /* a slot's path is next's own: it must not be asked before that is told */
	bool done;	 /* next has said NULL: it is not asked again */
	enum status status; /* of the first failure */
	struct error *err;  /* gets the first failure */
};

struct worker {
	struct tl_verifier *verifier;
	struct trustlist list;
	struct buffer file;
};

/* Reports what is finished, up to the first file that is not.  Under the lock. */
static void report_finished(struct shared *shared)
{
	const struct tl_batch *batch = shared->batch;

	while (shared->reported < shared->given) {
		struct slot *slot = &shared->slots[shared->reported % shared->n_slots];

		if (!slot->finished)
			return;
		if (slot->status != ST_OK && shared->status == ST_OK) {
			shared->status = slot->status;
			if (shared->err != NULL)
				*shared->err = slot->err;
		}
		batch->report(
		    batch->context, slot->path, slot->status != ST_OK ? &slot->err : NULL);
		if (slot->copy.failed)
			shared->lent = false;
		slot->finished = false;
		shared->reported++;
		pthread_cond_broadcast(&shared->moved);
	}
}

static void finish(struct shared *shared, struct slot *slot, enum status status)
{
	slot->status = status;
	slot->finished = true;
	report_finished(shared);
}

/*
 * Copies PATH: it is good only until another thread asks for the next.  Without memory for that it
 * is all the same told which file was not verified.
 */
static struct slot *fill_slot(struct shared *shared, const char *path)
{
	struct slot *slot = &shared->slots[shared->given++ % shared->n_slots];

	buffer_reset(&slot->copy);
	buffer_add(&slot->copy, path, strlen(path) + 1);
	error_clear(&slot->err);
	if (!slot->copy.failed) {
		slot->path = (const char *)slot->copy.data;
		return slot;
	}
	slot->path = path;
	shared->lent = true;
	error_no_memory(&slot->err);
	error_where_prefix(&slot->err, path);
	finish(shared, slot, ST_NO_MEMORY);
	return NULL;
}

/* The next file, once there is a slot for it; NULL at the end. */
static struct slot *take_slot(struct shared *shared)
{
	struct slot *slot = NULL;
	const char *path;

	pthread_mutex_lock(&shared->lock);
	while (slot == NULL && !shared->done) {
		if (shared->lent || shared->given - shared->reported == shared->n_slots) {
			pthread_cond_wait(&shared->moved, &shared->lock);
			continue;
		}
		path = shared->batch->next(shared->batch->context);
		if (path != NULL) {
			slot = fill_slot(shared, path);
		} else {
			shared->done = true;
			pthread_cond_broadcast(&shared->moved);
		}
	}
	pthread_mutex_unlock(&shared->lock);
	return slot;
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
	struct slot *slot;

	/* Without memory for one more, the other threads get through the files. */
	if (worker.verifier == NULL)
		return NULL;
	while ((slot = take_slot(shared)) != NULL) {
		enum status status = verify(shared, &worker, slot->path, &slot->err);

		pthread_mutex_lock(&shared->lock);
		finish(shared, slot, status);
		pthread_mutex_unlock(&shared->lock);
	}
	tl_verifier_free(worker.verifier);
	tl_free(&worker.list);
	buffer_free(&worker.file);
	return NULL;
}

static void run_threads(struct shared *shared, unsigned wanted)
{
	pthread_t threads[MOST_THREADS];
	unsigned started = 0;

	/* This thread works too: where no other can be started, it does it all. */
	while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, shared) == 0)
		started++;
	work(shared);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

enum status tl_verify_batch(const struct tl_batch *batch, struct error *err)
{
	unsigned wanted = batch->threads < MOST_THREADS ? batch->threads : MOST_THREADS;
	struct shared shared = {.batch = batch, .status = ST_OK, .err = err};

	shared.n_slots = SLOTS_A_THREAD * (wanted > 0 ? wanted : 1);
	shared.slots = calloc(shared.n_slots, sizeof(*shared.slots));
	if (shared.slots == NULL)
		return error_no_memory(err);
	pthread_mutex_init(&shared.lock, NULL);
	pthread_cond_init(&shared.moved, NULL);
	run_threads(&shared, wanted);
	pthread_cond_destroy(&shared.moved);
	pthread_mutex_destroy(&shared.lock);
	for (size_t i = 0; i < shared.n_slots; i++)
		buffer_free(&shared.slots[i].copy);
	free(shared.slots);
	/* A thread that could work at all has gone on to the end. */
	return shared.done ? shared.status : error_no_memory(err);
}
