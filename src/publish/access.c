/*
 * Opens the officer's certificate and key for CTL Providers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "publish/access.h"

#include "ceremony/ceremony.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* A key and its certificate; they are in different files, so one may have been exchanged. */
static enum status check_pair(
    const struct publish_access *access, const char *path, struct error *err)
{
	const EVP_PKEY *public = X509_get0_pubkey(access->access.client_certificate);
	bool fits = public != NULL && EVP_PKEY_eq(public, access->access.client_key) == 1;

	ERR_clear_error();
	if (fits)
		return ST_OK;
	error_set(err, ST_NO_KEY, _("the client's key does not belong to its certificate %s"),
	    access->access.settings->client_certificate);
	error_where(err, "%s", path);
	error_hint(err, "%s",
	    _("have client-certificate and client-key name what belongs together in ctlsign.conf"));
	return ST_NO_KEY;
}

static enum status no_key_named(const struct inventory_publish *settings, struct error *err)
{
	error_set(
	    err, ST_NO_KEY, "%s", _("there is a client-certificate, and no client-key with it"));
	error_where(err, "%s", settings->client_certificate);
	error_hint(err, "%s",
	    _("set client-key in the section publish of ctlsign.conf: a PEM file or a pkcs11: "
	      "URI"));
	return ST_NO_KEY;
}

static enum status open_token(
    const struct publish_access_request *request, struct publish_access *out, struct error *err)
{
	const char *uri = request->settings->client_key.where;
	struct token_signer_request key = {
	    .candidates = &out->access.client_certificate,
	    .n_candidates = 1,
	    .pins = request->pins,
	};
	enum status status = token_selector_parse(uri, &out->selector, err);

	if (status == ST_OK)
		status = request->open_tokens(request->context, &out->tokens, err);
	if (status != ST_OK)
		return status;
	key.selector = out->selector;
	status = token_tls_open(out->tokens, &key, &out->token, err);
	if (status != ST_OK)
		return status;
	out->access.client_key = token_tls_key(out->token);
	return EVP_PKEY_up_ref(out->access.client_key) == 1 ? ST_OK : error_no_memory(err);
}

enum status publish_access_open(
    const struct publish_access_request *request, struct publish_access *out, struct error *err)
{
	const struct inventory_publish *settings = request->settings;
	enum status status;

	*out = (struct publish_access){
	    .access = {
		.settings = settings,
		.timeout_ms =
		    request->timeout_ms != 0 ? request->timeout_ms : settings->timeout * 1000,
	    }};
	/* Without a certificate the providers themselves say that they want one. */
	if (!request->providers || settings->client_certificate == NULL)
		return ST_OK;
	if (settings->client_key.where == NULL)
		return no_key_named(settings, err);
	status =
	    certificate_read(settings->client_certificate, &out->access.client_certificate, err);
	if (status != ST_OK) {
		error_where(err, "%s", settings->client_certificate);
		return status;
	}
	if (token_selector_is_uri(settings->client_key.where))
		status = open_token(request, out, err);
	else
		status = pem_key_read(
		    settings->client_key.where, request->pins, &out->access.client_key, err);
	return status == ST_OK ? check_pair(out, settings->client_key.where, err) : status;
}

void publish_access_close(struct publish_access *access)
{
	EVP_PKEY_free(access->access.client_key);
	X509_free(access->access.client_certificate);
	token_tls_close(access->token);
	token_selector_free(access->selector);
	tokens_close(access->tokens);
	*access = (struct publish_access){0};
}
