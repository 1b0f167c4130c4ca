/*
 * Lists as phones see them: who signed, whom they trust, which file it is; of both dialects, and of
 * files that somebody bent.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_golden.h"
#include "fixture_lists.h"
#include "fixture_looks.h"
#include "harness.h"

#include "phone/phone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct error err;

static struct phone_list read_good(struct bytes file)
{
	struct phone_list list = {.generation = 7, .valid = true};

	CU_ASSERT_EQUAL_FATAL(phone_list_read(file, &list, &err), ST_OK);
	/* What only others know is theirs. */
	CU_ASSERT_EQUAL(list.generation, 7);
	CU_ASSERT_TRUE(list.valid);
	CU_ASSERT_EQUAL(list.size, file.len);
	return list;
}

static struct phone_list read_buffer(const struct buffer *file)
{
	return read_good(buffer_bytes(file));
}

/* The clean list, whatever LOOKS was before. */
static void fresh(struct looks *looks)
{
	looks_free(looks);
	looks_clean(looks);
}

/* LOOKS made anew, and read; good until LOOKS is changed. */
static struct phone_list read_looks(struct looks *looks)
{
	looks_make(looks);
	return read_buffer(&looks->file);
}

static bool equal(const struct phone_anchor *a, const struct phone_anchor *b)
{
	return bytes_equal(a->issuer, b->issuer) && bytes_equal(a->serial, b->serial) &&
	       bytes_equal(a->key, b->key) && bytes_equal(a->certificate, b->certificate);
}

static void reads_cucm(void)
{
	struct phone_list list = read_buffer(fixture_cucm_list());

	CU_ASSERT_EQUAL(list.size, 4947);
	CU_ASSERT_EQUAL(list.digest, TL_SHA1);
	CU_ASSERT_EQUAL(list.key_bits, 1024);
	CU_ASSERT_EQUAL_FATAL(list.n_sasts, 1);
	CU_ASSERT_EQUAL_FATAL(list.n_certificates, 4);
	CU_ASSERT_TRUE(equal(&list.signer, &list.sasts[0]));
	CU_ASSERT_EQUAL(list.signer.serial.len, 16);
	CU_ASSERT_STRING_EQUAL((const char *)list.signer.issuer.data,
	    "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL");
	CU_ASSERT_EQUAL(list.certificates[0].len, 694);
	CU_ASSERT_EQUAL(list.certificates[2].len, 680);
	CU_ASSERT_TRUE(bytes_equal(list.certificates[0], list.signer.certificate));
	CU_ASSERT_TRUE(phone_list_knows(&list, &list.signer));
	CU_ASSERT_TRUE(phone_vouched(&list, &list, NULL, 0));
	phone_list_free(&list);
	CU_ASSERT_PTR_NULL(list.sasts);
	phone_list_free(&list);
}

/* The Windows CTL client's: serials in reverse, no signatures, two tokens. */
static void reads_windows(void)
{
	struct phone_list first = read_buffer(fixture_windows_list());
	struct phone_list second = read_buffer(fixture_windows_list_token_2());
	struct phone_list cucm = read_buffer(fixture_cucm_list());

	CU_ASSERT_EQUAL_FATAL(first.n_sasts, 2);
	CU_ASSERT_EQUAL(first.n_certificates, 3);
	CU_ASSERT_EQUAL(first.key_bits, 1024);
	CU_ASSERT_EQUAL(first.signer.serial.data[0], 0x83);
	CU_ASSERT_TRUE(equal(&first.signer, &first.sasts[0]));
	CU_ASSERT_TRUE(equal(&second.signer, &first.sasts[1]));
	CU_ASSERT_FALSE(equal(&second.signer, &first.signer));
	/* Either token may sign for those who hold the other's list. */
	CU_ASSERT_TRUE(phone_list_knows(&first, &second.signer));
	CU_ASSERT_TRUE(phone_list_knows(&second, &first.signer));
	CU_ASSERT_FALSE(phone_list_knows(&first, &cucm.signer));
	CU_ASSERT_FALSE(phone_list_knows(&cucm, &first.signer));
	CU_ASSERT_FALSE(phone_list_same(&first, &second));
	CU_ASSERT_FALSE(phone_vouched(&second, &cucm, NULL, 0));
	CU_ASSERT_TRUE(phone_vouched(&second, &first, NULL, 0));
	phone_list_free(&first);
	phone_list_free(&second);
	phone_list_free(&cucm);
}

