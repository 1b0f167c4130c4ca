/*
 * Storing the certificate that a CA made for a key on a token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_IMPORT_H
#define CTLSIGN_CEREMONY_IMPORT_H

#include "ceremony/ceremony.h"
#include "tokens/tokens.h"

struct import {
	struct tokens *tokens;
	const struct token_info *token; /* of the snapshot in TOKENS */
	struct ceremony_pins *pins;	/* `about` is filled in */
	X509 *certificate;
	struct bytes id;     /* what the key's id has to be; empty: any */
	const char *label;   /* of the object; NULL: the subject's CN */
	const char *replace; /* the serial number that was given with --replace; may be NULL */
};

/*
 * Stores the certificate under the id of the private key that it fits; ST_NO_KEY when the token has
 * none.  One that is there already is ST_EXISTS, before a PIN is asked for.  Others under the same
 * id are ST_EXISTS, too, unless the person names the token's serial number, by `replace` or at the
 * terminal, where each of them is shown: then they are removed once the new one is stored.  A token
 * that cannot store it beside them loses them first, and gets them back when it takes the new one
 * no better then.  Keys, and certificates under other ids, are never touched.
 *
 * The snapshot in TOKENS may be gone afterwards, also after a failure, until tokens_refresh().
 */
enum status import_run(const struct import *import, struct error *err);

#endif
