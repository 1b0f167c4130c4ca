/*
 * The one certificate in a file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/ceremony.h"

#include "base/file.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

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

static enum status read_pem(struct bytes file, X509 **out, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
	X509 *first, *second = NULL;

	if (bio == NULL)
		return error_no_memory(err);
	first = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (first != NULL)
		second = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	X509_free(second);
	if (first == NULL)
		return not_a_certificate(err);
	if (second != NULL) {
		X509_free(first);
		error_set(err, ST_FORMAT, "%s", _("the file holds more than one certificate"));
		error_hint(err, "%s", _("put the one that is meant into a file of its own"));
		return ST_FORMAT;
	}
	*out = first;
	return ST_OK;
}

enum status certificate_read(const char *path, X509 **out, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	enum status st = file_read(path, CEREMONY_MAX_INPUT, &file, NULL, err);

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
