/*
 * Words for the parts of a trust list: names, addresses, keys, validity.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/describe.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool describe_is_itl(const struct trustlist *list)
{
	return list->filename.len >= 3 && memcmp(list->filename.data, "ITL", 3) == 0;
}

void describe_name(struct buffer *out, struct bytes stored)
{
	text_printable(out, tl_string(stored));
}

char *describe_name_into(char *out, size_t size, struct bytes stored)
{
	struct buffer whole = BUFFER_INIT;
	const char *text;

	describe_name(&whole, stored);
	text = buffer_text(&whole);
	if (text == NULL) {
		snprintf(out, size, "?");
	} else if (whole.len < size) {
		memcpy(out, text, whole.len + 1);
	} else {
		/* Cut the stored bytes, not the escapes made of them. */
		text_printable_into(out, size - 3, tl_string(stored));
		memcpy(out + strlen(out), "...", 4);
	}
	buffer_free(&whole);
	return out;
}

char *describe_serial(char out[DESCRIBE_SERIAL_MAX], struct bytes serial)
{
	const size_t most = 20; /* RFC 5280's limit */
	struct buffer hex = BUFFER_INIT;
	const char *text;

	text_hex(
	    &hex, (struct bytes){serial.data, serial.len < most ? serial.len : most}, ':', false);
	text = buffer_text(&hex);
	snprintf(out, DESCRIBE_SERIAL_MAX, "%s%s", text != NULL ? text : "",
	    serial.len > most ? "..." : "");
	buffer_free(&hex);
	return out;
}

bool describe_ip(char out[DESCRIBE_IP_MAX], struct bytes ip)
{
	out[0] = '\0';
	if (ip.data == NULL || (ip.len != 4 && ip.len != 16))
		return false;
	return inet_ntop(ip.len == 4 ? AF_INET : AF_INET6, ip.data, out, DESCRIBE_IP_MAX) != NULL;
}

bool describe_ip_is_set(struct bytes ip)
{
	for (size_t i = 0; i < ip.len; i++)
		if (ip.data[i] != 0)
			return true;
	return false;
}

char *describe_role(char out[DESCRIBE_ROLE_MAX], const struct tl_record *record)
{
	const char *name = record->has_role ? tl_role_name(record->role) : "";

	if (name != NULL)
		snprintf(out, DESCRIBE_ROLE_MAX, "%s", name);
	else
		snprintf(out, DESCRIBE_ROLE_MAX, "%u", record->role);
	return out;
}

char *describe_title(char out[DESCRIBE_TITLE_MAX], const struct tl_record *record)
{
	char role[DESCRIBE_ROLE_MAX], name[DESCRIBE_NAME_MAX];
	bool has_dns = tl_string(record->dns).len > 0;

	describe_role(role, record);
	describe_name_into(name, sizeof(name), has_dns ? record->dns : record->subject);
	if (name[0] == '\0' && describe_ip_is_set(record->ip))
		describe_ip(name, record->ip);
	snprintf(out, DESCRIBE_TITLE_MAX, "%s%s%s", role,
	    role[0] != '\0' && name[0] != '\0' ? " " : "", name);
	return out;
}

/* TITLE, and SERIAL behind it if there is one. */
static char *with_serial(char out[DESCRIBE_ENTRY_MAX], const char *title, struct bytes serial)
{
	char hex[DESCRIBE_SERIAL_MAX];

	if (serial.len > 0)
		/* TRANSLATORS: who, and the serial number of his certificate. */
		snprintf(out, DESCRIBE_ENTRY_MAX, _("%s (serial %s)"), title,
		    describe_serial(hex, serial));
	else
		snprintf(out, DESCRIBE_ENTRY_MAX, "%s", title);
	return out;
}

char *describe_entry(char out[DESCRIBE_ENTRY_MAX], const struct tl_record *record)
{
	char title[DESCRIBE_TITLE_MAX];

	return with_serial(out, describe_title(title, record), record->serial);
}

char *describe_signer(char out[DESCRIBE_ENTRY_MAX], const struct trustlist *list)
{
	char name[DESCRIBE_NAME_MAX];
	bool named = tl_string(list->signer_name).len > 0;

	describe_name_into(name, sizeof(name), named ? list->signer_name : list->signer_issuer);
	return with_serial(out, name, list->signer_serial);
}

char *tl_key_text(char out[TL_KEY_TEXT_MAX], const EVP_PKEY *key)
{
	const char *curve = NULL;
	char group[64];

	if (EVP_PKEY_is_a(key, "RSA")) {
		snprintf(out, TL_KEY_TEXT_MAX, "RSA-%d", EVP_PKEY_get_bits(key));
	} else if (EVP_PKEY_is_a(key, "EC")) {
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
			curve = EC_curve_nid2nist(OBJ_txt2nid(group));
		else
			snprintf(group, sizeof(group), "%d", EVP_PKEY_get_bits(key));
		snprintf(out, TL_KEY_TEXT_MAX, "EC %.40s", curve != NULL ? curve : group);
	} else {
		const char *type = EVP_PKEY_get0_type_name(key);

		snprintf(out, TL_KEY_TEXT_MAX, "%.40s", type != NULL ? type : "?");
	}
	return out;
}

char *describe_time(char out[DESCRIBE_TIME_MAX], time_t when)
{
	struct buffer buf = BUFFER_INIT;
	const char *text;

	text_time_local(&buf, when);
	text = buffer_text(&buf);
	snprintf(out, DESCRIBE_TIME_MAX, "%s", text != NULL ? text : "");
	buffer_free(&buf);
	return out;
}

static bool to_time(const ASN1_TIME *asn1, time_t *out)
{
	struct tm tm;

	if (asn1 == NULL || ASN1_TIME_to_tm(asn1, &tm) != 1) {
		ERR_clear_error();
		return false;
	}
	*out = timegm(&tm);
	return true;
}

struct bytes tl_certificate_serial(const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);

	/* OpenSSL keeps the magnitude, without the byte 00 that DER puts before a high bit. */
	return (struct bytes){ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)};
}

bool tl_certificate_validity(const X509 *cert, time_t *not_before, time_t *not_after)
{
	return to_time(X509_get0_notBefore(cert), not_before) &&
	       to_time(X509_get0_notAfter(cert), not_after);
}

bool describe_hash(
    struct buffer *out, const char *algorithm, struct bytes data, char separator, bool lower)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (EVP_Q_digest(NULL, algorithm, NULL, data.data, data.len, digest, &len) != 1) {
		ERR_clear_error();
		return false;
	}
	text_hex(out, (struct bytes){digest, len}, separator, lower);
	return true;
}
