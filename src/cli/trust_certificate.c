/*
 * Certificates of Phone-SAST-trust: which are of use there, and which one is meant.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "cli/trust_certificate.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "trustlist/trustlist.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CUCM refuses a cluster whose certificates have longer names. */
#define NAME_MAX_BYTES 255

/* A serial number has at most 20 octets, a SHA-256 has 32. */
#define HEX_MAX	   64
#define SHA256_HEX 64

void trust_certificate_sha256(const X509 *certificate, char out[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	out[0] = '\0';
	if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1 || len != 32)
		return;
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void trust_certificate_name(const X509 *certificate, struct buffer *out)
{
	struct buffer subject = BUFFER_INIT, serial = BUFFER_INIT;
	const char *subject_text, *serial_text;
	char sha256[65];

	certificate_subject(certificate, &subject);
	text_hex(&serial, tl_certificate_serial(certificate), '\0', true);
	trust_certificate_sha256(certificate, sha256);
	subject_text = buffer_text(&subject);
	serial_text = buffer_text(&serial);
	if (subject_text != NULL && serial_text != NULL)
		buffer_printf(
		    out, _("%s, serial %s, SHA-256 %s"), subject_text, serial_text, sha256);
	buffer_free(&subject);
	buffer_free(&serial);
}

static enum status check_name(const X509_NAME *name, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	enum status st = tl_name_text(name, TL_NAMES_CUCM, &text, err);

	if (st == ST_OK)
		st = buffer_status(&text, err);
	if (st == ST_OK && text.len > NAME_MAX_BYTES) {
		st =
		    error_set(err, ST_LIMIT, _("its subject or issuer has %zu characters, over %d"),
			text.len, NAME_MAX_BYTES);
		error_hint(err, "%s", _("have it made anew with a shorter name"));
	}
	buffer_free(&text);
	return st;
}

enum status trust_certificate_check(X509 *certificate, time_t now, struct error *err)
{
	time_t from, to;
	enum status st = tl_can_sign(certificate, TL_SHA1, err);

	if (st != ST_OK) {
		error_hint(err, "%s",
		    _("give a certificate with an RSA key that can sign lists: a token's, or "
		      "ITLRecovery or CallManager of another cluster"));
		return st;
	}
	st = check_name(X509_get_subject_name(certificate), err);
	if (st == ST_OK)
		st = check_name(X509_get_issuer_name(certificate), err);
	if (st == ST_OK && tl_certificate_validity(certificate, &from, &to) && to < now) {
		struct buffer when = BUFFER_INIT;
		const char *text;

		text_time_local(&when, to);
		text = buffer_text(&when);
		st = error_set(
		    err, ST_FAILED, _("the certificate ended on %s"), text != NULL ? text : "?");
		error_hint(err, "%s", _("export the one that is in use now, and give that"));
		buffer_free(&when);
	}
	return st;
}

enum status trusted_list_read(struct store *store, struct trusted_list *out, struct error *err)
{
	size_t n = 0;
	enum status st;

	*out = (struct trusted_list){.n = 0};
	if (store == NULL)
		return ST_OK;
	st = store_trust(store, &out->stored, &n, err);
	if (st != ST_OK || n == 0)
		return st;
	out->items = calloc(n, sizeof(*out->items));
	if (out->items == NULL) {
		store_trust_free(out->stored, n);
		out->stored = NULL;
		return error_no_memory(err);
	}
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		const unsigned char *p = out->stored[i].certificate.data;
		struct trusted *item = &out->items[i];

		item->stored = &out->stored[i];
		item->x509 = d2i_X509(NULL, &p, (long)item->stored->certificate.len);
		if (item->x509 == NULL)
			return error_openssl(err, ST_FORMAT,
			    _("certificate %zu of Phone-SAST-trust cannot be read"), i + 1);
		trust_certificate_sha256(item->x509, item->sha256);
	}
	return ST_OK;
}

void trusted_list_free(struct trusted_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		X509_free(list->items[i].x509);
	free(list->items);
	store_trust_free(list->stored, list->n);
	*list = (struct trusted_list){.n = 0};
}

/* WORD as lower-case hex digits without colons; false when it is none. */
static bool parse_hex(const char *word, char out[HEX_MAX + 1])
{
	size_t n = 0;

	for (; *word != '\0'; word++) {
		if (*word == ':')
			continue;
		if (!isxdigit((unsigned char)*word) || n == HEX_MAX)
			return false;
		out[n++] = (char)tolower((unsigned char)*word);
	}
	out[n] = '\0';
	return n > 0;
}

/* Zeros in front of a serial number do not count. */
static bool same_serial(const struct trusted *item, const char *hex)
{
	struct buffer serial = BUFFER_INIT;
	const char *own;
	bool same;

	text_hex(&serial, tl_certificate_serial(item->x509), '\0', true);
	own = buffer_text(&serial);
	same = own != NULL && strcmp(own + strspn(own, "0"), hex + strspn(hex, "0")) == 0;
	buffer_free(&serial);
	return same;
}

static bool matches(const struct trusted *item, const char *hex)
{
	return strlen(hex) == SHA256_HEX ? strcmp(item->sha256, hex) == 0 : same_serial(item, hex);
}

static enum status find_by_hex(
    const struct trusted_list *list, const char *hex, const struct trusted **out, struct error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!matches(&list->items[i], hex))
			continue;
		if (*out != NULL) {
			error_set(err, ST_FAILED,
			    _("more than one certificate of Phone-SAST-trust has the serial "
			      "number %s"),
			    hex);
			error_hint(
			    err, "%s", _("give the SHA-256 that `ctlsign trust list` shows"));
			return ST_FAILED;
		}
		*out = &list->items[i];
	}
	return ST_OK;
}

static enum status find_by_file(const struct trusted_list *list, const char *path,
    const struct trusted **out, struct error *err)
{
	X509 *x509 = NULL;
	enum status st = certificate_read(path, &x509, err);

	for (size_t i = 0; st == ST_OK && *out == NULL && i < list->n; i++)
		if (X509_cmp(x509, list->items[i].x509) == 0)
			*out = &list->items[i];
	X509_free(x509);
	return st;
}

enum status trusted_find(const struct trusted_list *list, const char *word,
    const struct trusted **out, struct error *err)
{
	char hex[HEX_MAX + 1];
	enum status st = ST_OK;

	*out = NULL;
	if (parse_hex(word, hex))
		st = find_by_hex(list, hex, out, err);
	/* A file may be named like a number. */
	if (st == ST_OK && *out == NULL && access(word, F_OK) == 0)
		st = find_by_file(list, word, out, err);
	if (st == ST_OK && *out == NULL) {
		st = error_set(
		    err, ST_FAILED, _("'%s' is no certificate of Phone-SAST-trust"), word);
		error_hint(err, "%s",
		    _("give its file, its serial number or its SHA-256 from `ctlsign trust list`"));
	}
	return st;
}
