/*
 * tl_diff(): every kind of change is told once, in words and with its records.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "fixture_looks.h"
#include "harness.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct looks before, after;
static struct tl_changes changes;

static void done(void)
{
	tl_changes_free(&changes);
	looks_free(&before);
	looks_free(&after);
}

/* Two clean lists, and nothing left of an earlier test. */
static void begin(void)
{
	done();
	looks_clean(&before);
	looks_clean(&after);
}

static void diff(void)
{
	struct error err;

	error_clear(&err);
	looks_make(&before);
	looks_make(&after);
	tl_changes_free(&changes);
	CU_ASSERT_EQUAL_FATAL(tl_diff(&before.list, &after.list, &changes, &err), ST_OK);
}

static bool is(size_t i, enum tl_change_kind kind, const char *field, size_t old_record,
    size_t new_record, const char *text)
{
	const struct tl_change *c;

	if (i >= changes.n) {
		printf("# only %zu changes\n", changes.n);
		return false;
	}
	c = &changes.items[i];
	if (c->kind == kind && strcmp(c->field, field) == 0 && c->old_record == old_record &&
	    c->new_record == new_record && strcmp(c->text, text) == 0)
		return true;
	printf("# kind %d field %s old %zu new %zu: %s\n", c->kind, c->field, c->old_record,
	    c->new_record, c->text);
	return false;
}

static void sha1(char out[41], struct bytes data)
{
	uint8_t digest[20];

	CU_ASSERT_EQUAL_FATAL(
	    EVP_Q_digest(NULL, "SHA1", NULL, data.data, data.len, digest, NULL), 1);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* WHAT with the hash of record NUMBER's certificate in both lists behind it. */
static const char *hashes(const char *what, size_t number, const char *rest)
{
	static char text[512];
	char old_hash[41], new_hash[41];

	sha1(old_hash, before.records[number - 1].certificate);
	sha1(new_hash, after.records[number - 1].certificate);
	snprintf(text, sizeof(text), "%s SHA-1 %s -> SHA-1 %s%s", what, old_hash, new_hash, rest);
	return text;
}

/* Takes record I (from 0) out. */
static void drop(struct looks *looks, size_t i)
{
	memmove(&looks->records[i], &looks->records[i + 1],
	    (looks->n - i - 1) * sizeof(looks->records[0]));
	looks->n--;
}

static void test_same(void)
{
	begin();
	diff();
	CU_ASSERT_TRUE(changes.same_bytes);
	CU_ASSERT_TRUE(changes.signer_trusted);
	CU_ASSERT_EQUAL(changes.n, 0);
}

static void test_added(void)
{
	begin();
	looks_record(&after.records[5], TL_ROLE_SAST,
	    looks_cert("SAST-3", looks_public_key(2048), 7), NULL, NULL);
	after.n = 6;
	diff();
	CU_ASSERT_FALSE(changes.same_bytes);
	CU_ASSERT_TRUE(changes.signer_trusted);
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_ADDED, "entry", 0, 6,
	    "adds SAST CN=SAST-3;O=Acme (serial 4A:21:9F:00:00:01:00:07)"));
}

static void test_removed(void)
{
	begin();
	drop(&after, 2);
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_REMOVED, "entry", 3, 0,
	    "removes CCM+TFTP cucm-pub (serial 4A:21:9F:00:00:01:00:03)"));
}

/* Another token with the same subject is another token. */
static void test_token_replaced(void)
{
	begin();
	looks_record(&after.records[1], TL_ROLE_SAST,
	    looks_cert("SAST-2", looks_public_key(2048), 8), NULL, NULL);
	diff();
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_REMOVED, "entry", 2, 0,
	    "removes SAST CN=SAST-2;O=Acme (serial 4A:21:9F:00:00:01:00:02)"));
	CU_ASSERT_TRUE(is(1, TL_ENTRY_ADDED, "entry", 0, 2,
	    "adds SAST CN=SAST-2;O=Acme (serial 4A:21:9F:00:00:01:00:08)"));
}

