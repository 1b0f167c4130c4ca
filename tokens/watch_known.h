/*
 * What a watch has told of, and what is new in a snapshot.
 *
 * Private to tokens/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_WATCH_KNOWN_H
#define CTLSIGN_TOKENS_WATCH_KNOWN_H

#include "tokens/internal.h"

struct watch_known {
	struct token **list; /* copies of the tokens that are there */
	size_t n;
	struct problems told; /* the problems that there are */

	/* What is to be told, until known_forget_news(). */
	struct token **removed;
	size_t n_removed;
	struct token_event *events;
	size_t n_events;
	struct problems problems;
};

/* All these return ST_OK or ST_NO_MEMORY. */

/* What the snapshot holds is known; start from all zero, known_free() in any case. */
enum status known_begin(struct watch_known *known, const struct tokens *tokens);

/*
 * Makes events of the differences to the snapshot, which is known then.  A token that is not there
 * while its module is in doubt stays known.  Problems that are over are forgotten.
 */
enum status known_compare(struct watch_known *known, const struct tokens *tokens);

/* The snapshot's problems that are new are to be told. */
enum status known_tell_problems(struct watch_known *known, const struct tokens *tokens);

/* Whether MODULE, or with NULL any, has a problem that was not told: it may pass. */
bool known_in_doubt(
    const struct watch_known *known, const struct tokens *tokens, const struct module *module);

/* What was to be told has been told. */
void known_forget_news(struct watch_known *known);
/* Frees everything. */
void known_free(struct watch_known *known);

#endif
