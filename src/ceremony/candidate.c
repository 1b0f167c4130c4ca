/*
 * Judges a token that was inserted for a list.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "ceremony/candidate.h"

#include "base/text.h"
#include "ceremony/certificate_text.h"
#include "ceremony/scene.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *take_text(struct buffer *buf)
{
	const char *text = buffer_text(buf);
	char *copy = text == NULL ? NULL : strdup(text);

	buffer_free(buf);
	return copy;
}

static void name_token(const struct token_info *token, struct error *err)
{
	error_where(err, _("token '%s' (serial %s)"), token->label, token->serial);
}

const struct collected_token *candidate_known(
    const struct collection *collection, const struct token_info *token)
{
	const struct collected_token *found = NULL;
	char *identity = scene_identity(token);

	for (size_t i = 0; i < collection->n && identity != NULL && found == NULL; i++)
		if (strcmp(collection->list[i].identity, identity) == 0)
			found = &collection->list[i];
	free(identity);
	return found;
}

/* ---- which certificate ---------------------------------------------------------------------- */

/* Keeps those that FITS says yes to, unless it is none of them. */
static void prefer(struct candidate *c, const struct collect_request *request,
    bool (*fits)(const struct collect_request *, const struct token_certificate *))
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++)
		if (fits(request, c->certificates[i]))
			c->certificates[kept++] = c->certificates[i];
	if (kept > 0)
		c->n = kept;
}

static bool is_listed(
    const struct collect_request *request, const struct token_certificate *certificate)
{
	return request->current != NULL &&
	       tl_find_sast(request->current, certificate->x509) != NULL;
}

static bool has_key(
    const struct collect_request *request, const struct token_certificate *certificate)
{
	(void)request;
	return certificate->has_key;
}

/* Keys can be seen on the token, but none for its certificate. */
static enum status no_key(const struct token_info *token, struct error *err)
{
	error_set(
	    err, ST_NO_KEY, "%s", _("the token shows keys, and none belongs to its certificate"));
	error_hint(err, "%s",
	    _("insert a token that has its certificate's key; if the module hides that key, name "
	      "the certificate by its URI with --token"));
	name_token(token, err);
	return ST_NO_KEY;
}

enum status candidate_look(const struct collect_request *request, const struct token_info *token,
    const X509 *only, struct candidate *out, struct error *err)
{
	const struct token_certificate *list;
	enum status st, why = ST_OK;
	size_t n;

	*out = (struct candidate){.token = token};
	st = tokens_certificates(request->tokens, token, &list, &n, err);
	if (st != ST_OK)
		return st;
	for (size_t i = 0; i < n && out->n < COLLECT_MAX; i++) {
		if (only != NULL && X509_cmp(only, list[i].x509) != 0)
			continue;
		st = tl_can_sign(list[i].x509, request->digest, why == ST_OK ? err : NULL);
		if (st == ST_OK)
			out->certificates[out->n++] = &list[i];
		else
			why = st;
	}
	prefer(out, request, is_listed);
	prefer(out, request, has_key);
	/* Who names a certificate may know better: some modules do not show every key. */
	if (out->n > 0 && (only != NULL || !out->certificates[0]->keys_differ))
		return ST_OK;
	if (out->n > 0) {
		out->n = 0;
		return no_key(token, err);
	}
	if (why == ST_OK) {
		error_set(err, ST_NO_KEY, "%s", _("the token carries no certificate"));
		error_hint(err, "%s",
		    _("insert a token that carries one, or give it a key and a certificate with "
		      "`ctlsign token provision`"));
	} else {
		error_hint(err, "%s", _("insert a token with an RSA key of 2048 bits"));
	}
	name_token(token, err);
	return err->status = ST_NO_KEY;
}

/* ---- whether it may be added ----------------------------------------------------------------- */

static enum status check_validity(X509 *certificate, struct error *err)
{
	struct buffer when = BUFFER_INIT;
	const time_t now = time(NULL);
	time_t from, to;
	const char *text;

	if (!tl_certificate_validity(certificate, &from, &to))
		return error_set(
		    err, ST_NO_KEY, "%s", _("the certificate's validity cannot be read"));
	if (now >= from && now <= to)
		return ST_OK;
	text_time_local(&when, now < from ? from : to);
	text = buffer_text(&when);
	if (now < from)
		error_set(err, ST_NO_KEY, _("the token's certificate is not valid before %s"),
		    text != NULL ? text : "");
	else
		error_set(err, ST_NO_KEY, _("the token's certificate expired on %s"),
		    text != NULL ? text : "");
	buffer_free(&when);
	error_hint(err, "%s",
	    now < from ? _("check this computer's clock, or insert another token")
		       : _("insert a token whose certificate is still valid"));
	return ST_NO_KEY;
}

static enum status not_listed(const struct collect_request *request, struct error *err)
{
	struct buffer names = BUFFER_INIT;
	const char *text;

