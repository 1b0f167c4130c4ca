/*
 * The audit log: what is in it, and that every change to it is found with its place.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "base/text.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

static struct error err;

/* The entries as they came, one by one. */
struct log {
	int n;
	char hash[8][65];
	char before[8][65];
	struct buffer text;
	bool hashes_match;
};

static void add_field(struct buffer *form, const char *field)
{
	buffer_add_u32(form, (uint32_t)strlen(field));
	buffer_add(form, field, strlen(field));
}

/* The hash as the header describes it, made here once more. */
static bool hash_matches(const struct audit_entry *e)
{
	const char *const fields[] = {
	    e->who, e->act, e->what, e->signer, e->digest, e->outcome, e->sha256, e->before};
	struct buffer form = BUFFER_INIT, hex = BUFFER_INIT;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char digits[32];
	bool same;

	buffer_printf(&form, "ctlsign audit 1\n");
	snprintf(digits, sizeof(digits), "%lld", (long long)e->number);
	add_field(&form, digits);
	snprintf(digits, sizeof(digits), "%lld", (long long)e->when);
	add_field(&form, digits);
	snprintf(digits, sizeof(digits), "%lld", (long long)e->generation);
	add_field(&form, digits);
	for (size_t i = 0; i < HARNESS_COUNT(fields); i++)
		add_field(&form, fields[i]);
	SHA256(form.data, form.len, digest);
	text_hex(&hex, (struct bytes){digest, sizeof(digest)}, 0, true);
	same = strcmp(buffer_text(&hex), e->hash) == 0;
	buffer_free(&form);
	buffer_free(&hex);
	return same;
}

static enum status note(void *context, const struct audit_entry *e, struct error *unused)
{
	struct log *log = context;

	(void)unused;
	if (log->n < 8) {
		memcpy(log->hash[log->n], e->hash, 65);
		memcpy(log->before[log->n], e->before, 65);
	}
	log->n++;
	log->hashes_match = log->hashes_match && hash_matches(e);
	buffer_printf(&log->text, "%d|%s|%s|%s|%s|%s|%s|%d|%.4s\n", (int)e->number, e->who, e->act,
	    e->what, e->signer, e->digest, e->outcome, (int)e->generation, e->sha256);
	return ST_OK;
}

static struct log read_log(void)
{
	struct log log = {.text = BUFFER_INIT, .hashes_match = true};
	struct store *store = store_opened(STORE_READ);

	CU_ASSERT_EQUAL(store_audit_each(store, note, &log, &err), ST_OK);
	store_close(store);
	return log;
}

static enum status verify(const char *head, int64_t *n, char last[65])
{
	struct store *store = store_opened(STORE_READ);
	enum status st = store_audit_verify(store, head, n, last, &err);

	store_close(store);
	return st;
}

/* Two generations, a setting and a plain entry: six entries. */
static void fill(void)
{
	struct audit_entry entry = store_entry("sets");
	struct store *store = store_opened(STORE_CHANGE);

	store_fill(store, 2);
	CU_ASSERT_EQUAL(store_set(store, "mode", "mixed", &entry, &err), ST_OK);
	entry.who = NULL;
	entry.signer = "token 'A' (serial 1)\n";
	entry.digest = "SHA-512 9f86";
	entry.outcome = "refused: no";
	CU_ASSERT_EQUAL(store_audit(store, &entry, &err), ST_OK);
	store_close(store);
}

static void an_empty_log_is_whole(void)
{
	char last[65] = "";
	int64_t n = 7;

	store_close(store_opened(STORE_CHANGE));
	CU_ASSERT_EQUAL(verify(NULL, &n, last), ST_OK);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_STRING_EQUAL(last, NO_HASH);
	store_remove();
}

