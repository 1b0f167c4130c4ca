/*
 * What is put into the state comes out again: generations, settings, Phone-SAST-trust.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_store.h"
#include "harness.h"

#include "base/text.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error err;

static void a_generation_comes_back(void)
{
	struct generation put = store_generation_of("abc"), got = GENERATION_INIT;
	struct audit_entry entry = store_entry("begins");
	struct store *store = store_opened(STORE_CHANGE);
	time_t before = time(NULL);

	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put.number, 1);
	CU_ASSERT_EQUAL(put.state, GENERATION_PENDING);
	CU_ASSERT_TRUE(put.made >= before && put.made <= time(NULL));
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.ended, 0);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(store_finish(store, 1, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 0);
	store_close(store);

	store = store_opened(STORE_READ);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 1);
	CU_ASSERT_EQUAL(got.state, GENERATION_DONE);
	CU_ASSERT_EQUAL(got.made, put.made);
	CU_ASSERT_TRUE(got.ended >= put.made && got.ended <= time(NULL));
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&got.ctl), text_bytes("abc")));
	CU_ASSERT_STRING_EQUAL(got.md5, "900150983cd24fb0d6963f7d28e17f72");
	CU_ASSERT_STRING_EQUAL(got.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	CU_ASSERT_STRING_EQUAL(
	    got.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CU_ASSERT_STRING_EQUAL(got.signer, "token 'SAST-1' (serial 4a21)");
	CU_ASSERT_STRING_EQUAL(got.signer_serial, "70cafe");
	CU_ASSERT_STRING_EQUAL(got.digest, "SHA-512");
	CU_ASSERT_STRING_EQUAL(got.reason, "update --add-token");
	CU_ASSERT_STRING_EQUAL(got.who, "anna (uid 1000) on host adm1");
	CU_ASSERT_STRING_EQUAL(got.origins, "TTCI");
	CU_ASSERT_STRING_EQUAL(got.release, "12.5(1)");
	CU_ASSERT_STRING_EQUAL(got.domain, "lab.example");
	CU_ASSERT_STRING_EQUAL(got.file, "/srv/tftp/CTLFile.tlv");
	CU_ASSERT_EQUAL(got.mode, 1);
	CU_ASSERT_EQUAL(got.signing, 0);
	store_close(store);
	generation_free(&put);
	generation_free(&got);
	CU_ASSERT_PTR_NULL(got.signer);
	store_remove();
}

static void what_is_not_given_is_empty(void)
{
	struct generation put = GENERATION_INIT, got = GENERATION_INIT;
	struct audit_entry entry;
	struct store *store = store_opened(STORE_CHANGE);
	char who[512];

	memset(&entry, 0, sizeof(entry));
	buffer_add(&put.ctl, "x", 1);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 1);
	CU_ASSERT_STRING_EQUAL(got.signer, "");
	CU_ASSERT_STRING_EQUAL(got.domain, "");
	CU_ASSERT_STRING_EQUAL(got.file, "");
	CU_ASSERT_STRING_EQUAL(got.who, store_who(who, sizeof(who)));
	store_close(store);
	generation_free(&put);
	generation_free(&got);
	store_remove();
}

/* What a certificate's name brings along is made harmless, and stays as it was otherwise. */
static void text_is_one_printable_line(void)
{
	struct generation put = store_generation_of("x"), got = GENERATION_INIT;
	struct audit_entry entry = store_entry("begins");
	struct store *store = store_opened(STORE_CHANGE);

	free(put.signer);
	put.signer = strdup("token 'A\\\\B \xc3\xa4' \x1b[2J\n\xff");
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(got.signer, "token 'A\\\\B \xc3\xa4' \\x1B[2J\\x0A\\xFF");
	store_close(store);
	/* The same when somebody else wrote it. */
	store_tamper("UPDATE generation SET signer = 'a' || char(27) || '[2Jb'");
	store = store_opened(STORE_READ);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(got.signer, "a\\x1B[2Jb");
	store_close(store);
	generation_free(&put);
	generation_free(&got);
	store_remove();
}

