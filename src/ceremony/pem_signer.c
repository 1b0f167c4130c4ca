/*
 * The signer that is a private key in a file: for tokenless lists, and for tests.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/ceremony.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The secure heap hands out powers of two; no key file comes near this. */
#define KEY_FILE_MAX 65536

struct pem_signer {
	struct signer base;
	EVP_PKEY *key;
	X509 *certificate;
	char description[512];
};

static enum status pem_sign(struct signer *signer, struct bytes digest_info, uint8_t *signature,
    size_t *len, struct error *err)
{
	struct pem_signer *self = (struct pem_signer *)signer;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, self->key, NULL);
	enum status st = ST_OK;

	*len = SIGNER_MAX_SIGNATURE;
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_sign(ctx, signature, len, digest_info.data, digest_info.len) <= 0)
		st = error_openssl(err, ST_CRYPTO, _("%s cannot sign"), self->description);
	EVP_PKEY_CTX_free(ctx);
	return st;
}

static X509 *pem_certificate(struct signer *signer)
{
	return ((struct pem_signer *)signer)->certificate;
}

static const char *pem_describe(struct signer *signer)
{
	return ((struct pem_signer *)signer)->description;
}

static void pem_free(struct signer *signer)
{
	struct pem_signer *self = (struct pem_signer *)signer;

	EVP_PKEY_free(self->key);
	X509_free(self->certificate);
	free(self);
}

static const struct signer_ops pem_ops = {
    .sign = pem_sign,
    .certificate = pem_certificate,
    .describe = pem_describe,
    .free = pem_free,
};

/* What the passphrase callback needs, and what came of it. */
struct passphrase {
	const struct pin_source *pins;
	const char *path; /* printable */
	bool asked;
	enum status status;
	struct error *err;
};

static int passphrase_callback(char *buf, int size, int writing, void *context)
{
	struct passphrase *want = context;
	struct pin_request request = {
	    .purpose = PIN_PASSPHRASE,
	    .label = want->path,
	    .serial = "",
	    .reader = "",
	    .manufacturer = ""};
	struct secret secret = SECRET_INIT;
	int len = -1;

	(void)writing;
	if (want->asked || size <= 0)
		return -1;
	want->asked = true;
	want->status = want->pins->ask(want->pins->context, &request, &secret, want->err);
	if (want->status == ST_OK && secret.len <= (size_t)size) {
		memcpy(buf, secret.text, secret.len);
		len = (int)secret.len;
	}
	secret_wipe(&secret);
	return len;
}

/* The reason why the key could not be read, in words that say what to do. */
static enum status explain_unreadable(const struct passphrase *want, struct error *err)
{
	unsigned long code = ERR_peek_last_error();
	bool missing =
	    ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	if (want->asked && want->status != ST_OK)
		return want->status;
	if (want->asked) {
		error_set(err, ST_PIN_WRONG, "%s", _("the passphrase does not open this key"));
		error_hint(err, "%s", _("run the command again with the right passphrase"));
		return ST_PIN_WRONG;
	}
	if (missing)
		error_set(err, ST_FORMAT, "%s", _("there is no PEM private key in this file"));
	else
		error_set(err, ST_FORMAT, "%s", _("the private key cannot be read"));
	error_hint(
	    err, "%s", _("give a PEM private key file, or a pkcs11: URI for a key on a token"));
	return ST_FORMAT;
}

/* Reads the file straight into locked memory: no copy of the key stays behind. */
static enum status read_key_file(
    const char *path, char **text, size_t *len, mode_t *mode, struct error *err)
{
	enum status st = ST_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat sb = {0};

	*len = 0;
	if (fd < 0)
		return error_errno(err, ST_IO, errno, "%s", _("cannot open the private key file"));
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode) || sb.st_size > KEY_FILE_MAX) {
		st = error_set(err, ST_IO, "%s",
		    _("this is no private key file: not a regular file, or too large"));
	} else if ((*text = OPENSSL_secure_zalloc(KEY_FILE_MAX)) == NULL) {
		st = error_no_memory(err);
	}
	while (st == ST_OK && *len < KEY_FILE_MAX) {
		ssize_t n = read(fd, *text + *len, KEY_FILE_MAX - *len);

		if (n < 0 && errno != EINTR)
			st = error_errno(
			    err, ST_IO, errno, "%s", _("cannot read the private key file"));
		if (n == 0)
			break;
		*len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	*mode = sb.st_mode;
	return st;
}

