/*
 * Byte ranges and the growing buffer.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void buffer_free(struct buffer *buf)
{
	free(buf->data);
	*buf = (struct buffer)BUFFER_INIT;
}

bool buffer_reserve(struct buffer *buf, size_t more)
{
	size_t need, cap;
	uint8_t *data;

	if (buf->failed)
		return false;
	if (more > SIZE_MAX / 2 - buf->len) {
		buf->failed = true;
		return false;
	}
	need = buf->len + more;
	if (need <= buf->cap)
		return true;
	cap = buf->cap != 0 ? buf->cap : 256;
	while (cap < need)
		cap *= 2;
	data = realloc(buf->data, cap);
	if (data == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void buffer_add(struct buffer *buf, const void *data, size_t len)
{
	if (len == 0 || !buffer_reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void buffer_add_u8(struct buffer *buf, unsigned value)
{
	uint8_t b = (uint8_t)value;

	buffer_add(buf, &b, 1);
}

void buffer_add_u16(struct buffer *buf, unsigned value)
{
	uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	buffer_add(buf, b, sizeof(b));
}

void buffer_add_u32(struct buffer *buf, uint32_t value)
{
	uint8_t b[4] = {
	    (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	buffer_add(buf, b, sizeof(b));
}

void buffer_printf(struct buffer *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		buf->failed = true;
		return;
	}
	if (!buffer_reserve(buf, (size_t)n + 1))
		return;
	va_start(ap, fmt);
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
}

void buffer_set_u16(struct buffer *buf, size_t offset, unsigned value)
{
	if (buf->failed)
		return;
	if (buf->len < 2 || offset > buf->len - 2) {
		buf->failed = true;
		return;
	}
	buf->data[offset] = (uint8_t)(value >> 8);
	buf->data[offset + 1] = (uint8_t)value;
}

void buffer_reset(struct buffer *buf)
{
	buf->len = 0;
	buf->failed = false;
}

enum status buffer_status(const struct buffer *buf, struct error *err)
{
	return buf->failed ? error_no_memory(err) : ST_OK;
}

const char *buffer_text(struct buffer *buf)
{
	if (!buffer_reserve(buf, 1))
		return NULL;
	buf->data[buf->len] = '\0';
	return (const char *)buf->data;
}

struct bytes buffer_bytes(const struct buffer *buf)
{
	return (struct bytes){buf->data, buf->len};
}

unsigned read_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
