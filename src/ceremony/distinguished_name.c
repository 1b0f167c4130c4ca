/*
 * Reads RFC 4514 text.  OpenSSL can write it and not read it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/distinguished_name.h"

#include "base/bytes.h"
#include "base/text.h"
#include "trustlist/trustlist.h"

#include <ctype.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* No subject that a trust list can carry comes near this. */
#define TEXT_MAX 1024

/* What a trust list can carry of a name, without the NUL. */
#define NAME_TEXT_MAX 255u

/* The longest dotted number that is looked at. */
#define DOTTED_MAX 64

static const struct {
	const char *name;
	int nid;
} types[] = {
    {"CN", NID_commonName},
    {"L", NID_localityName},
    {"ST", NID_stateOrProvinceName},
    {"O", NID_organizationName},
    {"OU", NID_organizationalUnitName},
    {"C", NID_countryName},
    {"STREET", NID_streetAddress},
    {"DC", NID_domainComponent},
    {"UID", NID_userId},
    {"serialNumber", NID_serialNumber},
    {"emailAddress", NID_pkcs9_emailAddress},
};

/* Where the reader stands in the text. */
struct cursor {
	const char *text;
	const char *p;
};

/* One attribute, read and not yet put into the name. */
struct attribute {
	const char *begin; /* of its type in the text */
	ASN1_OBJECT *type;
	struct buffer value; /* UTF-8 */
};

/* The place of AT for people, who count characters. */
static enum status at(const struct cursor *c, const char *place, struct error *err)
{
	size_t number = 1;

	for (const char *p = c->text; p < place; p++)
		number += ((unsigned char)*p & 0xc0) != 0x80;
	error_where(err, _("subject, character %zu"), number);
	return err != NULL ? err->status : ST_USAGE;
}

/* ---- the type ------------------------------------------------------------------------------- */

static enum status no_type(const struct cursor *c, struct error *err)
{
	if (*c->p == ' ')
		error_set(err, ST_USAGE, "%s", _("there is a blank where an attribute begins"));
	else if (*c->p == '\0')
		error_set(err, ST_USAGE, "%s", _("the text ends where an attribute has to follow"));
	else
		error_set(err, ST_USAGE, "%s",
		    _("an attribute has to begin here, with its type and '='"));
	error_hint(err, "%s", _("write it like this: CN=SAST-1,OU=IPT,O=Lab"));
	return at(c, c->p, err);
}

static enum status unknown_type(const struct cursor *c, struct bytes name, struct error *err)
{
	char shown[64];

	error_set(err, ST_USAGE, _("the attribute type '%s' is not known"),
	    text_printable_into(shown, sizeof(shown), name));
	error_hint(err, "%s",
	    _("use CN, OU, O, L, ST, C, STREET, DC, UID, serialNumber, emailAddress or a dotted "
	      "number"));
	return at(c, c->p, err);
}

/* OpenSSL passes over a dot at the end and zeros in front, so what it read has to be the same. */
static ASN1_OBJECT *dotted_type(const char *dotted)
{
	ASN1_OBJECT *type = OBJ_txt2obj(dotted, 1);
	char again[DOTTED_MAX];

	if (type != NULL && OBJ_obj2txt(again, sizeof(again), type, 1) > 0 &&
	    strcmp(again, dotted) == 0)
		return type;
	ASN1_OBJECT_free(type);
	return NULL;
}

static ASN1_OBJECT *find_type(struct bytes name)
{
	char dotted[DOTTED_MAX];

	for (size_t i = 0; i < COUNT(types); i++)
		if (strlen(types[i].name) == name.len &&
		    strncasecmp(types[i].name, (const char *)name.data, name.len) == 0)
			return OBJ_nid2obj(types[i].nid);
	if (name.len >= sizeof(dotted) || !isdigit(name.data[0]))
		return NULL;
	memcpy(dotted, name.data, name.len);
	dotted[name.len] = '\0';
	return dotted_type(dotted);
}

static enum status read_type(struct cursor *c, struct attribute *a, struct error *err)
{
	const char *end = c->p;

	while (isalnum((unsigned char)*end) || *end == '-' || *end == '.')
		end++;
	if (end == c->p)
		return no_type(c, err);
	if (*end != '=') {
		const char *place = end;

		error_set(err, ST_USAGE, "%s", _("a '=' has to follow the attribute type"));
		error_hint(err, "%s", _("write it like this: CN=SAST-1,OU=IPT,O=Lab"));
		return at(c, place, err);
	}
	a->begin = c->p;
	a->type = find_type((struct bytes){(const uint8_t *)c->p, (size_t)(end - c->p)});
	ERR_clear_error();
	if (a->type == NULL)
		return unknown_type(
		    c, (struct bytes){(const uint8_t *)c->p, (size_t)(end - c->p)}, err);
	c->p = end + 1;
	return ST_OK;
}

