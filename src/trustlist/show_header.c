/*
 * The header of a list, element by element, with the meaning of each code beside it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/show.h"

#include "base/text.h"
#include "trustlist/describe.h"
#include "trustlist/elements.h"

#include <stdio.h>

/* "SHA-512 (3)", or the bare number of a code that nobody knows. */
static void show_code(
    struct buffer *out, const struct show_row *row, const char *meaning, unsigned code)
{
	char text[64];

	if (meaning != NULL)
		snprintf(text, sizeof(text), "%s (%u)", meaning, code);
	else
		snprintf(text, sizeof(text), "%u", code);
	show_text(out, row, text);
}

/* CUCM prints a container's own length as 2, and as its value the bytes nested in it. */
static void show_container(struct buffer *out, const struct show_row *row)
{
	const struct show_row shown = {row->tag, row->name, 2};
	char text[24];

	snprintf(text, sizeof(text), "%zu", row->length);
	show_text(out, &shown, text);
}

/* "2048 bits (2)". */
static void show_modulus(struct buffer *out, const struct show_row *row, unsigned code)
{
	size_t size = modulus_size(code);
	char bits[32];

	snprintf(bits, sizeof(bits), _("%zu bits"), 8 * size);
	show_code(out, row, size != 0 ? bits : NULL, code);
}

static void show_version(struct buffer *out, const struct show_row *row, const uint8_t version[2])
{
	char text[24];

	snprintf(text, sizeof(text), "%u.%u", version[0], version[1]);
	show_text(out, row, text);
}

static void show_element(const struct show *show, const struct tl_element *element)
{
	const struct trustlist *list = show->list;
	const char *name = element_rule_header(element->tag)->name;
	const struct show_row row = {
	    element->tag, name != NULL ? name : _("(unknown)"), element->value.len};
	struct buffer *out = show->out;
	char serial[DESCRIBE_SERIAL_MAX], time[DESCRIBE_TIME_MAX];

	switch (element->tag) {
	case TL_H_VERSION:
	case TL_H_LENGTH: /* both stand above the table */
		break;
	case TL_H_SIGNER_ID:
	case TL_H_SIGNATURE_INFO:
	case TL_H_SIGNATURE_ALGO_INFO:
		show_container(out, &row);
		break;
	case TL_H_SIGNER_NAME:
	case TL_H_CA_NAME:
	case TL_H_FILENAME:
		show_name(out, &row, element->value);
		break;
	case TL_H_SERIAL:
		show_text(out, &row, describe_serial(serial, element->value));
		break;
	case TL_H_DIGEST:
		show_code(out, &row, tl_digest_name(list->digest), list->digest);
		break;
	case TL_H_SIGNATURE_ALGO:
		show_code(out, &row, list->signature_algorithm == 0 ? "RSA" : NULL,
		    list->signature_algorithm);
		break;
	case TL_H_MODULUS:
		show_modulus(out, &row, list->modulus_code);
		break;
	case TL_H_SIGNATURE:
		show_hex(out, &row, element->value, SIGNER_MAX_SIGNATURE);
		break;
	case TL_H_TIMESTAMP:
		show_text(out, &row, describe_time(time, (time_t)list->timestamp));
		break;
	case TL_H_SIGNER_VERSION:
		show_version(out, &row, list->signer_version);
		break;
	default:
		show_hex(out, &row, element->value, SHOW_UNKNOWN_MOST);
		break;
	}
}

void show_header(const struct show *show)
{
	const struct trustlist *list = show->list;
	const struct tl_element *elements = list->elements;
	struct show_row padding = {TL_H_PADDING, element_rule_header(TL_H_PADDING)->name, 0};
	struct buffer *out = show->out;

	buffer_printf(out, "Version:        %u.%u\n", list->version[0], list->version[1]);
	buffer_printf(out, "HeaderLength:   %zu (BYTES)\n\n", list->header_length);
	show_table_heading(out);
	for (size_t i = 0; i < list->n_header_elements; i++) {
		if (elements[i].tag == TL_H_PADDING)
			padding.length++;
		else
			show_element(show, &elements[i]);
	}
	/* One row for all of it: each is a single byte that says nothing. */
	if (padding.length > 0)
		show_text(out, &padding, "");
}
