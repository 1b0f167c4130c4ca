/*
 * Reading one record: RECORDLENGTH first, then elements up to exactly that length.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/reader.h"

#include <stdlib.h>

/* RECORDLENGTH itself: tag, length 2, value. */
#define RECORD_MIN (ELEMENT_HEAD + 2u)

/* Checks the record's first element, without which nothing can be said of the rest. */
static enum status read_length(struct reader *r, size_t *length)
{
	const uint8_t *at = r->list->file.data + r->pos;
	size_t left = r->list->file.len - r->pos;

	if (left < RECORD_MIN)
		return reader_fail(r, r->pos,
		    ngettext("record %zu: %zu byte is left of the file, too few for a record",
			"record %zu: %zu bytes are left of the file, too few for a record", left),
		    r->record, left);
	if (at[0] != TL_R_LENGTH || read_u16(at + 1) != 2)
		return reader_fail(
		    r, r->pos, _("record %zu does not start with RECORDLENGTH"), r->record);
	*length = read_u16(at + ELEMENT_HEAD);
	if (*length < RECORD_MIN)
		return reader_fail(r, r->pos, _("record %zu: RECORDLENGTH is %zu, less than %u"),
		    r->record, *length, RECORD_MIN);
	if (*length > left)
		return reader_fail(r, r->pos,
		    ngettext("record %zu runs %zu byte past the end of the file",
			"record %zu runs %zu bytes past the end of the file", *length - left),
		    r->record, *length - left);
	return ST_OK;
}

static void take(struct tl_record *record, const struct tl_element *element)
{
	switch (element->tag) {
	case TL_R_DNS_NAME:
		record->dns = element->value;
		break;
	case TL_R_SUBJECT:
		record->subject = element->value;
		break;
	case TL_R_FUNCTION:
		record->has_role = true;
		record->role = read_u16(element->value.data);
		break;
	case TL_R_ISSUER:
		record->issuer = element->value;
		break;
	case TL_R_SERIAL:
		record->serial = element->value;
		break;
	case TL_R_PUBLIC_KEY:
		record->public_key = element->value;
		break;
	case TL_R_SIGNATURE:
		record->signature = element->value;
		break;
	case TL_R_CERTIFICATE:
		record->certificate = element->value;
		break;
	case TL_R_IP_ADDRESS:
		record->ip = element->value;
		break;
	default:
		break;
	}
}

static enum status append(struct reader *r, const struct tl_record *record)
{
	struct trustlist *list = r->list;

	if (list->n_records == list->cap_records) {
		size_t cap = list->cap_records != 0 ? list->cap_records * 2 : 16;
		struct tl_record *records;

		records = reallocarray(list->records, cap, sizeof(*records));
		if (records == NULL)
			return error_no_memory(r->err);
		list->records = records;
		list->cap_records = cap;
	}
	list->records[list->n_records++] = *record;
	return ST_OK;
}

enum status read_record(struct reader *r)
{
	struct tl_record record = {.offset = r->pos, .first_element = r->list->n_elements};
	struct tl_element element;
	enum status status;

	r->record = r->list->n_records + 1;
	r->seen = 0;
	status = read_length(r, &record.length);
	if (status != ST_OK)
		return status;
	while (r->pos < record.offset + record.length) {
		status = reader_element(r, record.offset + record.length, 0, &element);
		if (status != ST_OK)
			return status;
		take(&record, &element);
	}
	record.n_elements = r->list->n_elements - record.first_element;
	return append(r, &record);
}