static void test_certificate(void)
{
	begin();
	looks_record(&after.records[4], TL_ROLE_CCM_TFTP,
	    looks_cert("cucm-sub1", looks_public_key(2048), 9), "cucm-sub1", "10.0.0.2");
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "certificate", 5, 5,
	    "certificate of CCM+TFTP cucm-sub1 changes: serial 4A:21:9F:00:00:01:00:05 -> "
	    "serial 4A:21:9F:00:00:01:00:09"));
	/* Renewed under the old serial. */
	looks_record(&after.records[4], TL_ROLE_CCM_TFTP,
	    looks_cert("cucm-sub1", looks_public_key(1024), 5), "cucm-sub1", "10.0.0.2");
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "certificate", 5, 5,
	    hashes("certificate of CCM+TFTP cucm-sub1 changes:", 5,
		", with the same serial 4A:21:9F:00:00:01:00:05")));
}

/* To phones a token of the same serial and issuer is the same one, whatever else has changed. */
static void test_token_renewed(void)
{
	begin();
	looks_record(&after.records[1], TL_ROLE_SAST,
	    looks_cert("SAST-2", looks_public_key(1024), 2), NULL, NULL);
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "certificate", 2, 2,
	    hashes("certificate of SAST CN=SAST-2;O=Acme changes:", 2,
		", with the same serial 4A:21:9F:00:00:01:00:02")));
}

/* Two tokens of the same name and serial, by two issuers. */
static void test_twins(void)
{
	static const char *const words[] = {"removes", "adds"};
	char hash[41], text[256];

	begin();
	looks_record(&after.records[1], TL_ROLE_SAST,
	    looks_cert("SAST-2", looks_public_key(1024), 2), NULL, NULL);
	after.records[1].issuer = looks_text("CN=another");
	diff();
	CU_ASSERT_EQUAL_FATAL(changes.n, 2);
	for (size_t i = 0; i < 2; i++) {
		sha1(hash, (i == 0 ? &before : &after)->records[1].certificate);
		snprintf(text, sizeof(text),
		    "%s SAST CN=SAST-2;O=Acme (serial "
		    "4A:21:9F:00:00:01:00:02), SHA-1 of its certificate %s",
		    words[i], hash);
		CU_ASSERT_STRING_EQUAL(changes.items[i].text, text);
	}
	/* Without certificates too the two texts differ. */
	before.records[1].certificate = after.records[1].certificate = (struct bytes){NULL, 0};
	diff();
	CU_ASSERT_EQUAL_FATAL(changes.n, 2);
	CU_ASSERT_STRING_NOT_EQUAL(strstr(changes.items[0].text, "SHA-1 of its record "),
	    strstr(changes.items[1].text, "SHA-1 of its record "));
}

/* What has no name is called by its address. */
static void test_nameless(void)
{
	begin();
	after.n = 6;
	after.records[5] = (struct looks_record){
	    .has_role = true, .role = TL_ROLE_TFTP, .ip = looks_bytes("\x0a\x00\x00\x07", 4)};
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_ADDED, "entry", 0, 6, "adds TFTP 10.0.0.7"));
}

