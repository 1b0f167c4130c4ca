/*
 * The one certificate in a file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/file.h"
#include "trustlist/trustlist.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define BEGIN	  "-----BEGIN "
#define BEGIN_LEN (sizeof(BEGIN) - 1)

static enum status not_a_certificate(struct error *err)
{
	ERR_clear_error();
	error_set(err, ST_FORMAT, "%s", _("this is no X.509 certificate in PEM or DER form"));
	error_hint(err, "%s", _("look at the file with: openssl x509 -noout -text -in FILE"));
	return ST_FORMAT;
}

/* DER must fill the file: bytes behind it would be something that nobody looked at. */
static enum status read_der(struct bytes file, X509 **out, struct error *err)
{
	const unsigned char *p = file.data;

	*out = d2i_X509(NULL, &p, (long)file.len);
	if (*out == NULL)
		return not_a_certificate(err);
	if (p != file.data + file.len) {
		X509_free(*out);
		*out = NULL;
		return error_set(err, ST_FORMAT, _("%zu bytes follow the certificate"),
		    (size_t)(file.data + file.len - p));
	}
	return ST_OK;
}

/* The next "-----BEGIN " that starts a line at P or behind it; END when there is none. */
static const uint8_t *next_beginning(const uint8_t *start, const uint8_t *p, const uint8_t *end)
{
	while ((p = memmem(p, (size_t)(end - p), BEGIN, BEGIN_LEN)) != NULL) {
		if (p == start || p[-1] == '\n' || p[-1] == '\r')
			return p;
		p += BEGIN_LEN;
	}
	return end;
}

/* By its label; a line that is damaged behind the label is one that cannot be read. */
static bool begins_certificate(const uint8_t *p, const uint8_t *end)
{
	static const char *const labels[] = {PEM_STRING_X509 "-", PEM_STRING_X509_OLD "-"};
	const size_t left = (size_t)(end - p) - BEGIN_LEN;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (left >= strlen(labels[i]) &&
		    memcmp(p + BEGIN_LEN, labels[i], strlen(labels[i])) == 0)
			return true;
	return false;
}

static enum status read_block(struct bytes block, X509 **out, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(block.data, (int)block.len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	enum status st;
	long len = 0;

	if (bio == NULL)
		return error_no_memory(err);
	if (PEM_read_bio_ex(bio, &name, &header, &data, &len, PEM_FLAG_EAY_COMPATIBLE) == 1)
		st = read_der((struct bytes){data, (size_t)len}, out, err);
	else
		st = not_a_certificate(err);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	return st;
}

/* Other blocks are not even decoded: one may be a private key, and copies of it would stay. */
static enum status read_pem(struct bytes file, X509 **out, struct error *err)
{
	const uint8_t *end = file.data + file.len, *next;
	X509 *second = NULL;
	enum status st = ST_OK;

	for (const uint8_t *p = next_beginning(file.data, file.data, end); st == ST_OK && p != end;
	     p = next) {
		next = next_beginning(file.data, p + BEGIN_LEN, end);
		if (!begins_certificate(p, end))
			continue;
		if (*out == NULL) {
			st = read_block((struct bytes){p, (size_t)(next - p)}, out, err);
		} else if (read_block((struct bytes){p, (size_t)(next - p)}, &second, err) ==
			   ST_OK) {
			st = error_set(
			    err, ST_FORMAT, "%s", _("the file holds more than one certificate"));
			error_hint(
			    err, "%s", _("put the one that is meant into a file of its own"));
		} else {
			st = error_set(err, ST_FORMAT, "%s",
			    _("a second certificate in the file cannot be read"));
		}
	}
	X509_free(second);
	if (st == ST_OK && *out == NULL)
		st = not_a_certificate(err);
	if (st != ST_OK) {
		X509_free(*out);
		*out = NULL;
	}
	return st;
}

enum status certificate_read(const char *path, X509 **out, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	enum status st = file_read(path, CERTIFICATE_MAX_FILE, &file, NULL, err);

	*out = NULL;
	if (st == ST_OK) {
		bool pem = file.len > 0 && memmem(file.data, file.len, "-----BEGIN", 10) != NULL;

		st = pem ? read_pem(buffer_bytes(&file), out, err)
			 : read_der(buffer_bytes(&file), out, err);
		if (st != ST_OK)
			error_where(err, "%s", path);
	}
	/* A private key may stand in the same file. */
	if (file.data != NULL)
		OPENSSL_cleanse(file.data, file.cap);
	buffer_free(&file);
	return st;
}

enum status certificate_der_pem(struct bytes der, struct buffer *out, struct error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	if (bio == NULL || PEM_write_bio(bio, PEM_STRING_X509, "", der.data, (long)der.len) <= 0) {
		BIO_free(bio);
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be written"));
	}
	len = BIO_get_mem_data(bio, &data);
	buffer_add(out, data, (size_t)len);
	BIO_free(bio);
	return buffer_status(out, err);
}

enum status certificate_pem(const X509 *certificate, struct buffer *out, struct error *err)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(certificate, &der);
	enum status st;

	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be written"));
	st = certificate_der_pem((struct bytes){der, (size_t)len}, out, err);
	OPENSSL_free(der);
	return st;
}
