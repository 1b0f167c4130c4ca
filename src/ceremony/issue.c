/*
 * Makes self-signed certificates and requests around a signature that is made elsewhere.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/issue.h"

#include "base/signer.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define SERIAL_LEN 16
#define SHA256_LEN 32

/* RFC 8017, section 9.2, note 1: everything of a DigestInfo before the hash itself. */
static const uint8_t sha256_prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, SHA256_LEN};

/* AlgorithmIdentifier sha256WithRSAEncryption, its parameters NULL. */
static const uint8_t sha256_with_rsa[] = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};

static enum status failed(struct error *err)
{
	return error_openssl(err, ST_CRYPTO, "%s", _("the certificate or request cannot be made"));
}

static bool add_extension(
    STACK_OF(X509_EXTENSION) * *list, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	const bool added = extension != NULL && X509v3_add_ext(list, extension, -1) != NULL;

	X509_EXTENSION_free(extension);
	return added;
}

/* What a SAST's certificate says of itself. */
static bool add_usage(STACK_OF(X509_EXTENSION) * *list, X509V3_CTX *ctx)
{
	return add_extension(list, ctx, NID_basic_constraints, "CA:FALSE") &&
	       add_extension(list, ctx, NID_key_usage, "critical,digitalSignature,nonRepudiation");
}

/* ---- putting it together -------------------------------------------------------------------- */

static void add_head(struct buffer *out, unsigned tag, size_t len)
{
	buffer_add_u8(out, tag);
	if (len < 0x80) {
		buffer_add_u8(out, (unsigned)len);
	} else if (len < 0x100) {
		buffer_add_u8(out, 0x81);
		buffer_add_u8(out, (unsigned)len);
	} else {
		buffer_add_u8(out, 0x82);
		buffer_add_u16(out, (unsigned)len);
	}
}

/* SEQUENCE { TO-BE-SIGNED, algorithm, BIT STRING } */
static enum status assemble(
    struct bytes tbs, struct bytes signature, struct buffer *out, struct error *err)
{
	struct buffer bits = BUFFER_INIT;
	enum status st;

	add_head(&bits, V_ASN1_BIT_STRING, signature.len + 1);
	buffer_add_u8(&bits, 0);
	buffer_add(&bits, signature.data, signature.len);
	st = buffer_status(&bits, err);
	if (st == ST_OK && tbs.len > 0xffff - sizeof(sha256_with_rsa) - bits.len)
		st = error_set(err, ST_LIMIT, "%s", _("the certificate would be too long"));
	if (st == ST_OK) {
		add_head(out, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED,
		    tbs.len + sizeof(sha256_with_rsa) + bits.len);
		buffer_add(out, tbs.data, tbs.len);
		buffer_add(out, sha256_with_rsa, sizeof(sha256_with_rsa));
		buffer_add(out, bits.data, bits.len);
		st = buffer_status(out, err);
	}
	buffer_free(&bits);
	return st;
}

/* Has TBS signed and appends all of it to OUT. */
static enum status sign(
    const struct issue *issue, struct bytes tbs, struct buffer *out, struct error *err)
{
	uint8_t digest_info[sizeof(sha256_prefix) + SHA256_LEN], signature[SIGNER_MAX_SIGNATURE];
	size_t len = 0;
	enum status st;

	memcpy(digest_info, sha256_prefix, sizeof(sha256_prefix));
	if (EVP_Q_digest(NULL, "SHA256", NULL, tbs.data, tbs.len,
		digest_info + sizeof(sha256_prefix), NULL) != 1)
		return failed(err);
	st = issue->sign(
	    issue->context, (struct bytes){digest_info, sizeof(digest_info)}, signature, &len, err);
	if (st != ST_OK)
		return st;
	return assemble(tbs, (struct bytes){signature, len}, out, err);
}

/* ---- certificates --------------------------------------------------------------------------- */

/* All 16 bytes count: never negative, never with a zero in front. */
static bool set_serial(X509 *x509)
{
	unsigned char raw[SERIAL_LEN];
	ASN1_INTEGER *serial = NULL;
	BIGNUM *number = NULL;
	bool done = false;

	if (RAND_bytes(raw, sizeof(raw)) == 1) {
		raw[0] = (raw[0] & 0x3f) | 0x40;
		number = BN_bin2bn(raw, sizeof(raw), NULL);
		serial = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
		done = serial != NULL && X509_set_serialNumber(x509, serial) == 1;
	}
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return done;
}

static bool set_dates(X509 *x509, unsigned days)
{
	time_t now = time(NULL);

	return X509_time_adj_ex(X509_getm_notBefore(x509), 0, 0, &now) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(x509), (int)days, 0, &now) != NULL;
}

enum status issue_check_dates(unsigned days, struct error *err)
{
	X509 *x509 = X509_new();
	enum status st = ST_OK;

	if (x509 == NULL)
		return error_no_memory(err);
	if (!set_dates(x509, days)) {
		ERR_clear_error();
		st = error_set(err, ST_LIMIT, "%s",
		    _("no certificate could say when it ends, that many days from now"));
		error_hint(err, "%s", _("give fewer --days, and look at the computer's clock"));
	}
	X509_free(x509);
	return st;
}

