/*
 * A state file that was cut or has other bytes in it: an error at the most, never a crash.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error err;
static struct buffer whole = BUFFER_INIT;

static enum status ignore_entry(void *context, const struct audit_entry *entry, struct error *e)
{
	(void)e;
	*(size_t *)context += strlen(entry->what) + strlen(entry->hash);
	return ST_OK;
}

static enum status ignore_generation(
    void *context, const struct generation *generation, struct error *e)
{
	(void)e;
	*(size_t *)context += strlen(generation->reason);
	return ST_OK;
}

static enum status ignore_phone(void *context, const struct store_phone_row *row, struct error *e)
{
	(void)e;
	*(size_t *)context += strlen(row->name) + row->model + row->ctl + row->itl;
	return ST_OK;
}

/* Keeps the first that failed.  Whatever it is, it is told as what it is. */
static void both(enum status *st, enum status other)
{
	if (other != ST_OK && (other != err.status || err.what[0] == '\0'))
		CU_FAIL("an error without a text");
	if (*st == ST_OK)
		*st = other;
}

static enum status read_all(struct store *store)
{
	struct generation generation = GENERATION_INIT;
	struct store_trusted *trusted = NULL;
	struct delivery delivery = {0};
	struct store_migration migration = {0};
	struct store_phone_words words;
	struct buffer value = BUFFER_INIT;
	size_t n = 0, touched = 0;
	enum status st = ST_OK;
	char last[65];
	int64_t count;

	both(&st, store_current(store, &generation, &err));
	both(&st, store_pending(store, &generation, &err));
	both(&st, store_generations(store, ignore_generation, &touched, &err));
	both(&st, store_delivery(store, &delivery, &err));
	both(&st, store_setting(store, "mode", &value, &err));
	both(&st, store_trust(store, &trusted, &n, &err));
	both(&st, store_migration(store, &migration, &err));
	both(&st, store_phone_words(store, &words, &err));
	store_phone_words_free(&words);
	both(&st, store_phones_each(store, ignore_phone, &touched, &err));
	both(&st, store_audit_each(store, ignore_entry, &touched, &err));
	both(&st, store_audit_verify(store, NULL, &count, last, &err));
	store_trust_free(trusted, n);
	store_migration_free(&migration);
	delivery_free(&delivery);
	generation_free(&generation);
	buffer_free(&value);
	return st;
}

static enum status put_phones(struct store *store, const char *ctl)
{
	const struct store_phone phones[] = {
	    {"SEP001122AABB01", "Cisco 7960", ctl, "none", 1790000000},
	    {"SEP001122AABB02", "Cisco 8845", ctl, ctl, 1790000001},
	    {"SEP001122AABB03", "Cisco 8865", "none", "", 1790000002},
	};
	struct audit_entry entry = store_entry("puts phones");
	struct store_phones *import = NULL;
	struct store_phones_count count;
	enum status st = store_phones_begin(store, true, &import, &err);

	for (size_t i = 0; st == ST_OK && i < HARNESS_COUNT(phones); i++)
		st = store_phones_put(import, &phones[i], &err);
	if (st == ST_OK)
		return store_phones_commit(import, &entry, &count, &err);
	store_phones_abort(import);
	return st;
}

static enum status change_all(struct store *store)
{
	struct generation generation = store_generation_of("after the damage");
	struct audit_entry entry = store_entry("after the damage");
	struct delivery_file file = {
	    .target = (char *)(uintptr_t) "/srv/tftp", .name = (char *)(uintptr_t) "CTLFile.tlv"};
	enum status st = ST_OK;

	both(&st, store_begin(store, &generation, &entry, &err));
	if (st == ST_OK)
		both(&st,
		    store_deliver(store, generation.number, DELIVERY_COMMIT, &file, 1, NULL, &err));
	if (st == ST_OK)
		both(&st, store_finish(store, generation.number, &entry, &err));
	both(&st, store_set(store, "mode", "x", &entry, &err));
	both(&st, store_trust_add(store, text_bytes("c"), "c.pem", &entry, &err));
	both(&st, store_migration_write(store, 1, MIGRATION_DONE, "{\"a\": 2}", &entry, &err));
	both(&st, put_phones(store, "0123456789abcdef0123456789abcdef"));
	generation_free(&generation);
	return st;
}

