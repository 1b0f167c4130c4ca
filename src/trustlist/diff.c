/*
 * What changes from one list to the next, in words.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/diff.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct tl_change *append(struct diff *diff)
{
	struct tl_changes *out = diff->out;

	if (diff->failed)
		return NULL;
	if (out->n == diff->cap) {
		size_t cap = diff->cap != 0 ? diff->cap * 2 : 16;
		struct tl_change *grown = reallocarray(out->items, cap, sizeof(*grown));

		if (grown == NULL) {
			diff->failed = true;
			return NULL;
		}
		out->items = grown;
		diff->cap = cap;
	}
	return &out->items[out->n++];
}

static size_t from_one(size_t index)
{
	return index == DIFF_NONE ? 0 : index + 1;
}

void diff_add(struct diff *diff, enum tl_change_kind kind, const char *field, size_t old_record,
    size_t new_record, const char *fmt, ...)
{
	struct tl_change *change;
	char text[1024];
	va_list ap;

	if (++diff->count[kind] > DIFF_MOST)
		return;
	change = append(diff);
	if (change == NULL)
		return;
	*change = (struct tl_change){kind, field, from_one(old_record), from_one(new_record), ""};
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_one_line_into(change->text, sizeof(change->text), text);
}

/* One more change of each kind of which some were left out, to say how many. */
static void tell_left_out(struct diff *diff)
{
	for (size_t kind = 0; kind < DIFF_KINDS; kind++) {
		size_t more = diff->count[kind] - DIFF_MOST;
		struct tl_change *change;

		if (diff->count[kind] <= DIFF_MOST)
			continue;
		change = append(diff);
		if (change == NULL)
			return;
		*change = (struct tl_change){(enum tl_change_kind)kind, "more", 0, 0, ""};
		snprintf(change->text, sizeof(change->text),
		    ngettext("and %zu more change of this kind",
			"and %zu more changes of this kind", more),
		    more);
	}
}

enum status tl_diff(const struct trustlist *old, const struct trustlist *new,
    struct tl_changes *out, struct error *err)
{
	struct diff diff = {.old = old, .new = new, .out = out};
	enum status status;

	*out = (struct tl_changes){
	    .same_bytes = bytes_equal(old->file, new->file),
	    .signer_trusted = tl_trusted_by(new, old, NULL) == ST_OK,
	};
	if (out->same_bytes)
		return ST_OK;
	status = diff_match(&diff, err);
	if (status != ST_OK)
		goto out;
	diff_signer(&diff);
	diff_entries(&diff);
	diff_header(&diff);
	/* Somebody has to tell why the checksums differ. */
	if (out->n == 0 && !diff.failed)
		diff_add(&diff, TL_HEADER_CHANGED, "encoding", DIFF_NONE, DIFF_NONE,
		    _("the bytes differ (signature, padding or order of elements), and nothing "
		      "that they say"));
	tell_left_out(&diff);
	if (diff.failed)
		status = error_no_memory(err);
out:
	if (status != ST_OK)
		tl_changes_free(out);
	free(diff.to_new);
	free(diff.to_old);
	return status;
}

void tl_changes_free(struct tl_changes *changes)
{
	free(changes->items);
	changes->items = NULL;
	changes->n = 0;
}
