/*
 * The state that tl_read()'s parts share.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_READER_H
#define CTLSIGN_TRUSTLIST_READER_H

#include "trustlist/elements.h"
#include "trustlist/trustlist.h"

struct reader {
	struct trustlist *list;
	size_t pos;    /* the next byte; never beyond list->file.len */
	size_t record; /* the record being read, from 1; 0 in the header */
	uint32_t seen; /* one bit for each known tag met so far in the header or record */
	struct error *err;
};

/*
 * Takes the element at r->pos, which must end at END or before, appends it to the list, and leaves
 * r->pos at its value's end (a container's: at its first nested byte).  Checks what its rule says
 * of size and repetition.  CONTAINER is the tag of the header's container read now, 0 for none.
 */
enum status reader_element(struct reader *r, size_t end, uint8_t container, struct tl_element *out);

/* ST_OK and R at the first record, or an error. */
enum status read_header(struct reader *r);

/* Reads the record at r->pos. */
enum status read_record(struct reader *r);

/* ST_FORMAT; the place is OFFSET. */
enum status reader_fail(struct reader *r, size_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
