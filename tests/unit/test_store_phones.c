/*
 * The phones in the state file: what is put comes back, whatever the order, and is counted.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_phones.h"
#include "fixture_store.h"
#include "harness.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

/* ---- tests ----------------------------------------------------------------------------------- */

static enum status stop(void *context, const struct store_phone_row *row, struct error *e)
{
	(void)row;
	++*(int *)context;
	return error_set(e, ST_CANCELLED, "%s", "enough");
}

static void they_come_back(void)
{
	struct store_phone_words words;
	struct store *store = store_opened(STORE_CHANGE);
	uint64_t n = 7;
	int calls = 0;

	CU_ASSERT_EQUAL(store_phones_n(store, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 0);
	phones_assert_listed(store, "");
	CU_ASSERT_EQUAL(store_phone_words(store, &words, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(words.checksums[0], "");
	CU_ASSERT_PTR_NULL(words.models[0]);
	store_phone_words_free(&words);
	store_close(store);

	store_close(phones_with_three());
	store = store_opened(STORE_READ);
	phones_assert_listed(store, PHONES_THREE);
	CU_ASSERT_EQUAL(store_phones_n(store, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(store_phone_words(store, &words, &err), ST_OK);
	CU_ASSERT_EQUAL(words.n_models, 4);
	CU_ASSERT_EQUAL(words.n_checksums, 4);
	store_phone_words_free(&words);
	CU_ASSERT_EQUAL(store_phones_each(store, stop, &calls, &err), ST_CANCELLED);
	CU_ASSERT_EQUAL(calls, 1);
	store_close(store);
	store_remove();
}

static void counts(void)
{
	struct store *store = phones_with_three();
	struct store_phone phone = phones_three[1];

	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, phones_three, 3), "+0 ~0 =3 -0");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, phones_three, 3), "+0 ~0 =3 -0");
	phones_assert_listed(store, PHONES_THREE);
	/* Seen later, and nothing else. */
	phone.seen = PHONES_T + 9;
	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, &phone, 1), "+0 ~0 =1 -0");
	/* Something else, but seen before. */
	phone.seen = PHONES_T + 8;
	phone.ctl = "none";
	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, &phone, 1), "+0 ~0 =1 -0");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, &phone, 1), "+0 ~0 =1 -2");
	phones_assert_listed(
	    store, "SEP001122AABB02|Cisco 8845|" PHONES_MD5 "|" PHONES_SHA1 "|9\n");
	/* At the same time: what comes now counts. */
	phone.seen = PHONES_T + 9;
	phone.model = "Cisco 8865";
	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, &phone, 1), "+0 ~1 =0 -0");
	phones_assert_listed(store, "SEP001122AABB02|Cisco 8865|none|" PHONES_SHA1 "|9\n");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, phones_three, 0), "+0 ~0 =0 -1");
	phones_assert_listed(store, "");
	store_close(store);
	store_remove();
}

static void any_order_and_twice(void)
{
	const struct store_phone phones[] = {phones_three[2], phones_three[0], phones_three[1],
	    {"SEP001122AABB01", "Cisco 7960", "none", "none", PHONES_T},
	    {"SEP001122AABB03", "", "none", "", PHONES_T + 1}};
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, phones, 5), "+3 ~0 =0 -0");
	phones_assert_listed(store, "SEP001122AABB01|Cisco 7960|none|none|0\n"
				    "SEP001122AABB02|Cisco 8845|" PHONES_MD5 "|" PHONES_SHA1 "|1\n"
				    "SEP001122AABB03||none||2\n");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, phones, 3), "+0 ~1 =2 -0");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, true, phones + 1, 2), "+0 ~0 =2 -1");
	store_close(store);
	store_remove();
}

/* ---- against a simple reading of the rules --------------------------------------------------- */

#define N_NAMES	 1400
#define N_ROUNDS 60

struct simple {
	bool there, put;
	unsigned model, ctl, itl, seen;
	bool was, changed; /* before this import; in it */
};

static const char *const models[] = {"", "Cisco 7960", "Cisco 8845"};
static const char *const checksums[] = {"", "none", PHONES_MD5, PHONES_SHA1};

static unsigned any(unsigned n)
{
	return (unsigned)random() % n;
}