static void entries_come_back(void)
{
	char expected[1024], who[512], last[65], upper[65];
	struct log log;
	int64_t n = 0;

	fill();
	log = read_log();
	snprintf(expected, sizeof(expected),
	    "1|anna (uid 1000) on host adm1|test|fills|||done|1|8d78\n"
	    "2|anna (uid 1000) on host adm1|test|fills|||done|1|8d78\n"
	    "3|anna (uid 1000) on host adm1|test|fills|||done|2|0147\n"
	    "4|anna (uid 1000) on host adm1|test|fills|||done|2|0147\n"
	    "5|anna (uid 1000) on host adm1|test|sets|||done|0|\n"
	    "6|%s|test|sets|token 'A' (serial 1)\\x0A|SHA-512 9f86|refused: no|0|\n",
	    store_who(who, sizeof(who)));
	CU_ASSERT_STRING_EQUAL(buffer_text(&log.text), expected);
	CU_ASSERT_TRUE(log.hashes_match);
	CU_ASSERT_STRING_EQUAL(log.before[0], NO_HASH);
	for (int i = 1; i < 6; i++)
		CU_ASSERT_STRING_EQUAL(log.before[i], log.hash[i - 1]);
	CU_ASSERT_EQUAL(verify(NULL, &n, last), ST_OK);
	CU_ASSERT_EQUAL(n, 6);
	CU_ASSERT_STRING_EQUAL(last, log.hash[5]);
	/* One that was written down, today's and an older one, by hand in capitals. */
	CU_ASSERT_EQUAL(verify(last, &n, last), ST_OK);
	for (int i = 0; i < 65; i++)
		upper[i] = log.hash[2][i] >= 'a' ? (char)(log.hash[2][i] - 32) : log.hash[2][i];
	CU_ASSERT_EQUAL(verify(upper, &n, last), ST_OK);
	upper[0] = upper[0] == '0' ? '1' : '0';
	CU_ASSERT_EQUAL(verify(upper, &n, last), ST_NOT_VERIFIED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, upper));
	CU_ASSERT_EQUAL(verify("9f86", &n, last), ST_USAGE);
	buffer_free(&log.text);
	store_remove();
}

/* A change by SQL, the place where it is found, and a part of what is said. */
static const struct {
	const char *sql;
	const char *where;
	const char *what;
} changes[] = {
    {"UPDATE audit SET who = 'otto' WHERE number = 3", "entry 3", "was changed"},
    {"UPDATE audit SET act = act || ' ' WHERE number = 3", "entry 3", "was changed"},
    {"UPDATE audit SET what = '' WHERE number = 6", "entry 6", "was changed"},
    {"UPDATE audit SET signer = 'x' WHERE number = 1", "entry 1", "was changed"},
    {"UPDATE audit SET digest = 'x' WHERE number = 1", "entry 1", "was changed"},
    {"UPDATE audit SET outcome = 'done' WHERE number = 6", "entry 6", "was changed"},
    {"UPDATE audit SET at = at + 1 WHERE number = 2", "entry 2", "was changed"},
    {"UPDATE audit SET generation = 1 WHERE number = 5", "entry 5", "was changed"},
    {"UPDATE audit SET sha256 = '' WHERE number = 4", "entry 4", "was changed"},
    /* Moving a letter over to the next field. */
    {"UPDATE audit SET act = 'tes', what = 'tfills' WHERE number = 2", "entry 2", "was changed"},
    {"UPDATE audit SET hash = before WHERE number = 4", "entry 4", "was changed"},
    {"UPDATE audit SET before = hash WHERE number = 4", "entry 4", "does not follow"},
    {"DELETE FROM audit WHERE number = 3", "entry 3", "is missing"},
    {"DELETE FROM audit WHERE number = 1", "entry 1", "is missing"},
    {"DELETE FROM audit WHERE number = 6", "entry 6", "cut at its end"},
    {"DELETE FROM audit WHERE number > 2", "entry 3", "cut at its end"},
    {"DELETE FROM audit", "entry 1", "cut at its end"},
    {"DELETE FROM audit WHERE number = 3;"
     "UPDATE audit SET number = number - 1 WHERE number > 3",
	"entry 3", "does not follow"},
    {"UPDATE audit SET number = 100 WHERE number = 5;"
     "UPDATE audit SET number = 5 WHERE number = 6; UPDATE audit SET number = 6 WHERE number = 100",
	"entry 5", "does not follow"},
    {"UPDATE audit SET number = 0 WHERE number = 1", "entry 1", "is missing"},
    {"INSERT INTO audit SELECT 7, at, 0, who, act, what, signer, digest, outcome, '', hash, hash"
     " FROM audit WHERE number = 6",
	"entry 7", "was changed"},
    {"UPDATE audit_head SET count = 7", "entry 7", "cut at its end"},
    {"UPDATE audit_head SET count = 5", "entry 6", "added by something"},
    {"UPDATE audit_head SET hash = '" NO_HASH "'", "entry 6", "not the last entry"},
    {"UPDATE generation SET ctl = x'00' WHERE number = 2", "generation 2", "bytes were changed"},
    /* With its hash, so that only the log knows. */
    {"UPDATE generation SET ctl = (SELECT ctl FROM generation WHERE number = 1),"
     " sha256 = (SELECT sha256 FROM generation WHERE number = 1) WHERE number = 2",
	"generation 2", "no entry of the log"},
    {"UPDATE generation SET begun = 1, ended = 2 WHERE number = 2", "generation 2",
	"no entry of the log"},
    {"UPDATE generation SET ended = 77 WHERE number = 2", "generation 2", "no entry of the log"},
    {"DELETE FROM generation WHERE number = 1", "entry 1", "is gone"},
    {"UPDATE generation SET state = 0, ended = NULL WHERE number = 2", "entry 4", "is gone"},
};

