/*
 * What is known of each element: its name, its size, where it stands.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_ELEMENTS_H
#define CTLSIGN_TRUSTLIST_ELEMENTS_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes before an element's value: the tag and the u16 length.  Padding has only its tag. */
#define ELEMENT_HEAD 3u

struct element_rule {
	const char *name; /* as CUCM's `show ctl` names it; NULL for a tag that no source knows */
	uint8_t size;	  /* of the value in bytes; 0: any */
	uint8_t parent;	  /* header: tag of the container it stands in; 0: none */
	bool container;
};

/* The rule for a tag of the header or of a record; never NULL. */
const struct element_rule *element_rule_header(uint8_t tag);
const struct element_rule *element_rule_record(uint8_t tag);

/*
 * Bytes of a signature with the modulus code CODE, 0 for a code that no source knows; and the code
 * for a signature of SIZE bytes, -1 when the format has none.
 */
size_t modulus_size(unsigned code);
int modulus_code(size_t size);

/* Appends one element.  A value over 65,535 bytes makes OUT wrong: the caller checks totals. */
void element_add(struct buffer *out, unsigned tag, struct bytes value);

/* The same with a trailing NUL that the length counts. */
void element_add_string(struct buffer *out, unsigned tag, struct bytes text);
void element_add_u8(struct buffer *out, unsigned tag, unsigned value);
void element_add_u16(struct buffer *out, unsigned tag, unsigned value);

#endif