static void put_simply(struct simple *s, unsigned model, unsigned ctl, unsigned itl, unsigned seen)
{
	s->put = true;
	if (s->there && seen < s->seen)
		return;
	/* What is not known stays as it was. */
	if (s->there && model == 0)
		model = s->model;
	if (s->there && itl == 0)
		itl = s->itl;
	if (s->there && ctl == 0 && s->ctl != 0) {
		ctl = s->ctl;
		seen = s->seen;
	}
	if (s->there && (s->model != model || s->ctl != ctl || s->itl != itl))
		s->changed = true;
	s->there = true;
	s->model = model;
	s->ctl = ctl;
	s->itl = itl;
	s->seen = seen;
}

static const char *end_simply(struct simple *all, bool replace)
{
	static char text[128];
	unsigned added = 0, changed = 0, same = 0, removed = 0;

	for (size_t i = 0; i < N_NAMES; i++) {
		struct simple *s = &all[i];

		if (s->put && !s->was)
			added++;
		else if (s->put && s->changed)
			changed++;
		else if (s->put)
			same++;
		else if (replace && s->was) {
			removed++;
			s->there = false;
		}
		s->put = s->changed = false;
		s->was = s->there;
	}
	snprintf(text, sizeof(text), "+%u ~%u =%u -%u", added, changed, same, removed);
	return text;
}

static void name_of(unsigned i, char name[32])
{
	/* Of different lengths, one often the beginning of the next. */
	snprintf(name, 32, i % 3 == 0 ? "SEP%04X" : "SEP%04X-%u", i / 3, i % 3);
}

static void assert_simple(struct store *store, const struct simple *all)
{
	struct buffer text = BUFFER_INIT;
	char name[32];

	for (unsigned i = 0; i < N_NAMES; i++) {
		name_of(i, name);
		if (all[i].there)
			buffer_printf(&text, "%s|%s|%s|%s|%u\n", name, models[all[i].model],
			    checksums[all[i].ctl], checksums[all[i].itl], all[i].seen);
	}
	phones_assert_listed(store, text.len > 0 ? buffer_text(&text) : "");
	buffer_free(&text);
}

/* How a round goes through the names. */
enum order { UP, DOWN, NEARLY_UP, MIXED, N_ORDERS };

static unsigned nth(enum order order, unsigned i, unsigned n)
{
	switch (order) {
	case UP:
		return (unsigned)((unsigned long)i * N_NAMES / n);
	case DOWN:
		return N_NAMES - 1 - (unsigned)((unsigned long)i * N_NAMES / n);
	case NEARLY_UP:
		return any(50) == 0 ? any(N_NAMES) : (unsigned)((unsigned long)i * N_NAMES / n);
	default:
		return any(N_NAMES);
	}
}

static void as_the_rules_say(void)
{
	static struct simple all[N_NAMES];
	struct store *store = store_opened(STORE_CHANGE);

	srandom(6);
	for (int round = 0; round < N_ROUNDS; round++) {
		const enum order order = (enum order)any(N_ORDERS);
		const bool replace = any(3) == 0;
		const unsigned n = any(2) == 0 ? any(20) : any(2 * N_NAMES);
		const unsigned kinds = 1 + any(3);
		struct store_phones *import = phones_begun(store, replace);
		const char *should, *is;
		char name[32];

		for (unsigned i = 0; i < n; i++) {
			const unsigned k = nth(order, i, n), model = any(kinds), ctl = any(kinds),
				       itl = any(4), seen = (unsigned)round + any(3);
			struct store_phone phone = {
			    name, models[model], checksums[ctl], checksums[itl], PHONES_T + seen};

			name_of(k, name);
			CU_ASSERT_EQUAL(store_phones_put(import, &phone, &err), ST_OK);
			put_simply(&all[k], model, ctl, itl, seen);
		}
		should = end_simply(all, replace);
		is = phones_committed(import);
		if (strcmp(is, should) != 0)
			printf("# round %d, order %d: %s, should be %s\n", round, (int)order, is,
			    should);
		CU_ASSERT_STRING_EQUAL(is, should);
		assert_simple(store, all);
	}
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA integrity_check"), "ok");
	store_remove();
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void what_is_no_phone(void)
{
	char long_name[130];
	const struct store_phone bad[] = {
	    {"", "m", "", "", PHONES_T},
	    {"a\nb", "m", "", "", PHONES_T},
	    {"a\x7F", "m", "", "", PHONES_T},
	    {"a\xFF", "m", "", "", PHONES_T},
	    {"a\xE2\x80\xAE", "m", "", "", PHONES_T}, /* turns the direction of text */
	    {long_name, "m", "", "", PHONES_T},
	    {"a", "m\t", "", "", PHONES_T},
	    {"a", long_name, "", "", PHONES_T},
	    {"a", "m", "0123", "", PHONES_T},
	    {"a", "m", "", "0123456789ABCDEF0123456789ABCDEF", PHONES_T},
	    {"a", "m", "None", "", PHONES_T},
	    {"a", "m", "", "0123456789abcdef0123456789abcdeg", PHONES_T},
	    {"a", "m", "", "", -1},
	    {"a", "m", "", "", INT64_C(253402300800)},
	};
	struct store_phone good = {long_name, long_name, "", "", INT64_C(253402300799)};
	const struct store_phone other = {"T\xC3\xA9l\xC3\xA9phone \"1\"", "\\", "", "", 0};
	struct store *store = store_opened(STORE_CHANGE);
	struct store_phones *import = phones_begun(store, false);

	memset(long_name, 'x', 129);
	long_name[129] = '\0';
	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		error_clear(&err);
		CU_ASSERT_EQUAL(store_phones_put(import, &bad[i], &err), ST_USAGE);
		CU_ASSERT_STRING_NOT_EQUAL(err.what, "");
	}
	/* The import goes on without them. */
	long_name[128] = '\0';
	CU_ASSERT_EQUAL(store_phones_put(import, &good, &err), ST_OK);
	CU_ASSERT_EQUAL(store_phones_put(import, &other, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(phones_committed(import), "+2 ~0 =0 -0");
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT max(name) FROM phone"), long_name);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT min(name) FROM phone"), other.name);
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT count(*) FROM phone JOIN phone_model ON number = model"
		      " WHERE text = '\\' AND name LIKE 'T%'"),
	    "1");
	store_remove();
}

