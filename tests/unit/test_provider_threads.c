/*
 * Many clients at once: while one changes a file, all others read the old one or the new one, whole
 * and with its own tag.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_provider_scene.h"
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READERS 8
#define CHANGES 200
#define CTL	"/v1/files/CTLFile.tlv"
#define BOTH	(PROVIDER_SAST_1 | PROVIDER_SAST_2)

static struct buffer lists[2];
static char tags[2][80];
static struct provider_scene scene;
static atomic_bool done;
static atomic_uint wrong;

struct reader {
	pthread_t thread;
	unsigned reads[2]; /* how often which list came */
	unsigned nodes;
};

/* Which of the two it is, tag and all; -1: neither. */
static int which(const struct provider_answer *answer)
{
	for (int i = 0; i < 2; i++)
		if (answer->code == 200 && bytes_equal(answer->data, buffer_bytes(&lists[i])) &&
		    strcmp(answer->etag, tags[i]) == 0)
			return i;
	return -1;
}

static bool names_one(const struct provider_answer *answer)
{
	for (int i = 0; i < 2; i++) {
		char hash[80];

		snprintf(hash, sizeof(hash), "%.64s", tags[i] + 1);
		if (answer->code == 200 &&
		    memmem(answer->data.data, answer->data.len, hash, 64) != NULL)
			return true;
	}
	return false;
}

static void *read_files(void *context)
{
	const struct provider_request file = {.method = "GET", .path = CTL};
	const struct provider_request node = {.method = "GET", .path = "/v1/node"};
	struct reader *reader = context;
	struct provider_answer answer, second;
	int i;

	while (!atomic_load(&done)) {
		provider_answer(scene.provider, &file, &answer);
		i = which(&answer);
		if (i < 0)
			atomic_fetch_add(&wrong, 1);
		else
			reader->reads[i]++;
		/* It stays what it is while it is sent, whatever happens. */
		provider_answer(scene.provider, &node, &second);
		if (!names_one(&second))
			atomic_fetch_add(&wrong, 1);
		reader->nodes++;
		provider_answer_done(&second);
		if (which(&answer) != i)
			atomic_fetch_add(&wrong, 1);
		provider_answer_done(&answer);
	}
	return NULL;
}

static void start(struct reader *readers, void *(*run)(void *))
{
	atomic_store(&done, false);
	atomic_store(&wrong, 0);
	for (size_t i = 0; i < READERS; i++)
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&readers[i].thread, NULL, run, &readers[i]), 0);
}

static void stop(struct reader *readers)
{
	atomic_store(&done, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i].thread, NULL);
}

static void test_readers(void)
{
	struct reader readers[READERS] = {0};
	unsigned reads[2] = {0, 0}, refused = 0;

	provider_scene(&scene);
	provider_scene_open(&scene);
	CU_ASSERT_EQUAL(provider_ask(&scene, "PUT", CTL, buffer_bytes(&lists[0])), 200);
	start(readers, read_files);
	/* Same length, same second: nothing but their inodes tells them apart. */
	for (unsigned i = 1; i <= CHANGES; i++)
		if (provider_ask(&scene, "PUT", CTL, buffer_bytes(&lists[i % 2])) != 200)
			refused++;
	stop(readers);
	CU_ASSERT_EQUAL(refused, 0);
	CU_ASSERT_EQUAL(atomic_load(&wrong), 0);
	for (size_t i = 0; i < READERS; i++) {
		CU_ASSERT_TRUE(readers[i].nodes > 0);
		reads[0] += readers[i].reads[0];
		reads[1] += readers[i].reads[1];
	}
	CU_ASSERT_TRUE(reads[0] > READERS && reads[1] > READERS);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, (struct bytes){NULL, 0}), 200);
	CU_ASSERT_EQUAL(which(&scene.answer), CHANGES % 2);
	provider_scene_free(&scene);
}

/* All stage and commit; each answer says truly what is there. */
static void *write_files(void *context)
{
	struct reader *reader = context;
	const size_t mine = (size_t)(reader->nodes % 2);
	struct provider_request put = {.method = "PUT",
	    .path = "/v1/staged/CTLFile.tlv",
	    .body = {lists[mine].data, lists[mine].len}};
	char body[128];
	const struct provider_request post = {.method = "POST",
	    .path = "/v1/staged/CTLFile.tlv",
	    .body = {(const uint8_t *)body,
		(size_t)snprintf(body, sizeof(body), "{\"sha256\": %s}", tags[mine])}};
	struct provider_answer answer;

	for (int i = 0; i < 20; i++) {
		provider_answer(scene.provider, &put, &answer);
		if (answer.code != 200)
			atomic_fetch_add(&wrong, 1);
		provider_answer_done(&answer);
		provider_answer(scene.provider, &post, &answer);
		if (answer.code == 200)
			reader->reads[0]++;
		else if (answer.code == 409)
			reader->reads[1]++;
		else
			atomic_fetch_add(&wrong, 1);
		provider_answer_done(&answer);
	}
	return NULL;
}

static void test_writers(void)
{
	struct reader writers[READERS] = {0};
	unsigned stored = 0;

	provider_scene(&scene);
	provider_scene_open(&scene);
	for (unsigned i = 0; i < READERS; i++)
		writers[i].nodes = i;
	start(writers, write_files);
	stop(writers);
	CU_ASSERT_EQUAL(atomic_load(&wrong), 0);
	for (size_t i = 0; i < READERS; i++)
		stored += writers[i].reads[0];
	CU_ASSERT_TRUE(stored > 0);
	CU_ASSERT_EQUAL(provider_ask(&scene, "GET", CTL, (struct bytes){NULL, 0}), 200);
	CU_ASSERT_TRUE(which(&scene.answer) >= 0);
	provider_scene_free(&scene);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"eight readers see one of two files, whole, while they are changed", test_readers},
	    {"eight writers at once leave one of their files, whole", test_writers},
	};
	int failed;

	for (size_t i = 0; i < 2; i++) {
		lists[i] = provider_list(
		    BOTH, i == 0 ? PROVIDER_TOKEN_1 : PROVIDER_TOKEN_2, 1000, "CTLFile.tlv");
		snprintf(
		    tags[i], sizeof(tags[i]), "\"%s\"", provider_sha256(buffer_bytes(&lists[i])));
	}
	failed = harness_main("provider threads", tests, HARNESS_COUNT(tests));
	buffer_free(&lists[0]);
	buffer_free(&lists[1]);
	return failed;
}
