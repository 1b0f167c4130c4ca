/*
 * The node's certificates, read from their files at every request: a new one shows at once.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "provider/answer_parts.h"

#include "base/text.h"
#include "trustlist/trustlist.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <string.h>

/* A certificate that cannot be read is an error: it must not look like one that is not offered. */
static enum status read_offer(const struct provider_offer *offer, X509 **out, struct error *err)
{
	enum status st = certificate_read(offer->path, out, err);

	if (st != ST_OK)
		error_where_prefix(err, offer->name);
	if (st != ST_OK && err->hint[0] == '\0')
		error_hint(err, "%s", _("mend the file that the provider's settings name for it"));
	return st;
}

static enum status hash_der(X509 *x509, char out[CONTENT_HASH], struct error *err)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(x509, &der);
	enum status st;

	if (len < 0)
		return error_openssl(err, ST_CRYPTO, "%s", _("cannot encode the certificate"));
	st = content_hash((struct bytes){der, (size_t)len}, out, err);
	OPENSSL_free(der);
	return st;
}

static enum status offer_json(const struct provider_offer *offer, json_t **out, struct error *err)
{
	struct buffer raw = BUFFER_INIT, subject = BUFFER_INIT;
	char hash[CONTENT_HASH];
	X509 *x509 = NULL;
	enum status st;

	*out = NULL;
	st = read_offer(offer, &x509, err);
	if (st == ST_OK)
		st = hash_der(x509, hash, err);
	if (st == ST_OK)
		st = tl_name_text(X509_get_subject_name(x509), TL_NAMES_RFC4514, &raw, err);
	if (st == ST_OK) {
		text_printable(&subject, buffer_bytes(&raw));
		st = buffer_status(&subject, err);
	}
	if (st == ST_OK) {
		*out = json_pack("{s:s, s:s, s:s}", "name", offer->name, "sha256", hash, "subject",
		    buffer_text(&subject));
		st = *out != NULL ? ST_OK : error_no_memory(err);
	}
	buffer_free(&raw);
	buffer_free(&subject);
	X509_free(x509);
	return st;
}

enum status answer_certificates_json(struct provider *provider, json_t **out, struct error *err)
{
	enum status st = ST_OK;
	json_t *item;

	*out = json_array();
	for (size_t i = 0; st == ST_OK && i < PROVIDER_OFFERS; i++) {
		const struct provider_offer *offer = &provider->settings->offers[i];

		if (offer->path == NULL)
			continue;
		st = offer_json(offer, &item, err);
		if (st == ST_OK && json_array_append_new(*out, item) != 0)
			st = error_no_memory(err);
	}
	if (st != ST_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return st;
}

void answer_certificates(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	struct error err = {0};
	json_t *json;

	(void)request;
	(void)name;
	if (answer_certificates_json(provider, &json, &err) == ST_OK)
		reply_json(out, json);
	else
		reply_failed(out, &err);
}

void answer_certificate(struct provider *provider, const struct provider_request *request,
    const char *name, struct provider_answer *out)
{
	const struct provider_offer *offer = NULL;
	struct buffer pem = BUFFER_INIT;
	struct error err = {0};
	X509 *x509 = NULL;
	enum status st;

	(void)request;
	for (size_t i = 0; i < PROVIDER_OFFERS; i++)
		if (provider->settings->offers[i].path != NULL &&
		    strcmp(provider->settings->offers[i].name, name) == 0)
			offer = &provider->settings->offers[i];
	if (offer == NULL) {
		reply_error(out, 404, _("GET /v1/certificates tells which there are"), "%s",
		    _("this node offers no certificate of this name"));
		return;
	}
	st = read_offer(offer, &x509, &err);
	if (st == ST_OK)
		st = certificate_pem(x509, &pem, &err);
	if (st == ST_OK)
		reply_text(out, "application/x-pem-file", &pem);
	else
		reply_failed(out, &err);
	buffer_free(&pem);
	X509_free(x509);
}