static void too_many_models(void)
{
	struct audit_entry entry = store_entry("imports too many");
	struct store *store = phones_with_three();
	struct store_phones *import = phones_begun(store, false);
	struct store_phones_count count;
	char text[32];
	struct store_phone phone = {text, text, "", "", PHONES_T};
	enum status st = ST_OK;
	unsigned i;

	for (i = 0; st == ST_OK && i < 70000; i++) {
		snprintf(text, sizeof(text), "a%06u", i);
		st = store_phones_put(import, &phone, &err);
	}
	CU_ASSERT_EQUAL(st, ST_LIMIT);
	CU_ASSERT_EQUAL(i, 65535 - 3 + 1);
	CU_ASSERT_STRING_EQUAL(err.what, "the phones are of more than 65535 different models");
	CU_ASSERT_STRING_NOT_EQUAL(err.hint, "");
	/* It is over, whatever comes then. */
	CU_ASSERT_EQUAL(store_phones_put(import, &phones_three[0], &err), ST_LIMIT);
	error_clear(&err);
	CU_ASSERT_EQUAL(store_phones_commit(import, &entry, &count, &err), ST_LIMIT);
	CU_ASSERT_EQUAL(count.added, 0);
	CU_ASSERT_STRING_EQUAL(err.what, "the phones are of more than 65535 different models");
	phones_assert_listed(store, PHONES_THREE);
	store_close(store);
	store_remove();
}

/* ---- words that nobody has ------------------------------------------------------------------- */

static void words_go_with_their_phones(void)
{
	struct store *store = store_opened(STORE_CHANGE);
	char name[32], ctl[40];
	struct store_phone phone = {name, "Cisco 8845", ctl, "none", PHONES_T};

	for (unsigned round = 0; round < 3; round++) {
		struct store_phones *import = phones_begun(store, true);

		for (unsigned i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "SEP%012X", i);
			snprintf(ctl, sizeof(ctl), "%032x", round * 5000 + i);
			CU_ASSERT_EQUAL(store_phones_put(import, &phone, &err), ST_OK);
		}
		CU_ASSERT_STRING_EQUAL(
		    phones_committed(import), round == 0 ? "+5000 ~0 =0 -0" : "+0 ~5000 =0 -0");
	}
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM phone_checksum"), "5001");
	/* A number is given out again, but not in the import that made it free. */
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT max(number) FROM phone_checksum"), "5001");
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT count(*) FROM phone_checksum WHERE text >= '00000000000000'"
		      " AND text < printf('%032x', 10000)"),
	    "0");
	store_remove();
}

/* ---- what is not known ----------------------------------------------------------------------- */

