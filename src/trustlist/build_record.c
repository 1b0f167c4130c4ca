/*
 * One entry as a record: in CUCM's order of elements, or as another list has it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/build_record.h"
#include "trustlist/public_key.h"
#include "trustlist/reader.h"
#include "trustlist/record.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <string.h>

enum status build_name(
    struct buffer *out, unsigned tag, const X509_NAME *name, enum tl_names style, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	enum status status;

	status = tl_name_text(name, style, &text, err);
	if (status == ST_OK && text.len > BUILD_NAME_MAX) {
		status = error_set(err, ST_LIMIT,
		    _("a name of %zu bytes is longer than %u, and CUCM refuses mixed mode with it"),
		    text.len, BUILD_NAME_MAX);
		error_hint(
		    err, "%s", _("have the certificate made anew with shorter subject and issuer"));
	}
	if (status == ST_OK)
		element_add_string(out, tag, buffer_bytes(&text));
	buffer_free(&text);
	return status;
}

enum status build_serial(
    struct buffer *out, unsigned tag, const X509 *certificate, struct error *err)
{
	struct bytes serial = tl_certificate_serial(certificate);

	if (ASN1_STRING_type(X509_get0_serialNumber(certificate)) != V_ASN1_INTEGER ||
	    serial.len == 0) {
		error_set(err, ST_FORMAT, "%s",
		    _("the certificate's serial number is negative, which no trust list stores"));
		error_hint(err, "%s", _("have the certificate made anew"));
		return ST_FORMAT;
	}
	element_add(out, tag, serial);
	return ST_OK;
}

static enum status add_public_key(struct buffer *out, const X509 *certificate, struct error *err)
{
	struct buffer key = BUFFER_INIT;
	enum status status = public_key_element(certificate, &key, err);

	if (status == ST_OK)
		status = buffer_status(&key, err);
	if (status == ST_OK)
		element_add(out, TL_R_PUBLIC_KEY, buffer_bytes(&key));
	buffer_free(&key);
	return status;
}

static enum status add_certificate(struct buffer *out, const X509 *certificate, struct error *err)
{
	const ASN1_BIT_STRING *signature;
	unsigned char *der = NULL;
	int len;

	X509_get0_signature(&signature, NULL, certificate);
	element_add(out, TL_R_SIGNATURE,
	    (struct bytes){
		ASN1_STRING_get0_data(signature), (size_t)ASN1_STRING_length(signature)});
	len = i2d_X509(certificate, &der);
	if (len <= 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("the certificate cannot be encoded"));
	element_add(out, TL_R_CERTIFICATE, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	return ST_OK;
}

static enum status add_dns(struct buffer *out, const char *dns, struct error *err)
{
	size_t len = dns != NULL ? strlen(dns) : 0;

	if (len > BUILD_NAME_MAX)
		return error_set(err, ST_LIMIT, _("a DNS name of %zu bytes is longer than %u"), len,
		    BUILD_NAME_MAX);
	element_add_string(out, TL_R_DNS_NAME, (struct bytes){(const uint8_t *)dns, len});
	return ST_OK;
}

/* Elements 3 to 9 around the role; a server's record in non-secure mode has the role alone. */
static enum status add_identity(
    struct buffer *out, const struct tl_entry *entry, enum tl_names names, struct error *err)
{
	const X509 *certificate = entry->certificate;
	enum status status;

	if (certificate == NULL) {
		element_add_u16(out, TL_R_FUNCTION, entry->role);
		return ST_OK;
	}
	status = build_name(out, TL_R_SUBJECT, X509_get_subject_name(certificate), names, err);
	if (status != ST_OK)
		return status;
	element_add_u16(out, TL_R_FUNCTION, entry->role);
	status = build_name(out, TL_R_ISSUER, X509_get_issuer_name(certificate), names, err);
	if (status == ST_OK)
		status = build_serial(out, TL_R_SERIAL, certificate, err);
	if (status == ST_OK)
		status = add_public_key(out, certificate, err);
	if (status == ST_OK)
		status = add_certificate(out, certificate, err);
	return status;
}