static void every_change_is_found(void)
{
	char last[65], where[256];
	enum status st;
	int64_t n = 0;

	for (size_t i = 0; i < HARNESS_COUNT(changes); i++) {
		fill();
		store_tamper(changes[i].sql);
		st = verify(NULL, &n, last);
		snprintf(where, sizeof(where), "%s: %s", store_path(), changes[i].where);
		if (st != ST_NOT_VERIFIED || strcmp(err.where, where) != 0 ||
		    strstr(err.what, changes[i].what) == NULL)
			printf("# %s: %s: %s\n", changes[i].sql, err.where, err.what);
		CU_ASSERT_EQUAL(st, ST_NOT_VERIFIED);
		CU_ASSERT_STRING_EQUAL(err.where, where);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, changes[i].what));
		store_remove();
	}
}

/* Values that ctlsign never writes; the place is the file. */
static void what_cannot_be_there(void)
{
	static const char *const values[] = {
	    "UPDATE audit SET who = x'00' WHERE number = 2",
	    "UPDATE audit SET who = 'a' || char(0) || 'b' WHERE number = 2",
	    "UPDATE audit SET who = hex(zeroblob(40000)) WHERE number = 2",
	    "UPDATE audit SET hash = replace(hash, 'a', 'A') || '' WHERE number IN (1, 2, 3)",
	    "UPDATE audit SET hash = 'short' WHERE number = 2",
	    "UPDATE audit SET hash = x'00' WHERE number = 2",
	    "UPDATE audit SET at = 'yesterday' WHERE number = 2",
	    "UPDATE audit SET at = -1 WHERE number = 2",
	    "UPDATE audit SET number = -1 WHERE number = 1",
	    "DELETE FROM audit_head",
	    "UPDATE audit_head SET count = -1",
	    "UPDATE audit_head SET hash = ''",
	    "UPDATE generation SET ctl = 'text'",
	    "UPDATE generation SET ctl = zeroblob(1048577)",
	    "UPDATE generation SET sha256 = 'short'",
	    "UPDATE generation SET state = 3",
	    "UPDATE generation SET ended = NULL",
	    "UPDATE generation SET mode = 1e300",
	};
	char last[65];
	enum status st;
	int64_t n = 0;

	for (size_t i = 0; i < HARNESS_COUNT(values); i++) {
		fill();
		store_tamper(values[i]);
		st = verify(NULL, &n, last);
		if (st != ST_FORMAT)
			printf("# %s: %d %s: %s\n", values[i], (int)st, err.where, err.what);
		CU_ASSERT_EQUAL(st, ST_FORMAT);
		CU_ASSERT_STRING_EQUAL(err.where, store_path());
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "damaged"));
		store_remove();
	}
}

/* Appending goes on after a change; the change stays found. */
static void a_change_is_not_healed(void)
{
	struct audit_entry entry = store_entry("goes on");
	struct store *store;
	char last[65];
	int64_t n = 0;

	fill();
	store_tamper("UPDATE audit SET what = 'x' WHERE number = 5;"
		     "DELETE FROM audit WHERE number = 6");
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_audit(store, &entry, &err), ST_OK);
	store_close(store);
	CU_ASSERT_EQUAL(verify(NULL, &n, last), ST_NOT_VERIFIED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.where, "entry 5"));
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT max(number) FROM audit"), "7");
	store_remove();
}

static void accidents_are_refused(void)
{
	fill();
	CU_ASSERT_STRING_EQUAL(store_ask("DELETE FROM audit RETURNING 'gone'"), "");
	CU_ASSERT_STRING_EQUAL(store_ask("UPDATE audit SET who = '' RETURNING 'changed'"), "");
	CU_ASSERT_STRING_EQUAL(store_ask("DELETE FROM audit_head RETURNING 'gone'"), "");
	CU_ASSERT_STRING_EQUAL(store_ask("DELETE FROM generation RETURNING 'gone'"), "");
	CU_ASSERT_STRING_EQUAL(store_ask("UPDATE generation SET mode = 0 RETURNING 'new'"), "");
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM audit"), "6");
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM generation"), "2");
	store_remove();
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"an empty log is whole", an_empty_log_is_whole},
	    {"entries come back, with the hash that is documented", entries_come_back},
	    {"every change is found, with its place", every_change_is_found},
	    {"what cannot be there is damage", what_cannot_be_there},
	    {"a change is not healed by going on", a_change_is_not_healed},
	    {"accidents are refused", accidents_are_refused},
	};

	return harness_main("store audit", tests, HARNESS_COUNT(tests));
}
