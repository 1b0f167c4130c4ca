/*
 * Asking for tokens one by one, as the CTL client does: remove what is inserted, insert a token,
 * look at its details, add it, the next one; finish with the one that is to sign.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_COLLECT_H
#define CTLSIGN_CEREMONY_COLLECT_H

#include "base/error.h"
#include "tokens/tokens.h"
#include "trustlist/trustlist.h"

#include <openssl/types.h>

/* No ceremony needs more. */
#define COLLECT_MAX 16

struct collect_request {
	struct tokens *tokens;
	size_t wanted; /* how many tokens, 1 to COLLECT_MAX */
	enum tl_digest digest;
	/* The CTL that phones have now; NULL: there is none, or it is not known. */
	const struct trustlist *current;
	const char *current_name; /* printable, with CURRENT */
	/*
	 * Another key signs, which was named.  Else, with CURRENT, one of the tokens must be a SAST
	 * of it, as phones would take no other signer: the last one if none was before.
	 */
	bool signer_named;
	/* --token: selectors that stand for insertions.  What they leave open a person is asked. */
	const char *const *named;
	size_t n_named;
	const char *output; /* the file that is to be signed, printable */
	/* Says before the first question what tokens are wanted, printable; NULL: how many. */
	const char *intro;
	/*
	 * The names of those SASTs of CURRENT that are tokens, printable, for "insert one that the
	 * list knows"; NULL: of all its SASTs.
	 */
	const char *insertable;
	bool first; /* without CURRENT: there is none yet, for this list is the first */
};

/* A token that was added; all owned. */
struct collected_token {
	X509 *certificate;
	char *uri;	/* of the certificate on the token: the key to sign with */
	char *name;	/* "token 'SAST-1' (serial 4a21)" */
	char *identity; /* what tells it from other tokens, wherever it is plugged in */
	bool listed;	/* a SAST of the current list */
};

struct collection {
	struct collected_token list[COLLECT_MAX];
	size_t n;
};

/*
 * Fills OUT with `wanted` different tokens, each with a certificate whose key can sign, valid now,
 * and one of them listed where CURRENT is; any other is refused by name, at the terminal with what
 * to insert instead, and asked for anew.  A token that is named and refused is an error. Insertions
 * and removals are noticed by themselves.  Nothing on a token is changed, and no PIN is asked for.
 *
 * Before anything is asked: ST_PIN_NEEDED when there is no terminal and too few are named,
 * ST_USAGE when more are named than wanted.  ST_CANCELLED when the person stops.  Takes new
 * snapshots of TOKENS.  collection_free() in any case.
 */
enum status ceremony_collect(
    const struct collect_request *request, struct collection *out, struct error *err);
void collection_free(struct collection *collection);

/*
 * Which of the collected tokens signs: *SIGNER is its index.  Where all were named, or there is one
 * only, the last one; else the person says so with the token inserted that is to sign.  With
 * CURRENT it must be one of its SASTs.
 */
enum status ceremony_finish(const struct collect_request *request,
    const struct collection *collection, size_t *signer, struct error *err);

#endif
