/*
 * What a cell of a fleet's CSV file says: a device's name, a model, a checksum.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "phone/fleet_csv.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* "SEP" and a MAC address: always in capitals, so that one phone has one name. */
static bool is_sep(const char *name, size_t len)
{
	if (len != 15 || strncasecmp(name, "SEP", 3) != 0)
		return false;
	for (size_t i = 3; i < len; i++)
		if (!is_hex((unsigned char)name[i]))
			return false;
	return true;
}

bool fleet_value_name(struct bytes text, char *out)
{
	if (text.len == 0 || text.len > FLEET_NAME_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		/* CUCM takes no others in a device's name. */
		if (c >= 0x80 || (!isalnum(c) && c != '.' && c != '-' && c != '_'))
			return false;
		out[i] = (char)c;
	}
	out[text.len] = '\0';
	if (is_sep(out, text.len))
		for (size_t i = 0; i < text.len; i++)
			out[i] = (char)toupper((unsigned char)out[i]);
	return true;
}

/* Whether TEXT can be shown as it is. */
static bool is_printable(struct bytes text)
{
	char shown[FLEET_NAME_MAX * 4 + 1];
	bool ascii = true;

	for (size_t i = 0; i < text.len; i++)
		ascii =
		    ascii && text.data[i] >= 0x20 && text.data[i] < 0x7f && text.data[i] != '\\';
	if (ascii)
		return true;
	text_printable_into(shown, sizeof(shown), text);
	return strlen(shown) == text.len && memcmp(shown, text.data, text.len) == 0;
}

bool fleet_value_model(struct bytes text, char *out)
{
	if (text.len > FLEET_NAME_MAX || !is_printable(text))
		return false;
	if (text.len > 0)
		memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return true;
}

/* Whether TEXT is WORD in any case, with or without blanks in it. */
static bool is_word(struct bytes text, const char *word)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == ' ')
			continue;
		if (tolower(text.data[i]) != (unsigned char)*word || *word == '\0')
			return false;
		word++;
	}
	return *word == '\0';
}

bool fleet_value_checksum(struct bytes text, char out[FLEET_CHECKSUM_SIZE])
{
	static const char *const none[] = {"none", "notinstalled", "no", "-", "--"};
	size_t n = 0;

	out[0] = '\0';
	if (text.len == 0 || is_word(text, "unknown"))
		return true;
	for (size_t i = 0; text.len < 32 && i < sizeof(none) / sizeof(none[0]); i++)
		if (is_word(text, none[i])) {
			strcpy(out, "none");
			return true;
		}
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (is_hex(c) && n < FLEET_CHECKSUM_SIZE - 1)
			out[n++] = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
		else if (is_hex(c) || strchr(" :-.", c) == NULL || c == '\0')
			return false;
	}
	out[n] = '\0';
	return n == 32 || n == 40;
}

bool fleet_value_is_rounded(struct bytes text)
{
	size_t i = 0, digits = 0;

	for (; i < text.len && (isdigit(text.data[i]) || strchr(".,", text.data[i]) != NULL) &&
	       text.data[i] != '\0';
	     i++)
		digits += isdigit(text.data[i]) != 0;
	if (digits == 0 || i == text.len || toupper(text.data[i++]) != 'E')
		return false;
	/* Without a sign it may be the beginning of a checksum. */
	if (i == text.len || (text.data[i] != '+' && text.data[i] != '-'))
		return false;
	for (digits = 0, i++; i < text.len && isdigit(text.data[i]); i++)
		digits++;
	return digits > 0 && i == text.len;
}
