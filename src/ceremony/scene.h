/*
 * A conversation about tokens that come and go while it is held: questions that end when a token is
 * inserted or removed, and the tokens that have been set aside.
 *
 * Private to src/ceremony/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_SCENE_H
#define CTLSIGN_CEREMONY_SCENE_H

#include "base/bytes.h"
#include "base/error.h"
#include "tokens/tokens.h"

#define SCENE_MAX_ASIDE 32

struct scene {
	struct tokens *tokens;
	struct token_watch *watch;
	struct scene_aside {
		char *identity;
		bool skipped;	  /* by the person, who may think again */
	} aside[SCENE_MAX_ASIDE]; /* tokens that are passed over until they are removed */
	size_t n_aside;
	char *inserted; /* the identity of the token that came in last, or NULL */
	bool blank;	/* and whether it is blank */
	enum status watch_status;
	struct error watch_error;
};

/* Starts watching TOKENS; scene_close() in any case. */
enum status scene_open(struct scene *scene, struct tokens *tokens, struct error *err);
void scene_close(struct scene *scene);

/*
 * Asks for a line; *CHANGED when tokens came or went before one was typed, or something came that
 * cannot be used, which is told.  Then, and after the answer, pointers into the snapshot are dead.
 */
enum status scene_ask(struct scene *scene, const char *prompt, char *line, size_t size,
    bool *changed, struct error *err);

/* Room for an answer; a longer one is none that is understood. */
#define SCENE_LINE 64

/* Whether WORD was typed, in whole or its first letter. */
bool scene_typed(const char *line, const char *word);

/* A number from 1 to N that was typed, or 0. */
size_t scene_number(const char *line, size_t n);

/* Shows tokens as a table, the first NUMBERED ones from 1 on; NOTES (may be NULL) are on each. */
enum status scene_list(const struct token_info *const *list, size_t n, size_t numbered,
    const char *const *notes, struct error *err);

/* Formats a line and shows it at the terminal. */
enum status scene_say(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Shows why a token cannot be taken: ERR as one line. */
enum status scene_tell(const struct error *why, struct error *err);

/* What tells tokens apart, wherever they are plugged in; the caller frees it. */
char *scene_identity(const struct token_info *token);

/* A token that is set aside is passed over until it was removed, or taken back if SKIPPED. */
void scene_set_aside(struct scene *scene, const struct token_info *token, bool skipped);
/* Whether it is set aside. */
bool scene_is_aside(const struct scene *scene, const struct token_info *token);
/* How many were skipped and are still inserted. */
size_t scene_count_skipped(const struct scene *scene);
/* These are looked at again. */
void scene_take_back_skipped(struct scene *scene);

#endif
