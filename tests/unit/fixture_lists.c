/*
 * The pieces of a list, encoded by hand.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_lists.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_be_true(int ok, const char *what)
{
	if (ok <= 0) {
		fprintf(stderr, "fixture: %s failed\n", what);
		abort();
	}
}

void fixture_element(struct buffer *out, unsigned tag, const void *value, size_t len)
{
	buffer_add_u8(out, tag);
	buffer_add_u16(out, (unsigned)len);
	buffer_add(out, value, len);
}

void fixture_text(struct buffer *out, unsigned tag, const char *text)
{
	fixture_element(out, tag, text, strlen(text) + 1);
}

void fixture_u8(struct buffer *out, unsigned tag, unsigned value)
{
	buffer_add_u8(out, tag);
	buffer_add_u16(out, 1);
	buffer_add_u8(out, value);
}

void fixture_u16(struct buffer *out, unsigned tag, unsigned value)
{
	buffer_add_u8(out, tag);
	buffer_add_u16(out, 2);
	buffer_add_u16(out, value);
}

size_t fixture_container_begin(struct buffer *out, unsigned tag)
{
	fixture_element(out, tag, NULL, 0);
	return out->len;
}

void fixture_container_end(struct buffer *out, size_t begin)
{
	buffer_set_u16(out, begin - 2, (unsigned)(out->len - begin));
}

size_t fixture_record_begin(struct buffer *out)
{
	fixture_u16(out, 1, 0);
	return out->len - 5;
}

void fixture_record_end(struct buffer *out, size_t begin)
{
	buffer_set_u16(out, begin + 3, (unsigned)(out->len - begin));
}

static void add_signer_id(struct buffer *out, const struct fixture_header *header)
{
	size_t begin = fixture_container_begin(out, 3);

	fixture_text(out, 4, header->name);
	if (header->community)
		fixture_text(out, 6, header->issuer);
	fixture_element(out, 5, header->serial.data, header->serial.len);
	if (!header->community)
		fixture_text(out, 6, header->issuer);
	fixture_container_end(out, begin);
}

size_t fixture_header(struct buffer *out, const struct fixture_header *header)
{
	static const uint8_t zeros[512];
	static const uint8_t timestamp[4] = {FIXTURE_TIMESTAMP >> 24,
	    0xff & FIXTURE_TIMESTAMP >> 16, 0xff & FIXTURE_TIMESTAMP >> 8,
	    0xff & FIXTURE_TIMESTAMP};
	size_t start = out->len;
	size_t begin, inner, signature;

	fixture_u16(out, 1, 0x0102);
	fixture_u16(out, 2, 0);
	if (header->community)
		fixture_u16(out, 28, 0x0101);
	add_signer_id(out, header);
	begin = fixture_container_begin(out, 7);
	fixture_u8(out, 8, header->digest);
	inner = fixture_container_begin(out, 9);
	fixture_u8(out, 10, 0);
	fixture_u8(out, 11, header->modulus_code);
	fixture_container_end(out, inner);
	fixture_container_end(out, begin);
	signature = out->len;
	fixture_element(out, 12, zeros, header->signature_len);
	fixture_text(out, 14, "CTLFile.tlv");
	fixture_element(out, 15, timestamp, sizeof(timestamp));
	buffer_add(out, header->more, header->more_len);
	while ((out->len - start) % 4 != 0)
		buffer_add_u8(out, 13);
	buffer_set_u16(out, start + 8, (unsigned)(out->len - start));
	return signature;
}

static void add_public_key(struct buffer *out, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(key, &der);

	must_be_true(len, "i2d_PublicKey");
	fixture_element(out, 7, der, (size_t)len);
	OPENSSL_free(der);
}

static void add_certificate(struct buffer *out, const struct fixture_record *record)
{
	const ASN1_BIT_STRING *signature;
	unsigned char *der = NULL;
	int len = i2d_X509(record->cert, &der);

	must_be_true(len, "i2d_X509");
	X509_get0_signature(&signature, NULL, record->cert);
	if (!record->without_signature)
		fixture_element(out, 8, signature->data, (size_t)signature->length);
	fixture_element(out, 9, der, (size_t)len);
	OPENSSL_free(der);
}

void fixture_record(struct buffer *out, const struct fixture_record *record)
{
	size_t begin = fixture_record_begin(out);

	if (record->dns != NULL)
		fixture_text(out, 2, record->dns);
	if (record->cert != NULL)
		fixture_text(out, 3, record->subject);
	fixture_u16(out, 4, record->role);
	if (record->cert != NULL) {
		fixture_text(out, 5, record->issuer);
		fixture_element(out, 6, record->serial.data, record->serial.len);
		add_public_key(out, X509_get0_pubkey(record->cert));
		add_certificate(out, record);
	}
	if (record->ip != NULL)
		fixture_element(out, 10, record->ip, 4);
	fixture_record_end(out, begin);
}

/* The offset of element 12, found by walking over what stands before it in every sample. */
static size_t find_signature(const struct buffer *file)
{
	size_t at = 0;

	while (file->data[at] != 12) {
		bool container = file->data[at] == 3 || file->data[at] == 7 || file->data[at] == 9;

		at += 3 + (container ? 0 : read_u16(file->data + at + 1));
	}
	return at;
}

void fixture_sign(struct buffer *file, EVP_PKEY *key, const char *digest)
{
	size_t at = find_signature(file);
	size_t len = read_u16(file->data + at + 1);
	size_t rest = at + 3 + len;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must_be_true(EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key, NULL), "init");
	must_be_true(EVP_DigestSignUpdate(context, file->data, at), "update");
	must_be_true(EVP_DigestSignUpdate(context, file->data + rest, file->len - rest), "update");
	must_be_true(EVP_DigestSignFinal(context, file->data + at + 3, &len), "final");
	EVP_MD_CTX_free(context);
}

enum status fixture_sign_list(struct buffer *file, struct fixture_signer *signer, struct error *err)
{
	struct tl_verifier *verifier = tl_verifier_new();
	enum status status = tl_sign(file, &signer->base, verifier, err);

	tl_verifier_free(verifier);
	return status;
}
