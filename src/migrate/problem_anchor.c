/*
 * Certificates as records of a list have them, and what people are told they are called.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/problem_parts.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

/* Serials are long, and the first bytes tell certificates of one cluster apart. */
#define NAME_SERIAL_MAX 6
/* A name has to leave room for what stands around it. */
#define NAME_SUBJECT_MAX 80

enum status problem_copy_anchor(const struct phone_anchor *from, struct buffer *bytes,
    struct phone_anchor *out, struct error *err)
{
	const struct bytes parts[] = {from->issuer, from->serial, from->key, from->certificate};
	struct bytes *const to[] = {&out->issuer, &out->serial, &out->key, &out->certificate};
	const uint8_t *at;

	buffer_reset(bytes);
	for (size_t i = 0; i < 4; i++)
		buffer_add(bytes, parts[i].data, parts[i].len);
	if (bytes->failed)
		return error_no_memory(err);
	at = bytes->data;
	for (size_t i = 0; i < 4; i++) {
		*to[i] = (struct bytes){parts[i].len > 0 ? at : NULL, parts[i].len};
		at += parts[i].len;
	}
	return ST_OK;
}

enum status problem_make_anchor(X509 *certificate, enum tl_names style, struct buffer *bytes,
    struct phone_anchor *out, struct error *err)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(certificate);
	struct buffer issuer = BUFFER_INIT;
	unsigned char *der = NULL;
	struct phone_anchor made;
	enum status st;
	int len;

	st = tl_name_text(X509_get_issuer_name(certificate), style, &issuer, err);
	buffer_add_u8(&issuer, 0);
	if (st == ST_OK)
		st = buffer_status(&issuer, err);
	len = i2d_X509(certificate, &der);
	if (st == ST_OK && (len <= 0 || key == NULL))
		st = error_openssl(err, ST_CRYPTO, "%s", _("a certificate cannot be encoded"));
	if (st == ST_OK) {
		made = (struct phone_anchor){
		    .issuer = buffer_bytes(&issuer),
		    .serial = tl_certificate_serial(certificate),
		    .key = {ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)},
		    .certificate = {der, (size_t)len},
		};
		st = problem_copy_anchor(&made, bytes, out, err);
	}
	OPENSSL_free(der);
	buffer_free(&issuer);
	return st;
}

unsigned problem_key_bits(struct bytes key)
{
	const unsigned char *at = key.data;
	EVP_PKEY *rsa = NULL;
	int bits = 0;

	if (key.len > 0 && key.len <= 65535)
		rsa = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)key.len);
	if (rsa != NULL)
		bits = EVP_PKEY_get_bits(rsa);
	else
		ERR_clear_error();
	EVP_PKEY_free(rsa);
	return bits > 0 ? (unsigned)bits : 0;
}

/* "CN=SAST-1", or the whole subject when it has none. */
static void subject_text(const X509 *certificate, struct bytes stored, char *out, size_t size)
{
	struct buffer text = BUFFER_INIT;
	const X509_NAME *subject;
	unsigned char *utf8 = NULL;
	int at, len = -1;

	if (certificate != NULL) {
		subject = X509_get_subject_name(certificate);
		at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
		if (at >= 0)
			len = ASN1_STRING_to_UTF8(
			    &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
		if (len > 0) {
			buffer_add(&text, "CN=", 3);
			buffer_add(&text, utf8, (size_t)len);
		} else if (tl_name_text(subject, TL_NAMES_CUCM, &text, NULL) != ST_OK) {
			buffer_reset(&text);
		}
		OPENSSL_free(utf8);
		ERR_clear_error();
	} else {
		stored = tl_string(stored);
		buffer_add(&text, stored.data, stored.len);
	}
	text_printable_into(out, size, buffer_bytes(&text));
	buffer_free(&text);
}

static void serial_text(struct bytes serial, char *out, size_t size)
{
	const struct bytes first = {
	    serial.data, serial.len > NAME_SERIAL_MAX ? NAME_SERIAL_MAX : serial.len};
	struct buffer text = BUFFER_INIT;

	text_hex(&text, first, ':', false);
	if (first.len < serial.len)
		buffer_printf(&text, "...");
	text_printable_into(out, size, buffer_bytes(&text));
	buffer_free(&text);
}

void problem_name(enum migrate_kind kind, const X509 *certificate, struct bytes subject,
    struct bytes serial, char *out, size_t size)
{
	char called[NAME_SUBJECT_MAX], number[3 * NAME_SERIAL_MAX + 4], text[160];

	subject_text(certificate, subject, called, sizeof(called));
	serial_text(serial, number, sizeof(number));
	switch (kind) {
	case MIGRATE_TOKEN:
		snprintf(text, sizeof(text), _("token %s (%s)"), called, number);
		break;
	case MIGRATE_CALLMANAGER:
		snprintf(text, sizeof(text), _("CallManager (%s)"), number);
		break;
	case MIGRATE_ITLRECOVERY:
		snprintf(text, sizeof(text), _("ITLRecovery (%s)"), number);
		break;
	case MIGRATE_FOREIGN:
	default:
		snprintf(text, sizeof(text), _("certificate %s (%s)"), called, number);
		break;
	}
	text_cut_into(out, size, text);
}
