/*
 * What the files of tokens/ share about a snapshot.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_TOKENS_INTERNAL_H
#define CTLSIGN_TOKENS_INTERNAL_H

#include "tokens/slots.h"
#include "tokens/tokens.h"

/* What a certificate on a token has besides its public face. */
struct certificate_extra {
	char *label; /* CKA_LABEL as it is, for URIs */
};

/*
 * A token of the snapshot.  `info` comes first: token_uri() gets to the rest through it.  Its
 * strings point into `text`, where every byte of a PKCS#11 field has room for its \xHH.
 */
struct token {
	struct token_info info;
	struct token_identity identity;
	CK_SLOT_INFO slot_raw;
	CK_TOKEN_INFO raw;
	struct {
		char reader[4 * 64 + 1];
		char label[4 * 32 + 1];
		char manufacturer[4 * 32 + 1];
		char model[4 * 16 + 1];
		char serial[4 * 16 + 1];
	} text;

	/* read when first asked for */
	bool certificates_read;
	struct token_certificate *certificates;
	struct certificate_extra *extras;
	size_t n_certificates;
};

struct problems {
	struct error *list;
	size_t n;
};

/* ST_OK or ST_NO_MEMORY. */
enum status problems_add(struct problems *problems, const struct error *problem);
void problems_clear(struct problems *problems);

/* What one module holds. */
struct module_snapshot {
	struct token **list; /* initialised or not, in order of their slots */
	size_t n;
	struct problems problems; /* of the module, or of its slots */
};

struct tokens {
	struct module **modules;
	size_t n_modules;
	struct module_snapshot *snapshots; /* one for each module; NULL: there is none */
	struct token **list;		   /* the initialised tokens in them */
	size_t n;
	struct token **blanks; /* the others */
	size_t n_blanks;
	struct problems module_problems; /* of loading: they stay */
	bool administration;		 /* of the options */
	unsigned drops;			 /* counts how often the snapshot was dropped */
};

/* The token that INFO belongs to. */
struct token *token_of(const struct token_info *info);

/* A PKCS#11 field without the blanks at its end. */
struct bytes token_field(const unsigned char *field, size_t size);

/* Empties the snapshot: tokens_count() is 0 then. */
void snapshot_drop(struct tokens *tokens);

/*
 * Reads one module (an index into tokens->modules) anew.  *CHANGED is whether it holds something
 * else than before; only then are pointers to its tokens dead.  A module that fails holds nothing
 * then but that problem.  ST_OK or ST_NO_MEMORY.
 */
enum status snapshot_read(struct tokens *tokens, size_t module, bool *changed, struct error *err);

/* The token that was read in a slot of M; a copy without its certificates; NULL: out of memory. */
struct token *token_new(struct module *m, const struct slot_reading *reading);
struct token *token_copy(const struct token *token);
void token_free(struct token *token);

/* Reads the token's certificates once. */
enum status certificates_read(struct token *token, struct error *err);
void certificates_drop(struct token *token);

#endif
