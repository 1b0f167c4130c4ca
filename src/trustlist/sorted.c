/*
 * Records in sorted order.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "trustlist/sorted.h"

#include <stdlib.h>
#include <string.h>

struct order {
	const struct tl_record *records;
	sorted_compare *compare;
};

int sorted_compare_bytes(struct bytes a, struct bytes b)
{
	if (a.data == NULL || b.data == NULL)
		return (a.data != NULL) - (b.data != NULL);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

int sorted_compare_roles(const struct tl_record *a, const struct tl_record *b)
{
	if (!a->has_role || !b->has_role)
		return (int)a->has_role - (int)b->has_role;
	return (a->role > b->role) - (a->role < b->role);
}

static int compare_indexes(const void *a, const void *b, void *context)
{
	const struct order *order = context;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int c = order->compare(&order->records[x], &order->records[y]);

	return c != 0 ? c : (x > y) - (x < y);
}

void sorted_indexes(
    const struct trustlist *list, size_t *indexes, size_t n, sorted_compare *compare)
{
	struct order order = {list->records, compare};

	if (n > 1)
		qsort_r(indexes, n, sizeof(*indexes), compare_indexes, &order);
}

size_t *sorted_records(const struct trustlist *list, sorted_compare *compare)
{
	size_t *indexes = calloc(list->n_records + 1, sizeof(*indexes));

	if (indexes == NULL)
		return NULL;
	for (size_t i = 0; i < list->n_records; i++)
		indexes[i] = i;
	sorted_indexes(list, indexes, list->n_records, compare);
	return indexes;
}
