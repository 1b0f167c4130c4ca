/*
 * Words that phones share, models or checksums, each kept once under a number.
 *
 * Private to src/store/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_STORE_PHONE_POOL_H
#define CTLSIGN_STORE_PHONE_POOL_H

#include "store/statement.h"

/* Models are few; checksums could be other ones for every phone. */
#define PHONE_MODELS_MAX    65535
#define PHONE_CHECKSUMS_MAX (4u * 1024 * 1024)

/* The most bytes of a name or a model. */
#define PHONE_TEXT_MAX 128

enum phone_pool_kind { PHONE_POOL_MODELS, PHONE_POOL_CHECKSUMS };

/* Start from all zero; the fields are for phone_pool.c. */
struct phone_pool {
	struct store *store;
	enum phone_pool_kind kind;
	struct buffer texts; /* each with its NUL */
	uint32_t *places;    /* by number: where its text begins, and 1; 0: there is none */
	uint32_t end;	     /* numbers are less than this */
	uint32_t room;
	uint32_t n;	    /* how many there are */
	uint32_t free_from; /* the least number that may be free */
	uint32_t *slots;    /* open addressing: numbers, 0 is free */
	uint32_t mask;
	struct statement add;
};

/* Reads the table of KIND.  phone_pool_free() in any case. */
enum status phone_pool_read(
    struct phone_pool *pool, enum phone_pool_kind kind, struct store *store, struct error *err);
void phone_pool_free(struct phone_pool *pool);

/* The text of NUMBER; NULL when there is none. */
const char *phone_pool_text(const struct phone_pool *pool, uint32_t number);

/*
 * The number of TEXT; a new one is written to the table.  *NUMBER comes in as a guess, that of the
 * phone before, or 0.  ST_USAGE for a text that cannot be one, ST_LIMIT when there are too many.
 */
enum status phone_pool_number(
    struct phone_pool *pool, const char *text, uint32_t *number, struct error *err);

/* Takes the words out of the table whose number is not set in USED (a byte a number, end of them).
 */
enum status phone_pool_sweep(struct phone_pool *pool, const uint8_t *used, struct error *err);

#endif
