/*
 * Signing with signers good and bad, and who trusts whom.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static struct error err;

/* An unsigned list of two SASTs, signed for by the first. */
static void build(struct buffer *out, enum tl_digest digest)
{
	X509 *pub = fixture_cucm_cert(FIXTURE_CUCM_PUB);
	struct tl_entry entries[2] = {{0, pub, "", {0}, 0, {NULL, 0}},
	    {0, fixture_cucm_cert(FIXTURE_CUCM_SUB), "", {0}, 0, {NULL, 0}}};
	struct tl_plan plan = {
	    entries, 2, pub, digest, TL_NAMES_CUCM, false, {0}, "CTLFile.tlv", 1};

	CU_ASSERT_EQUAL_FATAL(tl_build(&plan, out, &err), ST_OK);
}

static enum status verify(const struct buffer *file)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct trustlist list = TRUSTLIST_INIT;
	enum status status = tl_read(&list, buffer_bytes(file), &err);

	if (status == ST_OK)
		status = tl_verify(verifier, &list, &err);
	tl_free(&list);
	tl_verifier_free(verifier);
	return status;
}

static void signs_with_every_digest(void)
{
	struct buffer file = BUFFER_INIT;
	struct fixture_signer signer;

	for (int digest = TL_SHA1; digest <= TL_SHA512; digest++) {
		fixture_signer_init(&signer, fixture_key(FIXTURE_RSA_1024_A),
		    fixture_cucm_cert(FIXTURE_CUCM_PUB), FIXTURE_SIGNS);
		build(&file, (enum tl_digest)digest);
		CU_ASSERT_EQUAL(verify(&file), ST_NOT_VERIFIED);
		CU_ASSERT_EQUAL(fixture_sign_list(&file, &signer, &err), ST_OK);
		CU_ASSERT_EQUAL(signer.signed_times, 1);
		CU_ASSERT_EQUAL(signer.freed_times, 0);
		CU_ASSERT_EQUAL(verify(&file), ST_OK);
	}
	buffer_free(&file);
}

/* The signer fails as told; the file stays as it was. */
static void fails(EVP_PKEY *key, X509 *cert, enum fixture_fault fault, enum status status,
    unsigned signed_times, const char *expected)
{
	struct buffer file = BUFFER_INIT, before = BUFFER_INIT;
	struct fixture_signer signer;

	build(&file, TL_SHA256);
	build(&before, TL_SHA256);
	fixture_signer_init(&signer, key, cert, fault);
	error_clear(&err);
	CU_ASSERT_EQUAL(fixture_sign_list(&file, &signer, &err), status);
	CU_ASSERT_EQUAL(err.status, status);
	CU_ASSERT_EQUAL(signer.signed_times, signed_times);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.what, expected));
	if (strstr(err.what, expected) == NULL)
		printf("# %s\n", err.what);
	CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&file), buffer_bytes(&before)));
	buffer_free(&file);
	buffer_free(&before);
}

static void distrusts_the_signer(void)
{
	EVP_PKEY *key = fixture_key(FIXTURE_RSA_1024_A);
	X509 *cert = fixture_cucm_cert(FIXTURE_CUCM_PUB);

	fails(key, cert, FIXTURE_SIGNS_WRONG, ST_NOT_VERIFIED, 1,
	    "the signature that token 'FIXTURE' (serial 0011) made does not verify");
	fails(key, cert, FIXTURE_SIGNS_OTHER_DIGEST, ST_NOT_VERIFIED, 1, "does not verify");
	fails(fixture_key(FIXTURE_RSA_1024_B), cert, FIXTURE_SIGNS, ST_NOT_VERIFIED, 1,
	    "does not verify");
	fails(key, cert, FIXTURE_SIGNS_SHORT, ST_NOT_VERIFIED, 1,
	    "token 'FIXTURE' (serial 0011) made a signature of 127 bytes where 128 belong");
	fails(fixture_key(FIXTURE_RSA_2048), cert, FIXTURE_SIGNS, ST_NOT_VERIFIED, 1,
	    "made a signature of 256 bytes where 128 belong");
	fails(key, cert, FIXTURE_SIGNS_NOT, ST_TOKEN_REMOVED, 1, "the fixture was removed");
	/* The list's other SAST is not whom the header names: not even asked. */
	fails(fixture_key(FIXTURE_RSA_1024_B), fixture_cucm_cert(FIXTURE_CUCM_SUB), FIXTURE_SIGNS,
	    ST_NO_KEY, 0, "token 'FIXTURE' (serial 0011) does not hold the certificate");
}

