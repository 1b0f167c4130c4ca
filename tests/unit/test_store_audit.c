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

static void add_number(struct buffer *form, long long number)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%lld", number);
	add_field(form, digits);
}

/* The SHA-256 of FORM, which is freed. */
static const char *hash_of(struct buffer *form, char out[65])
{
	struct buffer hex = BUFFER_INIT;
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256(form->data, form->len, digest);
	text_hex(&hex, (struct bytes){digest, sizeof(digest)}, 0, true);
	memcpy(out, buffer_text(&hex), 65);
	buffer_free(&hex);
	buffer_free(form);
	return out;
}

/* The seal of generation NUMBER as the header describes it, made here once more. */
static const char *sealed(int number, int state, char out[65])
{
	struct store *store = store_opened(STORE_READ);
	struct generation g = GENERATION_INIT;
	struct buffer form = BUFFER_INIT;

	CU_ASSERT_EQUAL(store_generation(store, number, &g, &err), ST_OK);
	buffer_printf(&form, "ctlsign generation 1\n");
	add_number(&form, number);
	add_number(&form, state);
	add_number(&form, g.made);
	add_number(&form, 1);
	add_number(&form, 0);
	add_field(&form, g.md5);
	add_field(&form, g.sha1);
	add_field(&form, g.sha256);
	add_field(&form, "token 'SAST-1' (serial 4a21)");
	add_field(&form, "70cafe");
	add_field(&form, "SHA-512");
	add_field(&form, "update --add-token");
	add_field(&form, "anna (uid 1000) on host adm1");
	add_field(&form, "TTCI");
	add_field(&form, "12.5(1)");
	add_field(&form, "lab.example");
	add_field(&form, "/srv/tftp/CTLFile.tlv");
	generation_free(&g);
	store_close(store);
	return hash_of(&form, out);
}

static const char *sealed_setting(const char *name, const char *value, char out[65])
{
	struct buffer form = BUFFER_INIT;

	buffer_printf(&form, "ctlsign setting 1\n");
	add_field(&form, name);
	add_field(&form, value);
	return hash_of(&form, out);
}

static const char *sealed_trust(
    const char *subject, const char *added, const char *note, char out[65])
{
	struct buffer form = BUFFER_INIT;

	buffer_printf(&form, "ctlsign trust 1\n");
	add_field(&form, subject);
	add_field(&form, added);
	add_field(&form, note);
	return hash_of(&form, out);
}

