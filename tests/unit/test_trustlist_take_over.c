/*
 * Lists taken apart to build the next one from them, and the SASTs that are found in a list.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static struct error err;

static void read_list(struct trustlist *list, const struct buffer *file)
{
	CU_ASSERT_EQUAL_FATAL(tl_read(list, buffer_bytes(file), &err), ST_OK);
}

/* Builds the list of MAKINGS as FILE was, signed for by its first entry. */
static enum status rebuild(
    const struct tl_makings *makings, const struct trustlist *old, X509 *signer, struct buffer *out)
{
	const struct tl_plan plan = {.entries = makings->entries,
	    .n_entries = makings->n_entries,
	    .signer = signer,
	    .digest = makings->digest,
	    .names = makings->names,
	    .has_signer_version = makings->has_signer_version,
	    .signer_version = {makings->signer_version[0], makings->signer_version[1]},
	    .filename = makings->filename,
	    .timestamp = old->timestamp};

	return tl_build(&plan, out, &err);
}

static void the_published_sample_is_built_again(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct tl_makings makings;
	struct buffer again = BUFFER_INIT;
	struct bytes before, after;

	read_list(&list, fixture_cucm_list());
	CU_ASSERT_EQUAL_FATAL(tl_take_apart(&list, &makings, &err), ST_OK);
	CU_ASSERT_EQUAL(makings.n_entries, 4);
	CU_ASSERT_EQUAL(makings.digest, TL_SHA1);
	CU_ASSERT_EQUAL(makings.names, TL_NAMES_CUCM);
	CU_ASSERT_STRING_EQUAL(makings.filename, "CTLFile.tlv");
	CU_ASSERT_STRING_EQUAL(makings.entries[0].dns, "cucm-1051-a-pub");
	CU_ASSERT_EQUAL(makings.entries[0].ip_len, 4);
	CU_ASSERT_EQUAL(memcmp(makings.entries[0].ip, fixture_cucm_ip[0], 4), 0);
	CU_ASSERT_EQUAL_FATAL(
	    rebuild(&makings, &list, fixture_cucm_cert(FIXTURE_CUCM_PUB), &again), ST_OK);
	/* But for the signature it is the same file. */
	before = buffer_bytes(fixture_cucm_list());
	after = buffer_bytes(&again);
	CU_ASSERT_EQUAL_FATAL(before.len, after.len);
	CU_ASSERT_EQUAL(memcmp(before.data + list.header_length, after.data + list.header_length,
			    before.len - list.header_length),
	    0);
	tl_makings_free(&makings);
	tl_makings_free(&makings);
	tl_free(&list);
	buffer_free(&again);
}

static void the_communitys_names_and_version_are_kept(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct tl_makings makings;

	read_list(&list, fixture_community_list());
	CU_ASSERT_EQUAL_FATAL(tl_take_apart(&list, &makings, &err), ST_OK);
	CU_ASSERT_EQUAL(makings.n_entries, list.n_records);
	CU_ASSERT_EQUAL(makings.names, TL_NAMES_RFC4514);
	CU_ASSERT_EQUAL(makings.digest, TL_SHA256);
	CU_ASSERT_TRUE(makings.has_signer_version);
	CU_ASSERT_EQUAL(makings.signer_version[0], list.signer_version[0]);
	CU_ASSERT_EQUAL(makings.signer_version[1], list.signer_version[1]);
	tl_makings_free(&makings);
	tl_free(&list);
}

static void records_without_certificates_are_kept(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	struct tl_makings makings;

	read_list(&list, fixture_windows_list());
	CU_ASSERT_EQUAL_FATAL(tl_take_apart(&list, &makings, &err), ST_OK);
	CU_ASSERT_EQUAL(makings.n_entries, 5);
	CU_ASSERT_PTR_NOT_NULL(makings.entries[0].certificate);
	CU_ASSERT_PTR_NULL(makings.entries[2].certificate);
	CU_ASSERT_STRING_EQUAL(makings.entries[4].dns, "10.48.47.153");
	/* Names that only the Windows client writes. */
	CU_ASSERT_EQUAL(makings.names, TL_NAMES_CUCM);
	tl_makings_free(&makings);
	tl_free(&list);
}