static void signs_no_other_file(void)
{
	struct buffer file = BUFFER_INIT;
	struct fixture_signer signer;

	fixture_signer_init(&signer, fixture_key(FIXTURE_RSA_1024_A),
	    fixture_cucm_cert(FIXTURE_CUCM_PUB), FIXTURE_SIGNS);
	CU_ASSERT_EQUAL(fixture_sign_list(&file, &signer, &err), ST_FORMAT);
	buffer_add(&file, fixture_cucm_list()->data, 336);
	CU_ASSERT_EQUAL(fixture_sign_list(&file, &signer, &err), ST_NO_KEY);
	CU_ASSERT_EQUAL(signer.signed_times, 0);
	buffer_free(&file);
}

static void read_ok(struct trustlist *list, const struct buffer *file)
{
	CU_ASSERT_EQUAL_FATAL(tl_read(list, buffer_bytes(file), &err), ST_OK);
}

static void trusts_its_sasts(void)
{
	struct trustlist cucm = TRUSTLIST_INIT, token_1 = TRUSTLIST_INIT, token_2 = TRUSTLIST_INIT;

	read_ok(&cucm, fixture_cucm_list());
	read_ok(&token_1, fixture_windows_list());
	read_ok(&token_2, fixture_windows_list_token_2());
	CU_ASSERT_EQUAL(tl_trusted_by(&cucm, &cucm, &err), ST_OK);
	CU_ASSERT_EQUAL(tl_trusted_by(&token_2, &token_1, &err), ST_OK);
	CU_ASSERT_EQUAL(tl_trusted_by(&token_1, &token_2, &err), ST_OK);
	CU_ASSERT_EQUAL(tl_trusted_by(&cucm, &token_1, &err), ST_NOT_VERIFIED);
	CU_ASSERT_STRING_EQUAL(err.what,
	    "the new list's signer CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL "
	    "(serial 70:CA:F6:4E:09:07:51:B9:DF:22:F4:9F:75:4F:C5:BB) is no SAST of the old list");
	CU_ASSERT_STRING_EQUAL(err.hint,
	    "sign with one of the old list's SASTs: "
	    "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems, "
	    "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems");
	CU_ASSERT_EQUAL(tl_trusted_by(&token_1, &cucm, &err), ST_NOT_VERIFIED);
	tl_free(&cucm);
	tl_free(&token_1);
	tl_free(&token_2);
}

/* A list of one record for CERT, whose header names it; elements as asked for. */
static void one_record(struct buffer *out, X509 *cert, unsigned role, bool with_certificate)
{
	static const uint8_t serial[] = {9};
	struct fixture_header header = {"CN=n", "CN=n", {serial, 1}, 1, 1, 128, false, NULL, 0};
	struct fixture_record record = {role, "", "CN=n", "CN=n", {serial, 1}, cert, false, NULL};
	const uint8_t *key;
	size_t begin;

	buffer_reset(out);
	fixture_header(out, &header);
	if (with_certificate) {
		fixture_record(out, &record);
		return;
	}
	begin = fixture_record_begin(out);
	fixture_u16(out, 4, role);
	fixture_text(out, 5, "CN=n");
	fixture_element(out, 6, serial, 1);
	key = X509_get0_pubkey_bitstr(cert)->data;
	fixture_element(out, 7, key, (size_t)X509_get0_pubkey_bitstr(cert)->length);
	fixture_record_end(out, begin);
}

static X509 *cert_of(EVP_PKEY *key, const char *cn)
{
	static const uint8_t serial[] = {9};
	const char *const name[] = {"CN", cn, NULL};
	struct fixture_cert_spec spec = {.subject = name,
	    .key = key,
	    .issuer_key = fixture_key(FIXTURE_RSA_1024_A),
	    .serial = {serial, 1}};

	return fixture_cert(&spec);
}

static enum status trust(const struct buffer *new_file, const struct buffer *old_file)
{
	struct trustlist new_list = TRUSTLIST_INIT, old_list = TRUSTLIST_INIT;
	enum status status;

	read_ok(&new_list, new_file);
	read_ok(&old_list, old_file);
	status = tl_trusted_by(&new_list, &old_list, &err);
	tl_free(&new_list);
	tl_free(&old_list);
	return status;
}

