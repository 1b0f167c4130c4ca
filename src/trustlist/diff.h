/*
 * What the parts of tl_diff() share: where changes go, and which entries are the same ones.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TRUSTLIST_DIFF_H
#define CTLSIGN_TRUSTLIST_DIFF_H

#include "trustlist/trustlist.h"

#define DIFF_NONE  SIZE_MAX
#define DIFF_KINDS (TL_HEADER_CHANGED + 1)

/*
 * So many changes of a kind are told.  A sane list has some 40 records; a hostile one must not make
 * a sentence of each of 200,000.
 */
#define DIFF_MOST 1000

struct diff {
	const struct trustlist *old;
	const struct trustlist *new;
	size_t *to_new; /* for each record of OLD its partner in NEW, from 0, or DIFF_NONE */
	size_t *to_old; /* the same the other way */
	struct tl_changes *out;
	size_t cap;
	size_t count[DIFF_KINDS]; /* changes of a kind, also those left out */
	bool failed;		  /* out of memory */
};

/*
 * Adds a change.  OLD_RECORD and NEW_RECORD count from 0, DIFF_NONE for none.  What FMT inserts is
 * printable already.
 */
void diff_add(struct diff *diff, enum tl_change_kind kind, const char *field, size_t old_record,
    size_t new_record, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/*
 * Fills to_new and to_old.  Partners are, in this order: entries with the same content; with the
 * same role, certificate and name; the same role and certificate; the same role, name and subject;
 * the same role, serial and issuer; the same role and name.  ST_NO_MEMORY or ST_OK.
 */
enum status diff_match(struct diff *diff, struct error *err);

/* Tells how the headers differ, the signer aside; and the signer. */
void diff_header(struct diff *diff);
void diff_signer(struct diff *diff);

/* Tells how the entries differ, once they are matched. */
void diff_entries(struct diff *diff);

#endif