static void what_is_not_known_stays(void)
{
	struct store *store = phones_with_three();
	/* In order, then late. */
	const struct store_phone ordered[] = {
	    {"SEP001122AABB01", "Cisco 7960", PHONES_SHA1, "", PHONES_T + 5},
	    {"SEP001122AABB02", "Cisco 8845", "", "", PHONES_T + 5}};
	const struct store_phone late[] = {{"SEP001122AABB03", "", "", PHONES_MD5, PHONES_T + 6},
	    {"SEP001122AABB02", "Cisco 8845", "none", "", PHONES_T + 6},
	    {"SEP001122AABB02", "", "", "", PHONES_T + 7}};
	/* A file without models. */
	const struct store_phone no_models[] = {{"SEP001122AABB01", "", "none", "", PHONES_T + 8},
	    {"SEP001122AABB02", "", PHONES_MD5, "", PHONES_T + 8},
	    {"SEP001122AABB03", "", "none", "", PHONES_T + 2},
	    {"SEP001122AABB01", "", PHONES_MD5, "", PHONES_T + 9}};

	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, ordered, 2), "+0 ~1 =1 -0");
	phones_assert_listed(store, "SEP001122AABB01|Cisco 7960|" PHONES_SHA1 "|none|5\n"
				    "SEP001122AABB02|Cisco 8845|" PHONES_MD5 "|" PHONES_SHA1 "|1\n"
				    "SEP001122AABB03||none||2\n");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, late, 3), "+0 ~2 =0 -0");
	phones_assert_listed(store, "SEP001122AABB01|Cisco 7960|" PHONES_SHA1 "|none|5\n"
				    "SEP001122AABB02|Cisco 8845|none|" PHONES_SHA1 "|6\n"
				    "SEP001122AABB03||none|" PHONES_MD5 "|2\n");
	CU_ASSERT_STRING_EQUAL(phones_imported(store, false, no_models, 4), "+0 ~2 =1 -0");
	phones_assert_listed(store, "SEP001122AABB01|Cisco 7960|" PHONES_MD5 "|none|9\n"
				    "SEP001122AABB02|Cisco 8845|" PHONES_MD5 "|" PHONES_SHA1 "|8\n"
				    "SEP001122AABB03||none|" PHONES_MD5 "|2\n");
	store_close(store);
	store_remove();
}

/* ---- the log, and older files ---------------------------------------------------------------- */

static enum status look_at_entry(void *context, const struct audit_entry *entry, struct error *e)
{
	(void)e;
	++*(int *)context;
	CU_ASSERT_STRING_EQUAL(entry->what, "imports phones");
	CU_ASSERT_STRING_EQUAL(entry->subject, "");
	CU_ASSERT_STRING_EQUAL(entry->seal, "");
	CU_ASSERT_EQUAL(entry->generation, 0);
	return ST_OK;
}

static void an_entry_of_the_log(void)
{
	struct store *store = phones_with_three();
	char last[65];
	int64_t n = 0;
	int calls = 0;

	CU_ASSERT_EQUAL(store_audit_each(store, look_at_entry, &calls, &err), ST_OK);
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 1);
	store_close(store);
	store_remove();
}

static void a_state_of_version_2(void)
{
	struct generation got = GENERATION_INIT;
	struct store *store = store_opened(STORE_CHANGE);
	char last[65];
	int64_t n = 0;

	store_fill(store, 2);
	store_close(store);
	store_downgrade(2);
	CU_ASSERT_EQUAL(store_open(store_path(), STORE_READ, "test", 0, &store, &err), ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "of an older ctlsign"));
	store = phones_with_three();
	phones_assert_listed(store, PHONES_THREE);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 2);
	generation_free(&got);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 5);
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("PRAGMA user_version"), "3");
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"what is put comes back", they_come_back},
	    {"added, changed, same, removed; what was seen before does not count", counts},
	    {"names in any order, and twice", any_order_and_twice},
	    {"imports at random do what the rules say", as_the_rules_say},
	    {"what is no phone is refused, and the import goes on", what_is_no_phone},
	    {"what is not known stays as it was", what_is_not_known_stays},
	    {"too many models stop it", too_many_models},
	    {"words go with the last phone that has them", words_go_with_their_phones},
	    {"an import is an entry of the log", an_entry_of_the_log},
	    {"a state of version 2 is brought up to date", a_state_of_version_2},
	};

	return harness_main("store phones", tests, HARNESS_COUNT(tests));
}