/* A path that was made printable would name another file. */
static void the_file_is_kept_as_it_is(void)
{
	static const char odd[] = "odd \\ \xff\n\x1b.tlv";
	struct generation put = store_generation_of("x"), got = GENERATION_INIT;
	struct audit_entry entry = store_entry("begins");
	struct store *store = store_opened(STORE_CHANGE);
	char here[512], expected[600], last[65];
	int64_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof(here)));
	snprintf(expected, sizeof(expected), "%s/%s", here, odd);
	free(put.file);
	put.file = strdup(odd);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(put.file, expected);
	CU_ASSERT_EQUAL(store_pending(store, &got, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(got.file, expected);
	CU_ASSERT_EQUAL(store_finish(store, 1, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &n, last, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 2);
	store_close(store);
	CU_ASSERT_EQUAL((store = store_opened(STORE_CHANGE)) != NULL, true);
	store_close(store);
	generation_free(&put);
	generation_free(&got);
	store_remove();
}

/* A time with which no date can be written is damage, and the column is named. */
static void times_have_limits(void)
{
	static const struct {
		const char *sql;
		const char *column;
	} bad[] = {
	    {"UPDATE generation SET made = 253402300800", "made"},
	    {"UPDATE generation SET made = 9223372036854775807", "made"},
	    {"UPDATE generation SET made = -1", "made"},
	    {"UPDATE trusted SET added = 253402300800", "added"},
	    {"UPDATE trusted SET added = -9223372036854775808", "added"},
	    {"UPDATE audit SET at = 253402300800", "at"},
	    {"UPDATE audit SET at = -1", "at"},
	};
	struct audit_entry entry = store_entry("a step");
	struct generation put = store_generation_of("x");
	struct store_trusted *list = NULL;
	struct store *store;
	char said[128], last[65];
	int64_t count;
	size_t n;

	for (size_t i = 0; i < HARNESS_COUNT(bad); i++) {
		store = store_opened(STORE_CHANGE);
		store_fill(store, 1);
		CU_ASSERT_EQUAL(
		    store_trust_add(store, text_bytes("a"), "a.pem", &entry, &err), ST_OK);
		store_close(store);
		store_tamper(bad[i].sql);
		store = store_opened(STORE_CHANGE);
		snprintf(said, sizeof(said),
		    "the time \"%s\" is before 1970 or after the year 9999", bad[i].column);
		CU_ASSERT_EQUAL(store_audit_verify(store, NULL, &count, last, &err), ST_FORMAT);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.what, said));
		CU_ASSERT_STRING_EQUAL(err.where, store_path());
		err.what[0] = '\0';
		if (strcmp(bad[i].column, "made") == 0)
			CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_FORMAT);
		if (strcmp(bad[i].column, "added") == 0) {
			CU_ASSERT_EQUAL(store_trust(store, &list, &n, &err), ST_FORMAT);
			store_trust_free(list, n);
		}
		if (strcmp(bad[i].column, "at") != 0)
			CU_ASSERT_PTR_NOT_NULL(strstr(err.what, said));
		store_close(store);
		store_remove();
	}
	/* The last moment that is allowed; and a number that is none has a name, too. */
	store = store_opened(STORE_CHANGE);
	store_fill(store, 1);
	store_close(store);
	store_tamper("UPDATE generation SET made = 253402300799");
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "the clock went backwards"));
	store_close(store);
	store_tamper("UPDATE generation SET number = 9223372036854775807");
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "a \"number\" has a value that cannot be there"));
	store_close(store);
	generation_free(&put);
	store_remove();
}

static int64_t next_number(struct store *store)
{
	int64_t number = 0;

	CU_ASSERT_EQUAL(store_next_number(store, &number, &err), ST_OK);
	return number;
}

static void abandoned_numbers_are_not_used_again(void)
{
	struct audit_entry entry = store_entry("a step");
	struct generation put = store_generation_of("x"), got = GENERATION_INIT;
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(next_number(store), 1);
	store_fill(store, 1);
	CU_ASSERT_EQUAL(next_number(store), 2);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put.number, 2);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "generation 2 is still pending");
	CU_ASSERT_EQUAL(store_finish(store, 3, &entry, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "generation 3 is not pending");
	CU_ASSERT_EQUAL(store_finish(store, 0, &entry, &err), ST_FAILED);
	CU_ASSERT_EQUAL(store_abandon(store, 2, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_finish(store, 2, &entry, &err), ST_FAILED);
	CU_ASSERT_EQUAL(store_abandon(store, 2, &entry, &err), ST_FAILED);
	CU_ASSERT_EQUAL(next_number(store), 3);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put.number, 3);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 1);
	CU_ASSERT_EQUAL(store_finish(store, 3, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_current(store, &got, &err), ST_OK);
	CU_ASSERT_EQUAL(got.number, 3);
	store_close(store);
	generation_free(&put);
	generation_free(&got);
	store_remove();
}

static enum status note(void *context, const struct generation *generation, struct error *unused)
{
	struct buffer *out = context;

	(void)unused;
	buffer_printf(
	    out, "%d:%zu:%s ", (int)generation->number, generation->ctl.len, generation->reason);
	return generation->number == 99 ? ST_CANCELLED : ST_OK;
}

