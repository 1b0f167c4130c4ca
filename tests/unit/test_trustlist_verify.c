/*
 * Verifying: the samples hold, every flipped bit and every cut is noticed, and each failure says
 * what it is.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"
#include "harness.h"
#include "trustlist/trustlist.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static struct error err;

/* Reads and verifies; the status of whichever fails. */
static enum status check(struct tl_verifier *verifier, struct trustlist *list, struct bytes file)
{
	enum status status;

	error_clear(&err);
	status = tl_read(list, file, &err);
	if (status == ST_OK)
		status = tl_verify(verifier, list, &err);
	return status;
}

static enum status check_once(const struct buffer *file)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct trustlist list = TRUSTLIST_INIT;
	enum status status = check(verifier, &list, buffer_bytes(file));

	tl_free(&list);
	tl_verifier_free(verifier);
	return status;
}

/* FILE is not verified with exactly this text. */
static void refuses(const struct buffer *file, enum status status, const char *what)
{
	CU_ASSERT_EQUAL(check_once(file), status);
	CU_ASSERT_STRING_EQUAL(err.what, what);
	if (strcmp(err.what, what) != 0)
		printf("# %s\n", err.what);
	CU_ASSERT_NOT_EQUAL(err.hint[0], '\0');
}

static void samples_hold(void)
{
	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++)
		CU_ASSERT_EQUAL(check_once(fixture_sample(i)), ST_OK);
	CU_ASSERT_EQUAL(check_once(fixture_windows_list_token_2()), ST_OK);
}

static void truncations_fail(void)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct trustlist list = TRUSTLIST_INIT;

	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		const struct buffer *sample = fixture_sample(i);

		for (size_t len = 0; len < sample->len; len++) {
			/* Exactly LEN bytes, so that a sanitizer sees a read behind them. */
			uint8_t *copy = malloc(len != 0 ? len : 1);
			enum status status;

			memcpy(copy, sample->data, len);
			status = check(verifier, &list, (struct bytes){copy, len});
			if (status == ST_OK || err.status != status || err.what[0] == '\0')
				CU_FAIL("a cut file passes or fails without a reason");
			free(copy);
		}
	}
	tl_free(&list);
	tl_verifier_free(verifier);
}

/*
 * Every bit stands in the signed bytes, in the signature, or in element 12's head: no flip of any
 * may verify, and whatever can still be read must be written back as it is.
 */
