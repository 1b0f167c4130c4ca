/*
 * Chooses the signer's certificate from those on the token.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "tokens/choice.h"

#include "base/text.h"
#include "tokens/pairing.h"

#include <openssl/x509.h>

/* What fits into struct error's text and hint beside their sentences. */
#define CARRIED_MAX  500
#define EXPECTED_MAX 300

/* The common name, or the whole subject where there is none. */
static void add_subject(X509 *x509, struct buffer *out)
{
	X509_NAME *name = X509_get_subject_name(x509);
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	unsigned char *text = NULL;
	char line[256];
	int len = -1;

	if (at >= 0)
		len = ASN1_STRING_to_UTF8(
		    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len >= 0)
		text_printable(out, (struct bytes){text, (size_t)len});
	else if (X509_NAME_oneline(name, line, sizeof(line)) != NULL)
		text_printable(out, text_bytes(line));
	OPENSSL_free(text);
}

static void add_serial(X509 *x509, struct buffer *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	int len = ASN1_STRING_length(serial);

	text_hex(out, (struct bytes){ASN1_STRING_get0_data(serial), len < 0 ? 0 : (size_t)len}, ':',
	    false);
}

/* Appends "NAME (serial 0A:1B)" unless LIST would grow beyond MAX. */
static void list_add(struct buffer *list, X509 *x509, size_t max)
{
	struct buffer entry = BUFFER_INIT;

	add_subject(x509, &entry);
	buffer_add(&entry, " (", 2);
	add_serial(x509, &entry);
	buffer_add(&entry, ")", 1);
	if (list->len + entry.len + 2 <= max) {
		buffer_add(list, "; ", list->len > 0 ? 2 : 0);
		buffer_add(list, entry.data, entry.len);
	} else if (list->len > 3 && list->data[list->len - 1] != '.') {
		buffer_add(list, "; ...", 5);
	}
	buffer_free(&entry);
}

static bool fits(const struct token *t, size_t i, const struct token_selector *selector)
{
	return selector_fits_object(
	    selector, t->certificates[i].id, text_bytes(t->extras[i].label));
}

static enum status carries_others(
    const struct token *t, const struct token_signer_request *r, struct error *err)
{
	struct buffer carried = BUFFER_INIT, expected = BUFFER_INIT;
	const char *carried_text, *expected_text;
	size_t n = 0;

	for (size_t i = 0; i < t->n_certificates; i++)
		if (fits(t, i, r->selector)) {
			list_add(&carried, t->certificates[i].x509, CARRIED_MAX);
			n++;
		}
	for (size_t i = 0; i < r->n_candidates; i++)
		list_add(&expected, r->candidates[i], EXPECTED_MAX);
	carried_text = buffer_text(&carried);
	expected_text = buffer_text(&expected);
	error_set(err, ST_NO_KEY,
	    ngettext("the token's certificate is none of the list's signers; it is %s",
		"none of the token's certificates is a signer of the list; they are %s",
		(unsigned long)n),
	    carried_text == NULL ? "" : carried_text);
	error_where(err, "%s", t->identity.name);
	if (r->n_candidates > 0)
		error_hint(err,
		    ngettext("use the token of the list's signer: %s",
			"use the token of one of the list's signers: %s",
			(unsigned long)r->n_candidates),
		    expected_text == NULL ? "" : expected_text);
	buffer_free(&carried);
	buffer_free(&expected);
	return ST_NO_KEY;
}

static enum status carries_several(
    const struct token *t, const struct token_signer_request *r, struct error *err)
{
	struct buffer uri = BUFFER_INIT;
	const char *text;

	for (size_t i = 0; i < t->n_certificates && uri.len == 0; i++)
		if (fits(t, i, r->selector))
			token_uri(&t->info, &t->certificates[i], &uri);
	text = buffer_text(&uri);
	error_set(err, ST_AMBIGUOUS, _("the token carries certificates of several signers"));
	error_where(err, "%s", t->identity.name);
	error_hint(err, _("name one by its URI, as in '%s'"), text == NULL ? "" : text);
	buffer_free(&uri);
	return ST_AMBIGUOUS;
}

static enum status check_key_type(const struct token *t, X509 *x509, struct error *err)
{
	const EVP_PKEY *key = X509_get0_pubkey(x509);
	int size;

	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		error_set(err, ST_NO_KEY,
		    _("the certificate's key is not RSA, and trust lists are signed with RSA"));
		error_hint(err, _("use a token with an RSA key"));
		error_where(err, "%s", t->identity.name);
		return ST_NO_KEY;
	}
	size = EVP_PKEY_get_size(key);
	if (size <= 0 || size > SIGNER_MAX_SIGNATURE) {
		error_set(err, ST_LIMIT,
		    _("the certificate's key has %d bits, and a trust list carries signatures of "
		      "at most %d"),
		    EVP_PKEY_get_bits(key), SIGNER_MAX_SIGNATURE * 8);
		error_where(err, "%s", t->identity.name);
		return ST_LIMIT;
	}
	return ST_OK;
}

static bool is_candidate(const struct token_signer_request *r, X509 *x509)
{
	for (size_t i = 0; i < r->n_candidates; i++)
		if (X509_cmp(x509, r->candidates[i]) == 0)
			return true;
	return false;
}

/*
 * The selector's id or label is no certificate's.  Where the token has a signer's certificate under
 * another one, that is what was meant; else a key without a certificate may be, which only a login
 * can tell.
 */
static enum status names_nothing(
    const struct token *t, const struct token_signer_request *r, struct error *err)
{
	struct buffer uri = BUFFER_INIT;
	struct bytes id, label;
	const char *text;

	for (size_t i = 0; i < t->n_certificates && uri.len == 0; i++)
		if (is_candidate(r, t->certificates[i].x509))
			token_uri(&t->info, &t->certificates[i], &uri);
	if (uri.len == 0) {
		buffer_free(&uri);
		return ST_OK;
	}
	selector_object(r->selector, &id, &label);
	pairing_nothing_named(id, label, err);
	text = buffer_text(&uri);
	if (text != NULL)
		error_hint(err, _("use the URI that `ctlsign token show` prints: '%s'"), text);
	error_where(err, "%s", t->identity.name);
	buffer_free(&uri);
	return err->status;
}

enum status choice_make(struct token *t, const struct token_signer_request *r, size_t *candidate,
    const struct token_certificate **certificate, struct error *err)
{
	enum status status = certificates_read(t, err);
	bool carries_any = false, several = false;

	if (status != ST_OK)
		return status;
	*certificate = NULL;
	for (size_t i = 0; i < t->n_certificates; i++) {
		if (!fits(t, i, r->selector))
			continue;
		carries_any = true;
		for (size_t k = 0; k < r->n_candidates; k++) {
			if (X509_cmp(t->certificates[i].x509, r->candidates[k]) != 0)
				continue;
			/* The same one twice is one; the copy with a key is the better one. */
			if (*certificate != NULL &&
			    X509_cmp((*certificate)->x509, r->candidates[k]) != 0)
				several = true;
			else if (*certificate == NULL || t->certificates[i].has_key) {
				*certificate = &t->certificates[i];
				*candidate = k;
			}
			break;
		}
	}
	if (several)
		return carries_several(t, r, err);
	if (*certificate != NULL)
		return check_key_type(t, (*certificate)->x509, err);
	if (carries_any || r->n_candidates == 0)
		return carries_others(t, r, err);
	return names_nothing(t, r, err);
}