/* CallManager and ITLRecovery are SASTs of one host: each goes with its own successor. */
static void test_two_of_one_host(void)
{
	begin();
	looks_record(&before.records[1], TL_ROLE_SAST,
	    looks_cert("cucm-pub", looks_public_key(2048), 20), "cucm-pub", "10.0.0.1");
	looks_record(&before.records[2], TL_ROLE_SAST,
	    looks_cert("ITLRECOVERY_cucm-pub", looks_public_key(2048), 21), "cucm-pub", "10.0.0.1");
	before.n = 3;
	after.records[1] = before.records[2];
	looks_record(&after.records[2], TL_ROLE_SAST,
	    looks_cert("cucm-pub", looks_public_key(2048), 22), "cucm-pub", "10.0.0.1");
	after.n = 3;
	diff();
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "certificate", 2, 3,
	    "certificate of SAST cucm-pub changes: serial 4A:21:9F:00:00:01:00:14 -> "
	    "serial 4A:21:9F:00:00:01:00:16"));
	CU_ASSERT_EQUAL(changes.items[1].kind, TL_ORDER_CHANGED);
	/* One takes the other's place: not the same entry with a new certificate. */
	before.n = 2;
	after.n = 2;
	diff();
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_REMOVED, "entry", 2, 0,
	    "removes SAST cucm-pub (serial 4A:21:9F:00:00:01:00:14)"));
	CU_ASSERT_TRUE(is(1, TL_ENTRY_ADDED, "entry", 0, 2,
	    "adds SAST cucm-pub (serial 4A:21:9F:00:00:01:00:15)"));
}

static void strip_certificate(struct looks_record *record)
{
	record->subject = record->issuer = record->serial = record->public_key = record->signature =
	    record->certificate = (struct bytes){NULL, 0};
}

static void test_modes(void)
{
	begin();
	strip_certificate(&after.records[4]);
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "certificate", 5, 5,
	    "CCM+TFTP cucm-sub1 loses its certificate (serial 4A:21:9F:00:00:01:00:05)"));
	begin();
	strip_certificate(&before.records[4]);
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "certificate", 5, 5,
	    "CCM+TFTP cucm-sub1 gets a certificate (serial 4A:21:9F:00:00:01:00:05)"));
}

static void test_address_and_name(void)
{
	begin();
	after.records[4].ip = looks_bytes("\x0a\x00\x00\x63", 4);
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "ip", 5, 5,
	    "IP address of CCM+TFTP cucm-sub1 (serial 4A:21:9F:00:00:01:00:05) changes from "
	    "10.0.0.2 to 10.0.0.99"));
	after.records[4].dns = looks_text("cucm-sub9");
	diff();
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "dns", 5, 5,
	    "DNS name of CCM+TFTP cucm-sub9 (serial 4A:21:9F:00:00:01:00:05) changes from "
	    "'cucm-sub1' to 'cucm-sub9'"));
	CU_ASSERT_STRING_EQUAL(changes.items[1].field, "ip");
	after.records[4].ip = (struct bytes){NULL, 0};
	after.records[4].dns = before.records[4].dns;
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(changes.items[0].text, "from 10.0.0.2 to none"));
}

static void test_encoding(void)
{
	begin();
	after.records[4].signature = (struct bytes){NULL, 0};
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ENTRY_CHANGED, "encoding", 5, 5,
	    "CCM+TFTP cucm-sub1 (serial 4A:21:9F:00:00:01:00:05) is written differently, with "
	    "the same certificate, name and address"));
	begin();
	after.pad = false;
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_EQUAL(changes.items[0].kind, TL_HEADER_CHANGED);
	CU_ASSERT_STRING_EQUAL(changes.items[0].field, "encoding");
}

static void test_order(void)
{
	struct looks_record record;

	begin();
	record = after.records[2];
	after.records[2] = after.records[4];
	after.records[4] = record;
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_ORDER_CHANGED, "order", 4, 4,
	    "the order of the entries changes: CAPF cucm-pub (serial 4A:21:9F:00:00:01:00:04) "
	    "moves up"));
	/* What moves only because an entry before it is gone has not moved. */
	after.records[4] = after.records[2];
	after.records[2] = record;
	drop(&after, 1);
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_EQUAL(changes.items[0].kind, TL_ENTRY_REMOVED);
}