static enum status refuse_open_to_all(const char *path, mode_t mode, struct error *err)
{
	error_set(err, ST_IO, _("others can read the private key file (mode %04o)"),
	    (unsigned)mode & 07777u);
	error_hint(err, _("run: chmod o= %s"), path);
	return ST_IO;
}

enum status pem_key_read(
    const char *path, const struct pin_source *pins, EVP_PKEY **out, struct error *err)
{
	char shown[384];
	struct passphrase want = {.pins = pins, .path = shown, .err = err};
	char *text = NULL;
	mode_t mode = 0;
	size_t len;
	enum status st = read_key_file(path, &text, &len, &mode, err);

	*out = NULL;
	text_printable_into(shown, sizeof(shown), text_bytes(path));
	if (st == ST_OK) {
		BIO *bio = BIO_new_mem_buf(text, (int)len);

		ERR_clear_error();
		if (bio == NULL)
			st = error_no_memory(err);
		else if ((*out = PEM_read_bio_PrivateKey(bio, NULL, passphrase_callback, &want)) ==
			 NULL)
			st = explain_unreadable(&want, err);
		else if (!want.asked && (mode & 007) != 0)
			st = refuse_open_to_all(path, mode, err);
		BIO_free(bio);
	}
	OPENSSL_secure_clear_free(text, KEY_FILE_MAX);
	/* A PIN file that could not be read has named itself. */
	if (st != ST_OK && err->where[0] == '\0')
		error_where(err, "%s", path);
	return st;
}

static enum status no_certificate(size_t n_candidates, struct error *err)
{
	error_set(err, ST_NO_KEY,
	    ngettext("this key belongs to none of the list's SAST entries (there is %zu)",
		"this key belongs to none of the list's SAST entries (there are %zu)",
		n_candidates),
	    n_candidates);
	error_hint(err, "%s", _("add its certificate with --sast, or sign with another key"));
	return ST_NO_KEY;
}

enum status pem_signer_open(const char *path, X509 *const *candidates, size_t n_candidates,
    const struct pin_source *pins, struct signer **out, struct error *err)
{
	struct pem_signer *self = calloc(1, sizeof(*self));
	char shown[384];
	enum status st;

	*out = NULL;
	if (self == NULL)
		return error_no_memory(err);
	self->base.ops = &pem_ops;
	text_printable_into(shown, sizeof(shown), text_bytes(path));
	snprintf(self->description, sizeof(self->description), _("key file %s"), shown);
	st = pem_key_read(path, pins, &self->key, err);
	if (st == ST_OK && !EVP_PKEY_is_a(self->key, "RSA")) {
		st =
		    error_set(err, ST_NO_KEY, "%s", _("trust lists are signed with RSA keys only"));
		error_hint(err, "%s", _("sign with the RSA key of a SAST entry"));
	}
	for (size_t i = 0; st == ST_OK && i < n_candidates && self->certificate == NULL; i++) {
		EVP_PKEY *public = X509_get0_pubkey(candidates[i]);

		if (public != NULL && EVP_PKEY_eq(public, self->key) == 1) {
			X509_up_ref(candidates[i]);
			self->certificate = candidates[i];
		}
	}
	ERR_clear_error();
	if (st == ST_OK && self->certificate == NULL)
		st = no_certificate(n_candidates, err);
	if (st != ST_OK) {
		if (err->where[0] == '\0')
			error_where(err, "%s", path);
		pem_free(&self->base);
		return st;
	}
	*out = &self->base;
	return ST_OK;
}