static void flips_fail(void)
{
	struct tl_verifier *verifier = tl_verifier_new();
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer copy = BUFFER_INIT, out = BUFFER_INIT;
	size_t readable = 0;

	for (size_t i = 0; i < FIXTURE_N_SAMPLES; i++) {
		buffer_reset(&copy);
		buffer_add(&copy, fixture_sample(i)->data, fixture_sample(i)->len);
		for (size_t bit = 0; bit < copy.len * 8; bit++) {
			copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (tl_read(&list, buffer_bytes(&copy), &err) == ST_OK) {
				readable++;
				if (tl_verify(verifier, &list, &err) == ST_OK)
					CU_FAIL("a flipped bit verifies");
				if (tl_write(&list, &out, &err) != ST_OK ||
				    !bytes_equal(buffer_bytes(&out), buffer_bytes(&copy)))
					CU_FAIL("a flipped bit is not written back");
			}
			copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		CU_ASSERT_EQUAL(check(verifier, &list, buffer_bytes(&copy)), ST_OK);
	}
	/* Most bits stand in values, where a flip can be read. */
	CU_ASSERT_TRUE(readable > 50000);
	buffer_free(&copy);
	buffer_free(&out);
	tl_free(&list);
	tl_verifier_free(verifier);
}

/* Offsets in the CUCM sample. */
enum {
	AT_SERIAL = 81,
	AT_CA_NAME = 100,
	AT_DIGEST = 168,
	AT_ALGO = 175,
	AT_MODULUS = 179,
	AT_SIGNATURE = 183
};
enum { AT_CERTIFICATE = 336 + 1156 - 7 - 694 };

static void says_what_is_wrong(void)
{
	struct buffer file = BUFFER_INIT;

	buffer_add(&file, fixture_cucm_list()->data, fixture_cucm_list()->len);
	file.data[AT_SIGNATURE + 60] ^= 1;
	refuses(&file, ST_NOT_VERIFIED,
	    "the signature is wrong: the list was changed after it was signed, or not signed by "
	    "the "
	    "key in record 1");
	file.data[AT_SERIAL] ^= 1;
	refuses(&file, ST_NOT_VERIFIED,
	    "no SAST record has the serial and issuer that the header names as the signer's");
	file.data[AT_SERIAL] ^= 1;
	file.data[AT_CA_NAME] ^= 1;
	refuses(&file, ST_NOT_VERIFIED,
	    "no SAST record has the serial and issuer that the header names as the signer's");
	file.data[AT_CA_NAME] ^= 1;
	file.data[AT_MODULUS] = 2;
	refuses(&file, ST_NOT_VERIFIED,
	    "the signature has 128 bytes, and the header's modulus code says 256");
	file.data[AT_MODULUS] = 4;
	refuses(
	    &file, ST_NOT_VERIFIED, "the header names modulus code 4, and only 0 to 3 are known");
	file.data[AT_MODULUS] = 1;
	file.data[AT_ALGO] = 1;
	refuses(&file, ST_NOT_VERIFIED,
	    "the header names signature algorithm 1, and only 0 (RSA) is known");
	file.data[AT_ALGO] = 0;
	file.data[AT_DIGEST] = 4;
	refuses(&file, ST_NOT_VERIFIED,
	    "the header names digest algorithm 4, which is none of SHA-1, SHA-256 and SHA-512");
	file.data[AT_DIGEST] = 1;
	file.data[AT_CERTIFICATE] ^= 1;
	refuses(&file, ST_FORMAT, "the record's certificate is no X.509 DER");
	CU_ASSERT_STRING_EQUAL(err.where, "record 1, offset 336");
	file.data[AT_CERTIFICATE] ^= 1;
	file.data[AT_CERTIFICATE - 3] = 77;
	refuses(&file, ST_FORMAT, "the record has no certificate");
	buffer_free(&file);
}

/* A certificate is the whole element: nothing missing, nothing behind it. */
static void certificates_are_exact(void)
{
	struct tl_record record = {
	    .certificate = {fixture_cucm_list()->data + AT_CERTIFICATE, 694}};
	X509 *cert;

	CU_ASSERT_EQUAL(tl_record_x509(&record, &cert, &err), ST_OK);
	X509_free(cert);
	record.certificate.len = 695;
	CU_ASSERT_EQUAL(tl_record_x509(&record, &cert, &err), ST_FORMAT);
	CU_ASSERT_PTR_NULL(cert);
	record.certificate.len = 693;
	CU_ASSERT_EQUAL(tl_record_x509(&record, &cert, &err), ST_FORMAT);
	record.certificate.len = 0;
	CU_ASSERT_EQUAL(tl_record_x509(&record, &cert, &err), ST_FORMAT);
}

static X509 *cert_of(EVP_PKEY *key, unsigned serial)
{
	static const char *const name[] = {"CN", "n", NULL};
	uint8_t byte = (uint8_t)serial;
	struct fixture_cert_spec spec = {
	    .subject = name,
	    .key = key,
	    .issuer_key = fixture_key(FIXTURE_RSA_1024_A),
	    .serial = {&byte, 1},
	};

	return fixture_cert(&spec);
}

/* A list of SAST records with these certificates, the header naming SERIAL; not signed. */
static void sast_list(struct buffer *out, X509 *const *certs, size_t n, unsigned serial,
    unsigned digest, unsigned code)
{
	uint8_t byte = (uint8_t)serial;
	struct fixture_header header = {
	    "CN=n", "CN=n", {&byte, 1}, digest, code, (size_t)64 << code, false, NULL, 0};

	buffer_reset(out);
	fixture_header(out, &header);
	for (size_t i = 0; i < n; i++) {
		uint8_t own = (uint8_t)ASN1_INTEGER_get(X509_get0_serialNumber(certs[i]));
		struct fixture_record record = {
		    0, "", "CN=n", "CN=n", {&own, 1}, certs[i], false, NULL};

		fixture_record(out, &record);
	}
}

static void digests_and_sizes_hold(void)
{
	X509 *cert = cert_of(fixture_key(FIXTURE_RSA_2048), 5);
	X509 *ec = cert_of(fixture_key(FIXTURE_EC_P256), 6);
	struct buffer file = BUFFER_INIT;

	sast_list(&file, &cert, 1, 5, TL_SHA512, 2);
	fixture_sign(&file, fixture_key(FIXTURE_RSA_2048), "SHA512");
	CU_ASSERT_EQUAL(check_once(&file), ST_OK);
	fixture_sign(&file, fixture_key(FIXTURE_RSA_2048), "SHA256");
	CU_ASSERT_EQUAL(check_once(&file), ST_NOT_VERIFIED);
	sast_list(&file, &cert, 1, 5, TL_SHA256, 1);
	refuses(
	    &file, ST_NOT_VERIFIED, "the signature has 128 bytes, and the signer's key makes 256");
	sast_list(&file, &ec, 1, 6, TL_SHA256, 1);
	refuses(&file, ST_NOT_VERIFIED,
	    "the signer's certificate has a key of type EC, and only RSA signs trust lists");
	X509_free(cert);
	X509_free(ec);
	buffer_free(&file);
}

/* Two SAST records of the same serial and issuer: the first decides. */
static void first_named_record_decides(void)
{
	X509 *certs[2] = {cert_of(fixture_key(FIXTURE_RSA_1024_A), 7),
	    cert_of(fixture_key(FIXTURE_RSA_1024_B), 7)};
	struct buffer file = BUFFER_INIT;

	sast_list(&file, certs, 2, 7, TL_SHA1, 1);
	fixture_sign(&file, fixture_key(FIXTURE_RSA_1024_A), "SHA1");
	CU_ASSERT_EQUAL(check_once(&file), ST_OK);
	fixture_sign(&file, fixture_key(FIXTURE_RSA_1024_B), "SHA1");
	refuses(&file, ST_NOT_VERIFIED,
	    "the signature is not valid by record 1, the first of 2 SAST records with the signer's "
	    "serial and issuer; only the first counts");
	X509_free(certs[0]);
	X509_free(certs[1]);
	buffer_free(&file);
}

/* More signers than a verifier remembers, in rounds: none is taken for another. */
static void many_signers(void)
{
	enum { N = 40 };
	struct tl_verifier *verifier = tl_verifier_new();
	struct trustlist list = TRUSTLIST_INIT;
	struct buffer files[N];
	X509 *certs[N];

	for (unsigned i = 0; i < N; i++) {
		EVP_PKEY *key = fixture_key(i % 3 == 0 ? FIXTURE_RSA_1024_A : FIXTURE_RSA_1024_B);

		certs[i] = cert_of(key, i + 1);
		files[i] = (struct buffer)BUFFER_INIT;
		sast_list(&files[i], &certs[i], 1, i + 1, TL_SHA1, 1);
		fixture_sign(&files[i], key, "SHA1");
	}
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < N; i++)
			CU_ASSERT_EQUAL(check(verifier, &list,
					    buffer_bytes(&files[round == 1 ? N - 1 - i : i])),
			    ST_OK);
	for (unsigned i = 0; i < N; i++) {
		X509_free(certs[i]);
		buffer_free(&files[i]);
	}
	tl_free(&list);
	tl_verifier_free(verifier);
}