/* The hash as the header describes it, made here once more. */
static bool hash_matches(const struct audit_entry *e)
{
	const char *const fields[] = {e->who, e->act, e->what, e->signer, e->digest, e->outcome,
	    e->subject, e->seal, e->before};
	struct buffer form = BUFFER_INIT;
	char hash[65];

	buffer_printf(&form, "ctlsign audit 1\n");
	add_number(&form, e->number);
	add_number(&form, e->when);
	add_number(&form, e->generation);
	for (size_t i = 0; i < HARNESS_COUNT(fields); i++)
		add_field(&form, fields[i]);
	return strcmp(hash_of(&form, hash), e->hash) == 0;
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
	buffer_printf(&log->text, "%d|%s|%s|%s|%s|%s|%s|%d|%s|%.4s\n", (int)e->number, e->who,
	    e->act, e->what, e->signer, e->digest, e->outcome, (int)e->generation, e->subject,
	    e->seal);
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
	char expected[1024], who[512], last[65], upper[65], seal[5][65];
	struct log log;
	int64_t n = 0;

	fill();
	log = read_log();
	snprintf(expected, sizeof(expected),
	    "1|anna (uid 1000) on host adm1|test|fills|||done|1||%.4s\n"
	    "2|anna (uid 1000) on host adm1|test|fills|||done|1||%.4s\n"
	    "3|anna (uid 1000) on host adm1|test|fills|||done|2||%.4s\n"
	    "4|anna (uid 1000) on host adm1|test|fills|||done|2||%.4s\n"
	    "5|anna (uid 1000) on host adm1|test|sets|||done|0|setting mode|%.4s\n"
	    "6|%s|test|sets|token 'A' (serial 1)\\x0A|SHA-512 9f86|refused: no|0||\n",
	    sealed(1, 0, seal[0]), sealed(1, 1, seal[1]), sealed(2, 0, seal[2]),
	    sealed(2, 1, seal[3]), sealed_setting("mode", "mixed", seal[4]),
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
struct change {
	const char *sql;
	const char *where;
	const char *what;
};

static const struct change changes[] = {
    {"UPDATE audit SET who = 'otto' WHERE number = 3", "entry 3", "was changed"},
    {"UPDATE audit SET act = act || ' ' WHERE number = 3", "entry 3", "was changed"},
    {"UPDATE audit SET what = '' WHERE number = 6", "entry 6", "was changed"},
    {"UPDATE audit SET signer = 'x' WHERE number = 1", "entry 1", "was changed"},
    {"UPDATE audit SET digest = 'x' WHERE number = 1", "entry 1", "was changed"},
    {"UPDATE audit SET outcome = 'done' WHERE number = 6", "entry 6", "was changed"},
    {"UPDATE audit SET at = at + 1 WHERE number = 2", "entry 2", "was changed"},
    {"UPDATE audit SET generation = 1 WHERE number = 5", "entry 5", "was changed"},
    {"UPDATE audit SET seal = '' WHERE number = 4", "entry 4", "was changed"},
    {"UPDATE audit SET subject = '' WHERE number = 5", "entry 5", "was changed"},
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
    {"INSERT INTO audit SELECT 7, at, 0, who, act, what, signer, digest, outcome, '', '', hash, "
     "hash"
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

static void expect_found(const struct change *change)
{
	char last[65], where[256];
	enum status st;
	int64_t n = 0;

	store_tamper(change->sql);
	st = verify(NULL, &n, last);
	snprintf(where, sizeof(where), "%s: %s", store_path(), change->where);
	if (st != ST_NOT_VERIFIED || strcmp(err.where, where) != 0 ||
	    strstr(err.what, change->what) == NULL)
		printf("# %s: %s: %s\n", change->sql, err.where, err.what);
	CU_ASSERT_EQUAL(st, ST_NOT_VERIFIED);
	CU_ASSERT_STRING_EQUAL(err.where, where);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, change->what));
	store_remove();
}

static void every_change_is_found(void)
{
	for (size_t i = 0; i < HARNESS_COUNT(changes); i++) {
		fill();
		expect_found(&changes[i]);
	}
}

/* Every column of a generation that has a meaning; the bytes are among the changes above. */
static void every_column_is_sealed(void)
{
	static const char *const columns[] = {"mode = 0", "signing = 1", "origins = 'TTTI'",
	    "signer = 'otto'", "signer_serial = '70caff'", "digest = 'SHA-1'", "reason = ''",
	    "who = 'otto'", "release = '14.0(1)'", "domain = ''", "file = '/tmp/CTLFile.tlv'",
	    "made = made - 1", "md5 = sha1", "sha1 = ''", "number = 7", "state = 2"};
	char sql[128];

	for (size_t i = 0; i < HARNESS_COUNT(columns); i++) {
		const char *where =
		    strcmp(columns[i], "number = 7") == 0 ? "generation 7" : "generation 2";
		const struct change change = {sql, where, "it was changed: no entry of the log"};

		snprintf(sql, sizeof(sql), "UPDATE generation SET %s WHERE number = 2", columns[i]);
		fill();
		expect_found(&change);
	}
	/* One that was never in use is made the current one. */
	fill();
	{
		struct generation abandoned = store_generation_of("x");
		struct audit_entry entry = store_entry("a step");
		struct store *store = store_opened(STORE_CHANGE);

		CU_ASSERT_EQUAL(store_begin(store, &abandoned, &entry, &err), ST_OK);
		CU_ASSERT_EQUAL(store_abandon(store, 3, &entry, &err), ST_OK);
		store_close(store);
		generation_free(&abandoned);
	}
	expect_found(&(struct change){"UPDATE generation SET state = 1 WHERE number = 3",
	    "generation 3", "it was changed: no entry of the log"});
}

/* Trusts A and B (entries 7 and 8), B only (9), and changes two settings (10 and 11). */
static void fill_more(void)
{
	struct audit_entry entry = store_entry("more");
	struct store *store;

	fill();
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_trust_add(store, text_bytes("a"), "a.pem", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust_add(store, text_bytes("b"), "b\n.pem", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust_remove(store, text_bytes("a"), &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_set(store, "mode", "nonsecure", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_set(store, "ports", "", &entry, &err), ST_OK);
	store_close(store);
}

#define SHA_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define SHA_B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
#define SHA_C "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"

static const struct change kept_changes[] = {
    {"INSERT INTO trusted (certificate, added, note) VALUES (x'63', 1, '')",
	"trusted certificate " SHA_C, "no entry of the log"},
    {"INSERT INTO trusted (certificate, added, note) VALUES (x'61', 1, 'a.pem')",
	"trusted certificate " SHA_A, "entry 9 removed it, and it is back"},
    {"UPDATE trusted SET note = 'c.pem'", "trusted certificate " SHA_B, "not what entry 8 made it"},
    {"UPDATE trusted SET added = added - 1", "trusted certificate " SHA_B,
	"not what entry 8 made it"},
    {"DELETE FROM trusted", "entry 8", "certificate that it added is gone"},
    {"UPDATE trusted SET certificate = x'63'", "entry 8", "certificate that it added is gone"},
    {"UPDATE setting SET value = 'mixed' WHERE name = 'mode'", "setting \"mode\"",
	"not what entry 10 made it"},
    {"UPDATE setting SET value = 'x' WHERE name = 'ports'", "setting \"ports\"",
	"not what entry 11 made it"},
    {"DELETE FROM setting WHERE name = 'mode'", "entry 10", "setting that it tells of is gone"},
    {"UPDATE setting SET name = 'port' WHERE name = 'ports'", "entry 11",
	"setting that it tells of is gone"},
    {"INSERT INTO setting VALUES ('other', '')", "setting \"other\"", "no entry of the log"},
};

static void settings_and_trust_are_what_the_log_says(void)
{
	char last[65], seal[65], added[32];
	int64_t n = 0;

	fill_more();
	CU_ASSERT_EQUAL(verify(NULL, &n, last), ST_OK);
	CU_ASSERT_EQUAL(n, 11);
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT subject FROM audit WHERE number = 8"), "trust " SHA_B);
	snprintf(added, sizeof(added), "%s", store_ask("SELECT added FROM trusted"));
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT seal FROM audit WHERE number = 8"),
	    sealed_trust("trust " SHA_B, added, "b\\x0A.pem", seal));
	CU_ASSERT_STRING_EQUAL(
	    store_ask("SELECT subject || seal FROM audit WHERE number = 9"), "trust " SHA_A);
	store_remove();
	for (size_t i = 0; i < HARNESS_COUNT(kept_changes); i++) {
		fill_more();
		expect_found(&kept_changes[i]);
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
	    {"every column of a generation is sealed", every_column_is_sealed},
	    {"settings and Phone-SAST-trust are what the log says",
		settings_and_trust_are_what_the_log_says},
	    {"what cannot be there is damage", what_cannot_be_there},
	    {"a change is not healed by going on", a_change_is_not_healed},
	    {"accidents are refused", accidents_are_refused},
	};

	return harness_main("store audit", tests, HARNESS_COUNT(tests));
}
