/*
 * Making an unsigned list from a plan: checks, the header, the records, and a reading of the
 * result.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"
#include "trustlist/build_record.h"
#include "trustlist/record.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/* SHA-512's DigestInfo (83 bytes) and PKCS#1 v1.5's own 11 bytes. */
#define SHA512_NEEDS 94

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return true;
	return false;
}

enum status tl_can_sign(X509 *certificate, enum tl_digest digest, struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key == NULL)
		return error_openssl(err, ST_FORMAT, "%s",
		    _("the public key of the signer's certificate cannot be read"));
	if (!EVP_PKEY_is_a(key, "RSA")) {
		error_set(err, ST_LIMIT,
		    _("the signer's key is %s, and only RSA signs trust lists"),
		    EVP_PKEY_get0_type_name(key));
		error_hint(err, "%s", _("sign with an RSA key"));
		return ST_LIMIT;
	}
	if (modulus_code((size_t)EVP_PKEY_get_size(key)) < 0) {
		error_set(err, ST_LIMIT, _("RSA-%d has no modulus code in the format"),
		    EVP_PKEY_get_bits(key));
		error_hint(err, "%s", _("use a 2048-bit key"));
		return ST_LIMIT;
	}
	if (digest == TL_SHA512 && EVP_PKEY_get_size(key) < SHA512_NEEDS) {
		error_set(err, ST_LIMIT, _("RSA-%d is too small to sign a SHA-512 digest"),
		    EVP_PKEY_get_bits(key));
		error_hint(err, "%s", _("use a 2048-bit key"));
		return ST_LIMIT;
	}
	return ST_OK;
}

/* Phones ask for the list by this name: it must be one of a file, in no folder. */
static enum status check_filename(const char *filename, struct error *err)
{
	size_t len = strlen(filename);

	if (len == 0)
		error_set(err, ST_LIMIT, "%s", _("the file name in the header is empty"));
	else if (len > BUILD_NAME_MAX)
		error_set(err, ST_LIMIT, _("the file name in the header is longer than %u"),
		    BUILD_NAME_MAX);
	else if (strchr(filename, '/') != NULL)
		error_set(err, ST_LIMIT, "%s", _("the file name in the header has a '/'"));
	else if (has_control(filename))
		error_set(
		    err, ST_LIMIT, "%s", _("the file name in the header has a control character"));
	else
		return ST_OK;
	error_hint(err, "%s", _("name it like CTLFile.tlv or ITLFile.tlv"));
	return ST_LIMIT;
}

/* The entry that phones find the signer by: the first SAST with its certificate. */
static const struct tl_entry *signer_entry(const struct tl_plan *plan)
{
	for (size_t i = 0; i < plan->n_entries; i++) {
		const struct tl_entry *entry = &plan->entries[i];

		if (entry->role == TL_ROLE_SAST && entry->certificate != NULL &&
		    X509_cmp(entry->certificate, plan->signer) == 0)
			return entry;
	}
	return NULL;
}

static enum status check_plan(const struct tl_plan *plan, struct error *err)
{
	enum status status;

	if (plan->n_entries == 0) {
		error_set(err, ST_LIMIT, "%s", _("a trust list without entries cannot be signed"));
		error_hint(err, "%s", _("add the signer's certificate as a SAST entry"));
		return ST_LIMIT;
	}
	if (tl_digest_name(plan->digest) == NULL)
		return error_set(
		    err, ST_LIMIT, _("%u is no digest of a trust list"), (unsigned)plan->digest);
	status = check_filename(plan->filename, err);
	if (status != ST_OK)
		return status;
	if (signer_entry(plan) == NULL) {
		error_set(err, ST_NO_KEY, "%s",
		    _("the signer's certificate is no SAST entry of the list, so phones could not "
		      "verify it"));
		error_hint(err, "%s", _("add the signer's certificate as a SAST entry"));
		return ST_NO_KEY;
	}
	return tl_can_sign(plan->signer, plan->digest, err);
}

/* Fills in a container's length, once its elements follow it. */
static void end_container(struct buffer *out, size_t start)
{
	buffer_set_u16(out, start + 1, (unsigned)(out->len - start - ELEMENT_HEAD));
}

static void place_entry(const struct tl_plan *plan, const struct tl_entry *entry, struct error *err)
{
	char place[64];

	snprintf(place, sizeof(place), _("entry %zu"), (size_t)(entry - plan->entries) + 1);
	error_where_prefix(err, place);
}

static enum status add_signer_names(
    struct buffer *out, const struct tl_plan *plan, struct error *err)
{
	const X509 *signer = plan->signer;
	enum status status;

	status = build_name(out, TL_H_SIGNER_NAME, X509_get_subject_name(signer), plan->names, err);
	if (status == ST_OK)
		status = build_serial(out, TL_H_SERIAL, signer, err);
	if (status == ST_OK)
		status =
		    build_name(out, TL_H_CA_NAME, X509_get_issuer_name(signer), plan->names, err);
	return status;
}

/* The same, byte for byte as the signer's stored record has them. */
static enum status add_stored_names(
    struct buffer *out, const struct tl_plan *plan, const struct tl_entry *entry, struct error *err)
{
	struct trustlist view;
	enum status status = build_read_stored(&view, entry, err);
	const struct tl_record *record;

