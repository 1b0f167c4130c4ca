/*
 * The words of ctlsign.conf; private to the files that read it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CLUSTER_INVENTORY_LEXER_H
#define CTLSIGN_CLUSTER_INVENTORY_LEXER_H

#include "cluster/inventory_parts.h"

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
	const struct reading *reading;
	char *at;
	char *end; /* a NUL stands there */
	unsigned line;
};

/* The next token.  Comments become blanks in the text. */
enum status lexer_next(struct lexer *lexer, struct lexer_token *out, struct error *err);

#endif
