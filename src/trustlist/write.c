/*
 * Writing a list from its elements.  Every length is worked out anew, so what comes out equals
 * what was read only if reader and writer understand each length alike.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/elements.h"
#include "trustlist/trustlist.h"

#define U16_MAX 65535u

/* Fills in the u16 at OFFSET. */
static enum status set_length(struct buffer *out, size_t offset, size_t length, struct error *err)
{
	if (length > U16_MAX)
		return error_set(err, ST_LIMIT,
		    _("a length of %zu bytes does not fit into a trust list (65,535 at most)"),
		    length);
	buffer_set_u16(out, offset, (unsigned)length);
	return buffer_status(out, err);
}

/*
 * Writes the element at *NEXT and, of a container, those nested in it; moves *NEXT on.  A list that
 * was read nests containers two deep, which bounds the recursion.
 */
static enum status write_header_element(
    const struct trustlist *list, size_t *next, struct buffer *out, struct error *err)
{
	const struct tl_element *element = &list->elements[(*next)++];
	size_t length_at = out->len + 1;
	size_t end;
	enum status status;

	if (element->tag == TL_H_PADDING) {
		buffer_add_u8(out, TL_H_PADDING);
		return ST_OK;
	}
	if (!element_rule_header(element->tag)->container) {
		element_add(out, element->tag, element->value);
		return ST_OK;
	}
	element_add(out, element->tag, (struct bytes){NULL, 0});
	end = element->offset + ELEMENT_HEAD + element->value.len;
	while (*next < list->n_header_elements && list->elements[*next].offset < end) {
		status = write_header_element(list, next, out, err);
		if (status != ST_OK)
			return status;
	}
	return set_length(out, length_at, out->len - length_at - 2, err);
}

static enum status write_header(const struct trustlist *list, struct buffer *out, struct error *err)
{
	size_t next = 0;
	size_t length_at = 0;
	enum status status;

	while (next < list->n_header_elements) {
		if (list->elements[next].tag == TL_H_LENGTH)
			length_at = out->len + ELEMENT_HEAD;
		status = write_header_element(list, &next, out, err);
		if (status != ST_OK)
			return status;
	}
	return set_length(out, length_at, out->len, err);
}

static enum status write_record(const struct trustlist *list, const struct tl_record *record,
    struct buffer *out, struct error *err)
{
	size_t start = out->len;

	for (size_t i = 0; i < record->n_elements; i++) {
		const struct tl_element *element = &list->elements[record->first_element + i];

		element_add(out, element->tag, element->value);
	}
	return set_length(out, start + ELEMENT_HEAD, out->len - start, err);
}

enum status tl_write(const struct trustlist *list, struct buffer *out, struct error *err)
{
	enum status status;

	buffer_reset(out);
	status = write_header(list, out, err);
	for (size_t i = 0; status == ST_OK && i < list->n_records; i++)
		status = write_record(list, &list->records[i], out, err);
	return status != ST_OK ? status : buffer_status(out, err);
}