static void test_signer(void)
{
	begin();
	after.signer_name = after.records[1].subject;
	after.signer_serial = after.records[1].serial;
	after.signer_issuer = after.records[1].issuer;
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_SIGNER_CHANGED, "signer", 1, 2,
	    "signer changes from CN=SAST-1;O=Acme (serial 4A:21:9F:00:00:01:00:01) to "
	    "CN=SAST-2;O=Acme (serial 4A:21:9F:00:00:01:00:02)"));
	CU_ASSERT_TRUE(changes.signer_trusted);
}

static void test_signer_untrusted(void)
{
	begin();
	/* The same name and serial, another key. */
	looks_record(&after.records[0], TL_ROLE_SAST,
	    looks_cert("SAST-1", looks_public_key(1024), 1), NULL, NULL);
	diff();
	CU_ASSERT_FALSE(changes.signer_trusted);
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_SIGNER_CHANGED, "signer", 1, 1,
	    "signer CN=SAST-1;O=Acme (serial 4A:21:9F:00:00:01:00:01) has another certificate "
	    "under "
	    "the same serial and issuer"));
	CU_ASSERT_EQUAL(changes.items[1].kind, TL_ENTRY_CHANGED);
	CU_ASSERT_STRING_EQUAL(changes.items[1].field, "certificate");
}

static void test_signer_gone(void)
{
	begin();
	drop(&after, 0);
	diff();
	CU_ASSERT_FALSE(changes.signer_trusted);
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_SIGNER_CHANGED, "signer", 1, 0,
	    "signer CN=SAST-1;O=Acme (serial 4A:21:9F:00:00:01:00:01) is none of the SAST entries "
	    "any more"));
	CU_ASSERT_EQUAL(changes.items[1].kind, TL_ENTRY_REMOVED);
}

static void test_signer_written_differently(void)
{
	begin();
	after.records[0].serial = after.signer_serial = looks_bytes("\x77\x78", 2);
	diff();
	CU_ASSERT_EQUAL(changes.n, 2);
	CU_ASSERT_TRUE(is(0, TL_SIGNER_CHANGED, "signer-name", 1, 1,
	    "the signer is the same certificate, written differently: "
	    "CN=SAST-1;O=Acme (serial 4A:21:9F:00:00:01:00:01) -> CN=SAST-1;O=Acme (serial "
	    "77:78)"));
	CU_ASSERT_STRING_EQUAL(changes.items[1].field, "encoding");
	CU_ASSERT_FALSE(changes.signer_trusted);
}

static void test_header(void)
{
	begin();
	before.digest = TL_SHA1;
	after.filename = looks_text("ITLFile.tlv");
	after.signer_version = 0x0101;
	after.version = 0x0103;
	after.timestamp++;
	diff();
	CU_ASSERT_EQUAL(changes.n, 5);
	CU_ASSERT_TRUE(
	    is(0, TL_HEADER_CHANGED, "digest", 0, 0, "digest changes from SHA-1 to SHA-512"));
	CU_ASSERT_TRUE(is(1, TL_HEADER_CHANGED, "filename", 0, 0,
	    "file name changes from 'CTLFile.tlv' to 'ITLFile.tlv'"));
	CU_ASSERT_TRUE(
	    is(2, TL_HEADER_CHANGED, "version", 0, 0, "version changes from 1.2 to 1.3"));
	CU_ASSERT_TRUE(is(3, TL_HEADER_CHANGED, "signer-version", 0, 0,
	    "signer version changes from none to 1.1"));
	CU_ASSERT_TRUE(is(4, TL_HEADER_CHANGED, "timestamp", 0, 0,
	    "timestamp changes from 2026-11-22 12:00:00 UTC to 2026-11-22 12:00:01 UTC"));
	begin();
	after.timestamp -= 3600;
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_TRUE(is(0, TL_HEADER_CHANGED, "timestamp", 0, 0,
	    "timestamp goes back from 2026-11-22 12:00:00 UTC to 2026-11-22 11:00:00 UTC"));
	after.has_timestamp = false;
	diff();
	CU_ASSERT_TRUE(is(0, TL_HEADER_CHANGED, "timestamp", 0, 0,
	    "timestamp changes from 2026-11-22 12:00:00 UTC to none"));
}

