/*
 * A certificate's name as the text that a trust list stores.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/trustlist.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define OID_TEXT_MAX 256

/* CUCM puts these first, in this order; what else a name has follows in the name's own order. */
static const int cucm_order[] = {NID_commonName, NID_organizationalUnitName, NID_organizationName,
    NID_localityName, NID_stateOrProvinceName, NID_countryName};

/* The types that RFC 4514 gives a short name; any other is written as its dotted number. */
static const struct {
	int nid;
	const char *name;
} rfc4514_types[] = {
    {NID_commonName, "CN"},
    {NID_localityName, "L"},
    {NID_stateOrProvinceName, "ST"},
    {NID_organizationName, "O"},
    {NID_organizationalUnitName, "OU"},
    {NID_countryName, "C"},
    {NID_streetAddress, "STREET"},
    {NID_domainComponent, "DC"},
    {NID_userId, "UID"},
};

static const char *type_short_name(int nid, enum tl_names style)
{
	if (style == TL_NAMES_CUCM)
		return nid != NID_undef ? OBJ_nid2sn(nid) : NULL;
	for (size_t i = 0; i < COUNT(rfc4514_types); i++)
		if (rfc4514_types[i].nid == nid)
			return rfc4514_types[i].name;
	return NULL;
}

static enum status add_type(
    const ASN1_OBJECT *type, enum tl_names style, struct buffer *out, struct error *err)
{
	const char *name = type_short_name(OBJ_obj2nid(type), style);
	char dotted[OID_TEXT_MAX];
	int len;

	if (name == NULL) {
		len = OBJ_obj2txt(dotted, sizeof(dotted), type, 1);
		if (len <= 0 || (size_t)len >= sizeof(dotted))
			return error_openssl(err, ST_FORMAT, "%s",
			    _("an attribute type in the name cannot be read"));
		name = dotted;
	}
	buffer_add(out, name, strlen(name));
	buffer_add_u8(out, '=');
	return ST_OK;
}

/* RFC 4514, section 2.4: specials anywhere, '#' and space at the start, space at the end. */
static void add_escaped(struct bytes value, struct buffer *out)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = (char)value.data[i];
		bool at_edge = c == ' ' && (i == 0 || i == value.len - 1);

		if (strchr("\\\"+,;<>", c) != NULL || (i == 0 && c == '#') || at_edge)
			buffer_add_u8(out, '\\');
		buffer_add(out, &c, 1);
	}
}

static enum status add_entry(
    const X509_NAME_ENTRY *entry, enum tl_names style, struct buffer *out, struct error *err)
{
	unsigned char *utf8 = NULL;
	struct bytes value;
	enum status status;
	int len;

	status = add_type(X509_NAME_ENTRY_get_object(entry), style, out, err);
	if (status != ST_OK)
		return status;
	len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
	if (len < 0)
		return error_openssl(err, ST_FORMAT, "%s",
		    _("an attribute of the name cannot be turned into UTF-8"));
	value = (struct bytes){utf8, (size_t)len};
	/* Names end with a NUL in the file: one inside would cut the name short for its readers. */
	if (memchr(value.data, '\0', value.len) != NULL) {
		status = error_set(
		    err, ST_FORMAT, "%s", _("an attribute of the name contains a NUL character"));
	} else if (style == TL_NAMES_RFC4514) {
		add_escaped(value, out);
	} else {
		buffer_add(out, value.data, value.len);
	}
	OPENSSL_free(utf8);
	return status;
}

static enum status add_cucm(const X509_NAME *name, struct buffer *out, struct error *err)
{
	int n = X509_NAME_entry_count(name);
	bool first = true;
	enum status status;

	/* One round for each type of the order, and one for all others. */
	for (size_t round = 0; round <= COUNT(cucm_order); round++) {
		for (int i = 0; i < n; i++) {
			const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
			int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
			size_t place = 0;

			while (place < COUNT(cucm_order) && cucm_order[place] != nid)
				place++;
			if (place != round)
				continue;
			if (!first)
				buffer_add_u8(out, ';');
			first = false;
			status = add_entry(entry, TL_NAMES_CUCM, out, err);
			if (status != ST_OK)
				return status;
		}
	}
	return ST_OK;
}

static enum status add_rfc4514(const X509_NAME *name, struct buffer *out, struct error *err)
{
	int n = X509_NAME_entry_count(name);
	int set = 0;
	enum status status;

	for (int i = 0; i < n; i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		/* Attributes of one relative name (same set) are joined by '+'. */
		if (i > 0)
			buffer_add_u8(out, X509_NAME_ENTRY_set(entry) == set ? '+' : ',');
		set = X509_NAME_ENTRY_set(entry);
		status = add_entry(entry, TL_NAMES_RFC4514, out, err);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

enum status tl_name_text(
    const X509_NAME *name, enum tl_names style, struct buffer *out, struct error *err)
{
	enum status status;

	status = style == TL_NAMES_CUCM ? add_cucm(name, out, err) : add_rfc4514(name, out, err);
	return status != ST_OK ? status : buffer_status(out, err);
}
