/*
 * The lists that phones may hold, as the history and the CTL file of this machine have them; and
 * for whom TVS vouches.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_store.h"
#include "harness.h"

#include "base/text.h"
#include "phone/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error err;
static char ctl_file[] = "/tmp/ctlsign-world-XXXXXX";
static struct inventory inventory = {.ctl_file = ctl_file};

/* Lists that differ in a byte of the signature: other files, and still lists. */
static struct bytes list_of(uint8_t last)
{
	static struct buffer file[8];
	const struct buffer *sample = fixture_cucm_list();

	if (file[last].len == 0)
		buffer_add(&file[last], sample->data, sample->len);
	file[last].data[300] = last;
	return buffer_bytes(&file[last]);
}

static void write_file(struct bytes file)
{
	FILE *out = fopen(ctl_file, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_EQUAL(fwrite(file.data, 1, file.len, out), file.len);
	fclose(out);
}

static void begin(struct store *store, uint8_t last)
{
	const struct audit_entry entry = store_entry("begins");
	struct generation generation = store_generation_of("");

	buffer_add(&generation.ctl, list_of(last).data, list_of(last).len);
	CU_ASSERT_EQUAL_FATAL(store_begin(store, &generation, &entry, &err), ST_OK);
	generation_free(&generation);
}

static void served(struct store *store, int64_t number)
{
	const struct audit_entry entry = store_entry("delivers");

	CU_ASSERT_EQUAL_FATAL(
	    store_deliver(store, number, DELIVERY_COMMIT, NULL, 0, &entry, &err), ST_OK);
}

static void end(struct store *store, int64_t number, bool done)
{
	const struct audit_entry entry = store_entry("ends");

	served(store, number);
	CU_ASSERT_EQUAL_FATAL(done ? store_finish(store, number, &entry, &err)
				   : store_abandon(store, number, &entry, &err),
	    ST_OK);
}

/* "2w 1 3p 0f": numbers, and what they are. */
static const char *text_of(const struct fleet_lists *lists)
{
	static char text[128];
	int n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < lists->n; i++) {
		const struct fleet_list *item = &lists->list[i];

		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%d%s%s%s%s", i > 0 ? " " : "",
		    (int)item->list.generation, item->withdrawn ? "w" : "",
		    item->pending ? "p" : "", item->foreign ? "f" : "", item->served ? "" : "-");
	}
	return text;
}