static void test_printable(void)
{
	begin();
	after.records[4].dns = looks_text("\033]0;x\007\xff\n");
	diff();
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(changes.items[0].text, "'\\x1B]0;x\\x07\\xFF\\x0A'"));
}

/* Appends N records of ROLE without certificate, whose names differ. */
static void add_many(struct buffer *file, size_t n, unsigned role, bool backwards)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t number = (uint32_t)(backwards ? n - i : i + 1) | 0x01010101;
		uint8_t name[5] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
		    (uint8_t)(number >> 8), (uint8_t)number, 0};
		size_t at = fixture_record_begin(file);

		fixture_element(file, TL_R_DNS_NAME, name, sizeof(name));
		fixture_u16(file, TL_R_FUNCTION, role);
		fixture_record_end(file, at);
	}
}

/* As many records as a file can hold, or nearly: done soon, and told in few words. */
static void test_many(void)
{
	const size_t n = 40000;
	struct error err;

	error_clear(&err);
	begin();
	looks_make(&before);
	looks_make(&after);
	add_many(&before.file, n, TL_ROLE_TFTP, false);
	add_many(&after.file, n, TL_ROLE_TFTP, true);
	CU_ASSERT_EQUAL_FATAL(tl_read(&before.list, buffer_bytes(&before.file), &err), ST_OK);
	CU_ASSERT_EQUAL_FATAL(tl_read(&after.list, buffer_bytes(&after.file), &err), ST_OK);
	CU_ASSERT_EQUAL(tl_diff(&before.list, &after.list, &changes, &err), ST_OK);
	CU_ASSERT_EQUAL(changes.n, 1);
	CU_ASSERT_EQUAL(changes.items[0].kind, TL_ORDER_CHANGED);
	tl_changes_free(&changes);
	looks_make(&after);
	add_many(&after.file, n, TL_ROLE_CCM, false);
	CU_ASSERT_EQUAL_FATAL(tl_read(&after.list, buffer_bytes(&after.file), &err), ST_OK);
	CU_ASSERT_EQUAL(tl_diff(&before.list, &after.list, &changes, &err), ST_OK);
	CU_ASSERT_EQUAL(changes.n, 2002);
	CU_ASSERT_TRUE(
	    is(2000, TL_ENTRY_ADDED, "more", 0, 0, "and 39000 more changes of this kind"));
	CU_ASSERT_TRUE(
	    is(2001, TL_ENTRY_REMOVED, "more", 0, 0, "and 39000 more changes of this kind"));
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the same file has no changes", test_same},
	    {"an added entry", test_added},
	    {"a removed entry", test_removed},
	    {"a replaced token is removed and added", test_token_replaced},
	    {"a new certificate", test_certificate},
	    {"a token renewed under its serial and issuer", test_token_renewed},
	    {"a removal and an addition never read the same", test_twins},
	    {"an entry without a name is called by its address", test_nameless},
	    {"two SASTs of one host are told apart", test_two_of_one_host},
	    {"a server loses or gets its certificate", test_modes},
	    {"a new address or name", test_address_and_name},
	    {"other bytes that say the same", test_encoding},
	    {"a change of order, and only that", test_order},
	    {"another signer", test_signer},
	    {"a signer with another key is not trusted", test_signer_untrusted},
	    {"a signer that is no SAST any more", test_signer_gone},
	    {"a signer written differently", test_signer_written_differently},
	    {"digest, file name, versions, timestamp", test_header},
	    {"names are printable", test_printable},
	    {"40,000 records are compared soon", test_many},
	};

	setenv("TZ", "UTC", 1);
	atexit(done);
	return harness_main("trustlist_diff", tests, HARNESS_COUNT(tests));
}
