/*
 * Targets that stand in memory, whose every call can go wrong.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_publish_memory.h"

#include "harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PLACES 64
#define MAX_FILES  8

struct memory_file {
	char name[TARGET_NAME_MAX];
	char *text, *staged;
	size_t len; /* of text, which may have any bytes */
};

/* What outlives a run. */
struct memory_place {
	char text[64];
	struct memory_file files[MAX_FILES];
	size_t n_files;
	int mode;
	unsigned calls;
	bool down;
};

struct memory_target {
	struct target base;
	struct memory_place *at;
	bool interrupted;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t interrupted = PTHREAD_COND_INITIALIZER;
static struct memory_place places[MAX_PLACES];
static size_t n_places;
static unsigned at_work, most_at_work;
static char *phones_get;
static struct {
	const struct memory_place *at;
	unsigned op;
	enum fixture_wrong how;
} wrong;

void memory_clear(void)
{
	for (size_t i = 0; i < n_places; i++)
		for (size_t k = 0; k < places[i].n_files; k++) {
			free(places[i].files[k].text);
			free(places[i].files[k].staged);
		}
	memset(places, 0, sizeof(places));
	n_places = 0;
	most_at_work = 0;
	wrong.at = NULL;
	free(phones_get);
	phones_get = NULL;
}

static struct memory_place *find_place(const char *text)
{
	for (size_t i = 0; i < n_places; i++)
		if (strcmp(places[i].text, text) == 0)
			return &places[i];
	if (n_places == MAX_PLACES)
		abort();
	snprintf(places[n_places].text, sizeof(places[0].text), "%s", text);
	places[n_places].mode = -1;
	return &places[n_places++];
}

static struct memory_file *find_file(struct memory_place *at, const char *name)
{
	for (size_t i = 0; i < at->n_files; i++)
		if (strcmp(at->files[i].name, name) == 0)
			return &at->files[i];
	if (at->n_files == MAX_FILES)
		abort();
	snprintf(at->files[at->n_files].name, TARGET_NAME_MAX, "%s", name);
	return &at->files[at->n_files++];
}

static void set(char **text, const char *value)
{
	char *copy = value != NULL ? strdup(value) : NULL;

	free(*text);
	*text = copy;
}

static void set_text(struct memory_file *file, const char *text)
{
	set(&file->text, text);
	file->len = text != NULL ? strlen(text) : 0;
}

/* ---- how calls go wrong ---------------------------------------------------------------------- */

/* What becomes of a call: whether it is done, and whether its answer comes. */
struct fate {
	bool done;
	bool answered;
};

/* The lock is held; a call that hangs waits here. */
static struct fate decide(struct memory_target *target)
{
	struct memory_place *at = target->at;
	const unsigned op = at->calls++;

	if (target->interrupted || at->down)
		return (struct fate){false, false};
	if (wrong.at != at || wrong.op != op)
		return (struct fate){true, true};
	switch (wrong.how) {
	case FIXTURE_HANGS:
		while (!target->interrupted)
			pthread_cond_wait(&interrupted, &lock);
		return (struct fate){false, false};
	case FIXTURE_DOWN_BEFORE:
	case FIXTURE_DOWN_AFTER:
		at->down = true;
		break;
	default:
		break;
	}
	return (struct fate){wrong.how == FIXTURE_LOSES || wrong.how == FIXTURE_DOWN_AFTER, false};
}

static struct fate begin(struct target *target)
{
	struct fate fate;

	pthread_mutex_lock(&lock);
	at_work++;
	if (at_work > most_at_work)
		most_at_work = at_work;
	pthread_mutex_unlock(&lock);
	usleep(200);
	pthread_mutex_lock(&lock);
	fate = decide((struct memory_target *)target);
	return fate;
}

static enum status end(struct target *target, struct fate fate, struct error *err)
{
	at_work--;
	pthread_mutex_unlock(&lock);
	if (fate.answered)
		return ST_OK;
	error_set(err, ST_IO, "no answer");
	error_where(err, "%s", target->place->text);
	return ST_IO;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct memory_file *file_of(struct target *target, const char *name)
{
	return find_file(((struct memory_target *)target)->at, name);
}

static enum status get(
    struct target *target, const char *name, struct buffer *out, bool *there, struct error *err)
{
	const struct fate fate = begin(target);
	const struct memory_file *file = file_of(target, name);

	buffer_reset(out);
	*there = file->text != NULL;
	if (fate.done && file->text != NULL)
		buffer_add(out, file->text, file->len);
	return end(target, fate, err);
}

static enum status stage(
    struct target *target, const char *name, struct bytes data, struct error *err)
{
	const struct fate fate = begin(target);
	char *text = strndup((const char *)data.data, data.len);

	if (fate.done)
		set(&file_of(target, name)->staged, text);
	free(text);
	return end(target, fate, err);
}

static enum status commit(struct target *target, const char *name, struct error *err)
{
	struct fate fate = begin(target);
	struct memory_file *file = file_of(target, name);

