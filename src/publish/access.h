/*
 * How targets are reached: the officer's certificate and key for CTL Providers, opened once a run.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#ifndef CTLSIGN_PUBLISH_ACCESS_H
#define CTLSIGN_PUBLISH_ACCESS_H

#include "base/pin.h"
#include "publish/target.h"
#include "tokens/tokens.h"

struct publish_access_request {
	const struct inventory_publish *settings;
	bool providers;	     /* whether any CTL Provider will be asked: else no key is opened */
	unsigned timeout_ms; /* 0: the settings' */
	/* Loads the modules; only called for a key on a token. */
	enum status (*open_tokens)(void *context, struct tokens **out, struct error *err);
	void *context;
	const struct pin_source *pins; /* for a PIN or a key file's passphrase */
};

/* Start from all zero; `access` is what targets borrow. */
struct publish_access {
	struct target_access access;
	struct tokens *tokens;
	struct token_selector *selector;
	struct token_tls *token;
};

/* Reads the certificate and opens its key (a PEM file or a token).  A key that does not fit the
 * certificate is ST_NO_KEY.  publish_access_close() in any case, behind all targets. */
enum status publish_access_open(
    const struct publish_access_request *request, struct publish_access *out, struct error *err);
void publish_access_close(struct publish_access *access);

#endif
