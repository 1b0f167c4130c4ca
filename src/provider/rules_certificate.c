/*
 * CAPF's certificate as phones and servers fetch it: one, and nothing beside it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/rules.h"

#include "trustlist/trustlist.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

static enum status refuse(bool pem, struct rules_verdict *out, struct error *err)
{
	ERR_clear_error();
	out->code = 422;
	if (pem)
		error_set(err, ST_FORMAT, "%s", _("this is not one X.509 certificate in PEM form"));
	else
		error_set(err, ST_FORMAT, "%s", _("this is not one X.509 certificate in DER form"));
	error_hint(err, "%s",
	    pem ? _("convert it with: openssl x509 -in FILE -outform PEM -out capf.pem")
		: _("convert it with: openssl x509 -in FILE -outform DER -out capf.cer"));
	return ST_FORMAT;
}

/* DER that fills DATA and has a key that can be read. */
static bool is_certificate(const unsigned char *data, long len)
{
	const unsigned char *p = data;
	X509 *x509 = d2i_X509(NULL, &p, len);
	bool good = x509 != NULL && p == data + len && X509_get0_pubkey(x509) != NULL;

	X509_free(x509);
	return good;
}

/* Blank space is all that may stand behind the block; in front of it nothing may. */
static bool is_pem_certificate(struct bytes file)
{
	static const char begin[] = "-----BEGIN " PEM_STRING_X509 "-----";
	BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	bool good = false;
	long len = 0;

	if (bio != NULL && file.len > strlen(begin) &&
	    memcmp(file.data, begin, strlen(begin)) == 0 &&
	    PEM_read_bio_ex(bio, &name, &header, &data, &len, PEM_FLAG_EAY_COMPATIBLE) == 1) {
		char *rest = NULL;
		long left = BIO_get_mem_data(bio, &rest);

		good = header[0] == '\0' && is_certificate(data, len);
		for (long i = 0; good && i < left; i++)
			good = strchr(" \t\r\n", rest[i]) != NULL && rest[i] != '\0';
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	return good;
}

enum status rules_check_certificate(
    struct bytes file, bool pem, struct rules_verdict *out, struct error *err)
{
	*out = (struct rules_verdict){.code = 500};
	if (file.len > CERTIFICATE_MAX_FILE) {
		error_set(err, ST_LIMIT, _("the certificate has %zu bytes, and %u are the most"),
		    file.len, CERTIFICATE_MAX_FILE);
		error_hint(err, "%s", _("send one certificate and nothing else"));
		out->code = 413;
		return ST_LIMIT;
	}
	if (file.len == 0 ||
	    !(pem ? is_pem_certificate(file) : is_certificate(file.data, (long)file.len)))
		return refuse(pem, out, err);
	ERR_clear_error();
	return ST_OK;
}