static void compares_keys(void)
{
	X509 *cert = cert_of(fixture_key(FIXTURE_RSA_1024_A), "n");
	X509 *renewed = cert_of(fixture_key(FIXTURE_RSA_1024_A), "renewed");
	X509 *other = cert_of(fixture_key(FIXTURE_RSA_1024_B), "n");
	struct buffer new_file = BUFFER_INIT, old_file = BUFFER_INIT;

	one_record(&new_file, cert, TL_ROLE_SAST, true);
	one_record(&old_file, renewed, TL_ROLE_SAST, true);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_OK);
	one_record(&old_file, other, TL_ROLE_SAST, true);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_NOT_VERIFIED);
	CU_ASSERT_STRING_EQUAL(err.what,
	    "the old list has a SAST with the serial and issuer of the new list's signer CN=n "
	    "(serial 09), but with another public key");
	CU_ASSERT_STRING_EQUAL(err.hint, "sign with one of the old list's SASTs: CN=n");
	/* A record without certificate speaks by its PUBLICKEY. */
	one_record(&old_file, cert, TL_ROLE_SAST, false);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_OK);
	one_record(&old_file, other, TL_ROLE_SAST, false);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_NOT_VERIFIED);
	/* Any other role does not count. */
	one_record(&old_file, cert, TL_ROLE_CCM_TFTP, true);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_NOT_VERIFIED);
	CU_ASSERT_STRING_EQUAL(err.hint, "check that the old list is the one that the phones hold");
	/* The new list needs its signer's certificate, for that is what it is verified with. */
	one_record(&old_file, cert, TL_ROLE_SAST, true);
	one_record(&new_file, cert, TL_ROLE_SAST, false);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_FORMAT);
	one_record(&new_file, cert, TL_ROLE_CAPF, true);
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_NOT_VERIFIED);
	X509_free(cert);
	X509_free(renewed);
	X509_free(other);
	buffer_free(&new_file);
	buffer_free(&old_file);
}

/* However many SASTs the old list has, and whatever they are called: three names, in bounds. */
static void names_a_few(void)
{
	static const uint8_t serial[] = {1};
	static const char *const subjects[] = {"CN=a", "CN=\033[2Jb\n", "", "CN=d", "CN=e"};
	struct fixture_header header = {"CN=n", "CN=n", {serial, 1}, 1, 1, 128, false, NULL, 0};
	X509 *cert = cert_of(fixture_key(FIXTURE_RSA_1024_A), "n");
	struct buffer new_file = BUFFER_INIT, old_file = BUFFER_INIT;
	char longest[600];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	one_record(&new_file, cert, TL_ROLE_SAST, true);
	fixture_header(&old_file, &header);
	for (size_t i = 0; i < 5; i++) {
		struct fixture_record record = {
		    TL_ROLE_SAST, "host-c", subjects[i], "CN=i", {serial, 1}, cert, false, NULL};

		fixture_record(&old_file, &record);
	}
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_NOT_VERIFIED);
	CU_ASSERT_STRING_EQUAL(err.hint, "sign with one of the old list's SASTs: CN=a, "
					 "CN=\\x1B[2Jb\\x0A, host-c, and 2 more");
	header.name = header.issuer = longest;
	buffer_reset(&old_file);
	fixture_header(&old_file, &header);
	for (size_t i = 0; i < 4; i++) {
		struct fixture_record record = {
		    TL_ROLE_SAST, longest, longest, longest, {serial, 1}, cert, false, NULL};

		fixture_record(&old_file, &record);
	}
	CU_ASSERT_EQUAL(trust(&new_file, &old_file), ST_NOT_VERIFIED);
	CU_ASSERT_TRUE(strlen(err.hint) < 420);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "xxx..., xxx"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "xxx..., and 1 more"));
	X509_free(cert);
	buffer_free(&new_file);
	buffer_free(&old_file);
}

static const struct harness_test tests[] = {
    {"one signature with each digest, verified", signs_with_every_digest},
    {"a bad signature never reaches the file", distrusts_the_signer},
    {"what is no list, or names no signer, is not signed", signs_no_other_file},
    {"a list is trusted when its signer is a SAST of the old list", trusts_its_sasts},
    {"same serial and issuer with another key is not trusted", compares_keys},
    {"who could sign is named, three at most", names_a_few},
};

int main(void)
{
	return harness_main("trustlist_sign", tests, HARNESS_COUNT(tests));
}
