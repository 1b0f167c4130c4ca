/*
 * A list as one JSON object: the facts of tl_show() for programs.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/trustlist.h"

#include "base/text.h"
#include "trustlist/describe.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <strings.h>

/* Adds VALUE (its reference is taken) to OBJECT; *OK turns false when something has failed. */
static void put(json_t *object, const char *key, json_t *value, bool *ok)
{
	/* jansson takes NULL for either: a failed allocation before this one. */
	if (json_object_set_new(object, key, value) != 0)
		*ok = false;
}

/* BUF's text as a JSON string; the buffer is emptied for the next. */
static json_t *string_of(struct buffer *buf)
{
	const char *text = buffer_text(buf);
	json_t *string = text != NULL ? json_string(text) : NULL;

	buffer_reset(buf);
	return string;
}

/* A stored name; null when the element is absent. */
static json_t *name_json(struct bytes stored, struct buffer *scratch)
{
	if (stored.data == NULL)
		return json_null();
	describe_name(scratch, stored);
	return string_of(scratch);
}

static json_t *serial_json(struct bytes serial, struct buffer *scratch)
{
	if (serial.data == NULL)
		return json_null();
	text_hex(scratch, serial, ':', false);
	return string_of(scratch);
}

static json_t *time_json(time_t when, struct buffer *scratch)
{
	text_time_utc(scratch, when);
	return string_of(scratch);
}

static json_t *hash_json(const char *algorithm, struct bytes data, struct buffer *scratch)
{
	if (!describe_hash(scratch, algorithm, data, '\0', true))
		return json_null();
	return string_of(scratch);
}

static json_t *version_json(const uint8_t version[2])
{
	return json_sprintf("%u.%u", version[0], version[1]);
}

/* The word that the option --digest takes, or the number of an unknown one. */
static json_t *digest_json(unsigned digest)
{
	switch (digest) {
	case TL_SHA1:
		return json_string("sha1");
	case TL_SHA256:
		return json_string("sha256");
	case TL_SHA512:
		return json_string("sha512");
	default:
		return json_sprintf("%u", digest);
	}
}

static json_t *ip_json(struct bytes ip)
{
	char text[DESCRIBE_IP_MAX];

	return describe_ip(text, ip) ? json_string(text) : json_null();
}

static json_t *role_json(const struct tl_record *record)
{
	char text[DESCRIBE_ROLE_MAX];

	return record->has_role ? json_string(describe_role(text, record)) : json_null();
}

static json_t *key_json(const X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char text[TL_KEY_TEXT_MAX];

	return key != NULL ? json_string(tl_key_text(text, key)) : json_null();
}

static json_t *certificate_json(const struct tl_record *record, struct buffer *scratch, bool *ok)
{
	json_t *object = json_object();
	bool dated = false;
	X509 *cert = NULL;
	time_t not_before, not_after;

	if (tl_record_x509(record, &cert, NULL) == ST_OK)
		dated = tl_certificate_validity(cert, &not_before, &not_after);
	put(object, "length", json_integer((json_int_t)record->certificate.len), ok);
	put(object, "sha1", hash_json("SHA1", record->certificate, scratch), ok);
	put(object, "sha256", hash_json("SHA256", record->certificate, scratch), ok);
	put(object, "not_before", dated ? time_json(not_before, scratch) : json_null(), ok);
	put(object, "not_after", dated ? time_json(not_after, scratch) : json_null(), ok);
	put(object, "key", cert != NULL ? key_json(cert) : json_null(), ok);
	X509_free(cert);
	return object;
}

static json_t *record_json(const struct tl_record *record, size_t number, bool signed_this_file,
    struct buffer *scratch, bool *ok)
{
	json_t *object = json_object();
	bool has_certificate = record->certificate.data != NULL;

	put(object, "number", json_integer((json_int_t)number), ok);
	put(object, "length", json_integer((json_int_t)record->length), ok);
	put(object, "role", role_json(record), ok);
	put(object, "dns", name_json(record->dns, scratch), ok);
	put(object, "ip", ip_json(record->ip), ok);
	put(object, "subject", name_json(record->subject, scratch), ok);
	put(object, "issuer", name_json(record->issuer, scratch), ok);
	put(object, "serial", serial_json(record->serial, scratch), ok);
	put(object, "public_key_length", json_integer((json_int_t)record->public_key.len), ok);
	put(object, "signature_length", json_integer((json_int_t)record->signature.len), ok);
	put(object, "certificate",
	    has_certificate ? certificate_json(record, scratch, ok) : json_null(), ok);
	put(object, "signed_this_file", json_boolean(signed_this_file), ok);
	return object;
}

static json_t *signer_json(const struct trustlist *list, struct buffer *scratch, bool *ok)
{
	json_t *object = json_object();

	put(object, "subject", name_json(list->signer_name, scratch), ok);
	put(object, "issuer", name_json(list->signer_issuer, scratch), ok);
	put(object, "serial", serial_json(list->signer_serial, scratch), ok);
	return object;
}

static json_t *records_json(const struct trustlist *list, struct buffer *scratch, bool *ok)
{
	const struct tl_record *signer = tl_signer_record(list);
	json_t *array = json_array();

	for (size_t i = 0; i < list->n_records && *ok; i++) {
		const struct tl_record *record = &list->records[i];

		if (json_array_append_new(
			array, record_json(record, i + 1, record == signer, scratch, ok)) != 0)
			*ok = false;
	}
	return array;
}

json_t *tl_show_json(const struct trustlist *list, const struct tl_show_info *info)
{
	struct buffer scratch = BUFFER_INIT;
	json_t *object = json_object();
	bool ok = object != NULL;

	text_printable(&scratch, text_bytes(info->file));
	put(object, "file", string_of(&scratch), &ok);
	put(object, "length", json_integer((json_int_t)list->file.len), &ok);
	put(object, "md5", hash_json("MD5", list->file, &scratch), &ok);
	put(object, "sha1", hash_json("SHA1", list->file, &scratch), &ok);
	put(object, "sha256", hash_json("SHA256", list->file, &scratch), &ok);
	put(object, "version", version_json(list->version), &ok);
	put(object, "header_length", json_integer((json_int_t)list->header_length), &ok);
	put(object, "signer_version",
	    list->has_signer_version ? version_json(list->signer_version) : json_null(), &ok);
	put(object, "signer", signer_json(list, &scratch, &ok), &ok);
	put(object, "digest", digest_json(list->digest), &ok);
	put(object, "filename", name_json(list->filename, &scratch), &ok);
	put(object, "timestamp",
	    list->has_timestamp ? time_json((time_t)list->timestamp, &scratch) : json_null(), &ok);
	put(object, "verified", json_boolean(info->verified), &ok);
	put(object, "records", records_json(list, &scratch, &ok), &ok);
	buffer_free(&scratch);
	if (!ok) {
		json_decref(object);
		return NULL;
	}
	return object;
}