	if (fate.done && file->staged != NULL) {
		set_text(file, file->staged);
		set(&file->staged, NULL);
	} else {
		fate.answered = false;
	}
	return end(target, fate, err);
}

static enum status unstage(struct target *target, const char *name, struct error *err)
{
	const struct fate fate = begin(target);

	if (fate.done)
		set(&file_of(target, name)->staged, NULL);
	return end(target, fate, err);
}

static enum status put_back(
    struct target *target, const char *name, const struct bytes *old, struct error *err)
{
	const struct fate fate = begin(target);
	char *text = old != NULL ? strndup((const char *)old->data, old->len) : NULL;

	if (fate.done)
		set_text(file_of(target, name), text);
	free(text);
	return end(target, fate, err);
}

static enum status set_mode(struct target *target, int mode, struct error *err)
{
	const struct fate fate = begin(target);

	if (fate.done)
		((struct memory_target *)target)->at->mode = mode;
	return end(target, fate, err);
}

static void set_interrupted(struct target *target, bool value)
{
	pthread_mutex_lock(&lock);
	((struct memory_target *)target)->interrupted = value;
	pthread_cond_broadcast(&interrupted);
	pthread_mutex_unlock(&lock);
}

static void interrupt(struct target *target)
{
	set_interrupted(target, true);
}

static void reset(struct target *target)
{
	set_interrupted(target, false);
}

static void free_target(struct target *target)
{
	free(target);
}

static const struct target_ops ops = {
    get, stage, commit, unstage, put_back, NULL, interrupt, reset, free_target};
static const struct target_ops provider_ops = {
    get, stage, commit, unstage, put_back, set_mode, interrupt, reset, free_target};

enum status memory_target(const struct inventory_target *place, const struct target_access *access,
    struct target_links **links, struct target **out, struct error *err)
{
	const size_t skip = place->kind == TARGET_PROVIDER ? strlen("https://") : strlen("mem:");
	struct memory_target *target;

	(void)links;
	*out = NULL;
	if (strcmp(place->text, "mem:unusable") == 0)
		return error_set(err, ST_FAILED, "cannot be used");
	target = calloc(1, sizeof(*target));
	target->base.ops = place->kind == TARGET_PROVIDER ? &provider_ops : &ops;
	target->base.place = place;
	target->base.access = access;
	/* "mem:host/a" and "mem:host/b" have one link. */
	target->base.link = strndup(place->text, strcspn(place->text + skip, "/") + skip);
	target->at = find_place(place->text);
	*out = &target->base;
	return ST_OK;
}

enum status memory_fetch(const char *base, const char *name, size_t max, unsigned timeout_ms,
    struct buffer *out, bool *there, struct error *err)
{
	const char *text;

	(void)timeout_ms;
	buffer_reset(out);
	if (strcmp(base, "http://away") == 0)
		return error_set(err, ST_IO, "nobody is there");
	pthread_mutex_lock(&lock);
	text = phones_get != NULL ? phones_get : find_file(find_place(base + 7), name)->text;
	*there = text != NULL && strlen(text) <= max;
	if (*there)
		buffer_add(out, text, strlen(text));
	pthread_mutex_unlock(&lock);
	return ST_OK;
}

/* ---- what tests ask -------------------------------------------------------------------------- */

const char *fixture_publish_holds(const char *target, const char *name)
{
	return find_file(find_place(target), name)->text;
}

void fixture_publish_put(const char *target, const char *name, const char *text)
{
	set_text(find_file(find_place(target), name), text);
}

void fixture_publish_put_bytes(const char *target, const char *name, struct bytes data)
{
	struct memory_file *file = find_file(find_place(target), name);

	set(&file->text, "");
	file->text = realloc(file->text, data.len + 1);
	memcpy(file->text, data.data, data.len);
	file->len = data.len;
}

int fixture_publish_mode(const char *target)
{
	return find_place(target)->mode;
}

size_t fixture_publish_staged(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_places; i++)
		for (size_t k = 0; k < places[i].n_files; k++)
			n += places[i].files[k].staged != NULL ? 1 : 0;
	return n;
}

static void count_anew(void)
{
	for (size_t i = 0; i < n_places; i++) {
		places[i].calls = 0;
		places[i].down = false;
	}
}

void fixture_publish_wrong(const char *target, unsigned op, enum fixture_wrong how)
{
	count_anew();
	wrong.at = find_place(target);
	wrong.op = op;
	wrong.how = how;
}

void fixture_publish_heal(void)
{
	count_anew();
	wrong.at = NULL;
}

unsigned fixture_publish_calls(const char *target)
{
	return find_place(target)->calls;
}

void fixture_publish_phones_get(const char *text)
{
	set(&phones_get, text);
}

unsigned fixture_publish_most_at_once(void)
{
	return most_at_work;
}