static bool set_extensions(X509 *x509)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	X509V3_CTX ctx;
	bool done;

	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	done = add_usage(&list, &ctx) &&
	       add_extension(&list, &ctx, NID_subject_key_identifier, "hash");
	for (int i = 0; done && i < sk_X509_EXTENSION_num(list); i++)
		done = X509_add_ext(x509, sk_X509_EXTENSION_value(list, i), -1) == 1;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return done;
}

/*
 * The algorithm stands in the signed bytes, too, and only OpenSSL's own signing sets it: no call
 * does, so what the certificate shows of it is written to.
 */
static bool set_algorithm(X509 *x509)
{
	X509_ALGOR *algorithm = (X509_ALGOR *)X509_get0_tbs_sigalg(x509);

	return X509_ALGOR_set0(
		   algorithm, OBJ_nid2obj(NID_sha256WithRSAEncryption), V_ASN1_NULL, NULL) == 1;
}

static X509 *unsigned_certificate(const struct issue *issue)
{
	X509 *x509 = X509_new();

	if (x509 != NULL && X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
	    set_dates(x509, issue->days) && X509_set_subject_name(x509, issue->subject) == 1 &&
	    X509_set_issuer_name(x509, issue->subject) == 1 &&
	    X509_set_pubkey(x509, (EVP_PKEY *)issue->key) == 1 && set_extensions(x509) &&
	    set_algorithm(x509))
		return x509;
	X509_free(x509);
	return NULL;
}

static enum status bad_signature(struct error *err)
{
	ERR_clear_error();
	error_set(err, ST_NOT_VERIFIED, "%s",
	    _("the token's signature on its own certificate or request is not valid"));
	error_hint(err, "%s", _("do not use this token; have it looked at"));
	return ST_NOT_VERIFIED;
}

enum status issue_certificate(const struct issue *issue, X509 **out, struct error *err)
{
	X509 *draft = unsigned_certificate(issue);
	struct buffer der = BUFFER_INIT;
	unsigned char *tbs = NULL;
	const unsigned char *p;
	enum status st;
	int len;

	*out = NULL;
	len = draft != NULL ? i2d_re_X509_tbs(draft, &tbs) : 0;
	st = len > 0 ? sign(issue, (struct bytes){tbs, (size_t)len}, &der, err) : failed(err);
	if (st == ST_OK) {
		p = der.data;
		*out = d2i_X509(NULL, &p, (long)der.len);
		if (*out == NULL)
			st = failed(err);
		else if (X509_verify(*out, (EVP_PKEY *)issue->key) != 1)
			st = bad_signature(err);
	}
	if (st != ST_OK) {
		X509_free(*out);
		*out = NULL;
	}
	X509_free(draft);
	OPENSSL_free(tbs);
	buffer_free(&der);
	return st;
}

/* ---- requests ------------------------------------------------------------------------------- */

static X509_REQ *unsigned_request(const struct issue *issue)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	X509_REQ *request = X509_REQ_new();
	X509V3_CTX ctx;
	bool done;

	X509V3_set_ctx(&ctx, NULL, NULL, request, NULL, 0);
	done = request != NULL && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
	       X509_REQ_set_subject_name(request, issue->subject) == 1 &&
	       X509_REQ_set_pubkey(request, (EVP_PKEY *)issue->key) == 1 &&
	       add_usage(&list, &ctx) && X509_REQ_add_extensions(request, list) == 1;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	if (done)
		return request;
	X509_REQ_free(request);
	return NULL;
}

static enum status request_pem(
    const struct issue *issue, struct bytes der, struct buffer *out, struct error *err)
{
	const unsigned char *p = der.data;
	X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)der.len);
	BIO *bio = BIO_new(BIO_s_mem());
	enum status st = ST_OK;
	char *text;
	long len;

	if (request == NULL || bio == NULL || PEM_write_bio_X509_REQ(bio, request) != 1) {
		st = failed(err);
	} else if (X509_REQ_verify(request, (EVP_PKEY *)issue->key) != 1) {
		st = bad_signature(err);
	} else {
		len = BIO_get_mem_data(bio, &text);
		buffer_add(out, text, (size_t)len);
		st = buffer_status(out, err);
	}
	X509_REQ_free(request);
	BIO_free(bio);
	return st;
}

enum status issue_request(const struct issue *issue, struct buffer *out, struct error *err)
{
	X509_REQ *draft = unsigned_request(issue);
	struct buffer der = BUFFER_INIT;
	unsigned char *tbs = NULL;
	enum status st;
	int len;

	len = draft != NULL ? i2d_re_X509_REQ_tbs(draft, &tbs) : 0;
	st = len > 0 ? sign(issue, (struct bytes){tbs, (size_t)len}, &der, err) : failed(err);
	if (st == ST_OK)
		st = request_pem(issue, buffer_bytes(&der), out, err);
	X509_REQ_free(draft);
	OPENSSL_free(tbs);
	buffer_free(&der);
	return st;
}