static void reads_community(void)
{
	struct phone_list list = read_buffer(fixture_community_list());

	CU_ASSERT_EQUAL(list.digest, TL_SHA256);
	CU_ASSERT_EQUAL(list.key_bits, 1024);
	CU_ASSERT_EQUAL_FATAL(list.n_sasts, 1);
	CU_ASSERT_EQUAL(list.n_certificates, 2);
	CU_ASSERT_TRUE(equal(&list.signer, &list.sasts[0]));
	phone_list_free(&list);
}

/* The golden list is the same in every run: these are md5sum's and sha1sum's. */
static void sums_up(void)
{
	static struct looks looks;
	struct phone_list list, copy, other;
	struct buffer changed = BUFFER_INIT;

	golden_list(&looks);
	list = read_buffer(&looks.file);
	CU_ASSERT_STRING_EQUAL(list.md5, "e2258b6471871c332efa0646ee9d4c7c");
	CU_ASSERT_STRING_EQUAL(list.sha1, "d7a40d720d3f2480f14bfdd40d0f01bf9cede7de");
	CU_ASSERT_EQUAL(list.key_bits, 2048);
	buffer_add(&changed, looks.file.data, looks.file.len);
	copy = read_buffer(&changed);
	CU_ASSERT_TRUE(phone_list_same(&list, &copy));
	phone_list_free(&copy);
	/* In the last record's address. */
	changed.data[changed.len - 1] ^= 1;
	other = read_buffer(&changed);
	CU_ASSERT_FALSE(phone_list_same(&list, &other));
	phone_list_free(&other);
	phone_list_free(&list);
	buffer_free(&changed);
	looks_free(&looks);
}

static void signer_may_be_nobody(void)
{
	static struct looks looks;
	struct phone_list list;

	fresh(&looks);
	looks.signer_serial = looks_bytes("\x01\x02", 2);
	list = read_looks(&looks);
	CU_ASSERT_EQUAL(list.signer.serial.len, 2);
	CU_ASSERT_TRUE(bytes_equal(list.signer.issuer, list.sasts[0].issuer));
	CU_ASSERT_EQUAL(list.signer.key.len, 0);
	CU_ASSERT_EQUAL(list.signer.certificate.len, 0);
	CU_ASSERT_EQUAL(list.key_bits, 0);
	CU_ASSERT_FALSE(phone_list_knows(&list, &list.signer));
	CU_ASSERT_FALSE(phone_vouched(&list, &list, NULL, 0));
	phone_list_free(&list);
	/* A record of another role with its name is not the signer. */
	fresh(&looks);
	looks.records[0].role = TL_ROLE_CCM;
	list = read_looks(&looks);
	CU_ASSERT_EQUAL(list.n_sasts, 1);
	CU_ASSERT_EQUAL(list.signer.key.len, 0);
	phone_list_free(&list);
	looks_free(&looks);
}

static void key_is_the_certificates(void)
{
	static struct looks looks, clean;
	struct phone_list held, list;

	fresh(&clean);
	held = read_looks(&clean);
	CU_ASSERT_EQUAL(held.key_bits, 2048);
	/* Element 7 is somebody else's: what the signature is checked with counts. */
	fresh(&looks);
	looks.records[0].public_key = looks.records[1].public_key;
	list = read_looks(&looks);
	CU_ASSERT_TRUE(bytes_equal(list.signer.key, held.signer.key));
	CU_ASSERT_TRUE(phone_list_knows(&held, &list.signer));
	CU_ASSERT_FALSE(phone_list_knows(&list, &held.signer));
	phone_list_free(&list);
	/* The other way round: it does not pass for the SAST whose key it shows. */
	fresh(&looks);
	looks.records[0].certificate = looks.records[1].certificate;
	list = read_looks(&looks);
	CU_ASSERT_FALSE(phone_list_knows(&held, &list.signer));
	phone_list_free(&list);
	/* No element 7, or one with something behind it: the certificate has it. */
	fresh(&looks);
	looks.records[0].public_key = (struct bytes){NULL, 0};
	list = read_looks(&looks);
	CU_ASSERT_TRUE(bytes_equal(list.signer.key, held.signer.key));
	CU_ASSERT_TRUE(bytes_equal(list.sasts[0].key, held.signer.key));
	CU_ASSERT_EQUAL(list.key_bits, 2048);
	phone_list_free(&list);
	phone_list_free(&held);
	looks_free(&looks);
	looks_free(&clean);
}

