/*
 * A key made on a token, and the SAST certificate or the request for it.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_CEREMONY_PROVISION_H
#define CTLSIGN_CEREMONY_PROVISION_H

#include "ceremony/ceremony.h"
#include "tokens/tokens.h"

struct provision {
	struct tokens *tokens;
	const struct token_info *token; /* of the snapshot in TOKENS */
	struct ceremony_pins *pins;	/* `about` is filled in */
	const X509_NAME *subject;
	unsigned bits;
	unsigned days;
	struct bytes id;
	const char *label;   /* of the objects; NULL: the subject's CN */
	const char *csr;     /* write a request to this new file, and no certificate; may be NULL */
	const char *replace; /* the serial number that was given with --replace; may be NULL */
	/* Told before the key is made, which may take minutes, and after; may be NULL. */
	void (*busy)(void *context, bool begins);
	void *context;
};

/*
 * Makes the key and then the certificate, stored on the token, in *CERTIFICATE (X509_free), or the
 * file with the request; then *CERTIFICATE is NULL.
 *
 * Everything that can be known before the PIN is looked at before it: a subject that phones cannot
 * carry, dates, a file that is there already, a certificate under the same id.  What stands under
 * that id is ST_EXISTS, unless the person names the token's serial number, by `replace` or at the
 * terminal: then it is destroyed right before the new key is made.  When something fails after
 * that the new key is destroyed again; what is left otherwise stands in the error's hint.
 *
 * The snapshot in TOKENS may be gone afterwards, also after a failure, until tokens_refresh().
 */
enum status provision_run(const struct provision *provision, X509 **certificate, struct error *err);

#endif
