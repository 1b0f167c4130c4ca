/*
 * Byte ranges that somebody else owns, a growing buffer, and the small things done to both.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_BASE_BYTES_H
#define CTLSIGN_BASE_BYTES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed range.  data may be NULL when len is 0. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

/* Same length and same content.  Not constant-time: for public data only. */
bool bytes_equal(struct bytes a, struct bytes b);

/*
 * A buffer that grows.  A failed allocation makes it `failed`; everything after that is a no-op,
 * so a writer checks once, with buffer_status().  Start from BUFFER_INIT.  buffer_free() may be
 * called at any time and leaves the buffer usable.
 */
struct buffer {
	uint8_t *data;
	size_t len;
	size_t cap;
	bool failed;
};

#define BUFFER_INIT {NULL, 0, 0, false}

void buffer_free(struct buffer *buf);

/*
 * Room for MORE bytes behind the content, so that adding them allocates nothing and leaves no copy
 * of the content in memory that was given back.  False when there is none: the buffer is failed.
 */
bool buffer_reserve(struct buffer *buf, size_t more);

/* Appends LEN bytes; DATA may be NULL when LEN is 0. */
void buffer_add(struct buffer *buf, const void *data, size_t len);

/* Appends the low byte of VALUE. */
void buffer_add_u8(struct buffer *buf, unsigned value);

/* Big-endian, as everything in a trust list. */
void buffer_add_u16(struct buffer *buf, unsigned value);
void buffer_add_u32(struct buffer *buf, uint32_t value);

/* Formatted text without its NUL. */
void buffer_printf(struct buffer *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Overwrites two bytes at OFFSET, which must lie inside; else the buffer becomes failed. */
void buffer_set_u16(struct buffer *buf, size_t offset, unsigned value);

/* Empties the buffer and keeps its memory. */
void buffer_reset(struct buffer *buf);

/* ST_OK, or ST_NO_MEMORY once anything failed. */
enum status buffer_status(const struct buffer *buf, struct error *err);

/*
 * A NUL after the content (not counted in len), and the content as text.  NULL when failed.  The
 * pointer is good until the next change of BUF.
 */
const char *buffer_text(struct buffer *buf);

/* The content as a borrowed range. */
struct bytes buffer_bytes(const struct buffer *buf);

/* Big-endian reads; the caller has checked the length. */
unsigned read_u16(const uint8_t *p);
uint32_t read_u32(const uint8_t *p);

#endif
