/*
 * A list as phones see it: who signed it, whom it trusts, which file it is.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/phone.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* OUT stays "" where OpenSSL does not have the digest: a FIPS provider has no MD5. */
static void checksum(struct bytes file, const char *name, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	size_t len = 0;

	out[0] = '\0';
	if (EVP_Q_digest(NULL, name, NULL, file.data, file.len, hash, &len) != 1) {
		ERR_clear_error();
		return;
	}
	if (2 * len + 1 != size)
		return;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[2 * len] = '\0';
}

/* RSAPublicKey DER, whole; NULL if it is none. */
static EVP_PKEY *decode_key(struct bytes der)
{
	const unsigned char *at = der.data;
	EVP_PKEY *key = NULL;

	if (der.len > 0 && der.len <= TL_PHONE_MAX)
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
	if (key != NULL && at != der.data + der.len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

/*
 * The RSA key of a record's certificate, as it stands in the file; empty if there is none.  OUT may
 * be NULL; else it gets the key, or NULL.
 */
static struct bytes certificate_key(const struct tl_record *record, EVP_PKEY **out)
{
	struct bytes found = {NULL, 0};
	const ASN1_BIT_STRING *bits;
	EVP_PKEY *key;
	X509 *x509;

	if (out != NULL)
		*out = NULL;
	if (record->certificate.len == 0 || tl_record_x509(record, &x509, NULL) != ST_OK)
		return found;
	key = X509_get0_pubkey(x509);
	bits = X509_get0_pubkey_bitstr(x509);
	if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && bits != NULL) {
		found.len = (size_t)ASN1_STRING_length(bits);
		/* Wherever the same bytes stand first: they are the same bytes. */
		found.data = memmem(record->certificate.data, record->certificate.len,
		    ASN1_STRING_get0_data(bits), found.len);
		if (found.data == NULL)
			found.len = 0;
		else if (out != NULL && EVP_PKEY_up_ref(key) == 1)
			*out = key;
	}
	X509_free(x509);
	ERR_clear_error();
	return found;
}

/*
 * The key that the signature is checked with is the certificate's, where there is one.  That is
 * taken for element 7, too, unless the two are the same key anyway: a list must not pass for
 * somebody else's by an element that is checked by nothing.
 */
static void read_signer_key(const struct tl_record *record, struct phone_list *out)
{
	EVP_PKEY *stored = decode_key(record->public_key), *certified = NULL;
	struct bytes key = record->public_key;

	if (record->certificate.len > 0) {
		const struct bytes in_certificate = certificate_key(record, &certified);

		if (stored == NULL || certified == NULL || EVP_PKEY_eq(stored, certified) != 1)
			key = in_certificate;
		EVP_PKEY_free(stored);
		stored = certified;
	}
	if (stored != NULL) {
		const int bits = EVP_PKEY_get_bits(stored);

		out->signer.key = key;
		out->key_bits = bits > 0 ? (unsigned)bits : 0;
	}
	EVP_PKEY_free(stored);
	ERR_clear_error();
}

static void read_signer(const struct trustlist *list, struct phone_list *out)
{
	const struct tl_record *record = tl_signer_record(list);

	out->signer.issuer = list->signer_issuer;
	out->signer.serial = list->signer_serial;
	if (record == NULL)
		return;
	out->signer.certificate = record->certificate;
	read_signer_key(record, out);
}

static void add_sast(const struct tl_record *record, struct phone_list *out)
{
	struct phone_anchor *sast = &out->sasts[out->n_sasts++];

	sast->issuer = record->issuer;
	sast->serial = record->serial;
	sast->key = record->public_key;
	sast->certificate = record->certificate;
	/* Nothing that a phone could hold takes long here. */
	if (sast->key.len == 0 && out->size <= TL_PHONE_MAX)
		sast->key = certificate_key(record, NULL);
}

static enum status read_records(
    const struct trustlist *list, struct phone_list *out, struct error *err)
{
	size_t sasts = 0, certificates = 0;

	for (size_t i = 0; i < list->n_records; i++) {
		sasts += list->records[i].has_role && list->records[i].role == TL_ROLE_SAST;
		certificates += list->records[i].certificate.len > 0;
	}
	/* One more, so that none of them is NULL only because there is nothing. */
	out->sasts = calloc(sasts + 1, sizeof(*out->sasts));
	out->certificates = calloc(certificates + 1, sizeof(*out->certificates));
	if (out->sasts == NULL || out->certificates == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < list->n_records; i++) {
		const struct tl_record *record = &list->records[i];

		if (record->has_role && record->role == TL_ROLE_SAST)
			add_sast(record, out);
		if (record->certificate.len > 0)
			out->certificates[out->n_certificates++] = record->certificate;
	}
	return ST_OK;
}

enum status phone_list_read(struct bytes file, struct phone_list *out, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	enum status st = tl_read(&list, file, err);

	if (st == ST_OK) {
		out->size = file.len;
		out->digest = list.digest;
		checksum(file, "MD5", out->md5, sizeof(out->md5));
		checksum(file, "SHA1", out->sha1, sizeof(out->sha1));
		read_signer(&list, out);
		st = read_records(&list, out, err);
	}
	tl_free(&list);
	return st;
}

void phone_list_free(struct phone_list *list)
{
	free(list->sasts);
	free(list->certificates);
	memset(list, 0, sizeof(*list));
}

bool phone_list_same(const struct phone_list *list, const struct phone_list *other)
{
	if (list == other)
		return true;
	/* Two files can be made that have the same MD5. */
	if (list->sha1[0] != '\0' && other->sha1[0] != '\0')
		return strcmp(list->sha1, other->sha1) == 0;
	return list->md5[0] != '\0' && strcmp(list->md5, other->md5) == 0;
}

bool phone_list_knows(const struct phone_list *list, const struct phone_anchor *anchor)
{
	if (anchor->key.len == 0)
		return false;
	for (size_t i = 0; i < list->n_sasts; i++) {
		const struct phone_anchor *sast = &list->sasts[i];

		if (bytes_equal(sast->serial, anchor->serial) &&
		    bytes_equal(sast->issuer, anchor->issuer) &&
		    bytes_equal(sast->key, anchor->key))
			return true;
	}
	return false;
}

bool phone_vouched(const struct phone_list *offered, const struct phone_list *server,
    const struct bytes *trust, size_t n)
{
	const struct bytes certificate = offered->signer.certificate;

	if (certificate.len == 0)
		return false;
	for (size_t i = 0; server != NULL && i < server->n_certificates; i++)
		if (bytes_equal(server->certificates[i], certificate))
			return true;
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(trust[i], certificate))
			return true;
	return false;
}