static const char *opened(struct store *store, struct phone_world *world)
{
	struct generation current = GENERATION_INIT;

	if (store != NULL)
		CU_ASSERT_EQUAL_FATAL(store_current(store, &current, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(
	    phone_world_open(&inventory, store, current.number, NULL, 0, world, &err), ST_OK);
	generation_free(&current);
	return text_of(&world->lists);
}

static void assert_world(struct store *store, const char *text)
{
	struct phone_world world = {0};

	CU_ASSERT_STRING_EQUAL(opened(store, &world), text);
	phone_world_close(&world);
}

/* 1 to 5; 2 and 3 were taken back, then 4 was done, and 5 is pending. */
static struct store *history(void)
{
	struct store *store;

	store_remove();
	store = store_opened(STORE_CHANGE);
	begin(store, 1);
	end(store, 1, true);
	begin(store, 2);
	end(store, 2, false);
	begin(store, 3);
	end(store, 3, false);
	begin(store, 4);
	end(store, 4, true);
	begin(store, 5);
	return store;
}

static void test_lists(void)
{
	struct phone_world world = {0};
	struct store *store = history();

	unlink(ctl_file);
	assert_world(store, "2w 3w 1 4 5p-");
	served(store, 5);
	assert_world(store, "2w 3w 1 4 5p");
	store_close(store);
	/* When the entry was made that ended it. */
	store_tamper("UPDATE audit SET at = at + 1000");
	store = store_opened(STORE_READ);
	(void)opened(store, &world);
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT_TRUE(world.lists.list[i].done >= world.lists.list[i].made + 1000);
	CU_ASSERT_EQUAL(world.lists.list[4].done, 0);
	CU_ASSERT_PTR_EQUAL(world.server, &world.lists.list[3].list);
	phone_world_close(&world);
	store_close(store);
	store_remove();
}

static void test_ctl_file(void)
{
	struct phone_world world = {0};
	struct store *store = history();
	const time_t before = time(NULL);

	/* What should stand there, or will. */
	write_file(list_of(4));
	assert_world(store, "2w 3w 1 4 5p-");
	write_file(list_of(5));
	assert_world(store, "2w 3w 1 4 5p-");
	/* An older one, and one that was taken back. */
	write_file(list_of(1));
	assert_world(store, "2w 3w 4 5p- 1f");
	write_file(list_of(3));
	assert_world(store, "2w 1 4 5p- 3wf");
	/* None of the history. */
	write_file(list_of(7));
	CU_ASSERT_STRING_EQUAL(opened(store, &world), "2w 3w 1 4 5p- 0f");
	CU_ASSERT_TRUE(world.lists.list[5].done >= before);
	CU_ASSERT_EQUAL(world.lists.list[5].made, world.lists.list[5].done);
	CU_ASSERT_STRING_EQUAL(world.lists.list[5].name, ctl_file);
	CU_ASSERT_PTR_EQUAL(world.server, &world.lists.list[3].list);
	/* Twice is once. */
	CU_ASSERT_EQUAL(phone_world_add(&world, list_of(7), "x", 1, &err), ST_OK);
	CU_ASSERT_EQUAL(phone_world_add(&world, list_of(4), "x", 1, &err), ST_OK);
	CU_ASSERT_EQUAL(phone_world_add(&world, text_bytes("x"), "x", 1, &err), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(text_of(&world.lists), "2w 3w 1 4 5p- 0f");
	phone_world_close(&world);
	/* There is no state. */
	assert_world(NULL, "0f");
	/* No phone would load these. */
	write_file(text_bytes("no list"));
	assert_world(store, "2w 3w 1 4 5p-");
	unlink(ctl_file);
	CU_ASSERT_EQUAL(mkdir(ctl_file, 0700), 0);
	assert_world(store, "2w 3w 1 4 5p-");
	rmdir(ctl_file);
	store_close(store);
	store_remove();
}

/* The same bytes served twice are the newest. */
static void test_served_again(void)
{
	struct store *store;

	store_remove();
	store = store_opened(STORE_CHANGE);
	begin(store, 1);
	end(store, 1, true);
	begin(store, 2);
	end(store, 2, true);
	begin(store, 1);
	end(store, 3, true);
	write_file(list_of(1));
	assert_world(store, "1 2 3");
	unlink(ctl_file);
	store_close(store);
	store_remove();
}

/* TVS has to vouch by what the state has, and by what stands there. */
static void test_vouched(void)
{
	struct phone_world world = {0};
	struct phone_list offered = {.size = 1};
	struct store *store;

	store_remove();
	store = store_opened(STORE_CHANGE);
	begin(store, 1);
	end(store, 1, true);
	write_file(list_of(7));
	(void)opened(store, &world);
	CU_ASSERT_EQUAL_FATAL(world.lists.n, 2);
	offered.signer.certificate = world.lists.list[0].list.certificates[0];
	CU_ASSERT_TRUE(phone_world_question(&world, &offered).offer.vouched);
	/* It knows no certificate at all. */
	world.lists.list[1].list.n_certificates = 0;
	CU_ASSERT_FALSE(phone_world_question(&world, &offered).offer.vouched);
	world.lists.list[1].foreign = false;
	CU_ASSERT_TRUE(phone_world_question(&world, &offered).offer.vouched);
	/* Only it does. */
	world.lists.list[1].foreign = true;
	world.lists.list[1].list.n_certificates = world.lists.list[0].list.n_certificates;
	world.lists.list[0].list.n_certificates = 0;
	CU_ASSERT_FALSE(phone_world_question(&world, &offered).offer.vouched);
	phone_world_close(&world);
	unlink(ctl_file);
	store_close(store);
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the lists of the history, in the order in which they ceased to be served",
		test_lists},
	    {"the CTL file of this machine", test_ctl_file},
	    {"a file that was served again is the newest", test_served_again},
	    {"TVS vouches by the state and by the file", test_vouched},
	};
	const int fd = mkstemp(ctl_file);

	if (fd < 0)
		return 99;
	close(fd);
	return harness_main("phone world", tests, HARNESS_COUNT(tests));
}
