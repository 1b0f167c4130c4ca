/*
 * Phones in state files to test with.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_phones.h"

#include "fixture_store.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

const struct store_phone phones_three[3] = {
    {"SEP001122AABB01", "Cisco 7960", PHONES_MD5, "none", PHONES_T},
    {"SEP001122AABB02", "Cisco 8845", PHONES_MD5, PHONES_SHA1, PHONES_T + 1},
    {"SEP001122AABB03", "", "none", "", PHONES_T + 2},
};

struct store_phones *phones_begun(struct store *store, bool replace)
{
	struct store_phones *import = NULL;

	CU_ASSERT_EQUAL_FATAL(store_phones_begin(store, replace, &import, &err), ST_OK);
	return import;
}

const char *phones_committed(struct store_phones *import)
{
	static char text[128];
	struct audit_entry entry = store_entry("imports phones");
	struct store_phones_count c;
	enum status st = store_phones_commit(import, &entry, &c, &err);

	if (st != ST_OK)
		snprintf(text, sizeof(text), "%s", status_name(st));
	else
		snprintf(text, sizeof(text), "+%d ~%d =%d -%d", (int)c.added, (int)c.changed,
		    (int)c.same, (int)c.removed);
	return text;
}

const char *phones_imported(
    struct store *store, bool replace, const struct store_phone *phones, size_t n)
{
	struct store_phones *import = phones_begun(store, replace);

	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(store_phones_put(import, &phones[i], &err), ST_OK);
	return phones_committed(import);
}

struct listing {
	struct store_phone_words words;
	struct buffer text;
};

static enum status list_phone(void *context, const struct store_phone_row *row, struct error *e)
{
	struct listing *listing = context;
	const struct store_phone_words *w = &listing->words;

	(void)e;
	CU_ASSERT_TRUE_FATAL(row->model < w->n_models && w->models[row->model] != NULL);
	CU_ASSERT_TRUE_FATAL(row->ctl < w->n_checksums && w->checksums[row->ctl] != NULL);
	CU_ASSERT_TRUE_FATAL(row->itl < w->n_checksums && w->checksums[row->itl] != NULL);
	buffer_printf(&listing->text, "%s|%s|%s|%s|%d\n", row->name, w->models[row->model],
	    w->checksums[row->ctl], w->checksums[row->itl], (int)(row->seen - PHONES_T));
	return ST_OK;
}

/* All phones, a line each; seen is counted from PHONES_T.  The caller frees it. */
static char *listed(struct store *store)
{
	struct listing listing = {.text = BUFFER_INIT};
	char *text;

	CU_ASSERT_EQUAL(store_phone_words(store, &listing.words, &err), ST_OK);
	CU_ASSERT_EQUAL(store_phones_each(store, list_phone, &listing, &err), ST_OK);
	store_phone_words_free(&listing.words);
	text = strdup(listing.text.len > 0 ? buffer_text(&listing.text) : "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	buffer_free(&listing.text);
	return text;
}

void phones_assert_listed(struct store *store, const char *should)
{
	char *is = listed(store);

	if (strcmp(is, should) != 0)
		printf("# is:\n%s# should be:\n%s", is, should);
	CU_ASSERT_STRING_EQUAL(is, should);
	free(is);
}

struct store *phones_with_three(void)
{
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, phones_three, 3), "+3 ~0 =0 -0");
	return store;
}
