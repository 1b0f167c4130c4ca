/*
 * A token that may join a list: what speaks for it, and what against it.
 *
 * Private to src/ceremony/.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_CANDIDATE_H
#define CTLSIGN_CEREMONY_CANDIDATE_H

#include "ceremony/collect.h"

/* A token's certificates that may stand for it, best ones only; borrowed from the snapshot. */
struct candidate {
	const struct token_info *token;
	const struct token_certificate *certificates[COLLECT_MAX];
	size_t n;
};

/*
 * The certificates of TOKEN whose keys can sign; of several those that the current list knows, then
 * those whose key was seen on the token.  ONLY (may be NULL) leaves that certificate alone.
 * None, or one whose key is not among those that are seen: ST_NO_KEY with the reason and what to
 * insert instead.
 */
enum status candidate_look(const struct collect_request *request, const struct token_info *token,
    const X509 *only, struct candidate *out, struct error *err);

/*
 * Whether CERTIFICATE of the token may be added to what is collected: not added before, valid now,
 * listed where it must be.  Each refusal names the token.
 */
enum status candidate_check(const struct collect_request *request,
    const struct collection *collection, const struct token_info *token,
    const struct token_certificate *certificate, struct error *err);

/* Adds it.  ST_OK or ST_NO_MEMORY. */
enum status candidate_add(const struct collect_request *request, struct collection *collection,
    const struct token_info *token, const struct token_certificate *certificate, struct error *err);

/* Whether it is collected for its signature alone: the list has it already. */
bool candidate_only_signs(
    const struct collect_request *request, const struct token_certificate *certificate);

/* How a token stands to the current list, the more likely choice first. */
enum candidate_standing {
	CANDIDATE_LISTED,
	CANDIDATE_NEW,
	CANDIDATE_UNFIT, /* nothing on it can sign, or it cannot be read */
	CANDIDATE_ADDED, /* to the collection, before */
};
enum candidate_standing candidate_standing(const struct collect_request *request,
    const struct collection *collection, const struct token_info *token);

/* What a person is shown of it, as a table of two columns. */
void candidate_describe(const struct collect_request *request, const struct token_info *token,
    const struct token_certificate *certificate, struct buffer *out);

/* The collected token that TOKEN is, or NULL. */
const struct collected_token *candidate_known(
    const struct collection *collection, const struct token_info *token);

#endif
