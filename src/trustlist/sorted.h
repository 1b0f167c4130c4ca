/*
 * Records in sorted order, so that equal ones are found without comparing each with each: a
 * hostile list has hundreds of thousands.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_SORTED_H
#define CTLSIGN_TRUSTLIST_SORTED_H

#include "trustlist/trustlist.h"

/* Less than, equal to or greater than 0, as of strcmp(). */
typedef int sorted_compare(const struct tl_record *a, const struct tl_record *b);

/* A total order of byte ranges: by length, then content.  Absent is less than empty. */
int sorted_compare_bytes(struct bytes a, struct bytes b);

/* By role; a record without one comes first. */
int sorted_compare_roles(const struct tl_record *a, const struct tl_record *b);

/*
 * Sorts the N record numbers (from 0) in INDEXES; equal records stay in file order when they were.
 */
void sorted_indexes(
    const struct trustlist *list, size_t *indexes, size_t n, sorted_compare *compare);

/* All of LIST's record numbers, sorted; never NULL but when out of memory.  The caller frees. */
size_t *sorted_records(const struct trustlist *list, sorted_compare *compare);

#endif