/* Puts DATA there and does all with it that can be done.  ST_OK when nothing was found. */
static enum status try(struct bytes data, enum store_access access)
{
	struct store *store = NULL;
	enum status st = ST_OK;
	int fd;

	store_remove();
	fd = open(store_path(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, data.data, data.len), (ssize_t)data.len);
	close(fd);
	error_clear(&err);
	both(&st, store_open(store_path(), access, "test", 0, &store, &err));
	if (st == ST_OK) {
		st = read_all(store);
		if (access == STORE_CHANGE)
			both(&st, change_all(store));
	}
	store_close(store);
	return st;
}

static void make_whole(void)
{
	struct audit_entry entry = store_entry("makes");
	struct store *store = store_opened(STORE_CHANGE);
	int64_t number = 0;

	store_fill(store, 3);
	CU_ASSERT_EQUAL(store_set(store, "mode", "mixed", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust_add(store, text_bytes("d"), "d.pem", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_migration_begin(store, "{\"a\": 1}", &number, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put_phones(store, "00000000000000000000000000000000"), ST_OK);
	store_close(store);
	CU_ASSERT_EQUAL_FATAL(file_read(store_path(), 1 << 20, &whole, NULL, &err), ST_OK);
	CU_ASSERT_EQUAL(try(buffer_bytes(&whole), STORE_READ), ST_OK);
	CU_ASSERT_EQUAL(try(buffer_bytes(&whole), STORE_CHANGE), ST_OK);
}

/* Whether anything but room stands behind LEN: the last page may be an empty one. */
static bool matters(size_t len)
{
	while (len < whole.len && whole.data[len] == 0)
		len++;
	return len < whole.len;
}

static void cut(void)
{
	make_whole();
	for (size_t len = 0; len < whole.len; len += len < 1100 ? 97 : 1024) {
		struct bytes data = {whole.data, len};

		if (!matters(len))
			break;
		CU_ASSERT_NOT_EQUAL(try(data, STORE_READ), ST_OK);
		CU_ASSERT_NOT_EQUAL(try(data, STORE_CHANGE), ST_OK);
	}
	store_remove();
}

/* Bytes all over the file; not every one matters, but those of the log do. */
static void other_bytes(void)
{
	size_t found = 0, tried = 0;

	make_whole();
	for (size_t i = 0; i < whole.len; i += i < 200 ? 1 : 61) {
		static const uint8_t masks[] = {0xFF, 0x01, 0x80};
		const uint8_t mask = masks[i % 3];

		whole.data[i] ^= mask;
		tried++;
		found += try(buffer_bytes(&whole), i % 2 == 0 ? STORE_READ : STORE_CHANGE) != ST_OK;
		whole.data[i] ^= mask;
	}
	printf("# %zu of %zu found\n", found, tried);
	CU_ASSERT_TRUE(found > tried / 10);
	store_remove();
}

/* A whole page of something else, or of another page. */
static void other_pages(void)
{
	const size_t page = 4096;
	uint8_t *kept = malloc(page);

	make_whole();
	CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
	CU_ASSERT_EQUAL_FATAL(whole.len % page, 0);
	for (size_t i = 0; i < whole.len; i += page) {
		memcpy(kept, whole.data + i, page);
		memset(whole.data + i, 0, page);
		try(buffer_bytes(&whole), STORE_READ);
		try(buffer_bytes(&whole), STORE_CHANGE);
		memset(whole.data + i, 0xFF, page);
		try(buffer_bytes(&whole), STORE_READ);
		CU_ASSERT_NOT_EQUAL(try(buffer_bytes(&whole), STORE_CHANGE), ST_OK);
		memmove(whole.data + i, whole.data + (i + page) % whole.len, page);
		try(buffer_bytes(&whole), STORE_READ);
		CU_ASSERT_NOT_EQUAL(try(buffer_bytes(&whole), STORE_CHANGE), ST_OK);
		memcpy(whole.data + i, kept, page);
	}
	free(kept);
	buffer_free(&whole);
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"cut anywhere", cut},
	    {"other bytes anywhere", other_bytes},
	    {"other pages", other_pages},
	};

	return harness_main("store damage", tests, HARNESS_COUNT(tests));
}
