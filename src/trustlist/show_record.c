/*
 * One record of a list, element by element, with the certificate's fingerprint and dates.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/show.h"

#include "base/text.h"
#include "trustlist/describe.h"
#include "trustlist/elements.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static void show_function(struct buffer *out, const struct show_row *row, unsigned role)
{
	const char *title = tl_role_title(role);
	char text[80];

	if (title != NULL)
		snprintf(text, sizeof(text), "%s", title);
	else
		snprintf(text, sizeof(text), _("unknown (%u)"), role);
	show_text(out, row, text);
}

static void show_ip(struct buffer *out, const struct show_row *row, struct bytes ip)
{
	char text[DESCRIBE_IP_MAX];

	if (describe_ip(text, ip))
		show_text(out, row, text);
	else
		show_hex(out, row, ip, SHOW_UNKNOWN_MOST);
}

/* The element itself, not the certificate's key: the two may differ. */
static void show_public_key(struct buffer *out, const struct show_row *row, struct bytes value)
{
	static const struct {
		size_t len;
		const char *curve;
	} points[] = {{65, "EC P-256"}, {97, "EC P-384"}, {133, "EC P-521"}};
	const uint8_t *data = value.data;
	char text[TL_KEY_TEXT_MAX] = "";
	EVP_PKEY *rsa;

	rsa = d2i_PublicKey(EVP_PKEY_RSA, NULL, &data, (long)value.len);
	if (rsa != NULL) {
		tl_key_text(text, rsa);
	} else if (value.len > 0 && value.data[0] == 0x04) {
		for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
			if (points[i].len == value.len)
				snprintf(text, sizeof(text), "%s", points[i].curve);
	}
	EVP_PKEY_free(rsa);
	ERR_clear_error();
	show_text(out, row, text);
}

/* One line "valid until 2026-11-23 14:05:09 CET (EXPIRED)" under the fingerprint. */
static void show_date(struct buffer *out, const char *words, time_t when, const char *note)
{
	char date[DESCRIBE_TIME_MAX], line[160];

	describe_time(date, when);
	if (note[0] != '\0')
		snprintf(line, sizeof(line), "%s %s (%s)", words, date, note);
	else
		snprintf(line, sizeof(line), "%s %s", words, date);
	show_more(out, line);
}

static void show_validity(const struct show *show, const X509 *cert)
{
	time_t now = show->info->now, not_before, not_after;

	if (!tl_certificate_validity(cert, &not_before, &not_after))
		return;
	show_date(show->out, _("valid from "), not_before, now < not_before ? _("NOT YET") : "");
	show_date(show->out, _("valid until"), not_after, now > not_after ? _("EXPIRED") : "");
}

/* The fingerprint stands for the certificate, as in CUCM's output; half of it a line. */
static void show_certificate(
    const struct show *show, const struct show_row *row, struct bytes value, const X509 *cert)
{
	const size_t half = 3 * SHA_DIGEST_LENGTH / 2;
	struct buffer hex = BUFFER_INIT;
	const char *text;
	char line[80];

	describe_hash(&hex, "SHA1", value, ' ', false);
	text = buffer_text(&hex);
	if (text != NULL && hex.len > half) {
		snprintf(line, sizeof(line), "%.*s", (int)half - 1, text);
		show_text(show->out, row, line);
		snprintf(line, sizeof(line), "%s (SHA1 Hash HEX)", text + half);
		show_more(show->out, line);
	} else {
		show_text(show->out, row, "");
	}
	if (cert != NULL)
		show_validity(show, cert);
	else
		show_more(show->out, _("This is no X.509 certificate."));
	buffer_free(&hex);
}

static void show_element(const struct show *show, const struct tl_record *record,
    const struct tl_element *element, const X509 *cert)
{
	const char *name = element_rule_record(element->tag)->name;
	const struct show_row row = {
	    element->tag, name != NULL ? name : _("(unknown)"), element->value.len};
	struct buffer *out = show->out;
	char text[DESCRIBE_SERIAL_MAX];

	switch (element->tag) {
	case TL_R_LENGTH:
		snprintf(text, sizeof(text), "%zu", record->length);
		show_text(out, &row, text);
		break;
	case TL_R_DNS_NAME:
	case TL_R_SUBJECT:
	case TL_R_ISSUER:
		show_name(out, &row, element->value);
		break;
	case TL_R_FUNCTION:
		show_function(out, &row, record->role);
		break;
	case TL_R_SERIAL:
		show_text(out, &row, describe_serial(text, element->value));
		break;
	case TL_R_PUBLIC_KEY:
		show_public_key(out, &row, element->value);
		break;
	case TL_R_SIGNATURE: /* the certificate's own: nothing that anybody compares */
		show_text(out, &row, "");
		break;
	case TL_R_CERTIFICATE:
		show_certificate(show, &row, element->value, cert);
		break;
	case TL_R_IP_ADDRESS:
		show_ip(out, &row, element->value);
		break;
	default:
		show_hex(out, &row, element->value, SHOW_UNKNOWN_MOST);
		break;
	}
}

void show_record(const struct show *show, const struct tl_record *record, size_t number)
{
	const struct tl_element *elements = show->list->elements + record->first_element;
	struct buffer *out = show->out;
	X509 *cert = NULL;

	if (record->certificate.data != NULL && tl_record_x509(record, &cert, NULL) != ST_OK)
		cert = NULL;
	buffer_printf(out, "\n%s Record #:%zu\n", show->kind, number);
	buffer_printf(out, "%10s----\n", "");
	show_table_heading(out);
	for (size_t i = 0; i < record->n_elements; i++)
		show_element(show, record, &elements[i], cert);
	if (record == show->signer)
		buffer_printf(out, _("This etoken was used to sign the %s file.\n"), show->kind);
	else if (record->has_role && record->role == TL_ROLE_SAST)
		buffer_printf(
		    out, _("This etoken was not used to sign the %s file.\n"), show->kind);
	X509_free(cert);
}