static enum status stop(void *context, const struct generation *generation, struct error *unused)
{
	(void)generation;
	++*(int *)context;
	return error_set(unused, ST_CANCELLED, "enough");
}

static void one_of_many(void)
{
	struct audit_entry entry = store_entry("a step");
	struct generation put = store_generation_of("x"), got = GENERATION_INIT;
	struct store *store = store_opened(STORE_CHANGE);
	struct buffer list = BUFFER_INIT;
	int calls = 0;

	CU_ASSERT_EQUAL(store_generation(store, 1, &got, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "there is no generation 1");
	store_fill(store, 3);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_generation(store, 4, &got, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "generation 4 is pending: it is not in use yet");
	CU_ASSERT_EQUAL(store_abandon(store, 4, &entry, &err), ST_OK);
	store_fill(store, 2);
	CU_ASSERT_EQUAL(store_generation(store, 2, &got, &err), ST_OK);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&got.ctl), text_bytes("CTL 2")));
	CU_ASSERT_EQUAL(store_generation(store, 4, &got, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "generation 4 was abandoned: it is not in use");
	CU_ASSERT_EQUAL(got.number, 0);
	CU_ASSERT_EQUAL(store_generation(store, 9, &got, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "there is no generation 9");
	CU_ASSERT_STRING_EQUAL(err.hint, "choose one of: 1-3, 5, 6");
	CU_ASSERT_EQUAL(store_generation(store, -1, &got, &err), ST_FAILED);
	CU_ASSERT_EQUAL(store_generations(store, note, &list, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(buffer_text(&list),
	    "1:0:update --add-token 2:0:update --add-token 3:0:update --add-token "
	    "5:0:update --add-token 6:0:update --add-token ");
	CU_ASSERT_EQUAL(store_generations(store, stop, &calls, &err), ST_CANCELLED);
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_STRING_EQUAL(err.what, "enough");
	store_close(store);
	buffer_free(&list);
	generation_free(&put);
	generation_free(&got);
	store_remove();
}

static void sizes_have_limits(void)
{
	struct audit_entry entry = store_entry("a step");
	struct generation put = GENERATION_INIT;
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_LIMIT);
	CU_ASSERT_TRUE_FATAL(buffer_reserve(&put.ctl, 1024 * 1024 + 1));
	memset(put.ctl.data, 0x5A, 1024 * 1024 + 1);
	put.ctl.len = 1024 * 1024 + 1;
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "1048577 bytes"));
	put.ctl.len--;
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put.number, 1);
	CU_ASSERT_EQUAL(store_finish(store, 1, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_current(store, &put, &err), ST_OK);
	CU_ASSERT_EQUAL(put.ctl.len, 1024 * 1024);
	store_close(store);
	generation_free(&put);
	store_remove();
}

