/*
 * The TLS context of ctlproviderd.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/tls.h"

#include "base/file.h"
#include "trustlist/trustlist.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#define MAX_KEY_FILE 65536

/* Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* Nobody can be asked for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static enum status parse_key(struct bytes file, EVP_PKEY **out, struct error *err)
{
	BIO *bio = BIO_new_mem_buf(file.data, (int)file.len);
	bool encrypted = false;

	if (bio == NULL)
		return error_no_memory(err);
	*out = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &encrypted);
	BIO_free(bio);
	if (*out != NULL)
		return ST_OK;
	ERR_clear_error();
	if (encrypted) {
		error_set(err, ST_FORMAT, "%s", _("the key is protected by a passphrase"));
		error_hint(err, "%s",
		    _("take the passphrase off with: openssl pkey -in FILE -out NEW, and chmod "
		      "600 NEW"));
	} else {
		error_set(err, ST_FORMAT, "%s", _("this is no private key in PEM form"));
		error_hint(err, "%s", _("look at the file with: openssl pkey -noout -in FILE"));
	}
	return ST_FORMAT;
}

/* The group may read it: that is how Debian's ssl-cert and systemd's credentials do. */
static enum status check_mode(const char *path, struct error *err)
{
	struct stat sb;

	if (stat(path, &sb) != 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot look at the key"));
	if ((sb.st_mode & (S_IRWXO | S_IWGRP)) == 0)
		return ST_OK;
	error_set(err, ST_IO, _("others can read or change the key (mode %04o)"),
	    (unsigned)sb.st_mode & 07777u);
	error_hint(err, _("run: chmod 600 %s"), path);
	return ST_IO;
}

static enum status use_key(SSL_CTX *context, const char *path, struct error *err)
{
	struct buffer file = BUFFER_INIT;
	EVP_PKEY *key = NULL;
	enum status st = check_mode(path, err);

	if (st == ST_OK)
		st = file_read(path, MAX_KEY_FILE, &file, NULL, err);
	if (st == ST_OK)
		st = parse_key(buffer_bytes(&file), &key, err);
	if (st == ST_OK && SSL_CTX_use_PrivateKey(context, key) != 1) {
		ERR_clear_error();
		st = error_set(
		    err, ST_CRYPTO, "%s", _("the key does not belong to the certificate"));
		error_hint(err, "%s", _("set certificate and key to a pair"));
	}
	if (st != ST_OK)
		error_where(err, "%s", path);
	if (file.data != NULL)
		OPENSSL_cleanse(file.data, file.cap);
	buffer_free(&file);
	EVP_PKEY_free(key);
	return st;
}

static enum status use_certificate(SSL_CTX *context, const char *path, struct error *err)
{
	enum status st = ST_OK;

	errno = 0;
	if (SSL_CTX_use_certificate_chain_file(context, path) == 1)
		return ST_OK;
	if (errno == ENOENT || errno == EACCES) {
		ERR_clear_error();
		st = error_errno(err, ST_IO, errno, "%s", _("cannot open the file"));
	} else {
		st = error_openssl(
		    err, ST_FORMAT, "%s", _("the certificate of the provider cannot be used"));
		error_hint(err, "%s",
		    _("put it into the file in PEM form, its own first, then those that signed "
		      "it"));
	}
	error_where(err, "%s", path);
	return st;
}

static bool harden(SSL_CTX *context)
{
	/* A ticket would let a client in whose certificate was taken off the list. */
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return SSL_CTX_set_num_tickets(context, 0) == 1 &&
	       SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
	       SSL_CTX_set_session_id_context(context, (const unsigned char *)"ctlproviderd", 12) ==
		   1;
}

enum status tls_context_new(
    const struct provider_settings *settings, SSL_CTX **out, struct error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	enum status st = ST_OK;

	*out = NULL;
	if (context == NULL || !harden(context))
		st = error_openssl(err, ST_CRYPTO, "%s", _("cannot set up TLS"));
	if (st == ST_OK)
		st = use_certificate(context, settings->certificate, err);
	if (st == ST_OK)
		st = use_key(context, settings->key, err);
	if (st != ST_OK)
		SSL_CTX_free(context);
	else
		*out = context;
	return st;
}

bool tls_context_ends(const SSL_CTX *context, time_t *out)
{
	const X509 *certificate = SSL_CTX_get0_certificate(context);
	time_t begins;

	return certificate != NULL && tl_certificate_validity(certificate, &begins, out);
}