/* Signs CONTENT, padded, in place of a DigestInfo. */
static void sign_content(struct buffer *file, const uint8_t *content, size_t len)
{
	EVP_PKEY_CTX *context =
	    EVP_PKEY_CTX_new_from_pkey(NULL, fixture_key(FIXTURE_RSA_1024_A), NULL);
	size_t size = 128;

	CU_ASSERT_EQUAL(EVP_PKEY_sign_init(context), 1);
	CU_ASSERT_EQUAL(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
	CU_ASSERT_EQUAL(EVP_PKEY_sign(context, file->data + AT_SIGNATURE, &size, content, len), 1);
	EVP_PKEY_CTX_free(context);
}

/* A right hash in a DigestInfo that is not exactly as it has to be. */
static void loose_digest_infos_fail(void)
{
	uint8_t exact[40] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05,
	    0x00, 0x04, 0x14};
	uint8_t no_null[33] = {
	    0x30, 0x1f, 0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x04, 0x14};
	struct buffer file = BUFFER_INIT;
	struct buffer covered = BUFFER_INIT;

	buffer_add(&file, fixture_cucm_list()->data, fixture_cucm_list()->len);
	buffer_add(&covered, file.data, 180);
	buffer_add(&covered, file.data + 311, file.len - 311);
	CU_ASSERT_EQUAL(
	    EVP_Digest(covered.data, covered.len, exact + 15, NULL, EVP_sha1(), NULL), 1);
	memcpy(no_null + 13, exact + 15, 20);
	sign_content(&file, exact, 35);
	CU_ASSERT_EQUAL(check_once(&file), ST_OK);
	sign_content(&file, exact, 36);
	CU_ASSERT_EQUAL(check_once(&file), ST_NOT_VERIFIED);
	sign_content(&file, exact, 34);
	CU_ASSERT_EQUAL(check_once(&file), ST_NOT_VERIFIED);
	sign_content(&file, no_null, 33);
	CU_ASSERT_EQUAL(check_once(&file), ST_NOT_VERIFIED);
	sign_content(&file, exact + 15, 20);
	CU_ASSERT_EQUAL(check_once(&file), ST_NOT_VERIFIED);
	buffer_free(&file);
	buffer_free(&covered);
}

static const struct harness_test tests[] = {
    {"the samples of all dialects verify", samples_hold},
    {"every truncation of every sample fails", truncations_fail},
    {"every flipped bit of every sample fails", flips_fail},
    {"each failure has its own text, place and hint", says_what_is_wrong},
    {"a certificate fills its element exactly", certificates_are_exact},
    {"RSA-2048 with SHA-512 verifies; EC and wrong sizes do not", digests_and_sizes_hold},
    {"the first record with the signer's serial and issuer decides", first_named_record_decides},
    {"forty signers through one verifier", many_signers},
    {"a DigestInfo that is not exact fails", loose_digest_infos_fail},
};

int main(void)
{
	return harness_main("trustlist_verify", tests, HARNESS_COUNT(tests));
}
