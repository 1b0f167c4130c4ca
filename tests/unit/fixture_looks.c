/*
 * Lists in which every element can be bent.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "fixture_looks.h"

#include "fixture_lists.h"
#include "harness.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 4096

/* Whatever has to live as long as the program. */
static void *kept[KEPT_MAX];
static void (*kept_free[KEPT_MAX])(void *);
static size_t n_kept;

static void free_kept(void)
{
	for (size_t i = 0; i < n_kept; i++)
		kept_free[i](kept[i]);
}

static void *keep(void *p, void (*release)(void *))
{
	if (p == NULL || n_kept == KEPT_MAX) {
		fprintf(stderr, "fixture: nothing to keep, or too much\n");
		abort();
	}
	if (n_kept == 0)
		atexit(free_kept);
	kept[n_kept] = p;
	kept_free[n_kept++] = release;
	return p;
}

static void free_cert(void *p)
{
	X509_free(p);
}

static void free_key(void *p)
{
	EVP_PKEY_free(p);
}

struct bytes looks_bytes(const void *data, size_t len)
{
	uint8_t *copy = keep(malloc(len + 1), free);

	if (len > 0)
		memcpy(copy, data, len);
	return (struct bytes){copy, len};
}

struct bytes looks_text(const char *text)
{
	return looks_bytes(text, strlen(text) + 1);
}

struct bytes looks_hostile(void)
{
	static const char hostile[] = "CN=\033]0;owned\007\033[2J\xff\xc3;\r\n"
				      "The CTL file was verified successfully.\n\0x";

	return (struct bytes){(const uint8_t *)hostile, sizeof(hostile) - 1};
}

bool looks_is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < 0x20 && text.data[i] != '\n') || text.data[i] >= 0x7F)
			return false;
	return true;
}

EVP_PKEY *looks_public_key(int bits)
{
	static struct {
		int bits;
		EVP_PKEY *key;
	} keys[8];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].bits == 0) {
			keys[i].bits = bits;
			keys[i].key = keep(fixture_public_key(bits), free_key);
		}
		if (keys[i].bits == bits)
			return keys[i].key;
	}
	abort();
}

X509 *looks_cert(const char *cn, EVP_PKEY *key, unsigned serial)
{
	const char *const name[] = {"O", "Acme", "CN", cn, NULL};
	const uint8_t bytes[8] = {
	    0x4a, 0x21, 0x9f, 0x00, 0x00, 0x01, (uint8_t)(serial >> 8), (uint8_t)serial};
	const struct fixture_cert_spec spec = {
	    .subject = name,
	    .key = key,
	    .issuer_key = fixture_key(FIXTURE_RSA_2048),
	    .serial = {bytes, sizeof(bytes)},
	};

	return keep(fixture_cert(&spec), free_cert);
}

static struct bytes cucm_name(const X509_NAME *name)
{
	struct buffer text = BUFFER_INIT;
	struct bytes stored;

	if (tl_name_text(name, TL_NAMES_CUCM, &text, NULL) != ST_OK)
		abort();
	stored = looks_text(buffer_text(&text));
	buffer_free(&text);
	return stored;
}

static struct bytes take_der(unsigned char *der, int len)
{
	struct bytes copy;

	if (len <= 0)
		abort();
	copy = looks_bytes(der, (size_t)len);
	OPENSSL_free(der);
	return copy;
}

void looks_record(
    struct looks_record *record, unsigned role, X509 *cert, const char *dns, const char *ip)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	const ASN1_BIT_STRING *signature;
	unsigned char *key = NULL, *der = NULL;
	uint8_t address[4] = {0};
	int len;

	if (ip != NULL && inet_pton(AF_INET, ip, address) != 1)
		abort();
	X509_get0_signature(&signature, NULL, cert);
	*record = (struct looks_record){
	    .has_role = true,
	    .role = role,
	    .dns = looks_text(dns != NULL ? dns : ""),
	    .subject = cucm_name(X509_get_subject_name(cert)),
	    .issuer = cucm_name(X509_get_issuer_name(cert)),
	    .serial = looks_bytes(serial->data, (size_t)serial->length),
	    .signature = looks_bytes(signature->data, (size_t)signature->length),
	    .ip = looks_bytes(address, sizeof(address)),
	};
	len = i2d_PublicKey(X509_get0_pubkey(cert), &key);
	/* An Ed25519 key has no such form; anything will do. */
	record->public_key = len > 0 ? take_der(key, len) : looks_bytes("key", 3);
	len = i2d_X509(cert, &der);
	record->certificate = take_der(der, len);
}