static void key_may_stand_alone(void)
{
	static struct looks looks;
	struct phone_list list;
	struct bytes key;
	uint8_t longer[600];

	fresh(&looks);
	key = looks.records[0].public_key;
	looks.sign = false;
	looks.records[0].certificate = (struct bytes){NULL, 0};
	list = read_looks(&looks);
	CU_ASSERT_TRUE(bytes_equal(list.signer.key, key));
	CU_ASSERT_EQUAL(list.key_bits, 2048);
	CU_ASSERT_EQUAL(list.signer.certificate.len, 0);
	CU_ASSERT_EQUAL(list.n_certificates, looks.n - 1);
	phone_list_free(&list);
	/* What is no RSA key is none. */
	memcpy(longer, key.data, key.len);
	longer[key.len] = 0;
	looks.records[0].public_key = (struct bytes){longer, key.len + 1};
	list = read_looks(&looks);
	CU_ASSERT_EQUAL(list.signer.key.len, 0);
	CU_ASSERT_EQUAL(list.key_bits, 0);
	phone_list_free(&list);
	looks.records[0].public_key = looks_bytes("\x30\x00", 2);
	list = read_looks(&looks);
	CU_ASSERT_EQUAL(list.signer.key.len, 0);
	CU_ASSERT_EQUAL(list.key_bits, 0);
	phone_list_free(&list);
	looks_free(&looks);
}

static void signer_has_to_have_rsa(void)
{
	static struct looks looks;
	struct phone_list list;

	fresh(&looks);
	looks.sign = false;
	looks_record(&looks.records[0], TL_ROLE_SAST,
	    looks_cert("ec", fixture_key(FIXTURE_EC_P256), 5), NULL, NULL);
	looks.signer_issuer = looks.records[0].issuer;
	looks.signer_serial = looks.records[0].serial;
	list = read_looks(&looks);
	CU_ASSERT_TRUE(list.signer.certificate.len > 0);
	CU_ASSERT_EQUAL(list.signer.key.len, 0);
	CU_ASSERT_EQUAL(list.key_bits, 0);
	CU_ASSERT_FALSE(phone_list_knows(&list, &list.signer));
	phone_list_free(&list);
	looks_free(&looks);
}

static void knows_all_sizes(void)
{
	static const int sizes[] = {512, 1024, 2048, 3072, 4096};
	static struct looks looks;

	for (size_t i = 0; i < HARNESS_COUNT(sizes); i++) {
		struct phone_list list;

		fresh(&looks);
		looks.sign = false;
		looks_record(&looks.records[0], TL_ROLE_SAST,
		    looks_cert("sized", looks_public_key(sizes[i]), 9), NULL, NULL);
		looks.signer_issuer = looks.records[0].issuer;
		looks.signer_serial = looks.records[0].serial;
		list = read_looks(&looks);
		CU_ASSERT_EQUAL(list.key_bits, (unsigned)sizes[i]);
		phone_list_free(&list);
	}
	looks_free(&looks);
}

/* A list that is as large as phones load, and one that is larger. */
static void is_quick(void)
{
	static struct looks looks;
	const clock_t begin = clock();
	struct phone_list list;

	fresh(&looks);
	for (; looks.n < 50; looks.n++)
		looks.records[looks.n] = looks.records[looks.n % 2];
	looks_make(&looks);
	CU_ASSERT_TRUE(looks.file.len > 40000);
	for (unsigned i = 0; i < 50; i++) {
		list = read_buffer(&looks.file);
		CU_ASSERT_EQUAL(list.n_sasts, 47);
		phone_list_free(&list);
	}
	CU_ASSERT_TRUE(clock() - begin < 5 * CLOCKS_PER_SEC);
	looks_free(&looks);
}

