/*
 * Compares slots with the readers that the Smart Card service knows.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/reader_slots.h"

#include "tokens/internal.h"

#include <stdlib.h>
#include <string.h>

/* Both more than any machine has. */
#define MAX_NAMES 64
#define MAX_SLOTS 4096

static bool is_known(const struct reader_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

enum status reader_names_add(struct reader_names *names, const struct pcsc_look *look)
{
	for (size_t i = 0; i < look->n_readers && names->n < MAX_NAMES; i++) {
		void *grown;

		if (is_known(names, look->readers[i].name))
			continue;
		grown = reallocarray(names->list, names->n + 1, sizeof(*names->list));
		if (grown == NULL)
			return ST_NO_MEMORY;
		names->list = grown;
		memcpy(names->list[names->n++], look->readers[i].name, sizeof(*names->list));
	}
	return ST_OK;
}

void reader_names_free(struct reader_names *names)
{
	free(names->list);
	*names = (struct reader_names){0};
}

struct count_job {
	struct module_job base;
	struct reader_names names; /* its own */
	size_t n_slots;
	size_t n_readers;
};

static void count_clear(struct module_job *base)
{
	reader_names_free(&((struct count_job *)base)->names);
}

bool reader_slot_is(const char *name, const CK_SLOT_INFO *slot)
{
	const size_t size = sizeof(slot->slotDescription);
	const struct bytes reader = token_field((const unsigned char *)name, strnlen(name, size));

	return reader.len > 0 && bytes_equal(reader, token_field(slot->slotDescription, size));
}

static bool is_reader(const struct reader_names *names, const CK_SLOT_INFO *slot)
{
	for (size_t i = 0; i < names->n; i++)
		if (reader_slot_is(names->list[i], slot))
			return true;
	return false;
}

static enum status count_work(struct module_job *base)
{
	struct count_job *job = (struct count_job *)base;
	CK_FUNCTION_LIST *f = base->module->functions;
	CK_ULONG n = MAX_SLOTS;
	CK_SLOT_ID *ids = calloc(n, sizeof(*ids));
	CK_SLOT_INFO slot;
	CK_RV rv;

	if (ids == NULL)
		return error_no_memory(&base->error);
	module_calling(base->module, "C_GetSlotList");
	rv = f->C_GetSlotList(CK_FALSE, ids, &n);
	module_calling(base->module, "C_GetSlotInfo");
	for (CK_ULONG i = 0; rv == CKR_OK && i < n && i < MAX_SLOTS; i++) {
		memset(&slot, 0, sizeof(slot));
		if (f->C_GetSlotInfo(ids[i], &slot) != CKR_OK)
			continue;
		slots_pad(slot.slotDescription, sizeof(slot.slotDescription));
		job->n_slots++;
		job->n_readers += is_reader(&job->names, &slot);
	}
	free(ids);
	return rv == CKR_OK ? ST_OK : module_failed_with(base, rv);
}

enum status reader_slots_count(struct module *module, const struct reader_names *names,
    size_t *n_slots, size_t *n_readers, struct error *err)
{
	struct count_job *job = module_job_new(sizeof(*job), module, count_work, count_clear);

	if (job == NULL)
		return error_no_memory(err);
	job->names.list = calloc(names->n + 1, sizeof(*names->list));
	if (job->names.list == NULL) {
		module_job_end(&job->base, NULL);
		return error_no_memory(err);
	}
	if (names->n > 0)
		memcpy(job->names.list, names->list, names->n * sizeof(*names->list));
	job->names.n = names->n;
	if (!module_run(&job->base, 0, err))
		return ST_TOKEN_TIMEOUT;
	*n_slots = job->n_slots;
	*n_readers = job->n_readers;
	return module_job_end(&job->base, err);
}
