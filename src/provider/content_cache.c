/*
 * The files that were read last.  A request for one of them costs a look at the file's stamp and
 * one step of a counter; nothing is read, hashed or copied.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/content.h"
#include "provider/content_stamp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 64

struct slot {
	char *path;
	struct content *content;
};

struct content_cache {
	pthread_rwlock_t lock;
	struct slot slots[SLOTS];
	size_t next; /* the slot that a new path takes */
};

/* Readers come all the time: one that writes must not wait until there are none. */
static bool lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attributes;
	bool good;

	if (pthread_rwlockattr_init(&attributes) != 0)
		return false;
	pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	good = pthread_rwlock_init(lock, &attributes) == 0;
	pthread_rwlockattr_destroy(&attributes);
	return good;
}

struct content_cache *content_cache_new(void)
{
	struct content_cache *cache = calloc(1, sizeof(*cache));

	if (cache != NULL && !lock_init(&cache->lock)) {
		free(cache);
		return NULL;
	}
	return cache;
}

static void empty_slot(struct slot *slot)
{
	free(slot->path);
	content_release(slot->content);
	*slot = (struct slot){0};
}

void content_cache_free(struct content_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		empty_slot(&cache->slots[i]);
	pthread_rwlock_destroy(&cache->lock);
	free(cache);
}

static struct slot *find_slot(struct content_cache *cache, const char *path)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (cache->slots[i].path != NULL && strcmp(cache->slots[i].path, path) == 0)
			return &cache->slots[i];
	return NULL;
}

/* What is kept of PATH if the file is still that one; NULL if not. */
static struct content *kept(struct content_cache *cache, const char *path)
{
	struct content_stamp stamp;
	struct content *content = NULL;
	struct slot *slot;
	struct stat sb;

	if (lstat(path, &sb) != 0)
		return NULL;
	content_stamp_of(&sb, &stamp);
	pthread_rwlock_rdlock(&cache->lock);
	slot = find_slot(cache, path);
	if (slot != NULL && slot->content->settled &&
	    content_stamp_equal(&slot->content->stamp, &stamp))
		content = content_hold(slot->content);
	pthread_rwlock_unlock(&cache->lock);
	return content;
}

/* Keeps CONTENT; without memory it is read again the next time. */
static void keep(struct content_cache *cache, const char *path, struct content *content)
{
	struct slot *slot;
	char *copy = NULL;

	pthread_rwlock_wrlock(&cache->lock);
	slot = find_slot(cache, path);
	if (slot == NULL)
		copy = strdup(path);
	if (slot == NULL && copy != NULL) {
		slot = &cache->slots[cache->next];
		cache->next = (cache->next + 1) % SLOTS;
		empty_slot(slot);
		slot->path = copy;
	}
	if (slot != NULL) {
		content_release(slot->content);
		slot->content = content_hold(content);
	}
	pthread_rwlock_unlock(&cache->lock);
}

enum status content_get(
    struct content_cache *cache, const char *path, struct content **out, struct error *err)
{
	enum status st;

	*out = kept(cache, path);
	if (*out != NULL)
		return ST_OK;
	st = content_read(path, out, err);
	if (st == ST_OK && *out != NULL && (*out)->settled)
		keep(cache, path, *out);
	else if (st == ST_OK && *out == NULL)
		content_forget(cache, path);
	return st;
}

void content_forget(struct content_cache *cache, const char *path)
{
	struct slot *slot;

	pthread_rwlock_wrlock(&cache->lock);
	slot = find_slot(cache, path);
	if (slot != NULL)
		empty_slot(slot);
	pthread_rwlock_unlock(&cache->lock);
}
