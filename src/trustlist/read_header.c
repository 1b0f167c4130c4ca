/*
 * Reading the header: its elements, nested where they belong, up to exactly HeaderLength.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/reader.h"

#include <string.h>

static enum status read_inside(struct reader *r, uint8_t container, size_t end);

/* The header ends where HeaderLength says; until that is met, with the file. */
static size_t header_end(const struct reader *r)
{
	return r->list->header_length != 0 ? r->list->header_length : r->list->file.len;
}

static enum status take_header_length(struct reader *r, const struct tl_element *element)
{
	size_t length = read_u16(element->value.data);

	if (length < r->pos)
		return reader_fail(r, element->offset,
		    _("HeaderLength is %zu, but the header's elements go on to offset %zu"), length,
		    r->pos);
	if (length > r->list->file.len)
		return reader_fail(r, element->offset,
		    _("HeaderLength is %zu, but the file has only %zu bytes"), length,
		    r->list->file.len);
	r->list->header_length = length;
	return ST_OK;
}

/* Puts the value where the view keeps it.  Sizes have been checked. */
static enum status take(struct reader *r, const struct tl_element *element)
{
	struct trustlist *list = r->list;
	struct bytes value = element->value;

	switch (element->tag) {
	case TL_H_VERSION:
		memcpy(list->version, value.data, sizeof(list->version));
		break;
	case TL_H_LENGTH:
		return take_header_length(r, element);
	case TL_H_SIGNER_ID:
	case TL_H_SIGNATURE_INFO:
	case TL_H_SIGNATURE_ALGO_INFO:
		return read_inside(r, element->tag, r->pos + value.len);
	case TL_H_SIGNER_NAME:
		list->signer_name = value;
		break;
	case TL_H_SERIAL:
		list->signer_serial = value;
		break;
	case TL_H_CA_NAME:
		list->signer_issuer = value;
		break;
	case TL_H_DIGEST:
		list->digest = value.data[0];
		break;
	case TL_H_SIGNATURE_ALGO:
		list->signature_algorithm = value.data[0];
		break;
	case TL_H_MODULUS:
		list->modulus_code = value.data[0];
		break;
	case TL_H_SIGNATURE:
		list->signature = value;
		list->signature_offset = element->offset;
		break;
	case TL_H_FILENAME:
		list->filename = value;
		break;
	case TL_H_TIMESTAMP:
		list->has_timestamp = true;
		list->timestamp = read_u32(value.data);
		break;
	case TL_H_SIGNER_VERSION:
		list->has_signer_version = true;
		memcpy(list->signer_version, value.data, sizeof(list->signer_version));
		break;
	default:
		break;
	}
	return ST_OK;
}

/* Known elements stand only in their own container, so nesting is three deep at most. */
static enum status check_place(
    struct reader *r, const struct tl_element *element, uint8_t container)
{
	const struct element_rule *rule = element_rule_header(element->tag);

	if (rule->name == NULL || element->tag == TL_H_PADDING || rule->parent == container)
		return ST_OK;
	if (rule->parent == 0)
		return reader_fail(r, element->offset, _("header: %s stands inside %s"), rule->name,
		    element_rule_header(container)->name);
	return reader_fail(r, element->offset, _("header: %s stands outside %s"), rule->name,
	    element_rule_header(rule->parent)->name);
}

/* CONTAINER 0 is the header itself, whose end moves when HeaderLength is read. */
static enum status read_inside(struct reader *r, uint8_t container, size_t end)
{
	struct tl_element element;
	enum status status;

	while (r->pos < (container == 0 ? header_end(r) : end)) {
		status =
		    reader_element(r, container == 0 ? header_end(r) : end, container, &element);
		if (status == ST_OK)
			status = check_place(r, &element, container);
		if (status == ST_OK)
			status = take(r, &element);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

enum status read_header(struct reader *r)
{
	static const uint8_t needed[] = {TL_H_LENGTH, TL_H_SERIAL, TL_H_CA_NAME, TL_H_DIGEST,
	    TL_H_SIGNATURE_ALGO, TL_H_MODULUS, TL_H_SIGNATURE};
	enum status status;

	status = read_inside(r, 0, 0);
	if (status != ST_OK)
		return status;
	for (size_t i = 0; i < sizeof(needed); i++)
		if ((r->seen & (uint32_t)1 << needed[i]) == 0)
			return reader_fail(r, r->pos, _("the header ends without %s"),
			    element_rule_header(needed[i])->name);
	r->list->n_header_elements = r->list->n_elements;
	return ST_OK;
}