	if (status != ST_OK)
		goto out;
	record = &view.records[0];
	if (record->serial.data == NULL || record->issuer.data == NULL) {
		status = error_set(err, ST_NO_KEY, "%s",
		    _("the signer's stored record has no serial number or no issuer, so phones "
		      "could not find it"));
		error_hint(err, "%s", _("sign with another SAST of the list"));
		goto out;
	}
	if (record->subject.data != NULL)
		element_add(out, TL_H_SIGNER_NAME, record->subject);
	else
		status = build_name(
		    out, TL_H_SIGNER_NAME, X509_get_subject_name(plan->signer), plan->names, err);
	element_add(out, TL_H_SERIAL, record->serial);
	element_add(out, TL_H_CA_NAME, record->issuer);
out:
	tl_free(&view);
	return status;
}

static enum status add_signer_id(struct buffer *out, const struct tl_plan *plan, struct error *err)
{
	static const struct bytes empty = {NULL, 0};
	const struct tl_entry *entry = signer_entry(plan);
	size_t start = out->len;
	enum status status;

	element_add(out, TL_H_SIGNER_ID, empty);
	status = entry->stored.data != NULL ? add_stored_names(out, plan, entry, err)
					    : add_signer_names(out, plan, err);
	if (status != ST_OK && entry->stored.data != NULL)
		place_entry(plan, entry, err);
	end_container(out, start);
	return status;
}

static void add_signature_info(struct buffer *out, const struct tl_plan *plan)
{
	static const struct bytes empty = {NULL, 0};
	size_t size = (size_t)EVP_PKEY_get_size(X509_get0_pubkey(plan->signer));
	uint8_t zeros[SIGNER_MAX_SIGNATURE] = {0};
	size_t info = out->len;
	size_t algorithm;

	element_add(out, TL_H_SIGNATURE_INFO, empty);
	element_add_u8(out, TL_H_DIGEST, plan->digest);
	algorithm = out->len;
	element_add(out, TL_H_SIGNATURE_ALGO_INFO, empty);
	element_add_u8(out, TL_H_SIGNATURE_ALGO, 0);
	element_add_u8(out, TL_H_MODULUS, (unsigned)modulus_code(size));
	end_container(out, algorithm);
	end_container(out, info);
	element_add(out, TL_H_SIGNATURE, (struct bytes){zeros, size});
}

static enum status add_header(struct buffer *out, const struct tl_plan *plan, struct error *err)
{
	static const uint8_t version[2] = {1, 2};
	size_t length_at;
	enum status status;

	element_add(out, TL_H_VERSION, (struct bytes){version, sizeof(version)});
	length_at = out->len + ELEMENT_HEAD;
	element_add_u16(out, TL_H_LENGTH, 0);
	if (plan->has_signer_version)
		element_add(out, TL_H_SIGNER_VERSION,
		    (struct bytes){plan->signer_version, sizeof(plan->signer_version)});
	status = add_signer_id(out, plan, err);
	if (status != ST_OK)
		return status;
	add_signature_info(out, plan);
	element_add_string(out, TL_H_FILENAME, text_bytes(plan->filename));
	buffer_add_u8(out, TL_H_TIMESTAMP);
	buffer_add_u16(out, 4);
	buffer_add_u32(out, plan->timestamp);
	while (out->len % 4 != 0 && !out->failed)
		buffer_add_u8(out, TL_H_PADDING);
	/* Serial numbers are the only part without a limit of its own. */
	if (out->len > BUILD_LENGTH_MAX)
		return error_set(err, ST_LIMIT,
		    _("the header would have %zu bytes, and %u is the most that the format can "
		      "say"),
		    out->len, BUILD_LENGTH_MAX);
	buffer_set_u16(out, length_at, (unsigned)out->len);
	return buffer_status(out, err);
}

/*
 * Reads what was made, and looks the signer up as phones do: by serial and issuer, the first
 * match.  Another SAST certificate of the same serial and issuer before it would be taken for the
 * signer.
 */
static enum status check_result(
    const struct buffer *out, const struct tl_plan *plan, struct error *err)
{
	struct trustlist list = TRUSTLIST_INIT;
	enum status status;

	status = tl_read(&list, buffer_bytes(out), err);
	/* check_plan() has found the signer among the entries, so a record is there. */
	if (status == ST_OK && !record_has_certificate(tl_signer_record(&list), plan->signer)) {
		status = error_set(err, ST_NO_KEY, "%s",
		    _("another SAST entry has the signer's serial and issuer and stands before it, "
		      "so phones would check the signature with the wrong key"));
		error_hint(err, "%s", _("remove the other entry"));
	}
	tl_free(&list);
	return status;
}

enum status tl_build(const struct tl_plan *plan, struct buffer *out, struct error *err)
{
	enum status status;

	buffer_reset(out);
	status = check_plan(plan, err);
	if (status == ST_OK)
		status = add_header(out, plan, err);
	for (size_t i = 0; status == ST_OK && i < plan->n_entries; i++) {
		status = build_record(out, &plan->entries[i], plan->names, err);
		if (status != ST_OK)
			place_entry(plan, &plan->entries[i], err);
	}
	if (status == ST_OK && out->len > TL_PHONE_MAX) {
		status = error_set(err, ST_LIMIT,
		    _("the list would have %zu bytes, and phones do not load more than %u"),
		    out->len, TL_PHONE_MAX);
		error_hint(err, "%s", _("leave entries out: about 39 certificates fit"));
	}
	if (status == ST_OK)
		status = check_result(out, plan, err);
	if (status != ST_OK)
		buffer_reset(out);
	return status;
}
