/*
 * What the files that read settings share; private to them.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CONF_PARTS_H
#define CTLSIGN_CONF_PARTS_H

#include "conf/conf.h"

/* ---- lexer: words, before libconfuse sees them ----------------------------------------------- */

enum lexer_kind {
	LEXER_END,
	LEXER_WORD,   /* without quotes */
	LEXER_STRING, /* TEXT and LEN are what stands between the quotes */
	LEXER_MARK,   /* one of { } = , */
};

struct lexer_token {
	enum lexer_kind kind;
	const char *text;
	size_t len;
	unsigned line;
};

struct lexer {
	const struct conf *conf;
	char *at;
	char *end; /* a NUL stands there */
	unsigned line;
};

/* The next token.  Comments become blanks in the text. */
enum status lexer_next(struct lexer *lexer, struct lexer_token *out, struct error *err);

/* ---- names ----------------------------------------------------------------------------------- */

/* The setting or section with a name of LEN bytes; NULL if there is none. */
const cfg_opt_t *conf_find(const cfg_opt_t *settings, const char *name, size_t len);

/* The hint for a name that is not known: all that may stand there, and with GUESS the nearest. */
void conf_hint(
    const cfg_opt_t *settings, const char *name, size_t len, bool guess, struct error *err);

/* ---- scan ------------------------------------------------------------------------------------ */

/*
 * Looks over TEXT (NUL-terminated, LEN bytes), marks CONF's sections and settings, and turns
 * comments into blanks.  Refused here: what libconfuse would take without a word.  What it refuses
 * itself is left to it: the text is then cut behind the place.
 */
enum status conf_scan(struct conf *conf, char *text, size_t len, struct error *err);

#endif