/* ---- the value ------------------------------------------------------------------------------ */

static enum status bad_value(const struct cursor *c, const char *place, const char *what,
    const char *hint, struct error *err)
{
	error_set(err, ST_USAGE, "%s", what);
	error_hint(err, "%s", hint);
	return at(c, place, err);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* c->p stands on the backslash. */
static enum status read_escape(struct cursor *c, struct buffer *value, struct error *err)
{
	int high, low;

	if (c->p[1] != '\0' && strchr(" \"#+,;<=>\\", c->p[1]) != NULL) {
		buffer_add(value, c->p + 1, 1);
		c->p += 2;
		return ST_OK;
	}
	high = hex_digit(c->p[1]);
	low = high < 0 ? -1 : hex_digit(c->p[2]);
	if (low < 0)
		return bad_value(c, c->p, _("this escape is none of RFC 4514"),
		    _("write \\\\ for a backslash, \\, for a comma, or \\ and two hexadecimal "
		      "digits"),
		    err);
	buffer_add_u8(value, (unsigned)high * 16 + (unsigned)low);
	c->p += 3;
	return ST_OK;
}

static enum status unescaped(const struct cursor *c, struct error *err)
{
	char what[128];

	if (*c->p == '+')
		return bad_value(c, c->p,
		    _("several attributes in one part of the name ('+') are not taken"),
		    _("separate them with ',', or write \\+ for a plus sign"), err);
	if (*c->p == ';')
		return bad_value(c, c->p, _("attributes are not separated by ';'"),
		    _("separate them with ',', or write \\; for a semicolon"), err);
	snprintf(what, sizeof(what), _("the character %c has to be escaped"), *c->p);
	return bad_value(c, c->p, what, _("write a backslash in front of it"), err);
}

static enum status read_value(struct cursor *c, struct attribute *a, struct error *err)
{
	const char *begin = c->p, *last_blank = NULL;
	enum status st = ST_OK;

	if (*c->p == '#')
		return bad_value(c, c->p, _("values in hexadecimal ('#') are not taken"),
		    _("write the value as text, with \\# for a number sign in front"), err);
	if (*c->p == ' ')
		return bad_value(c, c->p, _("a value must not begin with a blank"),
		    _("leave the blank out, or write \"\\ \" for one that belongs to the value"),
		    err);
	while (st == ST_OK && *c->p != '\0' && *c->p != ',') {
		last_blank = NULL;
		if (*c->p == '\\') {
			st = read_escape(c, &a->value, err);
		} else if (strchr("+;\"<>", *c->p) != NULL) {
			st = unescaped(c, err);
		} else {
			if (*c->p == ' ')
				last_blank = c->p;
			buffer_add(&a->value, c->p++, 1);
		}
	}
	if (st == ST_OK && last_blank != NULL)
		return bad_value(c, last_blank, _("a value must not end with a blank"),
		    _("leave the blank out, or write \"\\ \" for one that belongs to the value"),
		    err);
	if (st == ST_OK && a->value.len == 0 && !a->value.failed)
		return bad_value(c, begin, _("the value is empty"),
		    _("give it a value, or leave the attribute out"), err);
	return st == ST_OK ? buffer_status(&a->value, err) : st;
}

/* ---- into the name -------------------------------------------------------------------------- */

/* The number of characters, or -1 for what no name should hold. */
static long count_characters(struct bytes utf8)
{
	long n = 0;

	while (utf8.len > 0) {
		unsigned long value;
		int len = UTF8_getc(utf8.data, (int)utf8.len, &value);

		if (len <= 0 || value < 0x20 || (value >= 0x7f && value < 0xa0))
			return -1;
		utf8.data += len;
		utf8.len -= (size_t)len;
		n++;
	}
	return n;
}

static bool is_blank(struct bytes value)
{
	while (value.len > 0 && value.data[value.len - 1] == ' ')
		value.len--;
	return value.len == 0;
}

static bool is_country(struct bytes value)
{
	return value.len == 2 && isupper(value.data[0]) && isupper(value.data[1]);
}

static bool is_ascii(struct bytes value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] >= 0x80)
			return false;
	return true;
}

