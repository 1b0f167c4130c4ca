/*
 * Writes the URI of a token or of a certificate on it, through p11-kit.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/internal.h"

#include "base/text.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

/* An empty field is left out; p11-kit would write "model=", which matches less than nothing. */
static void copy_field(unsigned char *to, const unsigned char *from, size_t size)
{
	if (token_field(from, size).len > 0)
		memcpy(to, from, size);
}

static void set_token(P11KitUri *uri, const CK_TOKEN_INFO *raw)
{
	CK_TOKEN_INFO *t = p11_kit_uri_get_token_info(uri);

	copy_field(t->label, raw->label, sizeof(t->label));
	copy_field(t->serialNumber, raw->serialNumber, sizeof(t->serialNumber));
	copy_field(t->manufacturerID, raw->manufacturerID, sizeof(t->manufacturerID));
	copy_field(t->model, raw->model, sizeof(t->model));
}

static void set_attribute(P11KitUri *uri, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	CK_ATTRIBUTE attribute = {type, (void *)value, len};

	p11_kit_uri_set_attribute(uri, &attribute);
}

static const char *raw_label(const struct token *token, const struct token_certificate *cert)
{
	for (size_t i = 0; i < token->n_certificates; i++)
		if (&token->certificates[i] == cert)
			return token->extras[i].label;
	return cert->label;
}

static void set_certificate(
    P11KitUri *uri, const struct token *token, const struct token_certificate *cert)
{
	const CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	const char *label = raw_label(token, cert);

	set_attribute(uri, CKA_CLASS, &class, sizeof(class));
	if (cert->id.len > 0)
		set_attribute(uri, CKA_ID, cert->id.data, cert->id.len);
	if (label[0] != '\0')
		set_attribute(uri, CKA_LABEL, label, strlen(label));
}

void token_uri(
    const struct token_info *info, const struct token_certificate *certificate, struct buffer *out)
{
	const struct token *token = token_of(info);
	P11KitUri *uri = p11_kit_uri_new();
	char *text = NULL;

	if (uri == NULL) {
		out->failed = true;
		return;
	}
	set_token(uri, &token->raw);
	if (certificate != NULL)
		set_certificate(uri, token, certificate);
	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) == P11_KIT_URI_OK)
		buffer_add(out, text, strlen(text));
	else
		out->failed = true;
	free(text);
	p11_kit_uri_free(uri);
}
