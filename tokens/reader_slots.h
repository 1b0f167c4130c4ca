/*
 * Which slots of a module are smart card readers: the Smart Card service tells of those.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_READER_SLOTS_H
#define CTLSIGN_TOKENS_READER_SLOTS_H

#include "tokens/module.h"
#include "tokens/pcsc.h"

/* All readers that were ever seen: modules go on showing the slot of one that is gone. */
struct reader_names {
	char (*list)[sizeof(((struct pcsc_reader *)NULL)->name)];
	size_t n;
};

/* Adds the readers of LOOK that are new. */
enum status reader_names_add(struct reader_names *names, const struct pcsc_look *look);
void reader_names_free(struct reader_names *names);

/* Whether the reader is the slot: its name, cut to 64 bytes, is the slot's description. */
bool reader_slot_is(const char *name, const CK_SLOT_INFO *slot);

/*
 * Counts the module's slots, with a token or without, and those of them that are readers.
 */
enum status reader_slots_count(struct module *module, const struct reader_names *names,
    size_t *n_slots, size_t *n_readers, struct error *err);

#endif