static enum status check_value(
    const struct cursor *c, const struct attribute *a, struct bytes value, struct error *err)
{
	const int nid = OBJ_obj2nid(a->type);
	const ASN1_STRING_TABLE *rule = ASN1_STRING_TABLE_get(nid);
	const long n = count_characters(value);
	char what[160];

	if (n < 0)
		return bad_value(c, a->begin,
		    _("the value has control characters in it, or is not UTF-8"),
		    _("leave them out, and use a UTF-8 terminal"), err);
	if (is_blank(value))
		return bad_value(c, a->begin, _("the value is nothing but blanks"),
		    _("give it a value, or leave the attribute out"), err);
	if (nid == NID_countryName && !is_country(value))
		return bad_value(c, a->begin, _("a country (C) is two capital letters"),
		    _("write it like this: C=PL"), err);
	if (rule != NULL && rule->maxsize > 0 && n > rule->maxsize) {
		snprintf(what, sizeof(what),
		    _("the value has %ld characters, and certificates take %ld there"), n,
		    rule->maxsize);
		return bad_value(c, a->begin, what, _("make it shorter"), err);
	}
	if ((nid == NID_domainComponent || nid == NID_pkcs9_emailAddress ||
		nid == NID_serialNumber) &&
	    !is_ascii(value))
		return bad_value(c, a->begin, _("this attribute takes ASCII only"),
		    _("write it without accents"), err);
	return ST_OK;
}

/* In front of what is there: the text begins with the end. */
static enum status put(
    const struct cursor *c, const struct attribute *a, X509_NAME *name, struct error *err)
{
	struct bytes value = buffer_bytes(&a->value);
	enum status st = check_value(c, a, value, err);

	if (st != ST_OK)
		return st;
	if (X509_NAME_add_entry_by_OBJ(
		name, a->type, MBSTRING_UTF8, value.data, (int)value.len, 0, 0) == 1)
		return ST_OK;
	error_openssl(err, ST_USAGE, "%s", _("this attribute cannot stand in a certificate"));
	return at(c, a->begin, err);
}

static enum status read_attribute(struct cursor *c, X509_NAME *name, struct error *err)
{
	struct attribute a = {.value = BUFFER_INIT};
	enum status st = read_type(c, &a, err);

	if (st == ST_OK)
		st = read_value(c, &a, err);
	if (st == ST_OK)
		st = put(c, &a, name, err);
	ASN1_OBJECT_free(a.type);
	buffer_free(&a.value);
	return st;
}

static enum status read_name(struct cursor *c, X509_NAME *name, struct error *err)
{
	enum status st;

	if (*c->p == '/') {
		error_set(err, ST_USAGE, "%s", _("the subject is not written with '/'"));
		error_hint(err, "%s", _("write it like this: CN=SAST-1,OU=IPT,O=Lab"));
		return at(c, c->p, err);
	}
	do {
		st = read_attribute(c, name, err);
	} while (st == ST_OK && *c->p == ',' && *c->p++ != '\0');
	if (st == ST_OK && X509_NAME_get_index_by_NID(name, NID_commonName, -1) < 0) {
		error_set(err, ST_USAGE, "%s", _("the subject has no common name (CN)"));
		error_hint(err, "%s", _("write it like this: CN=SAST-1,OU=IPT,O=Lab"));
		st = ST_USAGE;
	}
	return st;
}

enum status distinguished_name_parse(const char *text, X509_NAME **out, struct error *err)
{
	struct cursor c = {.text = text, .p = text};
	enum status st;

	*out = NULL;
	if (strlen(text) > TEXT_MAX)
		return error_set(err, ST_USAGE, _("the subject is longer than %d bytes"), TEXT_MAX);
	*out = X509_NAME_new();
	if (*out == NULL)
		return error_no_memory(err);
	st = read_name(&c, *out, err);
	if (st != ST_OK) {
		X509_NAME_free(*out);
		*out = NULL;
	}
	return st;
}

enum status distinguished_name_check_length(const X509_NAME *name, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	enum status st = tl_name_text(name, TL_NAMES_CUCM, &text, err);

	if (st == ST_OK && text.len > NAME_TEXT_MAX) {
		st = error_set(err, ST_LIMIT,
		    _("the subject has %zu bytes in a trust list, and phones take at most %u"),
		    text.len, NAME_TEXT_MAX);
		error_hint(err, "%s", _("shorten it, or leave attributes out"));
	}
	buffer_free(&text);
	return st;
}
