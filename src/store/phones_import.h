/*
 * Inside an import of phones.
 *
 * Private to src/store/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_PHONES_IMPORT_H
#define CTLSIGN_STORE_PHONES_IMPORT_H

#include "store/phone_row.h"

/* What became of a row of the table so far, a byte for each, in the order of names. */
enum phone_mark { PHONE_LEFT, PHONE_ADDED, PHONE_CHANGED, PHONE_SAME };

/* A phone whose name did not ascend. */
struct late_phone {
	size_t name;  /* where it begins in the list's names */
	uint32_t nth; /* they came in this order */
	uint32_t model, ctl, itl;
	int64_t seen;
};

struct late_phones {
	struct buffer names; /* each with its NUL */
	struct late_phone *list;
	size_t n, room;
};

struct store_phones {
	struct store *store;
	bool replace;
	struct phone_pool models, checksums;
	struct phone_ahead ahead; /* what is stored, beside what is put */
	struct statement write;
	uint32_t no_model;    /* the number of the model ""; 0: it has none yet */
	struct phone_row row; /* what was put last, in any order */
	char last[sizeof(((struct phone_row *)0)->name)]; /* the greatest name so far */
	struct buffer marks;				  /* of the rows up to `last` */
	size_t n_left;					  /* PHONE_LEFT among them */
	struct late_phones late;
	struct store_phones_count count;
	struct error failed; /* of a put: nothing is committed then */
};

/* Writes ROW, whether it is there or not. */
enum status phones_write(
    struct store_phones *phones, const struct phone_row *row, struct error *err);

/* Whether A and B say the same but for the time. */
bool phones_same_words(const struct phone_row *a, const struct phone_row *b);

/* What ROW does not know stays as KNOWN has it; a CTL with the time at which it was seen. */
void phones_keep_known(
    const struct store_phones *phones, struct phone_row *row, const struct phone_row *known);

/* Keeps ROW for phones_settle().  ST_LIMIT when there are too many. */
enum status phones_put_late(
    struct store_phones *phones, const struct phone_row *row, struct error *err);

/* Puts those that came late, and removes what was not put if that is wanted. */
enum status phones_settle(struct store_phones *phones, struct error *err);
void phones_late_free(struct late_phones *late);

/* Takes out models and checksums that no phone has any more, where there are many of them. */
enum status phones_sweep(struct store_phones *phones, struct error *err);

#endif
