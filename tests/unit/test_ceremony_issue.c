/*
 * Certificates and requests around a signature that somebody else makes.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_certs.h"
#include "harness.h"

#include "base/signer.h"
#include "ceremony/issue.h"
#include "trustlist/trustlist.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static struct error err;

/* What the signer does, and what it saw. */
struct double_signer {
	enum status answer;
	bool spoil;
	unsigned calls;
	size_t digest_info_len;
};

static enum status sign(
    void *context, struct bytes digest_info, uint8_t *signature, size_t *len, struct error *error)
{
	struct double_signer *self = context;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, fixture_key(FIXTURE_RSA_2048), NULL);

	self->calls++;
	self->digest_info_len = digest_info.len;
	*len = SIGNER_MAX_SIGNATURE;
	CU_ASSERT(EVP_PKEY_sign_init(ctx) > 0);
	CU_ASSERT(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
	CU_ASSERT(EVP_PKEY_sign(ctx, signature, len, digest_info.data, digest_info.len) > 0);
	EVP_PKEY_CTX_free(ctx);
	if (self->spoil)
		signature[0] ^= 1;
	return self->answer == ST_OK ? ST_OK : error_set(error, self->answer, "no");
}

static X509_NAME *subject(void)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_txt(
	    name, "O", MBSTRING_UTF8, (const unsigned char *)"Lab", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_UTF8, (const unsigned char *)"SAST-1", -1, -1, 0);
	return name;
}

static X509 *make(struct double_signer *signer, unsigned days, enum status *st)
{
	X509_NAME *name = subject();
	const struct issue issue = {.subject = name,
	    .key = fixture_key(FIXTURE_RSA_2048),
	    .days = days,
	    .sign = sign,
	    .context = signer};
	X509 *x509;

	*st = issue_certificate(&issue, &x509, &err);
	X509_NAME_free(name);
	return x509;
}

static void test_certificate(void)
{
	struct double_signer signer = {0};
	const time_t before = time(NULL);
	time_t from, to;
	enum status st;
	X509 *x509 = make(&signer, 3650, &st);

	CU_ASSERT_EQUAL_FATAL(st, ST_OK);
	CU_ASSERT_EQUAL(signer.calls, 1);
	CU_ASSERT_EQUAL(signer.digest_info_len, 51);
	CU_ASSERT_EQUAL(X509_verify(x509, fixture_key(FIXTURE_RSA_2048)), 1);
	CU_ASSERT_EQUAL(X509_get_version(x509), X509_VERSION_3);
	CU_ASSERT_EQUAL(X509_get_signature_nid(x509), NID_sha256WithRSAEncryption);
	CU_ASSERT_EQUAL(
	    OBJ_obj2nid(X509_get0_tbs_sigalg(x509)->algorithm), NID_sha256WithRSAEncryption);
	CU_ASSERT_EQUAL(X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)), 0);
	CU_ASSERT_EQUAL(X509_get_extension_flags(x509) & EXFLAG_SS, EXFLAG_SS);
	CU_ASSERT_EQUAL(tl_certificate_serial(x509).len, 16);
	CU_ASSERT_EQUAL(tl_certificate_serial(x509).data[0] & 0xc0, 0x40);
	CU_ASSERT(tl_certificate_validity(x509, &from, &to));
	CU_ASSERT(from >= before && from <= time(NULL));
	CU_ASSERT_EQUAL(to - from, (time_t)3650 * 24 * 60 * 60);
	X509_free(x509);
}

static void test_extensions(void)
{
	struct double_signer signer = {0};
	enum status st;
	X509 *x509 = make(&signer, 1, &st);

	CU_ASSERT_EQUAL_FATAL(st, ST_OK);
	CU_ASSERT_EQUAL(X509_get_ext_count(x509), 3);
	CU_ASSERT_EQUAL(X509_get_key_usage(x509), KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	CU_ASSERT_EQUAL(X509_check_ca(x509), 0);
	CU_ASSERT_EQUAL(X509_EXTENSION_get_critical(
			    X509_get_ext(x509, X509_get_ext_by_NID(x509, NID_key_usage, -1))),
	    1);
	CU_ASSERT_PTR_NOT_NULL(X509_get0_subject_key_id(x509));
	CU_ASSERT_EQUAL(ASN1_STRING_length(X509_get0_subject_key_id(x509)), 20);
	X509_free(x509);
}

static void test_serials(void)
{
	struct double_signer signer = {0};
	enum status st;
	X509 *a = make(&signer, 1, &st), *b = make(&signer, 1, &st);

	CU_ASSERT_FALSE(bytes_equal(tl_certificate_serial(a), tl_certificate_serial(b)));
	X509_free(a);
	X509_free(b);
}

static void test_failures(void)
{
	struct double_signer gone = {.answer = ST_TOKEN_REMOVED}, bad = {.spoil = true};
	enum status st;

	CU_ASSERT_PTR_NULL(make(&gone, 1, &st));
	CU_ASSERT_EQUAL(st, ST_TOKEN_REMOVED);
	CU_ASSERT_PTR_NULL(make(&bad, 1, &st));
	CU_ASSERT_EQUAL(st, ST_NOT_VERIFIED);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

static void test_dates(void)
{
	struct double_signer signer = {0};
	enum status st;
	X509 *x509 = make(&signer, ISSUE_DAYS_MAX, &st);

	CU_ASSERT_EQUAL(issue_check_dates(ISSUE_DAYS_MAX, &err), ST_OK);
	CU_ASSERT_EQUAL(issue_check_dates(365u * 9000, &err), ST_LIMIT);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	CU_ASSERT_EQUAL(st, ST_OK);
	X509_free(x509);
}

static void test_request(void)
{
	X509_NAME *name = subject();
	struct double_signer signer = {0}, bad = {.spoil = true};
	struct issue issue = {.subject = name,
	    .key = fixture_key(FIXTURE_RSA_2048),
	    .sign = sign,
	    .context = &signer};
	struct buffer pem = BUFFER_INIT;
	STACK_OF(X509_EXTENSION) * extensions;
	X509_REQ *request;
	BIO *bio;

	CU_ASSERT_EQUAL_FATAL(issue_request(&issue, &pem, &err), ST_OK);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(request);
	CU_ASSERT_EQUAL(X509_REQ_verify(request, fixture_key(FIXTURE_RSA_2048)), 1);
	CU_ASSERT_EQUAL(X509_NAME_cmp(X509_REQ_get_subject_name(request), name), 0);
	CU_ASSERT_EQUAL(X509_REQ_get_version(request), X509_REQ_VERSION_1);
	extensions = X509_REQ_get_extensions(request);
	CU_ASSERT_EQUAL(sk_X509_EXTENSION_num(extensions), 2);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	buffer_reset(&pem);
	issue.context = &bad;
	CU_ASSERT_EQUAL(issue_request(&issue, &pem, &err), ST_NOT_VERIFIED);
	CU_ASSERT_EQUAL(pem.len, 0);
	X509_REQ_free(request);
	BIO_free(bio);
	buffer_free(&pem);
	X509_NAME_free(name);
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"a certificate verifies, by itself and by its dates", test_certificate},
	    {"it says what a SAST's certificate is for", test_extensions},
	    {"no two have one serial number", test_serials},
	    {"no signature, or a bad one, is no certificate", test_failures},
	    {"dates that no certificate can say are told before", test_dates},
	    {"a request verifies and carries the usage", test_request},
	};

	return harness_main("ceremony_issue", tests, HARNESS_COUNT(tests));
}
