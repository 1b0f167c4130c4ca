/*
 * Opens the signer that somebody named.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/named_signer.h"

#include "ceremony/ceremony.h"

enum status named_signer_open(struct named_signer *named, const char *key, X509 *const *candidates,
    size_t n_candidates, struct tokens *tokens, const struct pin_source *pins, struct error *err)
{
	struct token_signer_request request = {
	    .candidates = candidates, .n_candidates = n_candidates, .pins = pins};
	enum status st;

	if (!token_selector_is_uri(key))
		return pem_signer_open(key, candidates, n_candidates, pins, &named->signer, err);
	st = token_selector_parse(key, &named->selector, err);
	if (st != ST_OK)
		return st;
	request.selector = named->selector;
	return token_signer_open(tokens, &request, &named->signer, err);
}

void named_signer_close(struct named_signer *named)
{
	signer_free(named->signer);
	token_selector_free(named->selector);
	*named = (struct named_signer){0};
}
