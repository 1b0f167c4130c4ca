/*
 * One element: its length checked against what encloses it, its size and number against its rule.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/reader.h"

#include <stdio.h>
#include <stdlib.h>

static const struct element_rule *rule_of(const struct reader *r, uint8_t tag)
{
	return r->record == 0 ? element_rule_header(tag) : element_rule_record(tag);
}

enum status reader_fail(struct reader *r, size_t offset, const char *fmt, ...)
{
	char what[sizeof(r->err->what)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	error_set(r->err, ST_FORMAT, "%s", what);
	error_where(r->err, _("offset %zu"), offset);
	return ST_FORMAT;
}

#define ELEMENT_NAME_MAX 32

/* An element's name, or "element 77". */
static void element_name(const struct reader *r, uint8_t tag, char out[ELEMENT_NAME_MAX])
{
	const struct element_rule *rule = rule_of(r, tag);

	if (rule->name != NULL)
		snprintf(out, ELEMENT_NAME_MAX, "%s", rule->name);
	else
		snprintf(out, ELEMENT_NAME_MAX, _("element %u"), (unsigned)tag);
}

/* The value would end MORE bytes behind what encloses it. */
static enum status fail_overrun(struct reader *r, uint8_t tag, size_t more, uint8_t container)
{
	char name[ELEMENT_NAME_MAX];

	element_name(r, tag, name);
	if (r->record != 0)
		return reader_fail(r, r->pos,
		    ngettext("record %zu: %s runs %zu byte past the record's end",
			"record %zu: %s runs %zu bytes past the record's end", more),
		    r->record, name, more);
	if (container != 0)
		return reader_fail(r, r->pos,
		    ngettext("header: %s runs %zu byte past the end of %s",
			"header: %s runs %zu bytes past the end of %s", more),
		    name, more, element_rule_header(container)->name);
	if (r->list->header_length != 0)
		return reader_fail(r, r->pos,
		    ngettext("header: %s runs %zu byte past the header's end",
			"header: %s runs %zu bytes past the header's end", more),
		    name, more);
	return reader_fail(r, r->pos,
	    ngettext("header: %s runs %zu byte past the end of the file",
		"header: %s runs %zu bytes past the end of the file", more),
	    name, more);
}

/* LEFT bytes stand where an element needs three at least. */
static enum status fail_rest(struct reader *r, size_t left)
{
	if (r->record != 0)
		return reader_fail(r, r->pos,
		    ngettext("record %zu: %zu byte is left at its end, too few for an element",
			"record %zu: %zu bytes are left at its end, too few for an element", left),
		    r->record, left);
	return reader_fail(r, r->pos,
	    ngettext("header: %zu byte is left where an element should be",
		"header: %zu bytes are left where an element should be", left),
	    left);
}

/* Known elements stand once and have their size. */
static enum status check_rule(struct reader *r, const struct tl_element *element)
{
	const struct element_rule *rule = rule_of(r, element->tag);
	uint32_t bit;

	if (rule->name == NULL)
		return ST_OK;
	bit = (uint32_t)1 << element->tag;
	if ((r->seen & bit) != 0) {
		if (r->record == 0)
			return reader_fail(
			    r, element->offset, _("header: %s stands there twice"), rule->name);
		return reader_fail(r, element->offset, _("record %zu: %s stands there twice"),
		    r->record, rule->name);
	}
	r->seen |= bit;
	if (rule->size == 0 || rule->size == element->value.len)
		return ST_OK;
	if (r->record == 0)
		return reader_fail(r, element->offset, _("header: the size of %s is %zu, not %u"),
		    rule->name, element->value.len, (unsigned)rule->size);
	return reader_fail(r, element->offset, _("record %zu: the size of %s is %zu, not %u"),
	    r->record, rule->name, element->value.len, (unsigned)rule->size);
}

static enum status append(struct reader *r, const struct tl_element *element)
{
	struct trustlist *list = r->list;

	if (list->n_elements == list->cap_elements) {
		size_t cap = list->cap_elements != 0 ? list->cap_elements * 2 : 128;
		struct tl_element *elements;

		elements = reallocarray(list->elements, cap, sizeof(*elements));
		if (elements == NULL)
			return error_no_memory(r->err);
		list->elements = elements;
		list->cap_elements = cap;
	}
	list->elements[list->n_elements++] = *element;
	return ST_OK;
}

enum status reader_element(struct reader *r, size_t end, uint8_t container, struct tl_element *out)
{
	const uint8_t *at = r->list->file.data + r->pos;
	size_t left = end - r->pos;
	size_t len;
	enum status status;

	out->offset = r->pos;
	out->tag = at[0];
	if (r->record == 0 && at[0] == TL_H_PADDING) {
		out->value = (struct bytes){at + 1, 0};
		r->pos++;
		return append(r, out);
	}
	if (left < ELEMENT_HEAD)
		return fail_rest(r, left);
	len = read_u16(at + 1);
	if (len > left - ELEMENT_HEAD)
		return fail_overrun(r, at[0], len - (left - ELEMENT_HEAD), container);
	out->value = (struct bytes){at + ELEMENT_HEAD, len};
	status = check_rule(r, out);
	if (status != ST_OK)
		return status;
	r->pos += ELEMENT_HEAD;
	if (r->record != 0 || !element_rule_header(out->tag)->container)
		r->pos += len;
	return append(r, out);
}