void looks_clean(struct looks *looks)
{
	static X509 *token1, *token2, *pub, *capf, *sub;

	if (token1 == NULL) {
		token1 = looks_cert("SAST-1", fixture_key(FIXTURE_RSA_2048), 1);
		token2 = looks_cert("SAST-2", looks_public_key(2048), 2);
		pub = looks_cert("cucm-pub", looks_public_key(2048), 3);
		capf = looks_cert("CAPF-1", looks_public_key(2048), 4);
		sub = looks_cert("cucm-sub1", looks_public_key(2048), 5);
	}
	*looks = (struct looks){
	    .version = 0x0102,
	    .digest = TL_SHA512,
	    .modulus_code = 2,
	    .signature_len = 256,
	    .sign = true,
	    .filename = looks_text("CTLFile.tlv"),
	    .has_timestamp = true,
	    .timestamp = LOOKS_TIMESTAMP,
	    .pad = true,
	    .n = 5,
	};
	looks_record(&looks->records[0], TL_ROLE_SAST, token1, NULL, NULL);
	looks_record(&looks->records[1], TL_ROLE_SAST, token2, NULL, NULL);
	looks_record(&looks->records[2], TL_ROLE_CCM_TFTP, pub, "cucm-pub", "10.0.0.1");
	looks_record(&looks->records[3], TL_ROLE_CAPF, capf, "cucm-pub", "10.0.0.1");
	looks_record(&looks->records[4], TL_ROLE_CCM_TFTP, sub, "cucm-sub1", "10.0.0.2");
	looks->signer_name = looks->records[0].subject;
	looks->signer_serial = looks->records[0].serial;
	looks->signer_issuer = looks->records[0].issuer;
}

static void add(struct buffer *out, unsigned tag, struct bytes value)
{
	if (value.data != NULL)
		fixture_element(out, tag, value.data, value.len);
}

static void add_signature_info(struct buffer *out, const struct looks *looks)
{
	size_t begin = fixture_container_begin(out, TL_H_SIGNATURE_INFO);
	size_t inner;

	fixture_u8(out, TL_H_DIGEST, looks->digest);
	inner = fixture_container_begin(out, TL_H_SIGNATURE_ALGO_INFO);
	fixture_u8(out, TL_H_SIGNATURE_ALGO, looks->algorithm);
	fixture_u8(out, TL_H_MODULUS, looks->modulus_code);
	fixture_container_end(out, inner);
	fixture_container_end(out, begin);
}

static void add_header(struct buffer *out, const struct looks *looks)
{
	static const uint8_t zeros[1024];
	const uint8_t timestamp[4] = {(uint8_t)(looks->timestamp >> 24),
	    (uint8_t)(looks->timestamp >> 16), (uint8_t)(looks->timestamp >> 8),
	    (uint8_t)looks->timestamp};
	size_t begin;

	fixture_u16(out, TL_H_VERSION, looks->version);
	fixture_u16(out, TL_H_LENGTH, 0);
	if (looks->signer_version != 0)
		fixture_u16(out, TL_H_SIGNER_VERSION, looks->signer_version);
	begin = fixture_container_begin(out, TL_H_SIGNER_ID);
	add(out, TL_H_SIGNER_NAME, looks->signer_name);
	add(out, TL_H_SERIAL, looks->signer_serial);
	add(out, TL_H_CA_NAME, looks->signer_issuer);
	fixture_container_end(out, begin);
	add_signature_info(out, looks);
	fixture_element(out, TL_H_SIGNATURE, zeros, looks->signature_len);
	add(out, TL_H_FILENAME, looks->filename);
	if (looks->has_timestamp)
		fixture_element(out, TL_H_TIMESTAMP, timestamp, sizeof(timestamp));
	buffer_add(out, looks->more.data, looks->more.len);
	while (looks->pad && out->len % 4 != 0)
		buffer_add_u8(out, TL_H_PADDING);
	buffer_set_u16(out, 8, (unsigned)out->len);
}

static void add_record(struct buffer *out, const struct looks_record *record)
{
	size_t begin = fixture_record_begin(out);

	add(out, TL_R_DNS_NAME, record->dns);
	add(out, TL_R_SUBJECT, record->subject);
	if (record->has_role)
		fixture_u16(out, TL_R_FUNCTION, record->role);
	add(out, TL_R_ISSUER, record->issuer);
	add(out, TL_R_SERIAL, record->serial);
	add(out, TL_R_PUBLIC_KEY, record->public_key);
	add(out, TL_R_SIGNATURE, record->signature);
	add(out, TL_R_CERTIFICATE, record->certificate);
	add(out, TL_R_IP_ADDRESS, record->ip);
	buffer_add(out, record->more.data, record->more.len);
	fixture_record_end(out, begin);
}

void looks_make(struct looks *looks)
{
	static const char *const digests[] = {"SHA1", "SHA1", "SHA256", "SHA512"};
	struct error err;
	char line[2048];

	buffer_reset(&looks->file);
	add_header(&looks->file, looks);
	for (size_t i = 0; i < looks->n; i++)
		add_record(&looks->file, &looks->records[i]);
	if (looks->sign && looks->signature_len == 256)
		fixture_sign(&looks->file, fixture_key(FIXTURE_RSA_2048),
		    digests[looks->digest < 4 ? looks->digest : 0]);
	error_clear(&err);
	if (tl_read(&looks->list, buffer_bytes(&looks->file), &err) != ST_OK) {
		fprintf(stderr, "fixture: %s\n", error_line(&err, line, sizeof(line)));
		abort();
	}
}

void looks_free(struct looks *looks)
{
	tl_free(&looks->list);
	buffer_free(&looks->file);
}

const char *looks_save(const struct looks *looks, const char *name)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(looks->file.data, 1, looks->file.len, file) != looks->file.len ||
	    fclose(file) != 0) {
		perror(path);
		abort();
	}
	return path;
}
