/*
 * Values of a journal's JSON, none of which is believed.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "migrate/journal_values.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

enum status value_bad(struct reading *r, const char *what)
{
	error_set(r->err, ST_FORMAT, _("the journal of the migration is damaged: %s"), what);
	error_where(r->err, "%s", r->where);
	error_hint(r->err, "%s", _("see whether the state file is whole: ctlsign audit verify"));
	return ST_FORMAT;
}

/* Whether JSON is an object with these members and no others. */
enum status value_members(struct reading *r, const json_t *json, const char *const *names, size_t n)
{
	if (!json_is_object(json))
		return value_bad(r, _("an object is missing"));
	for (size_t i = 0; i < n; i++)
		if (json_object_get(json, names[i]) == NULL)
			return value_bad(r, _("a member is missing"));
	return json_object_size(json) == n ? ST_OK : value_bad(r, _("a member is not known"));
}

enum status value_array_of(struct reading *r, const json_t *json, size_t most)
{
	if (!json_is_array(json))
		return value_bad(r, _("an array is missing"));
	return json_array_size(json) <= most ? ST_OK : value_bad(r, _("an array is too long"));
}

/* From 0 to MOST. */
enum status value_number(struct reading *r, const json_t *json, int64_t most, int64_t *out)
{
	if (!json_is_integer(json) || json_integer_value(json) < 0 ||
	    json_integer_value(json) > most)
		return value_bad(r, _("a number is out of range"));
	*out = json_integer_value(json);
	return ST_OK;
}

/* One printable line that fits. */
enum status value_line(struct reading *r, const json_t *json, char *out, size_t size)
{
	const char *text = json_string_value(json);
	char clean[256];

	if (text == NULL || strlen(text) >= size)
		return value_bad(r, _("a text is missing or too long"));
	text_one_line_into(clean, sizeof(clean), text);
	if (strcmp(clean, text) != 0)
		return value_bad(r, _("a text is not printable"));
	memcpy(out, text, strlen(text) + 1);
	return ST_OK;
}

enum status value_word(
    struct reading *r, const json_t *json, const char *const *words, size_t n, size_t *out)
{
	for (*out = 0; *out < n; ++*out)
		if (json_is_string(json) && strcmp(json_string_value(json), words[*out]) == 0)
			return ST_OK;
	return value_bad(r, _("a word is not known"));
}

enum status value_base64(struct reading *r, const json_t *json, struct buffer *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *text = json_string_value(json);
	const size_t len = text != NULL ? strlen(text) : 0;
	const size_t used = text != NULL ? strspn(text, digits) : 0;
	const size_t padding = len - used;

	buffer_reset(out);
	if (text == NULL || len % 4 != 0 || padding > 2 || (padding > 0 && text[used] != '=') ||
	    text[len - (padding > 0)] != (padding > 0 ? '=' : '\0'))
		return value_bad(r, _("base64 is damaged"));
	if (!buffer_reserve(out, len / 4 * 3 + 1))
		return error_no_memory(r->err);
	if (len > 0 &&
	    EVP_DecodeBlock(out->data, (const unsigned char *)text, (int)len) != (int)(len / 4 * 3))
		return value_bad(r, _("base64 is damaged"));
	out->len = len / 4 * 3 - padding;
	return ST_OK;
}

enum status value_certificate(struct reading *r, const json_t *json, X509 **out)
{
	struct buffer der = BUFFER_INIT;
	const unsigned char *at;
	enum status st = value_base64(r, json, &der);

	if (st == ST_OK) {
		at = der.data;
		*out = der.len > 0 ? d2i_X509(NULL, &at, (long)der.len) : NULL;
		if (*out == NULL || at != der.data + der.len)
			st = value_bad(r, _("a certificate cannot be read"));
	}
	ERR_clear_error();
	buffer_free(&der);
	return st;
}

enum status value_maybe_certificate(struct reading *r, const json_t *json, X509 **out)
{
	return json_is_null(json) ? ST_OK : value_certificate(r, json, out);
}