/* ---- files that somebody bent ------------------------------------------------------------------
 */

static bool lies_in(struct bytes part, struct bytes whole)
{
	return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
				    part.data + part.len <= whole.data + whole.len);
}

static bool anchor_lies_in(const struct phone_anchor *anchor, struct bytes file)
{
	return lies_in(anchor->issuer, file) && lies_in(anchor->serial, file) &&
	       lies_in(anchor->key, file) && lies_in(anchor->certificate, file);
}

/* Reads an exact heap copy, so that a sanitizer sees one byte too many. */
static enum status read_bent(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);
	const struct bytes file = {copy, len};
	struct phone_list list = {.size = 0};
	enum status st;

	memcpy(copy, data, len);
	error_clear(&err);
	st = phone_list_read(file, &list, &err);
	CU_ASSERT_EQUAL(err.status, st);
	if (st == ST_OK) {
		CU_ASSERT_TRUE(anchor_lies_in(&list.signer, file));
		for (size_t i = 0; i < list.n_sasts; i++)
			CU_ASSERT_TRUE(anchor_lies_in(&list.sasts[i], file));
		for (size_t i = 0; i < list.n_certificates; i++)
			CU_ASSERT_TRUE(lies_in(list.certificates[i], file));
		phone_list_knows(&list, &list.signer);
		phone_vouched(&list, &list, NULL, 0);
	}
	phone_list_free(&list);
	free(copy);
	return st;
}

static void refuses_what_is_cut(void)
{
	/* The header alone is a list, and so it is behind each record but the last. */
	static const unsigned whole_records[FIXTURE_N_SAMPLES] = {4, 5, 2};

	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		const struct buffer *sample = fixture_sample(i);
		unsigned good = 0;

		for (size_t len = 0; len < sample->len; len++)
			good += read_bent(sample->data, len) != ST_FORMAT;
		CU_ASSERT_EQUAL(good, whole_records[i]);
	}
}

static void survives_flips(void)
{
	struct buffer bent = BUFFER_INIT;

	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		const struct buffer *sample = fixture_sample(i);
		unsigned good = 0;

		for (size_t at = 0; at < sample->len; at++) {
			buffer_reset(&bent);
			buffer_add(&bent, sample->data, sample->len);
			bent.data[at] ^= (uint8_t)(1u << (at % 8));
			good += read_bent(bent.data, bent.len) == ST_OK;
		}
		/* Most of a list is certificates, which are only looked at when it matters. */
		CU_ASSERT_TRUE(good > sample->len / 2 && good < sample->len);
	}
	buffer_free(&bent);
}

static void refuses_others(void)
{
	static uint8_t huge[TL_MAX_FILE + 1];

	CU_ASSERT_EQUAL(read_bent((const uint8_t *)"<device>", 8), ST_FORMAT);
	CU_ASSERT_TRUE(err.what[0] != '\0');
	CU_ASSERT_EQUAL(read_bent(huge, sizeof(huge)), ST_LIMIT);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a list of CUCM's command line", reads_cucm},
	    {"lists of the Windows CTL client, whose tokens know each other", reads_windows},
	    {"a list of the community's tool", reads_community},
	    {"its checksums are md5sum's and sha1sum's", sums_up},
	    {"a signer without a record is known by nobody", signer_may_be_nobody},
	    {"the signer's key is its certificate's", key_is_the_certificates},
	    {"without a certificate it is element 7", key_may_stand_alone},
	    {"a signer without an RSA key has none", signer_has_to_have_rsa},
	    {"the size of the key is told", knows_all_sizes},
	    {"fifty large lists take no time", is_quick},
	    {"a list that is cut is refused", refuses_what_is_cut},
	    {"a list with a bit flipped does no harm", survives_flips},
	    {"another file is refused", refuses_others},
	};

	return harness_main("lists as phones see them", tests, HARNESS_COUNT(tests));
}