static void add_ip(struct buffer *out, const struct tl_entry *entry)
{
	static const uint8_t none[4];

	if (entry->ip_len == 0)
		element_add(out, TL_R_IP_ADDRESS, (struct bytes){none, sizeof(none)});
	else
		element_add(out, TL_R_IP_ADDRESS, (struct bytes){entry->ip, entry->ip_len});
}

/* What a record can be made of. */
static enum status check_entry(const struct tl_entry *entry, struct error *err)
{
	bool server = entry->role == TL_ROLE_CCM || entry->role == TL_ROLE_CCM_TFTP ||
		      entry->role == TL_ROLE_TFTP;

	if (tl_role_name(entry->role) == NULL)
		return error_set(err, ST_LIMIT, _("%u is no role of a trust list"), entry->role);
	if (entry->certificate == NULL && !server)
		return error_set(err, ST_LIMIT,
		    _("an entry of role %s needs a certificate; only CCM, CCM+TFTP and TFTP go "
		      "without, in non-secure mode"),
		    tl_role_name(entry->role));
	if (entry->ip_len != 0 && entry->ip_len != 4 && entry->ip_len != 16)
		return error_set(
		    err, ST_LIMIT, _("an IP address has 4 or 16 bytes, not %zu"), entry->ip_len);
	return ST_OK;
}

/* What ENTRY says of itself must be what its stored record says. */
static enum status check_stored(
    const struct tl_record *record, const struct tl_entry *entry, struct error *err)
{
	if (!record->has_role || record->role != entry->role)
		return error_set(
		    err, ST_FORMAT, "%s", _("the stored record has another role than its entry"));
	if (entry->certificate == NULL && record->certificate.data != NULL)
		return error_set(err, ST_FORMAT, "%s",
		    _("the stored record has a certificate, and its entry has none"));
	if (entry->certificate != NULL && !record_has_certificate(record, entry->certificate))
		return error_set(err, ST_FORMAT, "%s",
		    _("the stored record does not have its entry's certificate"));
	return ST_OK;
}

enum status build_read_stored(
    struct trustlist *view, const struct tl_entry *entry, struct error *err)
{
	struct reader reader = {.list = view, .err = err};
	enum status status;

	*view = (struct trustlist){.file = entry->stored};
	status = read_record(&reader);
	if (status == ST_OK && reader.pos != entry->stored.len)
		status = error_set(err, ST_FORMAT, "%s",
		    _("the stored record is followed by bytes that do not belong to it"));
	return status != ST_OK ? status : check_stored(&view->records[0], entry, err);
}

static enum status add_stored(struct buffer *out, const struct tl_entry *entry, struct error *err)
{
	struct trustlist view;
	enum status status = build_read_stored(&view, entry, err);

	tl_free(&view);
	if (status != ST_OK)
		return status;
	buffer_add(out, entry->stored.data, entry->stored.len);
	return buffer_status(out, err);
}

enum status build_record(
    struct buffer *out, const struct tl_entry *entry, enum tl_names names, struct error *err)
{
	size_t start = out->len;
	enum status status;

	if (entry->stored.data != NULL)
		return add_stored(out, entry, err);
	status = check_entry(entry, err);
	if (status != ST_OK)
		return status;
	element_add_u16(out, TL_R_LENGTH, 0);
	status = add_dns(out, entry->dns, err);
	if (status == ST_OK)
		status = add_identity(out, entry, names, err);
	if (status != ST_OK)
		return status;
	add_ip(out, entry);
	if (out->len - start > BUILD_LENGTH_MAX)
		return error_set(err, ST_LIMIT,
		    _("the record would have %zu bytes, and %u is the most that the format can "
		      "say"),
		    out->len - start, BUILD_LENGTH_MAX);
	buffer_set_u16(out, start + ELEMENT_HEAD, (unsigned)(out->len - start));
	return buffer_status(out, err);
}
