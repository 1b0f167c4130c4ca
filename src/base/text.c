/*
 * Hex, untrusted strings made printable, times.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

void text_hex(struct buffer *out, struct bytes bytes, char separator, bool lower)
{
	const char *digits = lower ? "0123456789abcdef" : "0123456789ABCDEF";

	for (size_t i = 0; i < bytes.len; i++) {
		char pair[3] = {separator, digits[bytes.data[i] >> 4], digits[bytes.data[i] & 15]};
		size_t skip = i == 0 || separator == '\0' ? 1 : 0;

		buffer_add(out, pair + skip, sizeof(pair) - skip);
	}
}

/*
 * Decodes one UTF-8 character at P (N bytes left) into *CP.  Returns its length, 0 when it is not
 * valid: overlong forms, surrogates and what lies beyond U+10FFFF are not.
 */
static size_t utf8_decode(const uint8_t *p, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;
	uint32_t c;

	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		len = 2;
	else if ((p[0] & 0xF0) == 0xE0)
		len = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		len = 4;
	else
		return 0;
	if (n < len)
		return 0;
	c = p[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*cp = c;
	return len;
}

/* Characters that could move the cursor, reorder a line or hide: never shown as they are. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C || c == 0x180E ||
	       (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
	       (c >= 0xE0000 && c <= 0xE007F);
}

static void escape_bytes(struct buffer *out, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		char esc[4] = {'\\', 'x', digits[p[i] >> 4], digits[p[i] & 15]};

		buffer_add(out, esc, sizeof(esc));
	}
}

/*
 * Appends UNTRUSTED made printable, at most MAX bytes of it and no cut inside a character or an
 * escape.
 */
static void printable(struct buffer *out, struct bytes untrusted, bool double_backslash, size_t max)
{
	const size_t start = out->len;
	size_t i = 0;

	while (i < untrusted.len) {
		const uint8_t *p = untrusted.data + i;
		const size_t before = out->len;
		uint32_t c = 0;
		size_t n = utf8_decode(p, untrusted.len - i, &c);

		if (n == 0) {
			n = 1;
			escape_bytes(out, p, 1);
		} else if (is_unsafe(c)) {
			escape_bytes(out, p, n);
		} else if (c == '\\' && double_backslash) {
			buffer_add(out, "\\\\", 2);
		} else {
			buffer_add(out, p, n);
		}
		if (out->failed)
			return;
		if (out->len - start > max) {
			out->len = before;
			return;
		}
		i += n;
	}
}

void text_printable(struct buffer *out, struct bytes untrusted)
{
	printable(out, untrusted, true, SIZE_MAX);
}

static char *printable_into(char *out, size_t size, struct bytes text, bool double_backslash)
{
	struct buffer buf = BUFFER_INIT;

	if (size == 0)
		return out;
	printable(&buf, text, double_backslash, size - 1);
	if (buf.len > 0)
		memcpy(out, buf.data, buf.len);
	out[buf.len] = '\0';
	buffer_free(&buf);
	return out;
}

char *text_printable_into(char *out, size_t size, struct bytes untrusted)
{
	return printable_into(out, size, untrusted, true);
}

char *text_one_line_into(char *out, size_t size, const char *text)
{
	return printable_into(out, size, text_bytes(text), false);
}

char *text_cut_into(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (size == 0)
		return out;
	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return out;
}

struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

size_t text_width(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), width = 0;

	while (left > 0) {
		uint32_t c = 0;
		size_t n = utf8_decode(p, left, &c);
		int w = n != 0 ? wcwidth((wchar_t)c) : 1;

		if (n == 0)
			n = 1;
		/* In the C locale wcwidth() knows ASCII only: one column is the better guess. */
		width += w < 0 ? (c >= 0xA0 ? 1u : 0u) : (size_t)w;
		p += n;
		left -= n;
	}
	return width;
}

void text_pad(struct buffer *out, const char *text, size_t width)
{
	size_t have = text_width(text);

	buffer_add(out, text, strlen(text));
	for (; have < width; have++)
		buffer_add(out, " ", 1);
}

void text_time_local(struct buffer *out, time_t when)
{
	char text[64];
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm) != 0)
		buffer_add(out, text, strlen(text));
}

void text_time_utc(struct buffer *out, time_t when)
{
	char text[64];
	struct tm tm;

	if (gmtime_r(&when, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) != 0)
		buffer_add(out, text, strlen(text));
}