/* The last generation is moved into the future, which is a clock that went back. */
static void the_clock_went_backwards(void)
{
	struct audit_entry entry = store_entry("a step");
	struct generation put = store_generation_of("x");
	struct store *store = store_opened(STORE_CHANGE);
	time_t future = time(NULL) + 50;
	char sql[96];

	store_fill(store, 1);
	store_close(store);
	snprintf(sql, sizeof(sql), "UPDATE generation SET made = %lld", (long long)future);
	store_tamper(sql);
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put.made, future);
	CU_ASSERT_EQUAL(store_abandon(store, 2, &entry, &err), ST_OK);
	store_close(store);
	snprintf(sql, sizeof(sql), "UPDATE generation SET made = %lld WHERE number = 1",
	    (long long)time(NULL) + 3600);
	store_tamper(sql);
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, "the clock went backwards: it is 20"));
	CU_ASSERT_STRING_EQUAL(err.where, store_path());
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM generation"), "2");
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM audit"), "4");
	/* One that was never in use does not count. */
	store_tamper("UPDATE generation SET made = CASE number WHEN 1 THEN 5 ELSE 99999999999 END");
	store = store_opened(STORE_CHANGE);
	CU_ASSERT_EQUAL(store_begin(store, &put, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(put.number, 3);
	store_close(store);
	generation_free(&put);
	store_remove();
}

static void settings(void)
{
	struct audit_entry entry = store_entry("sets");
	struct buffer value = BUFFER_INIT;
	struct store *store = store_opened(STORE_CHANGE);

	CU_ASSERT_EQUAL(store_setting(store, "mode", &value, &err), ST_OK);
	CU_ASSERT_EQUAL(value.len, 0);
	CU_ASSERT_EQUAL(store_set(store, "mode", "mixed", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_set(store, "other", "", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_set(store, "mode", "a\\x0A \xc3\xa4", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_set(store, "mode", "two\nlines", &entry, &err), ST_USAGE);
	store_close(store);
	store = store_opened(STORE_READ);
	buffer_add(&value, "=", 1);
	CU_ASSERT_EQUAL(store_setting(store, "mode", &value, &err), ST_OK);
	CU_ASSERT_STRING_EQUAL(buffer_text(&value), "=a\\x0A \xc3\xa4");
	CU_ASSERT_EQUAL(store_set(store, "mode", "x", &entry, &err), ST_IO);
	CU_ASSERT_STRING_EQUAL(err.what, "the state file cannot be written to");
	store_close(store);
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM audit"), "3");
	buffer_free(&value);
	store_remove();
}

static void trust(void)
{
	const struct bytes a = text_bytes("certificate A"), b = text_bytes("certificate B");
	struct audit_entry entry = store_entry("trusts");
	struct store_trusted *list = NULL;
	struct store *store = store_opened(STORE_CHANGE);
	time_t before = time(NULL);
	size_t n = 7;

	CU_ASSERT_EQUAL(store_trust(store, &list, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 0);
	store_trust_free(list, n);
	CU_ASSERT_EQUAL(store_trust_add(store, b, "b.pem", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust_add(store, a, "dir\n/a.pem", &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust_add(store, b, "again.pem", &entry, &err), ST_EXISTS);
	CU_ASSERT_EQUAL(store_trust_add(store, text_bytes(""), "", &entry, &err), ST_LIMIT);
	CU_ASSERT_EQUAL(store_trust(store, &list, &n, &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(n, 2);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&list[0].certificate), b));
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&list[1].certificate), a));
	CU_ASSERT_STRING_EQUAL(list[0].note, "b.pem");
	CU_ASSERT_STRING_EQUAL(list[1].note, "dir\\x0A/a.pem");
	CU_ASSERT_TRUE(list[0].added >= before && list[0].added <= time(NULL));
	store_trust_free(list, n);
	CU_ASSERT_EQUAL(store_trust_remove(store, b, &entry, &err), ST_OK);
	CU_ASSERT_EQUAL(store_trust_remove(store, b, &entry, &err), ST_FAILED);
	CU_ASSERT_STRING_EQUAL(err.what, "this certificate is not in Phone-SAST-trust");
	CU_ASSERT_EQUAL(store_trust(store, &list, &n, &err), ST_OK);
	CU_ASSERT_EQUAL(n, 1);
	store_trust_free(list, n);
	store_close(store);
	/* What did not happen is not in the log. */
	CU_ASSERT_STRING_EQUAL(store_ask("SELECT count(*) FROM audit"), "3");
	store_remove();
}

static void who_it_was(void)
{
	struct passwd *me = getpwuid(getuid());
	char who[512], expected[512], host[256] = "", small[5];

	CU_ASSERT_PTR_NOT_NULL_FATAL(me);
	gethostname(host, sizeof(host) - 1);
	unsetenv("SUDO_USER");
	unsetenv("SUDO_UID");
	snprintf(expected, sizeof(expected), "%s (uid %lu) on host %s", me->pw_name,
	    (unsigned long)getuid(), host);
	CU_ASSERT_STRING_EQUAL(store_who(who, sizeof(who)), expected);
	CU_ASSERT_EQUAL(strlen(store_who(small, sizeof(small))), 4);
	setenv("SUDO_USER", "anna\n", 1);
	setenv("SUDO_UID", "1000", 1);
	if (getuid() == 0)
		snprintf(expected, sizeof(expected),
		    "%s (uid 0) for anna\\x0A (uid 1000) on host %s", me->pw_name, host);
	CU_ASSERT_STRING_EQUAL(store_who(who, sizeof(who)), expected);
	unsetenv("SUDO_USER");
	unsetenv("SUDO_UID");
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a generation comes back as it was put in", a_generation_comes_back},
	    {"what is not given is empty", what_is_not_given_is_empty},
	    {"text is one printable line", text_is_one_printable_line},
	    {"the file of a generation is kept as it is", the_file_is_kept_as_it_is},
	    {"times have limits", times_have_limits},
	    {"numbers of abandoned generations are not used again",
		abandoned_numbers_are_not_used_again},
	    {"one of many generations, and those that there are", one_of_many},
	    {"sizes have limits", sizes_have_limits},
	    {"a clock that went backwards", the_clock_went_backwards},
	    {"settings", settings},
	    {"Phone-SAST-trust", trust},
	    {"who it was", who_it_was},
	};

	return harness_main("store", tests, HARNESS_COUNT(tests));
}