/* Nothing is held when a record cannot be taken. */
static void odd_records_are_told_with_their_number(void)
{
	struct buffer file = BUFFER_INIT;
	struct trustlist list = TRUSTLIST_INIT;
	struct tl_makings makings;

	buffer_add(&file, fixture_cucm_list()->data, fixture_cucm_list()->len);
	read_list(&list, &file);
	list.records[2].has_role = false;
	CU_ASSERT_EQUAL(tl_take_apart(&list, &makings, &err), ST_LIMIT);
	CU_ASSERT_STRING_EQUAL(err.where, "record 3");
	CU_ASSERT_PTR_NULL(makings.entries);
	list.records[2].has_role = true;
	list.records[1].ip.len = 3;
	CU_ASSERT_EQUAL(tl_take_apart(&list, &makings, &err), ST_LIMIT);
	CU_ASSERT_STRING_EQUAL(err.where, "record 2");
	list.records[1].ip.len = 4;
	list.records[3].certificate.len -= 1;
	CU_ASSERT_EQUAL(tl_take_apart(&list, &makings, &err), ST_FORMAT);
	CU_ASSERT_STRING_EQUAL(err.where, "record 4");
	CU_ASSERT_PTR_NULL(makings.filename);
	tl_free(&list);
	buffer_free(&file);
}

static void a_sast_is_found_by_its_certificate(void)
{
	struct trustlist list = TRUSTLIST_INIT;
	const char *subject[] = {"CN", "renewed", NULL};
	X509 *renewed = fixture_cert(&(struct fixture_cert_spec){.subject = subject,
	    .key = fixture_key(FIXTURE_RSA_1024_A),
	    .serial = {(const uint8_t *)"\5", 1}});
	struct buffer names = BUFFER_INIT;

	read_list(&list, fixture_cucm_list());
	CU_ASSERT_PTR_EQUAL(
	    tl_find_sast(&list, fixture_cucm_cert(FIXTURE_CUCM_PUB)), &list.records[0]);
	/* Listed, but not as a SAST. */
	CU_ASSERT_PTR_NULL(tl_find_sast(&list, fixture_cucm_cert(FIXTURE_CUCM_SUB)));
	/* The same key in another certificate is another signer. */
	CU_ASSERT_PTR_NULL(tl_find_sast(&list, renewed));
	/* A record without its certificate is known by its key. */
	list.records[0].certificate = (struct bytes){NULL, 0};
	CU_ASSERT_PTR_EQUAL(tl_find_sast(&list, renewed), &list.records[0]);
	tl_sast_names(&list, &names);
	CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&names), "cucm-1051-a-pub"));
	buffer_free(&names);
	X509_free(renewed);
	tl_free(&list);
}

static void keys_that_cannot_sign_are_told(void)
{
	const char *subject[] = {"CN", "odd", NULL};
	EVP_PKEY *key = fixture_public_key(3072);
	X509 *odd = fixture_cert(&(struct fixture_cert_spec){.subject = subject,
	    .key = key,
	    .issuer_key = fixture_key(FIXTURE_RSA_2048),
	    .serial = {(const uint8_t *)"\6", 1}});

	CU_ASSERT_EQUAL(tl_can_sign(fixture_cucm_cert(FIXTURE_CUCM_PUB), TL_SHA512, &err), ST_OK);
	CU_ASSERT_EQUAL(tl_can_sign(odd, TL_SHA512, &err), ST_LIMIT);
	CU_ASSERT_STRING_EQUAL(err.what, "RSA-3072 has no modulus code in the format");
	X509_free(odd);
	EVP_PKEY_free(key);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"the published sample is built again from its makings",
		the_published_sample_is_built_again},
	    {"the community's names and version are kept",
		the_communitys_names_and_version_are_kept},
	    {"records without certificates are kept", records_without_certificates_are_kept},
	    {"odd records are told with their number", odd_records_are_told_with_their_number},
	    {"a SAST is found by its certificate", a_sast_is_found_by_its_certificate},
	    {"keys that cannot sign are told", keys_that_cannot_sign_are_told},
	};

	return harness_main("take over", tests, HARNESS_COUNT(tests));
}