	if (request->insertable != NULL)
		buffer_printf(&names, "%s", request->insertable);
	else
		tl_sast_names(request->current, &names);
	text = buffer_text(&names);
	error_set(err, ST_LOCKOUT,
	    _("the token is no SAST of %s: phones that hold that list would reject what it signs"),
	    request->current_name);
	if (text != NULL && text[0] != '\0')
		error_hint(err, _("insert one that the list knows: %s"), text);
	buffer_free(&names);
	return ST_LOCKOUT;
}

static bool same_certificate(const struct collection *collection, const X509 *certificate)
{
	for (size_t i = 0; i < collection->n; i++)
		if (X509_cmp(collection->list[i].certificate, certificate) == 0)
			return true;
	return false;
}

/* One at least must be able to sign, so the last one if none of the others is. */
static bool must_be_listed(
    const struct collect_request *request, const struct collection *collection)
{
	if (request->current == NULL || request->signer_named)
		return false;
	for (size_t i = 0; i < collection->n; i++)
		if (collection->list[i].listed)
			return false;
	return collection->n + 1 == request->wanted;
}

enum status candidate_check(const struct collect_request *request,
    const struct collection *collection, const struct token_info *token,
    const struct token_certificate *certificate, struct error *err)
{
	enum status st = ST_OK;

	if (candidate_known(collection, token) != NULL) {
		st = error_set(err, ST_NO_TOKEN, "%s", _("this token has been added already"));
		error_hint(err, "%s", _("remove it, and insert another one"));
	} else if (same_certificate(collection, certificate->x509)) {
		st = error_set(err, ST_NO_TOKEN, "%s",
		    _("the token carries the certificate of one that has been added already"));
		error_hint(err, "%s", _("insert a token with a key of its own"));
	}
	if (st == ST_OK)
		st = check_validity(certificate->x509, err);
	if (st == ST_OK && must_be_listed(request, collection) && !is_listed(request, certificate))
		st = not_listed(request, err);
	if (st != ST_OK)
		name_token(token, err);
	return st;
}

bool candidate_only_signs(
    const struct collect_request *request, const struct token_certificate *certificate)
{
	return request->wanted == 1 && !request->signer_named && is_listed(request, certificate);
}

enum candidate_standing candidate_standing(const struct collect_request *request,
    const struct collection *collection, const struct token_info *token)
{
	struct candidate candidate;
	struct error ignored;

	if (candidate_known(collection, token) != NULL)
		return CANDIDATE_ADDED;
	if (candidate_look(request, token, NULL, &candidate, &ignored) != ST_OK)
		return CANDIDATE_UNFIT;
	return is_listed(request, candidate.certificates[0]) ? CANDIDATE_LISTED : CANDIDATE_NEW;
}

enum status candidate_add(const struct collect_request *request, struct collection *collection,
    const struct token_info *token, const struct token_certificate *certificate, struct error *err)
{
	struct buffer uri = BUFFER_INIT, name = BUFFER_INIT;
	struct collected_token *added = &collection->list[collection->n];

	token_uri(token, certificate, &uri);
	buffer_printf(&name, _("token '%s' (serial %s)"), token->label, token->serial);
	X509_up_ref(certificate->x509);
	*added = (struct collected_token){.certificate = certificate->x509,
	    .uri = take_text(&uri),
	    .name = take_text(&name),
	    .identity = scene_identity(token),
	    .listed = is_listed(request, certificate)};
	collection->n++;
	if (added->uri == NULL || added->name == NULL || added->identity == NULL)
		return error_no_memory(err);
	return ST_OK;
}

void collection_free(struct collection *collection)
{
	for (size_t i = 0; i < collection->n; i++) {
		X509_free(collection->list[i].certificate);
		free(collection->list[i].uri);
		free(collection->list[i].name);
		free(collection->list[i].identity);
	}
	*collection = (struct collection){.n = 0};
}

/* ---- what a person sees ---------------------------------------------------------------------- */

static void row(struct text_table *table, const char *name, const char *value)
{
	text_table_row(table, (const char *[]){name, value});
}

void candidate_describe(const struct collect_request *request, const struct token_info *token,
    const struct token_certificate *certificate, struct buffer *out)
{
	struct text_table *table = text_table_new(2);

	row(table, _("  Label"), token->label);
	row(table, _("  Token serial"), token->serial);
	row(table, _("  Manufacturer"), token->manufacturer);
	row(table, _("  Reader"), token->reader);
	certificate_rows(certificate->x509, table);
	row(table, _("  Key object"),
	    certificate->has_key ? _("a key with this id is on the token")
				 : _("not seen without the PIN"));
	if (request->current == NULL)
		row(table, _("  Current CTL"),
		    request->first ? _("none yet") : _("none was given"));
	else
		row(table, _("  Current CTL"),
		    is_listed(request, certificate) ? _("lists this token")
						    : _("does not list this token"));
	text_table_print(table, out);
	text_table_free(table);
}
