/*
 * The list of the clients that are let in.
 *
 * It names certificates, not those who sign them: whoever is to be let in is in the file.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/tls.h"

#include "base/file.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE    (1024u * 1024)
#define MAX_CLIENTS 1000

struct tls_clients {
	size_t n;
	uint8_t fingerprints[MAX_CLIENTS][TLS_FINGERPRINT];
};

static bool is_certificate(const char *name)
{
	return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
}

static enum status take(struct tls_clients *clients, struct bytes der, struct error *err)
{
	const unsigned char *p = der.data;
	X509 *certificate = d2i_X509(NULL, &p, (long)der.len);
	unsigned int len = TLS_FINGERPRINT;
	enum status st = ST_OK;

	if (certificate == NULL || p != der.data + der.len) {
		ERR_clear_error();
		st = error_set(err, ST_FORMAT, _("certificate %zu of the file cannot be read"),
		    clients->n + 1);
		error_hint(err, "%s", _("copy it anew from its owner"));
	} else if (clients->n == MAX_CLIENTS) {
		st = error_set(err, ST_LIMIT, _("there are more than %d clients"), MAX_CLIENTS);
		error_hint(err, "%s", _("take away those that are not used"));
	} else if (X509_digest(
		       certificate, EVP_sha256(), clients->fingerprints[clients->n], &len) != 1) {
		st = error_openssl(err, ST_CRYPTO, "%s", _("cannot compute SHA-256"));
	} else {
		clients->n++;
	}
	X509_free(certificate);
	return st;
}

/* A block that is no certificate, or none at all: OpenSSL says which of both. */
static enum status end_of_blocks(const struct tls_clients *clients, struct error *err)
{
	const bool damaged = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;

	ERR_clear_error();
	if (damaged) {
		error_set(err, ST_FORMAT, _("what follows certificate %zu of the file is damaged"),
		    clients->n);
		error_hint(err, "%s", _("copy it anew from its owner"));
		return ST_FORMAT;
	}
	if (clients->n > 0)
		return ST_OK;
	error_set(err, ST_FORMAT, "%s", _("the list of clients holds no certificate in PEM form"));
	error_hint(err, "%s",
	    _("append those who are to be let in with: openssl x509 -in OFFICER >> FILE"));
	return ST_FORMAT;
}

static enum status take_all(struct tls_clients *clients, BIO *bio, struct error *err)
{
	enum status st = ST_OK;

	while (st == ST_OK) {
		char *name = NULL, *header = NULL;
		unsigned char *data = NULL;
		long len = 0;

		if (PEM_read_bio(bio, &name, &header, &data, &len) != 1)
			return end_of_blocks(clients, err);
		if (is_certificate(name)) {
			st = take(clients, (struct bytes){data, (size_t)len}, err);
		} else {
			st = error_set(err, ST_FORMAT, "%s",
			    _("the list of clients holds something that is no certificate"));
			error_hint(err, "%s",
			    _("leave certificates in it only; a private key belongs to nobody but "
			      "its owner"));
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len);
	}
	return st;
}

enum status tls_clients_read(const char *path, struct tls_clients **out, struct error *err)
{
	struct tls_clients *clients = calloc(1, sizeof(*clients));
	struct buffer file = BUFFER_INIT;
	enum status st = clients != NULL ? ST_OK : error_no_memory(err);
	BIO *bio = NULL;

	*out = NULL;
	if (st == ST_OK)
		st = file_read(path, MAX_FILE, &file, NULL, err);
	if (st == ST_OK) {
		/* An empty file has no bytes to point to. */
		bio = BIO_new_mem_buf(file.len > 0 ? (const void *)file.data : "", (int)file.len);
		st = bio != NULL ? take_all(clients, bio, err) : error_no_memory(err);
	}
	if (st != ST_OK)
		error_where(err, "%s", path);
	else
		*out = clients;
	BIO_free(bio);
	if (file.data != NULL)
		OPENSSL_cleanse(file.data, file.cap);
	buffer_free(&file);
	if (st != ST_OK)
		free(clients);
	return st;
}

void tls_clients_free(struct tls_clients *clients)
{
	free(clients);
}

size_t tls_clients_count(const struct tls_clients *clients)
{
	return clients->n;
}

/* Each is looked at, so that the time tells nothing; a handshake takes much longer. */
bool tls_clients_has(const struct tls_clients *clients, const uint8_t *fingerprint)
{
	bool found = false;

	for (size_t i = 0; i < clients->n; i++)
		found |= CRYPTO_memcmp(clients->fingerprints[i], fingerprint, TLS_FINGERPRINT) == 0;
	return found;
}
