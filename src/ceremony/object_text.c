/*
 * Names, ids and labels of objects on tokens.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/object_text.h"

#include "base/text.h"
#include "trustlist/trustlist.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

char *object_name_text(char out[OBJECT_TEXT_MAX], const X509_NAME *name)
{
	struct buffer text = BUFFER_INIT;

	out[0] = '\0';
	if (tl_name_text(name, TL_NAMES_CUCM, &text, NULL) == ST_OK)
		text_printable_into(out, OBJECT_TEXT_MAX, buffer_bytes(&text));
	buffer_free(&text);
	return out;
}

char *object_id_text(char out[OBJECT_ID_TEXT_MAX], struct bytes id)
{
	struct buffer hex = BUFFER_INIT;
	const char *text;

	text_hex(&hex, id, '\0', true);
	text = buffer_text(&hex);
	text_cut_into(out, OBJECT_ID_TEXT_MAX, text != NULL ? text : "");
	buffer_free(&hex);
	return out;
}

char *object_label(char out[OBJECT_LABEL_MAX + 1], const char *label, const X509_NAME *subject)
{
	const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *utf8 = NULL;

	out[0] = '\0';
	if (label != NULL)
		text_cut_into(out, OBJECT_LABEL_MAX + 1, label);
	else if (at >= 0 && ASN1_STRING_to_UTF8(&utf8,
				X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))) > 0)
		text_cut_into(out, OBJECT_LABEL_MAX + 1, (const char *)utf8);
	OPENSSL_free(utf8);
	ERR_clear_error();
	return out;
}
